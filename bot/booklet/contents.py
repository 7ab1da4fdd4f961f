"""The table of contents: a column for each poem, with its page at the foot, in two rows a page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..picture.layout import SPACING, Mark, column_marks, length_of
from ..picture.text import Cell, cells
from .layout import Area

__all__ = ["NUMBER_SIZE", "ContentsPage", "Entry", "lay_out_contents"]

SIZE, HEADING_SIZE, NUMBER_SIZE = 28, 44, 24  # pixels an em
PITCH = 60  # from one column to the next
HEADING_COLUMNS = 2  # as much room as the heading takes
LEAST_LEADER = 40  # between a name and its number
APART = 14  # above and below the leader
MORE = Cell("︙")


@dataclass(frozen=True)
class Entry:
    """A poem of the table.

    Attributes:
        place: Its place in the booklet, from 0.
        name: Its name.
        x: The middle of its column.
        leader: Where the line from its name to its number begins and ends.
        box: What leads to its page if it is pressed: left, top, right, bottom.
        foot: The line that its number stands on.
    """

    place: int
    name: Sequence[Mark]
    x: float
    leader: tuple[float, float]
    box: tuple[float, float, float, float]
    foot: float


@dataclass(frozen=True)
class ContentsPage:
    """A page of the table.

    Attributes:
        heading: The heading, on the first page.
        entries: The poems.
    """

    heading: Sequence[Mark]
    entries: Sequence[Entry]


def lay_out_contents(
    names: Sequence[str],
    heading: str,
    rows: tuple[Area, Area],
    glyph_for: Callable[[str], str],
    width: Callable[[str], float],
) -> list[ContentsPage]:
    """Returns the pages of the table.

    Args:
        names: The names of the poems.
        heading: The heading.
        rows: The areas for columns on a page.
        glyph_for: What stands in the place of a character.
        width: How wide a text is, in em.
    """
    columns = int(rows[0].width / PITCH)
    slots = [(row, column) for row in rows for column in range(columns)]
    pages: list[ContentsPage] = []
    place = 0
    while place < len(names):
        free, marks = slots, list[Mark]()
        if not pages:
            free = slots[HEADING_COLUMNS:]
            x = rows[0].left + rows[0].width - HEADING_SIZE / 2
            marks += column_marks(
                cells(heading, glyph_for, width), x, rows[0].top, HEADING_SIZE, SPACING
            )
        entries = [
            _entry(number, cells(names[number], glyph_for, width), *slot)
            for number, slot in enumerate(free[: len(names) - place], place)
        ]
        pages.append(ContentsPage(marks, entries))
        place += len(entries)
    return pages


def _entry(place: int, name: Sequence[Cell], row: Area, column: int) -> Entry:
    x = row.left + row.width - (column + 0.5) * PITCH
    foot = row.top + row.height
    end = foot - NUMBER_SIZE - APART
    shown = _cut(name, (end - APART - LEAST_LEADER - row.top) / SIZE)
    begin = row.top + length_of(shown, SPACING) * SIZE + APART
    box = (x - PITCH / 2, row.top, x + PITCH / 2, foot + APART)
    marks = list(column_marks(shown, x, row.top, SIZE, SPACING))
    return Entry(place, marks, x, (begin, end), box, foot)


def _cut(name: Sequence[Cell], most: float) -> Sequence[Cell]:
    """Returns as much of a name as has room, in em, with dots behind if that is not all."""
    if length_of(name, SPACING) <= most:
        return name
    kept: list[Cell] = []
    for cell in name:
        if length_of([*kept, cell, MORE], SPACING) > most:
            break
        kept.append(cell)
    return [*kept, MORE]
