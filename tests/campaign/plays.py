"""What must be stored of tables and rounds, by what members were told."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Place = tuple[int, int]
"""A line of linked verse: its table, and its number from 0."""


@dataclass(frozen=True)
class Line:
    """A line that its writer was shown in the poem."""

    text: str
    writer: int
    guild: int


@dataclass(frozen=True)
class StoredPlays:
    """What a database has of them.

    Attributes:
        lines: The text of each line.
        ended: Rounds that are over.
        scores: How many guesses of each member were counted.
        counted: How many were counted of all, forgotten ones included.
    """

    lines: dict[Place, str] = field(default_factory=dict)
    ended: frozenset[int] = frozenset()
    scores: dict[int, int] = field(default_factory=dict)
    counted: int = 0


class Plays:
    """The lines and guesses that the bot must have, kept without any code of the bot."""

    def __init__(self) -> None:
        self._lines: dict[Place, Line] = {}
        self._loose: set[int] = set()
        self._replaced: list[tuple[Place, Line]] = []
        self._pressed: set[tuple[int, int]] = set()
        self._chosen: set[tuple[int, int]] = set()

    def write(self, place: Place, line: Line) -> None:
        """Notes that a member was shown a new line in the poem."""
        before = self._lines.get(place)
        if before not in (None, line):
            self._replaced.append((place, before))
        self._lines[place] = line

    def loosen(self, table: int) -> None:
        """Notes that lines of a table may be taken back from now on."""
        self._loose.add(table)

    def press(self, round_id: int, member: int) -> None:
        """Notes that a member is about to choose a line."""
        self._pressed.add((round_id, member))

    def choose(self, round_id: int, member: int) -> None:
        """Notes that a member was told that the choice is noted."""
        self._chosen.add((round_id, member))

    def differences(
        self, stored: StoredPlays, is_gone: Callable[[int], bool], left: set[int]
    ) -> Iterator[str]:
        """What is wrong in the database, without the lines.

        Args:
            stored: What it has.
            is_gone: Whether a member may have been forgotten, with a poem that nobody else wrote.
            left: Servers that the bot has left.
        """
        for (table, number), line in self._replaced:
            if table not in self._loose and not is_gone(line.writer):
                yield f"two lines in one turn: line {number} of table {table}"
        for (table, number), line in self._lines.items():
            if table in self._loose or line.guild in left:
                continue
            text = stored.lines.get((table, number))
            if text != line.text and not (text is None and is_gone(line.writer)):
                what = "lost" if text is None else "replaced"
                yield f"acknowledged line {what}: line {number} of table {table}"
        certain = Counter(member for id_, member in self._chosen if id_ in stored.ended)
        made = Counter(member for _, member in self._pressed)
        for member, most in made.items():
            counted = stored.scores.get(member, 0)
            if counted > most or (counted < certain[member] and not is_gone(member)):
                yield (
                    f"{counted} guesses of member {member} were counted, of {certain[member]} "
                    f"acknowledged and {most} that were made"
                )
        if stored.counted > len(self._pressed):
            yield f"{stored.counted} guesses were counted, of {len(self._pressed)} that were made"
