"""Where everything stands: columns from right to left, as on a scroll.

The title is in front, to the right. The verse follows, a line a column or, of regulated verse that
is long, two lines; the writers, the date and the seal close it, to the left.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Literal

from .card import Card, chinese_date, count_in_chinese
from .seal import seal_shape
from .text import Cell, cells, split_evenly

__all__ = [
    "SPACING",
    "WIDTH",
    "Ends",
    "Grid",
    "Layout",
    "Mark",
    "SealBox",
    "between",
    "column_marks",
    "grids",
    "lay_out",
    "length_of",
    "running_grids",
]

WIDTH = 1080
# Height of the picture and least size of the verse, the best first.
SHAPES = ((1350, 36), (1620, 36), (1350, 26), (1620, 26), (1920, 24))
SIDE, EDGE = 104, 128  # margins
LARGEST, STEP = 132, 2  # of the verse, pixels an em
TITLE, SIGNATURE = (34, 60), (28, 34)  # smallest and largest, pixels an em
LONG_TITLE = (28, 60)  # likewise, of one that is longer than a column
SEAL_SIDE = (84, 112)
SPACING = 1.1  # of title and signature, in em
SPACINGS = ((5, 1.26), (7, 1.2), (10, 1.16), (math.inf, 1.12))  # by characters, in em
PITCHES = ((2, 1.95), (4, 1.7), (8, 1.55), (math.inf, 1.46))  # by columns, in em
GAP_EM = 0.9  # between two lines in one column
SPACED_EM = 0.5  # between items of the signature
LONG = 6  # lines, two of which may share a column
MAX_SIGNATURE = 3  # columns
LOWEST_BLOCK = 560  # pixels; shorter columns leave space below
RAISED = 0.47  # of the space around the block, the part above it
Reach = Literal["verse", "room"]
# How far the signature may reach down, and what share of the verse's size that is worth.
REACHES: tuple[tuple[Reach, float], ...] = (("verse", 1.0), ("room", 0.85))
LEAST_GAP = 44  # between title, verse and signature


@dataclass(frozen=True)
class Mark:
    """A cell in its place.

    Attributes:
        cell: What to draw.
        x: The middle of its column.
        y: Where it begins.
        size: Pixels an em.
    """

    cell: Cell
    x: float
    y: float
    size: int


@dataclass(frozen=True)
class SealBox:
    """Where the seal is.

    Attributes:
        x: Its left edge.
        y: Its upper edge.
        size: Its width and height.
        side: The usual side of a seal beside such verse.
    """

    x: float
    y: float
    size: tuple[int, int]
    side: int


@dataclass(frozen=True)
class Layout:
    """A picture before it is painted.

    Attributes:
        height: Pixels.
        title: The title.
        verse: The lines.
        signature: Writers and date.
        seal: The seal.
    """

    height: int
    title: list[Mark]
    verse: list[Mark]
    signature: list[Mark]
    seal: SealBox


@dataclass(frozen=True)
class Grid:
    """A way to set the lines.

    Attributes:
        columns: The cells of each column, from right to left.
        begins: Whether each column begins a line.
        weight: By how much it is preferred to others, as a share of the size of its characters.
    """

    columns: Sequence[Sequence[Cell]]
    begins: Sequence[bool]
    weight: float = 1.0

    @cached_property
    def spacing(self) -> float:
        """How far it is from one character to the next, in em."""
        longest = max(sum(cell.advance for cell in column) for column in self.columns)
        return _step(SPACINGS, longest)

    @cached_property
    def height(self) -> float:
        """How high the columns are, in em."""
        return max(length_of(column, self.spacing) for column in self.columns)

    @cached_property
    def places(self) -> list[float]:
        """How far the middle of each column is to the left of the first one's, in em."""
        count = len(self.columns)
        pitch = _step(PITCHES, count)
        apart = 0 if all(self.begins) else 0.45  # of lines in several columns
        places = [0.0]
        for begins in self.begins[1:]:
            places.append(places[-1] + pitch + apart * begins)
        return places

    def largest(self, height: int) -> int:
        """Returns the size at which the verse alone would fill a picture."""
        down, across = height - 2 * EDGE, WIDTH - 2 * SIDE
        return min(LARGEST, int(down / self.height), int(across / (self.places[-1] + 1)))


