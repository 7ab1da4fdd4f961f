"""A server's page of honor: which verse is shown on it, and what is to be done next.

Verse that enough members of a server keep, other than its writers, is posted in a channel of the
server, once. All of this is rules and values: nothing here asks a database or Discord.
"""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

from .verses import Verse

__all__ = [
    "BOOKLET_AFTER_S",
    "BOOKLET_LEASE_S",
    "BOOKLET_VERSES",
    "EDIT_EVERY_S",
    "FAULTS",
    "LEASE_S",
    "MAX_ATTEMPTS",
    "STATES",
    "Fault",
    "Heart",
    "HonoredVerse",
    "Month",
    "State",
    "Step",
    "best_loved",
    "retry_after",
]

EDIT_EVERY_S = 30  # of one message: all hearts meanwhile are one edit
LEASE_S = 60  # that others leave a verse to whoever has begun with it
BOOKLET_LEASE_S = 600  # likewise for a booklet, for which many names are asked for
MAX_ATTEMPTS = 10  # that Discord refuses, until nobody tries again by himself
MAX_WAIT_S = 60 * 60
BOOKLET_AFTER_S = 600  # from the month's end: its last hearts may have verse posted until then
BOOKLET_VERSES = 24  # in the booklet of a month

State = Literal["waiting", "posting", "posted", "withdrawn", "unnamed"]
"""How far a verse is.

- `waiting`: it may be posted.
- `posting`: sending its message was begun; whether it was sent is not known.
- `posted`: a message shows it.
- `withdrawn`: it must never be shown again.
- `unnamed`: a writer was forgotten; it may be shown only while a heart names another writer. It
  remains so while it is posted and after that.
"""

Step = Literal["find", "post", "edit", "delete_message", "delete_unposted", "nothing"]
"""What is to be done next for a verse.

- `find`: find out whether its message was sent.
- `post`: send its message.
- `edit`: edit its message.
- `delete_message`: delete its message.
- `delete_unposted`: delete the stored verse, of which no message exists.
- `nothing`: wait until something changes.
"""

Fault = Literal["forbidden", "gone"]
"""Why nothing can be posted: the bot lacks a permission in the channel, or there is no channel."""

STATES: tuple[State, ...] = get_args(State)
FAULTS: tuple[Fault, ...] = get_args(Fault)


@dataclass(frozen=True)
class Heart:
    """A member of the server keeps the verse.

    Attributes:
        user_id: The member.
        author_id: Who gave the line, as far as this heart knows.
        writers: Those who wrote the verse together, as far as this heart knows.
        kept_at: Unix seconds.
    """

    user_id: int
    author_id: int | None
    writers: tuple[int, ...]
    kept_at: int


