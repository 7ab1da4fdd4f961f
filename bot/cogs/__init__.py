"""The user-facing features, one a file, and how they join a bot."""

from discord.ext import commands

from ..resources import Resources, open_resources
from ..settings import Settings
from .about import About
from .answers import Answers
from .base import LianjuCog
from .favorites import Favourites
from .housekeeping import Housekeeping
from .leaderboard import Leaderboard
from .poem import Poem
from .privacy import Privacy
from .settings import ServerSettings

__all__ = ["add_cogs"]

FEATURES: tuple[type[LianjuCog], ...] = (
    Poem,
    Answers,
    Favourites,
    Leaderboard,
    Privacy,
    ServerSettings,
    About,
)


async def add_cogs(bot: commands.Bot | commands.AutoShardedBot, settings: Settings) -> Resources:
    """Opens the model and the database and adds every cog.

    Returns:
        What the cogs share; removing the cogs closes it.

    Raises:
        BundleError: The bundle cannot be used.
        ProviderError: CUDA was asked for and cannot be had.
        StoreError: The database cannot be used.
        discord.app_commands.CommandAlreadyRegistered: The bot has a command of the same name.
    """
    resources = await open_resources(settings)
    cogs = [feature(resources) for feature in FEATURES]
    try:
        # Housekeeping comes last and so goes last, as it closes what the others use.
        for cog in (*cogs, Housekeeping(bot, resources, cogs)):
            await bot.add_cog(cog)
    except BaseException:
        for cog in cogs:
            await bot.remove_cog(cog.qualified_name)
        await resources.close()
        raise
    return resources