@dataclass(frozen=True)
class Ends:
    """What closes a picture.

    Attributes:
        names: The cells of each writer's name.
        dates: Those of the date, if there is one.
    """

    names: Sequence[list[Cell]]
    dates: Sequence[list[Cell]]

    @cached_property
    def choices(self) -> list[list[list[Cell]]]:
        """The items to show: all, or in the place of the last writers how many there are."""
        total = len(self.names)
        others = [Cell(character) for character in f"等{count_in_chinese(total)}人"]
        return [
            [*self.names[:shown], *([] if shown == total else [others]), *self.dates]
            for shown in range(total, -1, -1)
        ]

    def columns(self, room: float) -> list[list[Cell]]:
        """Returns columns with as many writers as there is room for, and the date.

        Args:
            room: The height of a column, in em, which a long name may exceed.
        """
        columns: list[list[Cell]] = []
        for items in self.choices:
            columns, filled = [], math.inf
            for item in items:
                length = length_of(item, SPACING) + SPACING - 1 + SPACED_EM
                if filled + length <= room:
                    columns[-1] = _joined([columns[-1], item], SPACED_EM)
                    filled += length
                else:
                    columns.append(item)
                    filled = length_of(item, SPACING)
            if len(columns) <= MAX_SIGNATURE:
                break
        return columns


def lay_out(card: Card, glyph_for: Callable[[str], str], width: Callable[[str], float]) -> Layout:
    """Returns where everything stands, with the largest characters for which there is room.

    Args:
        card: What to show, in its own script.
        glyph_for: What stands in a picture for a character.
        width: How wide a text is, in em.
    """
    lines = [cells(line, glyph_for, width) for line in card.lines]
    title = cells(card.title, glyph_for, width)
    names = [cells(name, glyph_for, width) for name in card.writers]
    dates = [cells(chinese_date(card.date), glyph_for, width)] if card.date else []
    ends = Ends(names, dates)

    def stamp(side: int) -> tuple[int, int]:
        return seal_shape(card.seal, side, width)

    usual = list(grids(lines))
    for height, smallest in SHAPES:
        last = (height, smallest) == SHAPES[-1]
        best, found = 0.0, None
        for grid, (reach, share) in product(
            [*usual, *(running_grids(lines) if last else ())], REACHES
        ):
            weight = grid.weight * share
            for size in range(grid.largest(height), smallest - 1, -STEP):
                if size * weight <= best:
                    break
                placed = _place(height, size, grid, title, ends, stamp, reach)
                if placed is not None:
                    best, found = size * weight, placed
                    break
        if found is not None:
            return found
    raise AssertionError("running columns have room for all that a card may have")


