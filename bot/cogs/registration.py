"""Adds the chosen commands to a bot's command tree, and removes them again."""

import logging
from collections.abc import Iterable, Sequence
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import AppCommandContext, AppInstallationType

from ..commands import COMMANDS, GROUP, Commands
from ..errors import SetupError
from .base import LianjuCog

__all__ = [
    "AppCommand",
    "Tree",
    "build_commands",
    "choose_commands",
    "register",
    "unregister",
]

AppCommand = app_commands.Command[Any, ..., Any] | app_commands.Group | app_commands.ContextMenu
Tree = app_commands.CommandTree[Any]

TYPED, MENU = discord.AppCommandType.chat_input, discord.AppCommandType.message
HELP = {"about", "help"}  # which many a bot has of its own
MAX_MENU_NAME = 32  # characters

_log = logging.getLogger(__name__)


def choose_commands(
    tree: Tree, names: Iterable[str] | None, group: str | None, menu: str | None
) -> Commands:
    """Returns the commands that a host asks for; their names are valid and free.

    Args:
        tree: The commands that the host has.
        names: Those of `COMMANDS` to add; None is all, but for /about and /help if it has them.
        group: The command whose subcommands they become; None if each is a command of its own.
        menu: The name of the message menu; None leaves it out.

    Raises:
        SetupError: There is no such command, or a name is not valid or taken.
    """
    taken = {command.name for command in tree.get_commands(type=TYPED)}
    if names is None:
        names = set(COMMANDS)
        if group is None and taken & HELP:
            names -= HELP
            for name in sorted(taken & HELP):
                _log.warning(
                    "/about and /help are left out: this bot has a command %s of its own", name
                )
    commands = Commands(frozenset([names] if isinstance(names, str) else names), group, menu)
    if unknown := sorted(map(str, commands.names.difference(COMMANDS))):
        raise SetupError("setup-unknown-command", name=unknown[0], names=", ".join(COMMANDS))
    _check_spelling(group, menu)
    for name in sorted(commands.names if group is None else {group}):
        if name in taken:
            raise _clash(name, TYPED, commands)
    if menu is not None and tree.get_command(menu, type=MENU) is not None:
        raise _clash(menu, MENU, commands)
    return commands


def _check_spelling(group: str | None, menu: str | None) -> None:
    """Checks the names that Discord would refuse; discord.py has the rules."""
    try:
        if group is not None:
            app_commands.Group(name=group, description=group)
    except (TypeError, ValueError):
        raise SetupError("setup-group-name", name=str(group)) from None
    if menu is not None and not 1 <= len(menu) <= MAX_MENU_NAME:
        raise SetupError("setup-menu-name", name=menu)


def build_commands(cogs: Iterable[LianjuCog], commands: Commands) -> list[AppCommand]:
    """Returns what to add to the tree; the cogs no longer add their commands themselves."""
    typed: list[app_commands.Command[Any, ..., Any] | app_commands.Group] = []
    menus: list[AppCommand] = []
    for cog in cogs:
        typed += [each for each in cog.get_app_commands() if each.name in commands.names]
        if commands.menu is not None:
            menus += [
                app_commands.ContextMenu(name=commands.menu, callback=menu.callback)
                for menu in cog.menus
            ]
        # Of which `add_cog` would add all; and `remove_cog` would remove what is called the same.
        cog.__cog_app_commands__ = []
    if commands.group is None or not typed:
        return [*typed, *menus]
    return [_group(commands.group, typed), *menus]


def register(tree: Tree, roots: Sequence[AppCommand], commands: Commands) -> None:
    """Adds commands: all of them, or none.

    Raises:
        SetupError: The bot has a command of the same name, or as many as Discord allows.
    """
    added: list[AppCommand] = []
    try:
        for root in roots:
            tree.add_command(root)
            added.append(root)
    except app_commands.CommandAlreadyRegistered as error:
        unregister(tree, added)
        raise _clash(error.name, _type(root), commands) from None
    except app_commands.CommandLimitReached as error:
        unregister(tree, added)
        key = "setup-too-many-menus" if _type(root) is MENU else "setup-too-many"
        raise SetupError(key, limit=error.limit) from None


def unregister(tree: Tree, roots: Iterable[AppCommand]) -> None:
    """Removes commands that `register` has added, unless others stand in their places."""
    for root in roots:
        if tree.get_command(root.name, type=_type(root)) in (root, None):  # some trees hide some
            tree.remove_command(root.name, type=_type(root))


def _clash(name: str, type_: discord.AppCommandType, commands: Commands) -> SetupError:
    """Returns the error for a name that is taken; it names the option that helps."""
    if type_ is MENU:
        return SetupError("setup-menu-clash", name=name)
    return SetupError("setup-clash" if commands.group is None else "setup-group-clash", name=name)


def _type(command: AppCommand) -> discord.AppCommandType:
    return command.type if isinstance(command, app_commands.ContextMenu) else TYPED


def _group(
    name: str, children: Sequence[app_commands.Command[Any, ..., Any] | app_commands.Group]
) -> app_commands.Group:
    """Returns a command that has the others as its subcommands.

    Discord knows permissions and places of the whole only, so it is available wherever any of the
    subcommands is. These check both themselves.
    """
    contexts = [_contexts(child) for child in children]
    installs = [child.allowed_installs or AppInstallationType() for child in children]
    permissions = {child.default_permissions for child in children}
    group = app_commands.Group(
        name=name,
        description="Answers lines of Tang verse.",
        allowed_contexts=AppCommandContext(
            guild=any(each.guild for each in contexts),
            dm_channel=any(each.dm_channel for each in contexts),
            private_channel=any(each.private_channel for each in contexts),
        ),
        allowed_installs=AppInstallationType(
            guild=any(each.guild for each in installs), user=any(each.user for each in installs)
        ),
        default_permissions=permissions.pop() if len(permissions) == 1 else None,
        extras={GROUP: True},
    )
    for child in children:
        group.add_command(child)
    return group


def _contexts(
    command: app_commands.Command[Any, ..., Any] | app_commands.Group,
) -> AppCommandContext:
    if command.guild_only:
        return AppCommandContext(guild=True)
    return command.allowed_contexts or AppCommandContext(guild=True, dm_channel=True)
