"""Names and descriptions of the commands in the languages of Discord's users."""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Location

from .commands import GROUP, MENU
from .i18n import LANGUAGES, messages

__all__ = ["LianjuTranslator"]

DESCRIPTIONS = (
    Location.command_description,
    Location.group_description,
    Location.parameter_description,
)


class LianjuTranslator(app_commands.Translator):
    """Translates Lianju's commands only.

    The messages are in `bot/locales/zh-*/commands-*.ftl`. A command or context menu has the key
    `command-<name>`, an option `command-<name>-<option>`, in lower case and with hyphens; the
    attribute `.description` is the description. A choice carries its own key; see
    `cogs.options.choice`. Names that the host chose, of a group or a menu, stay as they are.
    """

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """Returns the translation, or None to use the English text."""
        if locale.value not in LANGUAGES:
            return None  # also for Discord's two kinds of English, whose names stand in the code
        key = _key(string, context)
        bundle = messages(locale.value)
        if key is None or not bundle.has_message(key):
            return None
        message = bundle.get_message(key)
        pattern = message.value
        if context.location in DESCRIPTIONS:
            pattern = message.attributes.get("description")
        return None if pattern is None else str(bundle.format_pattern(pattern)[0])


def _key(
    string: app_commands.locale_str, context: app_commands.TranslationContextTypes
) -> str | None:
    """Returns the key of the message; None for another extension's command."""
    data: Any = context.data
    if context.location is Location.choice_name:
        return string.extras.get("key")
    if context.location is Location.other:
        return None
    command = data.command if isinstance(data, app_commands.Parameter) else data
    if not _is_ours(command.module):
        return None
    path = command.qualified_name
    if isinstance(command, app_commands.ContextMenu):
        return "command-answer-this-line" if path == MENU else None
    if GROUP in command.extras:
        return "command-group"  # which has a description, and no name
    if command.root_parent is not None and GROUP in command.root_parent.extras:
        path = path.removeprefix(f"{command.root_parent.name} ")
    if isinstance(data, app_commands.Parameter):
        path += f" {data.name}"
    return "command-" + path.lower().replace(" ", "-").replace("_", "-")


def _is_ours(module: str | None) -> bool:
    return module is not None and module.startswith(f"{__package__}.")
