"""A table, which is one game of linked verse, as a value; and what members may do in it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, get_args

from ..errors import NotAllowedError
from ..verse.bounds import Bounds, check_choice
from ..verse.request import Rules
from ..verses import Verse

__all__ = [
    "FORMS",
    "IDLE_S",
    "KEPT_S",
    "MAX_LINES",
    "MAX_PLAYERS",
    "MINUTES",
    "By",
    "FormName",
    "Line",
    "Order",
    "State",
    "Table",
    "open_table",
]

FormName = Literal["jueju5", "jueju7", "lushi5", "lushi7", "pailu5", "pailu7"]
"""Quatrains, eight lines of regulated verse, and longer ones (排律), by the length of a line."""

Order = Literal["free", "turns"]
"""Whoever comes first writes the next line, or one after the other."""

State = Literal["open", "finished", "idle"]
"""Whether lines can be written; if not, whether somebody finished it or nobody went on."""

By = Literal["member", "lianju", "poet"]
"""Whose line it is: a member's, one of Lianju's that a member chose, or a line of a Tang poem."""

MAX_LINES = 24
MAX_PLAYERS = 12
MINUTES = Bounds(1, 24 * 60)
IDLE_S = 24 * 60 * 60.0
KEPT_S = 400 * 24 * 60 * 60.0  # after a table was closed; then it is deleted
DEFAULT_MINUTES = 60


class Form(NamedTuple):
    """The shape of a poem.

    Attributes:
        length: Characters of a line.
        lines: The most lines; the poem is complete with the last.
    """

    length: int
    lines: int


FORMS: dict[FormName, Form] = {
    "jueju5": Form(5, 4),
    "jueju7": Form(7, 4),
    "lushi5": Form(5, 8),
    "lushi7": Form(7, 8),
    "pailu5": Form(5, MAX_LINES),
    "pailu7": Form(7, MAX_LINES),
}


@dataclass(frozen=True)
class Line:
    """A line of the poem.

    Attributes:
        text: The line, as it was written.
        by: Whose it is.
        user_id: The member who wrote or chose it; None if nobody did, or if it was deleted.
        written_at: When, in Unix seconds.
        source: The poet and the title of a poet's line.
    """

    text: str
    by: By
    user_id: int | None
    written_at: float
    source: str | None = None


@dataclass(frozen=True)
class Table:
    """A table: one game of linked verse, in a channel, a thread or direct messages.

    It is immutable. What members or the clock do returns the table as it is afterwards.

    Attributes:
        guild_id: The server; None for direct messages.
        channel_id: The channel or thread.
        host_id: Who opened it; None if that was deleted.
        form: What is written.
        rules: How tones and rhyme bind.
        order: Who writes next.
        named: Whether only the players may write; else everybody may, or may join.
        language: The language of its message.
        minutes: How long a turn may take.
        players: Who takes turns or is named, in this order.
        lines: The poem so far.
        turn: The index of the player whose turn it is.
        missed: How many turns in a row have timed out. After a whole round any player may go on.
        turn_ends_at: When the turn times out, in Unix seconds; None if it does not.
        touched_at: When anybody last did something.
        state: Whether it goes on.
        message_id: The message that shows it; None if it is not posted yet.
        id: Its number; 0 before it is stored.
        version: Of the stored row, which is written only if nobody else has changed it.
    """

    guild_id: int | None
    channel_id: int
    host_id: int | None
    form: FormName
    rules: Rules
    order: Order
    named: bool
    language: str
    minutes: int
    players: tuple[int, ...]
    touched_at: float
    lines: tuple[Line, ...] = ()
    turn: int = 0
    missed: int = 0
    turn_ends_at: float | None = None
    state: State = "open"
    message_id: int | None = None
    id: int = 0
    version: int = 0

    @property
    def length(self) -> int:
        """Characters of a line."""
        return FORMS[self.form].length

    @property
    def most_lines(self) -> int:
        """How many lines the poem can have."""
        return FORMS[self.form].lines

    @property
    def texts(self) -> tuple[str, ...]:
        """The lines of the poem."""
        return tuple(line.text for line in self.lines)

    @property
    def writers(self) -> dict[int, float]:
        """The members who wrote a line, in order, and when each wrote the first one."""
        written: dict[int, float] = {}
        for line in self.lines:
            if line.by == "member" and line.user_id is not None:
                written.setdefault(line.user_id, line.written_at)
        return written

    @property
    def verse(self) -> Verse | None:
        """What a heart keeps; None if there are fewer than two lines."""
        return Verse.of(*self.texts) if len(self.lines) > 1 else None

    @property
    def player(self) -> int | None:
        """The member whose turn it is; None if it is anybody's."""
        if self.state != "open" or self.order == "free" or self.is_round_missed:
            return None
        return self.players[self.turn % len(self.players)]

    @property
    def is_round_missed(self) -> bool:
        """Whether every player has missed a turn: then any of them may go on."""
        return self.order == "turns" and self.missed >= len(self.players)

    @property
    def due_at(self) -> float:
        """When `time_out` has something to do, in Unix seconds."""
        if self.state != "open":
            return math.inf
        ends_at = math.inf if self.turn_ends_at is None else self.turn_ends_at
        return min(ends_at, self.idle_at)

    @property
    def idle_at(self) -> float:
        """When the table closes, in Unix seconds: after a day, or a round that takes longer."""
        return self.touched_at + max(IDLE_S, 60.0 * self.minutes * len(self.players))

    def check_turn(self, user_id: int) -> None:
        """Checks that a member may write the next line.

        Raises:
            NotAllowedError: The table is closed, the member is no player, or it is another's turn.
        """
        self._check_open()
        self._check_player(user_id)
        if self.player not in (None, user_id):
            raise NotAllowedError("linked-not-your-turn", member=str(self.player))

    def check_place(self, place: int) -> None:
        """Checks that the next line is the one that a member has written.

        Args:
            place: The index of the line.

        Raises:
            NotAllowedError: Somebody has written that line meanwhile, or it is gone.
        """
        if place != len(self.lines):
            self._check_open()
            raise NotAllowedError("linked-too-late", line=place + 1)

    def write(self, user_id: int, text: str, now: float, by: By = "member") -> "Table":
        """Writes the next line.

        Raises:
            NotAllowedError: See `check_turn`.
        """
        self.check_turn(user_id)
        line = Line(text, by, user_id, now)
        written = replace(self, lines=(*self.lines, line), missed=0, touched_at=now)
        if len(written.lines) == self.most_lines:
            return replace(written, state="finished", turn_ends_at=None)
        return written._pass_on(written._index(user_id) + 1, now)

    def begin(self, line: Line, now: float) -> "Table":
        """Begins the poem with a first line; after one of the host it is the next one's turn."""
        hosts_line = line.by == "member" and line.user_id == self.host_id
        return replace(self, lines=(line,))._pass_on(1 if hosts_line else 0, now)

    def join(self, user_id: int, now: float) -> "Table":
        """Adds a player, whose turn comes after those of the others.

        Raises:
            NotAllowedError: The table is closed or full, or not for this member.
        """
        self._check_open()
        if self.named and user_id not in self.players:
            raise NotAllowedError("linked-not-invited")
        if self.order == "free":
            raise NotAllowedError("linked-no-turns")
        if user_id in self.players:
            raise NotAllowedError("linked-joined-already")
        if len(self.players) >= MAX_PLAYERS:
            raise NotAllowedError("linked-full", most=MAX_PLAYERS)
        joined = replace(self, players=(*self.players, user_id), touched_at=now)
        if self.is_round_missed:  # somebody is there again
            return replace(joined, missed=0)._pass_on(len(self.players), now)
        if joined.turn_ends_at is not None:  # a player has the turn already
            return joined
        wrote_last = bool(self.lines) and self.lines[-1].user_id in self.players
        return joined._pass_on(len(self.players) if wrote_last else self.turn, now)

    def skip(self, user_id: int, now: float) -> "Table":
        """Passes the turn of a member on.

        Raises:
            NotAllowedError: There are no turns, or it is not this member's.
        """
        self._check_open()
        if self.order == "free":
            raise NotAllowedError("linked-no-turns")
        self.check_turn(user_id)
        skipped = replace(self, missed=0, touched_at=now)
        return skipped._pass_on(self._index(user_id) + 1, now)

    def undo(self, user_id: int, now: float) -> "Table":
        """Takes the last line back, if this member wrote or chose it.

        Raises:
            NotAllowedError: It is another's line, or the table is closed.
        """
        self._check_open()
        if not self.lines or self.lines[-1].user_id != user_id:
            raise NotAllowedError("linked-undo-not-yours")
        undone = replace(self, lines=self.lines[:-1], missed=0, touched_at=now)
        return undone._pass_on(undone._index(user_id), now)

    def finish(self, user_id: int, now: float, *, moderates: bool = False) -> "Table":
        """Ends the poem as it is.

        Args:
            user_id: Who wants it.
            now: The time.
            moderates: Whether that is a moderator, who need not have taken part.

        Raises:
            NotAllowedError: The table is closed, or the member has no part in it.
        """
        self._check_open()
        if not moderates and user_id != self.host_id and user_id not in self.writers:
            raise NotAllowedError("linked-finish-not-yours")
        return replace(self, state="finished", turn_ends_at=None, touched_at=now)

    def time_out(self, now: float) -> "Table":
        """Ends what has taken too long: a turn, or the table; returns itself if nothing has."""
        if self.state != "open":
            return self
        if now >= self.idle_at:
            return replace(self, state="idle", turn_ends_at=None)
        if self.turn_ends_at is None or now < self.turn_ends_at:
            return self
        return replace(self, missed=self.missed + 1)._pass_on(self.turn + 1, now)

    def _pass_on(self, turn: int, now: float) -> "Table":
        """Begins the turn of a player, if there is any."""
        if self.order == "free" or not self.players:
            return replace(self, turn_ends_at=None)
        timed = len(self.players) > 1 and self.missed < len(self.players)
        ends_at = now + 60 * self.minutes if timed else None
        return replace(self, turn=turn % len(self.players), turn_ends_at=ends_at)

    def _index(self, user_id: int) -> int:
        """Returns the place of a player; where others write as well, it does not matter."""
        return self.players.index(user_id) if user_id in self.players else self.turn

    def _check_open(self) -> None:
        if self.state != "open":
            raise NotAllowedError("linked-closed")

    def _check_player(self, user_id: int) -> None:
        if user_id in self.players:
            return
        if self.named:
            raise NotAllowedError("linked-not-invited")
        if self.order == "turns":
            raise NotAllowedError("linked-join-first")


