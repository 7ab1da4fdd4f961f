"""What the administrators of a server may set, within which bounds."""

from dataclasses import dataclass
from typing import Literal, get_args

from .errors import LianjuError
from .verse.errors import RequestError
from .verse.request import WIDTH, Bounds, Script

__all__ = [
    "BEAM_SIZE",
    "CANDIDATES",
    "CHANNELS",
    "COOLDOWN",
    "LANGUAGES",
    "SCRIPTS",
    "Bounds",
    "GuildSettings",
    "GuildSettingsError",
    "Language",
]

Language = Literal["auto", "en", "zh-CN", "zh-TW"]
"""What the bot speaks; `auto` follows the user, then the server."""

BEAM_SIZE = WIDTH
CANDIDATES = Bounds(1, 10)
COOLDOWN = Bounds(0, 3600)  # seconds
CHANNELS = Bounds(0, 25)  # as many as one menu of Discord lets choose
CHANNEL_ID = Bounds(1, 2**63 - 1)
LANGUAGES = ("en", "zh-CN", "zh-TW")
SCRIPTS: tuple[Script, ...] = get_args(Script)


class GuildSettingsError(LianjuError):
    """A preference is not allowed; the message holds the value and what is."""


@dataclass(frozen=True)
class GuildSettings:
    """What a server prefers; the defaults hold wherever nobody has set anything.

    Attributes:
        beam_size: Beam width of `/poem` and `/acrostic`, or how widely they choose.
        candidates: How many answers they offer.
        cooldown_s: Seconds that a member waits from one request to the next.
        script: Characters of the answers.
        language: What the bot speaks.
        channels: Ids of the channels where the bot answers; empty means everywhere.

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
        _check(BEAM_SIZE, "Beam size", self.beam_size)
        _check(CANDIDATES, "Number of candidates", self.candidates)
        _check(COOLDOWN, "Cooldown", self.cooldown_s)
        _check(CHANNELS, "Number of channels", len(self.channels))
        for channel in self.channels:
            _check(CHANNEL_ID, "Channel", channel)
        if self.candidates > self.beam_size:
            raise GuildSettingsError(
                f"A beam of size {self.beam_size} cannot give {self.candidates} candidates: "
                f"choose a beam size from {self.candidates} to {BEAM_SIZE.high}, "
                f"or candidates from {CANDIDATES.low} to {self.beam_size}.",
                "settings-candidates",
                beam_size=self.beam_size,
                candidates=self.candidates,
                widest=BEAM_SIZE.high,
            )
        _choose("script", self.script, SCRIPTS)
        _choose("language", self.language, get_args(Language))


def _check(bounds: Bounds[int], name: str, value: int) -> None:
    try:
        bounds.check(name, value)
    except RequestError as error:
        raise GuildSettingsError(str(error), error.key, **error.facts) from None


def _choose(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise GuildSettingsError(
            f"The {name} {value} is not known: choose from {', '.join(choices)}.",
            "unknown-choice",
            value=value,
            choices=", ".join(choices),
        )
