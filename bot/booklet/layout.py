"""Where a poem stands on its page: columns from right to left, as in a picture.

Its title is to the right of it, its writers to the left, at the foot of the last column.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from ..picture import Card
from ..picture.layout import (
    SPACING,
    Ends,
    Grid,
    Mark,
    between,
    column_marks,
    grids,
    length_of,
    running_grids,
)
from ..picture.text import Cell, cells, split_evenly

__all__ = ["HEART_EM", "HEART_GAP_EM", "Area", "HeartBox", "PlacedPoem", "Placer"]

LARGEST, SMALLEST, STEP = 66, 20, 2  # of the verse, pixels an em
TITLE, SIGNATURE = (30, 40), (24, 28)
LEAST_GAP = 30  # between title, verse and writers
LEAST_BLOCK = 300  # height of the columns; shorter ones leave space below
REACHES = ((False, 1.0), (True, 0.85))  # whether writers reach below the verse, and its worth
HEART_EM, HEART_GAP_EM = 0.8, 0.3  # of a heart, and from it to its number; em of the writers' names
HEART_DOWN_EM, HEARTS_EM = 1.0, 1.7  # from the names to the middle of a heart, and to its foot


@dataclass(frozen=True)
class Area:
    """A part of a page, in pixels from its upper left corner."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class HeartBox:
    """Where the hearts of a poem are.

    Attributes:
        left: Where they begin.
        y: The middle of the heart.
        size: Pixels an em of their number.
        text: Their number.
    """

    left: float
    y: float
    size: int
    text: str


@dataclass(frozen=True)
class PlacedPoem:
    """A poem in its place.

    Attributes:
        size: Pixels an em of the verse.
        top: Where it begins.
        title: The title.
        verse: The lines.
        signature: The writers.
        hearts: Its hearts, if they are told.
    """

    size: int
    top: float
    title: Sequence[Mark]
    verse: Sequence[Mark]
    signature: Sequence[Mark]
    hearts: HeartBox | None


class Placer:
    """Places a poem.

    Args:
        card: The poem, in its own script.
        hearts: How many keep it; None if that is not to be told.
        glyph_for: What stands in the place of a character.
        width: How wide a text is, in em.
    """

    def __init__(
        self,
        card: Card,
        hearts: int | None,
        glyph_for: Callable[[str], str],
        width: Callable[[str], float],
    ) -> None:
        self._lines = [cells(line, glyph_for, width) for line in card.lines]
        self._title = cells(card.title, glyph_for, width)
        self._ends = Ends([cells(name, glyph_for, width) for name in card.writers], [])
        self._hearts = None
        if hearts is not None:
            text = str(hearts)
            self._hearts = Cell(text, HEART_EM + HEART_GAP_EM + width(text))

    def place(self, area: Area) -> PlacedPoem:
        """Returns where the poem stands on a whole page, with the largest characters."""
        for ways in (grids, running_grids):
            placed = self._best(ways(self._lines), area, SMALLEST)
            if placed is not None:
                return placed
        raise AssertionError("running columns have room for all that a card may have")

    def place_large(self, area: Area, smallest: int) -> PlacedPoem | None:
        """Returns where the poem stands in an area; None if it has no room in that size."""
        return self._best(grids(self._lines), area, smallest)

    def _best(self, ways: Iterable[Grid], area: Area, smallest: int) -> PlacedPoem | None:
        best, found = 0.0, None
        for grid, (reaches, worth) in product(ways, REACHES):
            for size in range(LARGEST, smallest - 1, -STEP):
                if size * grid.weight * worth <= best:
                    break
                placed = _place(size, grid, self._title, self._ends, self._hearts, reaches, area)
                if placed is not None:
                    best, found = size * grid.weight * worth, placed
                    break
        return found


def _place(
    size: int,
    grid: Grid,
    title: list[Cell],
    ends: Ends,
    hearts: Cell | None,
    reaches: bool,
    area: Area,
) -> PlacedPoem | None:
    title_size = min(between(TITLE, 0.6 * size), size)
    small = min(between(SIGNATURE, 0.42 * size), size)
    block, gap = max(grid.height * size, LEAST_BLOCK), max(LEAST_GAP, 0.62 * size)
    heads = split_evenly(title, math.ceil(length_of(title, SPACING) * title_size / block))
    longest = max((length_of(head, SPACING) for head in heads), default=0)
    title_size = min(title_size, int(area.height / max(longest, 1)))  # of a long word
    below = HEARTS_EM * small if hearts else 0
    columns = ends.columns(((area.height if reaches else block) - below) / small)
    ends_height = max((length_of(end, SPACING) for end in columns), default=0) * small
    hearts_width = hearts.advance * small if hearts else 0
    ends_width = max(len(columns) * 1.6 * small, hearts_width)
    heads_width = len(heads) * 1.5 * title_size + gap if title else 0
    verse_width = (grid.places[-1] + 1) * size
    total = heads_width + verse_width + (gap + ends_width if ends_width else 0)
    used = max(block, ends_height + below, longest * title_size)
    if total > area.width or used > area.height:
        return None
    right, top = area.left + (area.width + total) / 2, area.top + (area.height - used) / 2
    begin = right - heads_width - size / 2
    left = right - total
    first = left + ends_width / 2 + (len(columns) - 1) * 0.8 * small
    ends_top = top + used - below - ends_height
    box = None
    if hearts:
        down = top + used - below + HEART_DOWN_EM * small
        box = HeartBox(left + (ends_width - hearts_width) / 2, down, small, hearts.text)
    verse = [
        mark
        for column, place in zip(grid.columns, grid.places, strict=True)
        for mark in column_marks(column, begin - place * size, top, size, grid.spacing)
    ]
    return PlacedPoem(
        size,
        top,
        list(_columns(heads, right - 0.75 * title_size, 1.5 * title_size, top, title_size)),
        verse,
        list(_columns(columns, first, 1.6 * small, ends_top, small)),
        box,
    )


def _columns(
    columns: Sequence[Sequence[Cell]], first: float, pitch: float, top: float, size: int
) -> Iterator[Mark]:
    for number, column in enumerate(columns):
        yield from column_marks(column, first - number * pitch, top, size, SPACING)