@dataclass(frozen=True)
class HonoredVerse:
    """A verse of a server that is on its page of honor, or may get there.

    Attributes:
        id: Of the stored row; never used again.
        guild_id: The server.
        verse: The verse; None once nobody keeps it.
        hearts: All of its hearts in this server.
        state: How far it is.
        channel_id: Where it is or was being posted.
        message_id: The message that shows it.
        begun_at: When posting it was begun, in Unix seconds, unless it is known how that ended.
        page_channel_id: Where the server's verse is posted now; None if nothing can be posted.
        threshold: How many hearts it takes there.
        changed: A number that grows with whatever happens to its hearts.
        next_at: From when on the next step is to be done, in Unix seconds.
        attempts: How often that has failed.
    """

    id: int
    guild_id: int
    verse: Verse | None
    hearts: tuple[Heart, ...]
    state: State
    channel_id: int | None = None
    message_id: int | None = None
    begun_at: int | None = None
    page_channel_id: int | None = None
    threshold: int = 1
    changed: int = 1
    next_at: int = 0
    attempts: int = 0

    @cached_property
    def all_writers(self) -> frozenset[int]:
        """All who gave the line of the verse or wrote it, as far as any heart knows."""
        authors = {heart.author_id for heart in self.hearts if heart.author_id is not None}
        return frozenset(authors.union(*(heart.writers for heart in self.hearts)))

    @property
    def writers(self) -> tuple[int, ...]:
        """Those who are named: all who wrote it together, or else who gave the line first."""
        together = max((heart.writers for heart in self.hearts), key=len, default=())
        if together:
            return together
        credited = [heart for heart in self.hearts if heart.author_id is not None]
        first = min(credited, key=lambda heart: (heart.kept_at, heart.author_id or 0), default=None)
        return () if first is None or first.author_id is None else (first.author_id,)

    @property
    def is_linked(self) -> bool:
        """Whether members wrote it together."""
        return any(heart.writers for heart in self.hearts)

    @property
    def count(self) -> int:
        """How many members keep it who are none of its writers."""
        return len(self._from_others)

    @property
    def first_on(self) -> datetime.date:
        """The day on which it was kept first, in UTC."""
        first = min(heart.kept_at for heart in self.hearts)
        return datetime.datetime.fromtimestamp(first, datetime.UTC).date()

    @property
    def step(self) -> Step:
        """What is to be done next."""
        shown = self.message_id is not None
        if self.begun_at is not None and not shown:
            return "find"
        if self._is_kept_away:
            return "delete_message" if shown else "nothing"
        if self.verse is None or not self.count:
            return "delete_message" if shown else "delete_unposted"
        if shown:
            return "edit"  # even if the number is the same: the names may be others
        is_due = self.page_channel_id is not None and self.count >= self.threshold
        return "post" if is_due else "delete_unposted"

    @property
    def is_shown(self) -> bool:
        """Whether a message shows it, and may go on doing so."""
        return self.message_id is not None and self.verse is not None and not self._is_kept_away

    def named_at(self, user_id: int) -> float:
        """Returns when a heart that names this writer was given first, in Unix seconds."""
        names = (h for h in self.hearts if user_id == h.author_id or user_id in h.writers)
        return float(min(heart.kept_at for heart in names))

    def count_in(self, month: "Month") -> int:
        """Returns how many of those hearts were given in a month."""
        start, end = month.start, month.following.start
        return sum(start <= heart.kept_at < end for heart in self._from_others)

    @cached_property
    def _from_others(self) -> tuple[Heart, ...]:
        return tuple(heart for heart in self.hearts if heart.user_id not in self.all_writers)

    @property
    def _is_kept_away(self) -> bool:
        """Whether the server must not see it, though members keep it."""
        if self.verse is None:
            return False
        return self.state == "withdrawn" or (self.state == "unnamed" and not self.all_writers)


@dataclass(frozen=True, order=True)
class Month:
    """A month, in UTC.

    Attributes:
        number: Months since the year 0.
    """

    number: int

    @classmethod
    def at(cls, at: float) -> "Month":
        """Returns the month of a Unix time."""
        moment = datetime.datetime.fromtimestamp(at, datetime.UTC)
        return cls(moment.year * 12 + moment.month - 1)

    @property
    def following(self) -> "Month":
        """The next month."""
        return Month(self.number + 1)

    @property
    def before(self) -> "Month":
        """The month before."""
        return Month(self.number - 1)

    @property
    def first(self) -> datetime.date:
        """Its first day."""
        year, month = divmod(self.number, 12)
        return datetime.date(year, month + 1, 1)

    @property
    def start(self) -> int:
        """Its beginning, in Unix seconds."""
        midnight = datetime.datetime.combine(self.first, datetime.time(), datetime.UTC)
        return int(midnight.timestamp())

    @property
    def booklet_at(self) -> int:
        """When its booklet is due, in Unix seconds."""
        return self.following.start + BOOKLET_AFTER_S


def best_loved(verses: Iterable[HonoredVerse], month: Month) -> Sequence[tuple[HonoredVerse, int]]:
    """Returns the verses for a booklet, best first, with the hearts that each got in a month.

    Among equals, the one with more hearts in all comes first, then the one posted first.

    Args:
        verses: Those on the page of honor.
        month: The month.
    """
    counted = [
        (verse, count) for verse in verses if verse.is_shown and (count := verse.count_in(month))
    ]
    counted.sort(key=lambda each: (-each[1], -each[0].count, each[0].id))
    return counted


def retry_after(attempts: int) -> int:
    """Returns how many seconds to wait after so many failures, from 1 on."""
    return min(30 << min(attempts, 10), MAX_WAIT_S)
