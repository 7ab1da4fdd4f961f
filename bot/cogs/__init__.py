"""The user-facing features, one a file, and how they join a bot."""

import logging

from discord.ext import commands

from ..resources import Resources, open_resources
from ..settings import Settings
from .about import About
from .acrostic import Acrostic
from .answers import Answers
from .base import LianjuCog
from .favorites import Favorites
from .housekeeping import Housekeeping
from .leaderboard import Leaderboard
from .poem import Poem
from .privacy import Privacy
from .settings import ServerSettings

__all__ = ["add_cogs"]

FEATURES: tuple[type[LianjuCog], ...] = (
    Poem,
    Acrostic,
    Answers,
    Favorites,
    Leaderboard,
    Privacy,
    ServerSettings,
    About,
)


_log = logging.getLogger(__name__)

Bot = commands.Bot | commands.AutoShardedBot


async def add_cogs(bot: Bot, settings: Settings) -> Resources:
    """Opens the model and the database and adds every cog.

    A bot that has an /about or /help of its own does without ours.

    Returns:
        What the cogs share; removing the cogs closes it.

    Raises:
        BundleError: The bundle cannot be used.
        ProviderError: CUDA was asked for and cannot be had.
        StoreError: The database cannot be used.
        discord.app_commands.CommandAlreadyRegistered: The bot has a command of the same name.
    """
    resources = await open_resources(settings)
    cogs = [feature(resources) for feature in FEATURES if not _is_spoken_for(bot, feature)]
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


def _is_spoken_for(bot: Bot, feature: type[LianjuCog]) -> bool:
    """Whether a bot tells of itself already; its owner would not give up /help for ours."""
    taken = {command.name for command in bot.tree.get_commands()}
    ours = {command.name for command in feature.__cog_app_commands__}
    if feature is not About or taken.isdisjoint(ours):
        return False
    for name in sorted(taken & ours):
        _log.warning("/about and /help are left out: this bot has a command %s of its own", name)
    return True
