"""The user-facing features, one a file, and how they join a bot."""

import asyncio

from discord.ext import commands

from ..settings import Settings
from ..verse.composer import open_composer
from .poem import Poem

__all__ = ["add_cogs"]


async def add_cogs(bot: commands.Bot | commands.AutoShardedBot, settings: Settings) -> None:
    """Opens the model and adds every cog; removing the cogs closes it.

    Raises:
        BundleError: The bundle cannot be used.
        ProviderError: CUDA was asked for and cannot be had.
        discord.app_commands.CommandAlreadyRegistered: The bot has a command of the same name.
    """
    composer = await asyncio.to_thread(
        open_composer, settings.bundle, settings.provider, settings.threads, settings.queue
    )
    try:
        await bot.add_cog(Poem(composer, settings.deadline))
    except BaseException:
        composer.close()
        raise
