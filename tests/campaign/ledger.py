"""What must be stored: favorites by what members were told, and who asked to be forgotten."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Key = tuple[int, int, str, str]
"""A favorite: member, server (0 outside), first line, other lines."""

OnBoard = tuple[int, str, str]
"""A verse on a server's leaderboard: server, first line, other lines."""

Outcome = Literal["toggled", "removed", "refused", "unclear"]
"""What an action did, as far as its member was told."""


@dataclass
class State:
    """What is known of one favorite.

    Attributes:
        kept: Whether it is stored; None if that is not known.
        pending: Actions on it that have no outcome so far.
    """

    kept: bool | None = False
    pending: int = 0

    @property
    def certain(self) -> bool | None:
        return None if self.pending else self.kept


class Ledger:
    """The favorites that the bot must have, kept without any code of the bot.

    Attributes:
        forgotten: Members who deleted their data and never came back.
        left: Servers that the bot has left for ever.
    """

    def __init__(self) -> None:
        self._states: defaultdict[Key, State] = defaultdict(State)
        self._changes: Counter[int] = Counter()
        self._removed: set[OnBoard] = set()
        self._unsure: set[OnBoard] = set()
        self.forgotten: set[int] = set()
        self.left: set[int] = set()

    def begin(self, key: Key) -> Key | None:
        """Notes that a member acts on a favorite.

        Returns:
            The favorite, which is one outside servers if moderators removed the verse from the
            server; None if they may have.
        """
        if key[1:] in self._unsure:
            return None
        if key[1:] in self._removed:
            key = _outside(key)
        self._changes[key[0]] += 1
        self._states[key].pending += 1
        return key

    def finish(self, key: Key, outcome: Outcome) -> None:
        """Notes what became of an action."""
        self._changes[key[0]] += 1
        if key[0] in self.forgotten:
            return
        if key[1:] in self._unsure | self._removed:  # since it began
            self._states[key].kept = self._states[_outside(key)].kept = None
            return
        state = self._states[key]
        state.pending -= 1
        match outcome:
            case "toggled" if state.kept is not None:
                state.kept = not state.kept
            case "removed":
                state.kept = None if state.pending else False
            case "unclear":
                state.kept = None

    def begin_removal(self, verse: OnBoard) -> None:
        """Notes that a moderator removes a verse from a leaderboard."""
        self._unsure.add(verse)

    def finish_removal(self, verse: OnBoard, *, removed: bool | None) -> None:
        """Notes whether it was removed, if that is known. Members keep it as from outside."""
        concerned = [key for key in self._states if key[1:] == verse]
        for key in concerned:
            self._changes[key[0]] += 1
            state, outside = self._states[key], self._states[_outside(key)]
            if removed is None or state.certain is None:
                state.kept = outside.kept = None
            elif removed and state.kept:
                state.kept, outside.kept = False, True
        if removed is not None:
            self._unsure.discard(verse)
        if removed:
            self._removed.add(verse)

    def forget(self, member: int) -> None:
        """Notes that a member's data was deleted."""
        self.forgotten.add(member)
        for key in [key for key in self._states if key[0] == member]:
            del self._states[key]

    def doubt(self, member: int) -> None:
        """Notes that a member's data may or may not have been deleted."""
        for key, state in self._states.items():
            if key[0] == member:
                state.kept = None

    def version(self, member: int) -> int:
        """A number that changes with every action of a member."""
        return self._changes[member]

    def certain(self, member: int) -> set[Key] | None:
        """A member's favorites; None if some of them are not known."""
        states = {key: state for key, state in self._states.items() if key[0] == member}
        if any(state.certain is None for state in states.values()):
            return None
        return {key for key, state in states.items() if state.certain}

    def differences(self, stored: Counter[Key]) -> Iterator[str]:
        """What is wrong with the favorites in the database, without the verses."""
        for key, count in stored.items():
            where = f"member {key[0]} in server {key[1]}"
            if count > 1:
                yield f"favorite doubled: {count} of {where}"
            if key[0] in self.forgotten:
                yield f"favorite of a forgotten member: {where}"
            elif self._states[key].certain is False:
                yield f"favorite that nobody keeps: {where}"
        for key, state in self._states.items():
            if state.certain and not stored[key]:
                yield f"favorite lost: member {key[0]} in server {key[1]}"

    def adopt(self, stored: Counter[Key]) -> None:
        """Takes what is stored for the truth, after it was compared."""
        self._states.clear()
        for key in stored:
            self._states[key] = State(kept=True)

    @property
    def kept(self) -> int:
        """How many favorites are known to be kept."""
        return sum(state.certain is True for state in self._states.values())


def _outside(key: Key) -> Key:
    return (key[0], 0, key[2], key[3])
