"""The runtime: a command line, a Discord bot, and an extension for other bots.

`await bot.load_extension("lianju.bot")` adds the commands to any discord.py bot. It reads the
settings and opens the model; syncing the command tree is left to the bot, as for any extension.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the command line does without discord.py
    from discord.ext import commands

__all__ = ["setup"]


async def setup(bot: "commands.Bot | commands.AutoShardedBot") -> None:
    """Adds Lianju to a bot; unloading the extension closes its resources.

    Raises:
        LianjuError: A setting is wrong, or the bundle cannot be used.
    """
    from .cogs import add_cogs
    from .settings import load_settings

    await add_cogs(bot, load_settings())
