"""The features of the bot, one cog a file, and how they are added to a bot.

`docs/architecture.md`, *How to add a command*, lists the files of a new command.
"""

import logging

from ..resources import Resources, open_resources
from ..settings import Settings
from .about import About
from .acrostic import AcrosticCog
from .answers import Answers
from .base import LianjuCog
from .favorites import Favorites
from .housekeeping import Bot, Housekeeping
from .leaderboard import Leaderboard
from .moderation import Moderation
from .poem import PoemCog
from .privacy import Privacy
from .settings import ServerSettings

__all__ = ["add_cogs"]

FEATURES: tuple[type[LianjuCog], ...] = (
    PoemCog,
    AcrosticCog,
    Answers,
    Favorites,
    Leaderboard,
    Moderation,
    Privacy,
    ServerSettings,
    About,
)

_log = logging.getLogger(__name__)


async def add_cogs(bot: Bot, settings: Settings) -> Resources:
    """Opens the model and the database and adds every cog.

    `About` is left out if the bot has an /about or /help of its own.

    Returns:
        The resources of the cogs; removing the cogs closes them.

    Raises:
        BundleError: The bundle cannot be used.
        ProviderError: CUDA was requested and is not available.
        StoreError: The database cannot be used.
        discord.app_commands.CommandAlreadyRegistered: The bot has a command of the same name.
    """
    resources = await open_resources(settings)
    cogs = [feature(resources) for feature in FEATURES if not _is_left_out(bot, feature)]
    try:
        # Housekeeping is added last and so removed last, as it closes the resources.
        for cog in (*cogs, Housekeeping(bot, resources, cogs)):
            await bot.add_cog(cog)
    except BaseException:
        for cog in cogs:
            await bot.remove_cog(cog.qualified_name)
        await resources.close()
        raise
    return resources


def _is_left_out(bot: Bot, feature: type[LianjuCog]) -> bool:
    """Returns whether the bot has a command of its own with a name of `About`."""
    taken = {command.name for command in bot.tree.get_commands()}
    ours = {command.name for command in feature.__cog_app_commands__}
    if feature is not About or taken.isdisjoint(ours):
        return False
    for name in sorted(taken & ours):
        _log.warning("/about and /help are left out: this bot has a command %s of its own", name)
    return True
