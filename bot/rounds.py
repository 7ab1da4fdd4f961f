"""Rounds of `/guess`: which of four lines did the poet write?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from .places import OUTSIDE

__all__ = [
    "DIFFICULTIES",
    "OPTIONS",
    "RANKED",
    "ROUND_S",
    "Difficulty",
    "GuessFigure",
    "GuessScore",
    "Round",
    "RoundResult",
]

Difficulty = Literal["easy", "hard"]
DIFFICULTIES: tuple[Difficulty, ...] = ("easy", "hard")

OPTIONS = 4  # lines of a round
ROUND_S = 30
RANKED = 10  # guesses, from which on hit rates are compared


@dataclass(frozen=True)
class Round:
    """A round. Its texts are stored with it, since the bundle may be another one when it ends.

    Attributes:
        id: That of the interaction that began it.
        guild_id: The server; `OUTSIDE` in a direct message.
        message_id: None until the message is sent.
        host_id: Who began it; None if that was deleted.
        bundle: Name and version of the bundle that wrote the other lines.
        poem_id: Of the anthology.
        lines: Of the whole poem, in simplified characters, as `options` are.
        options: Four lines that may follow the first one.
        answer: Which of them is the poet's, from 0.
        language: Of the message.
        traditional: Whether it is shown in traditional characters.
        ends_at: Unix seconds.
        ended: Whether it is over, and counted.
        shown: Whether the message says so.
    """

    id: int
    guild_id: int
    channel_id: int
    message_id: int | None
    host_id: int | None
    difficulty: Difficulty
    bundle: str
    poem_id: str
    title: str
    poet: str
    lines: tuple[str, ...]
    options: tuple[str, ...]
    answer: int
    language: str
    traditional: bool
    ends_at: int
    ended: bool = False
    shown: bool = False

    @property
    def place_id(self) -> int:
        """Where no poem comes twice: the server, or the channel of direct messages."""
        return self.channel_id if self.guild_id == OUTSIDE else self.guild_id


@dataclass(frozen=True)
class RoundResult:
    """A round that is over.

    Attributes:
        round: The round.
        choices: The option that each member chose; nobody's once the result has been shown.
    """

    round: Round
    choices: Mapping[int, int]

    @property
    def right(self) -> list[int]:
        """Who took the poet's line for it."""
        return [user for user, choice in self.choices.items() if choice == self.round.answer]


@dataclass(frozen=True)
class GuessScore:
    """A member's guesses in a server.

    Attributes:
        hits: How many were right.
        streak: How many of the latest were right in a row.
        best_streak: The longest such row.
    """

    user_id: int
    guesses: int
    hits: int
    streak: int
    best_streak: int


@dataclass(frozen=True)
class GuessFigure:
    """How good the verse of a bundle is, by its readers.

    Attributes:
        bundle: Name and version.
        guesses: How many there were, in all servers.
        fooled: How many took a line of the bundle for the poet's.
    """

    bundle: str
    guesses: int
    fooled: int
