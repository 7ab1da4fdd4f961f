"""What the store hands out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["Couplet", "Favorite", "Forgotten", "LovedCouplet", "LovedMember", "Page"]

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Couplet:
    """A line and what answers it: the next line, or a poem's other lines, one under another.

    However much of a poem was given, it is split after its first line: one poem is kept once.
    """

    line: str
    answer: str

    @classmethod
    def of(cls, first: str, *others: str) -> "Couplet":
        """A whole poem of two lines or more."""
        return cls(first, "\n".join(others))

    @property
    def lines(self) -> tuple[str, ...]:
        """All lines."""
        return (self.line, *self.answer.split("\n"))


@dataclass(frozen=True)
class Favorite:
    """A couplet that somebody keeps.

    Attributes:
        id: Never used twice.
        kept_at: Unix seconds.
        guild_id: The server where it was kept; None outside servers.
    """

    id: int
    couplet: Couplet
    kept_at: int
    guild_id: int | None


@dataclass(frozen=True)
class LovedCouplet:
    """A couplet on the leaderboard.

    Attributes:
        hearts: How many members keep it.
        author_id: Who asked for it first; None if nobody remembered did.
    """

    couplet: Couplet
    hearts: int
    author_id: int | None


@dataclass(frozen=True)
class LovedMember:
    """A member on the leaderboard.

    Attributes:
        hearts: How many times others keep what the member asked for.
    """

    user_id: int
    hearts: int


@dataclass(frozen=True)
class Page(Generic[T_co]):
    """A part of a longer list.

    Attributes:
        total: The length of the list.
    """

    items: Sequence[T_co]
    total: int


@dataclass(frozen=True)
class Forgotten:
    """How much of a member was deleted.

    Attributes:
        favorites: What the member kept.
        prompts: Recent lines of the member.
        unlinked: Favorites of others that no longer name the member as their author.
    """

    favorites: int
    prompts: int
    unlinked: int
