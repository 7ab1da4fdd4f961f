"""The runtime: a command line, a Discord bot, and an extension for other bots.

`await bot.load_extension("lianju.bot")` adds the commands to any discord.py bot, with the settings
of the environment. `await setup(bot, settings=Settings(…), group="lianju")` does so in code, and
chooses settings, commands and names; see `docs/plugin.md`. Syncing the command tree is left to the
bot, as for any extension.
"""

from collections.abc import Awaitable, Iterable
from typing import TYPE_CHECKING

from .commands import MENU

if TYPE_CHECKING:  # the command line does without discord.py
    from discord.ext import commands as ext

    from .settings import Settings

__all__ = ["setup", "teardown"]


def setup(
    bot: "ext.Bot | ext.AutoShardedBot",
    *,
    settings: "Settings | None" = None,
    commands: Iterable[str] | None = None,
    group: str | None = None,
    context_menu: str | None = MENU,
    cog_base: "type[ext.Cog] | None" = None,
) -> Awaitable[object]:
    """Adds Lianju to a bot, when awaited. If it fails, nothing of it is left in the bot.

    Not `async`, since other libraries than discord.py call it without awaiting it: the error that
    tells so is raised at once.

    Args:
        bot: The bot.
        settings: The settings, of which those that are not given have their defaults; if left out,
            they are read from the environment and `.env`.
        commands: The names of the commands to add, such as `("poem", "favorites")`; if left out,
            all of them, but for `/about` and `/help` if the bot has one of these.
        group: The name of a command whose subcommands they become, such as `/lianju poem`.
        context_menu: The name of the message menu; None leaves it out.
        cog_base: A class that all cogs of the bot must derive from.

    Raises:
        LianjuError: The bot is none of discord.py, has a command of the same name or Lianju
            already; a setting is wrong; or the bundle or the database cannot be used.
    """
    from .host import check_host

    check_host(bot)  # before these imports, which need discord.py
    from .cogs import add_cogs
    from .settings import load_settings

    return add_cogs(
        bot,
        settings or load_settings(),
        commands,
        group=group,
        context_menu=context_menu,
        cog_base=cog_base,
    )


def teardown(bot: "ext.Bot | ext.AutoShardedBot") -> Awaitable[None]:
    """Removes what `setup` has added, when awaited: running answers finish, everything is closed.

    `unload_extension` has done all this if the extension was loaded by its name.

    Raises:
        LianjuError: The bot is none of discord.py, which calls this after `setup` failed.
    """
    from .host import check_host

    check_host(bot)
    from .cogs import remove_cogs

    return remove_cogs(bot)
