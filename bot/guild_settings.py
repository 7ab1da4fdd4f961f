"""Settings of a Discord server, and their bounds."""

from dataclasses import dataclass
from typing import get_args

from .honor import Fault
from .i18n import Language
from .verse.bounds import Bounds, check_choice
from .verse.errors import RequestError
from .verse.request import WIDTH, Script

__all__ = [
    "BEAM_SIZE",
    "CANDIDATES",
    "CHANNELS",
    "COOLDOWN",
    "DEFAULT_THRESHOLD",
    "HONOR_THRESHOLD",
    "SCRIPTS",
    "TABLES",
    "Bounds",
    "GuildSettings",
    "HonorPage",
]

BEAM_SIZE = WIDTH
CANDIDATES = Bounds(1, 10)
COOLDOWN = Bounds(0, 3600)  # seconds
TABLES = Bounds(1, 5)  # of linked verse, in one channel
HONOR_THRESHOLD = Bounds(1, 100)  # hearts
DEFAULT_THRESHOLD = 3
CHANNELS = Bounds(0, 25)  # Discord's limit for one select menu
WIDTH_PER_SECOND = 8  # a request of beam size 64 takes about a second of the engine
CHANNEL_ID = Bounds(1, 2**63 - 1)
SCRIPTS: tuple[Script, ...] = get_args(Script)


@dataclass(frozen=True)
class HonorPage:
    """Where a server shows the verse that its members love.

    Attributes:
        channel_id: The channel.
        threshold: How many members must keep a verse, other than its writers.
        fault: Why nothing can be posted there; None if it can, as far as is known.

    Raises:
        RequestError: A value is not allowed.
    """

    channel_id: int
    threshold: int
    fault: Fault | None = None

    def __post_init__(self) -> None:
        CHANNEL_ID.check("channel", self.channel_id)
        HONOR_THRESHOLD.check("threshold", self.threshold)


@dataclass(frozen=True)
class GuildSettings:
    """The settings of one server.

    Attributes:
        beam_size: Beam width of `/poem` and `/acrostic`; for reranking, the size of the pool.
        candidates: How many answers they offer.
        cooldown_s: Seconds between two requests of a member.
        script: Characters of the answers.
        language: Language of the bot.
        channels: Ids of the channels where the bot answers; empty means all.
        linked_tables: How many tables of linked verse a channel may have at a time.
        honor_page: The page of honor; None if there is none.

    Raises:
        RequestError: A value is not allowed.
    """

    beam_size: int = 5
    candidates: int = 5
    cooldown_s: int = 5
    script: Script = "auto"
    language: Language = "auto"
    channels: frozenset[int] = frozenset()
    linked_tables: int = 1
    honor_page: HonorPage | None = None

    def __post_init__(self) -> None:
        BEAM_SIZE.check("beam_size", self.beam_size)
        CANDIDATES.check("candidates", self.candidates)
        COOLDOWN.check("cooldown_s", self.cooldown_s)
        TABLES.check("linked_tables", self.linked_tables)
        CHANNELS.check("channels", len(self.channels))
        for channel in self.channels:
            CHANNEL_ID.check("channel", channel)
        if self.candidates > self.beam_size:
            raise RequestError(
                "settings-candidates",
                beam_size=self.beam_size,
                candidates=self.candidates,
                widest=BEAM_SIZE.high,
            )
        check_choice(self.script, SCRIPTS)
        check_choice(self.language, get_args(Language))

    @property
    def applied_cooldown_s(self) -> int:
        """The cooldown, or the shortest one that so wide a beam may have."""
        return max(self.cooldown_s, self.beam_size // WIDTH_PER_SECOND)