def grids(lines: Sequence[list[Cell]]) -> Iterator[Grid]:
    """Yields the ways to set these lines, one line or a whole number of them a column."""
    longest, count = max(map(len, lines)), len(lines)
    for pieces in range(1, max(1, longest // 8) + 1):
        most = math.ceil(longest / pieces)
        split = [split_evenly(line, math.ceil(len(line) / most)) for line in lines]
        columns = [piece for line in split for piece in line]
        begins = [number == 0 for line in split for number in range(len(line))]
        yield Grid(columns, begins, 1.0 if pieces == 1 else 0.95)
    if count >= LONG and count % 2 == 0 and len(set(map(len, lines))) == 1:
        columns = [_joined(lines[i : i + 2], GAP_EM) for i in range(0, count, 2)]
        yield Grid(columns, [True] * len(columns), 0.9)


def running_grids(lines: Sequence[list[Cell]]) -> Iterator[Grid]:
    """Yields ways to set many long lines one after the other, for which there is always room."""
    running = _joined(lines, 1.0)
    for most in (24, 32, 40, 48, 56):
        columns = [running[i : i + most] for i in range(0, len(running), most)]
        yield Grid(columns, [True] * len(columns), 0.5)


def _place(
    height: int,
    size: int,
    grid: Grid,
    title: list[Cell],
    ends: Ends,
    stamp: Callable[[int], tuple[int, int]],
    reach: Reach,
) -> Layout | None:
    """Returns a picture with the verse in one size and grid; None if it has no room for it."""
    room, places = height - 2 * EDGE, grid.places
    title_size = min(between(TITLE, 0.56 * size), size)
    small = between(SIGNATURE, 0.36 * size)
    side, below = between(SEAL_SIDE, size), 0.8 * small
    seal_width, seal_height = stamp(side)
    block, gap = max(grid.height * size, LOWEST_BLOCK), max(LEAST_GAP, 0.62 * size)
    length = length_of(title, SPACING)
    if length * title_size > block:
        title_size = min(between(LONG_TITLE, 0.56 * size), size)
    heads = split_evenly(title, math.ceil(length * title_size / block))
    # A long word of letters cannot be split.
    longest = max((length_of(head, SPACING) for head in heads), default=0)
    title_size = min(title_size, int(room / max(longest, 1)))
    heads_width = len(heads) * 1.5 * title_size + gap if title else 0
    verse_width = (places[-1] + 1) * size
    columns = ends.columns(((room if reach == "room" else block) - seal_height - below) / small)
    ends_height = max((length_of(end, SPACING) for end in columns), default=0) * small
    ends_width = max(seal_width, len(columns) * 1.6 * small)
    width = heads_width + verse_width + gap + ends_width
    used = max(block, ends_height + below + seal_height, longest * title_size)
    if width > WIDTH - 2 * SIDE or used > room:
        return None
    right, top = (WIDTH + width) / 2, RAISED * (height - used)
    begin = right - heads_width - size / 2
    left = begin - places[-1] * size - size / 2 - gap
    seal = SealBox(
        left - ends_width / 2 - seal_width / 2,
        top + used - seal_height,
        (seal_width, seal_height),
        side,
    )
    first = left - ends_width / 2 + (len(columns) - 1) * 0.8 * small
    ends_top = seal.y - below - ends_height
    return Layout(
        height,
        [
            mark
            for number, head in enumerate(heads)
            for mark in column_marks(
                head, right - (number + 0.5) * 1.5 * title_size, top, title_size, SPACING
            )
        ],
        [
            mark
            for column, place in zip(grid.columns, places, strict=True)
            for mark in column_marks(column, begin - place * size, top, size, grid.spacing)
        ],
        [
            mark
            for number, end in enumerate(columns)
            for mark in column_marks(end, first - number * 1.6 * small, ends_top, small, SPACING)
        ],
        seal,
    )


def column_marks(
    column: Sequence[Cell], x: float, top: float, size: int, spacing: float
) -> Iterator[Mark]:
    """Yields the marks of a column.

    Args:
        column: Its cells.
        x: The middle of it.
        top: Where it begins.
        size: Pixels an em.
        spacing: From one character to the next, in em.
    """
    y = top
    for cell in column:
        if cell.text:
            yield Mark(cell, x, y, size)
        y += _advance(cell, spacing) * size


def _joined(parts: Sequence[Sequence[Cell]], gap: float) -> list[Cell]:
    """Returns one column with a gap between its parts."""
    column = list(parts[0])
    for part in parts[1:]:
        column += [Cell("", gap), *part]
    return column


def _advance(cell: Cell, spacing: float) -> float:
    return cell.advance + (spacing - 1 if cell.text else 0)


def length_of(column: Sequence[Cell], spacing: float) -> float:
    """Returns the length of a column in em, without the space after its last character."""
    return sum(_advance(cell, spacing) for cell in column) - (spacing - 1 if column else 0)


def _step(steps: Sequence[tuple[float, float]], value: float) -> float:
    return next(step for most, step in steps if value <= most)


def between(bounds: tuple[int, int], value: float) -> int:
    """Returns the whole number within bounds that is nearest to a value."""
    low, high = bounds
    return round(min(max(value, low), high))
