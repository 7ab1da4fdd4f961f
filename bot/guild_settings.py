"""Settings of a Discord server, and their bounds."""

from dataclasses import dataclass
from typing import get_args

from .errors import LianjuError
from .i18n import Language
from .verse.request import WIDTH, Bounds, Script

__all__ = [
    "BEAM_SIZE",
    "CANDIDATES",
    "CHANNELS",
    "COOLDOWN",
    "SCRIPTS",
    "Bounds",
    "GuildSettings",
    "GuildSettingsError",
]

BEAM_SIZE = WIDTH
CANDIDATES = Bounds(1, 10)
COOLDOWN = Bounds(0, 3600)  # seconds
CHANNELS = Bounds(0, 25)  # Discord's limit for one select menu
CHANNEL_ID = Bounds(1, 2**63 - 1)
SCRIPTS: tuple[Script, ...] = get_args(Script)


class GuildSettingsError(LianjuError):
    """A setting is not allowed."""


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

    Raises:
        GuildSettingsError: A value is not allowed.
    """

    beam_size: int = 5
    candidates: int = 5
    cooldown_s: int = 5
    script: Script = "auto"
    language: Language = "auto"
    channels: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        _check(BEAM_SIZE, "beam_size", self.beam_size)
        _check(CANDIDATES, "candidates", self.candidates)
        _check(COOLDOWN, "cooldown_s", self.cooldown_s)
        _check(CHANNELS, "channels", len(self.channels))
        for channel in self.channels:
            _check(CHANNEL_ID, "channel", channel)
        if self.candidates > self.beam_size:
            raise GuildSettingsError(
                "settings-candidates",
                beam_size=self.beam_size,
                candidates=self.candidates,
                widest=BEAM_SIZE.high,
            )
        _check_choice(self.script, SCRIPTS)
        _check_choice(self.language, get_args(Language))


def _check(bounds: Bounds[int], name: str, value: int) -> None:
    if not bounds.low <= value <= bounds.high:
        raise GuildSettingsError(
            "request-range", name=name, value=value, low=bounds.low, high=bounds.high
        )


def _check_choice(value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise GuildSettingsError("unknown-choice", value=value, choices=", ".join(choices))
