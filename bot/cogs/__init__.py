"""The features of the bot, one cog a file, and how they are added to a bot.

`docs/architecture.md`, *How to add a command*, lists the files of a new command.
"""

from collections.abc import Iterable
from types import new_class
from typing import TypeVar, cast

from discord.ext import commands as ext

from ..commands import MENU
from ..errors import SetupError
from ..observer import NOBODY, Observer
from ..resources import Resources, open_resources
from ..settings import Settings
from .about import About
from .acrostic import AcrosticCog
from .answers import Answers
from .base import LianjuCog
from .clinic import Clinic
from .couplet import CoupletCog
from .favorites import Favorites
from .guess import Guess
from .honor import Honor
from .honor_clock import HonorClock
from .housekeeping import HOUSEKEEPING, Bot, Housekeeping
from .leaderboard import Leaderboard
from .linked import Linked
from .linked_clock import LinkedClock
from .linked_lines import LinkedLines
from .linked_poem import LinkedPoems
from .moderation import Moderation
from .pictures import Pictures
from .poem import PoemCog
from .privacy import Privacy
from .registration import build_commands, choose_commands
from .revise import Revise
from .settings import ServerSettings

__all__ = ["add_cogs", "remove_cogs"]

FEATURES: tuple[type[LianjuCog], ...] = (
    PoemCog,
    AcrosticCog,
    CoupletCog,
    Clinic,
    Answers,
    Favorites,
    Pictures,
    Revise,
    Leaderboard,
    Honor,
    Guess,
    Linked,
    LinkedLines,
    LinkedPoems,
    Moderation,
    Privacy,
    ServerSettings,
    About,
)

CLOCKS: tuple[type[LinkedClock | HonorClock], ...] = (LinkedClock, HonorClock)

T = TypeVar("T", bound=LianjuCog)


async def add_cogs(
    bot: Bot,
    settings: Settings,
    commands: Iterable[str] | None = None,
    *,
    group: str | None = None,
    context_menu: str | None = MENU,
    cog_base: type[ext.Cog] | None = None,
    observer: Observer = NOBODY,
) -> Resources:
    """Opens the model and the database and adds every cog; or nothing, if anything fails.

    Args:
        bot: The bot.
        settings: The operator's settings.
        commands: As for `setup`, like the others. The cogs of further commands are added without
            them, as they handle the buttons of answers.
        group: The command whose subcommands they become.
        context_menu: The name of the message menu.
        cog_base: A class that the cogs must derive from.
        observer: Is told what happens, for metrics.

    Returns:
        The resources of the cogs; removing the cogs closes them.

    Raises:
        BundleError: The bundle cannot be used.
        ProviderError: CUDA was requested and is not available.
        StoreError: The database cannot be used.
        SetupError: A name is not valid or taken, or the bot has these cogs already.
    """
    if bot.get_cog(HOUSEKEEPING) is not None:
        raise SetupError("setup-twice")
    chosen = choose_commands(bot.tree, commands, group, context_menu)
    features = [_derive(feature, cog_base) for feature in FEATURES]
    housekeeping = _derive(Housekeeping, cog_base)
    clocks = [_derive(clock, cog_base) for clock in CLOCKS]
    resources = await open_resources(settings, observer)
    resources.commands, resources.client = chosen, bot
    handling = [feature(resources) for feature in features]
    cogs = [*handling, *(clock(bot, resources) for clock in clocks)]
    roots = build_commands(cogs, chosen)
    try:
        # Housekeeping is added last and so removed last, as it closes the resources.
        last = housekeeping(bot, resources, handling, commands=roots)
        for cog in (*cogs, last):
            await bot.add_cog(cog)
    except BaseException:
        for cog in cogs:
            if bot.get_cog(cog.qualified_name) is cog:
                await bot.remove_cog(cog.qualified_name)
        await resources.close()
        raise
    return resources


async def remove_cogs(bot: Bot) -> None:
    """Removes every cog that `add_cogs` has added, in the same order."""
    for name, cog in list(bot.cogs.items()):
        if isinstance(cog, LianjuCog):
            await bot.remove_cog(name)


def _derive(feature: type[T], base: type[ext.Cog] | None) -> type[T]:
    """Returns the class of a cog, which also derives from the host's own base."""
    if base is None:
        return feature
    attributes = {"__doc__": feature.__doc__, "__module__": feature.__module__}
    options = {"name": feature.__cog_name__}
    derived = new_class(
        feature.__name__, (feature, base), options, lambda names: names.update(attributes)
    )
    return cast("type[T]", derived)