def open_table(
    host_id: int,
    guild_id: int | None,
    channel_id: int,
    now: float,
    *,
    form: FormName,
    rules: Rules = "strict",
    order: Order = "free",
    minutes: int | None = None,
    named: Sequence[int] = (),
    language: str = "en",
) -> Table:
    """Opens a table: begins a game, which is not stored yet.

    Args:
        host_id: Who opens it, and is its first player.
        guild_id: The server; None for direct messages.
        channel_id: The channel or thread.
        now: The time, in Unix seconds.
        form: What to write.
        rules: How tones and rhyme bind.
        order: Who writes next.
        minutes: How long a turn may take, where there are turns.
        named: The only members who may write, beside the host; empty admits everybody.
        language: The language of its message.

    Raises:
        RequestError: A value is out of range.
        NotAllowedError: There are too many players, or minutes without turns.
    """
    for value, choices in ((form, FormName), (rules, Rules), (order, Order)):
        check_choice(value, get_args(choices))
    MINUTES.check("minutes", minutes)
    if minutes is not None and order == "free":
        raise NotAllowedError("linked-minutes-free")
    players = tuple(dict.fromkeys((host_id, *named)))
    if len(players) > MAX_PLAYERS:
        raise NotAllowedError("linked-full", most=MAX_PLAYERS)
    return Table(
        guild_id,
        channel_id,
        host_id,
        form,
        rules,
        order,
        bool(named),
        language,
        DEFAULT_MINUTES if minutes is None else minutes,
        players,
        now,
    )._pass_on(0, now)
