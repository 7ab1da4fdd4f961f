"""Verses that users keep, and lists of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["BoardVerse", "Favorite", "Page", "RankedMember", "RankedVerse", "Verse"]

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Verse:
    """A couplet or a poem.

    A poem is split after its first line, however many of its lines were the prompt, so that the
    same poem is always the same record.

    Attributes:
        line: The first line.
        answer: The other lines, separated by line breaks.
    """

    line: str
    answer: str

    @classmethod
    def of(cls, first: str, *others: str) -> "Verse":
        """Returns the verse with these lines, two or more."""
        return cls(first, "\n".join(others))

    @property
    def lines(self) -> tuple[str, ...]:
        """All lines."""
        return (self.line, *self.answer.split("\n"))


@dataclass(frozen=True)
class Favorite:
    """A verse that a user keeps.

    Attributes:
        id: The row's id, never reused.
        verse: The verse.
        kept_at: Unix seconds.
        guild_id: The server where it was kept; None outside servers.
        writers: Those who wrote it together; empty for all but linked verse.
        author_id: Who gave the line; None if unknown or deleted.
    """

    id: int
    verse: Verse
    kept_at: int
    guild_id: int | None
    writers: tuple[int, ...] = ()
    author_id: int | None = None


@dataclass(frozen=True)
class Page(Generic[T_co]):
    """A part of a longer list.

    Attributes:
        items: The part.
        total: The length of the whole list.
    """

    items: Sequence[T_co]
    total: int


@dataclass(frozen=True)
class RankedVerse:
    """A verse on the leaderboard.

    Attributes:
        verse: The verse.
        hearts: How many members keep it.
        author_id: The user who gave its line first; None if unknown or deleted.
        writers: Those who wrote it together, in place of an author.
    """

    verse: Verse
    hearts: int
    author_id: int | None
    writers: tuple[int, ...] = ()


@dataclass(frozen=True)
class BoardVerse:
    """A verse of a server's leaderboard, for moderators.

    Attributes:
        id: The row's id.
        verse: The verse.
        hearts: How many members keep it there.
    """

    id: int
    verse: Verse
    hearts: int


@dataclass(frozen=True)
class RankedMember:
    """A member on the leaderboard.

    Attributes:
        user_id: The member.
        hearts: How many times others keep what the member gave the line of.
    """

    user_id: int
    hearts: int
