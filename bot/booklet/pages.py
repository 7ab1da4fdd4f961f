"""Makes a booklet: a cover, the table of contents of many poems, then one or two poems a page."""

from collections.abc import Iterator
from dataclasses import dataclass

from ..picture.glyphs import glyph_for
from ..verse import to_traditional
from .booklet import Booklet
from .canvas import HEIGHT, WIDTH, Canvas, Color
from .contents import NUMBER_SIZE, ContentsPage, lay_out_contents
from .cover import draw_cover
from .document import Document
from .layout import HEART_EM, HEART_GAP_EM, Area, PlacedPoem, Placer
from .typeface import Subset, Typeface

__all__ = ["render"]

INK: Color = (36, 31, 27)
LINES: Color = (150, 133, 110)
PALE: Color = (254, 252, 247)  # a tint of paper that hardly costs a printer anything
RED: Color = (178, 42, 34)
FRAME = Area(84, 92, WIDTH - 2 * 84, HEIGHT - 92 - 132)
INSET = 9  # of the inner line of the frame
MARGIN = (56, 54)  # inside the frame, at the sides and at head and foot
BETWEEN = 46  # above and below the rule between two poems
SHORT, LEAST_IN_HALF = 4, 48  # lines of a poem that may have half a page; pixels an em of these
PAGE_NUMBER_SIZE, NUMBER_BELOW = 27, 62
MOST_WITHOUT_CONTENTS = 12  # poems
HEADING = "目录"
WHOLE = Area(
    FRAME.left + MARGIN[0],
    FRAME.top + MARGIN[1],
    FRAME.width - 2 * MARGIN[0],
    FRAME.height - 2 * MARGIN[1],
)
MIDDLE = FRAME.top + FRAME.height / 2
UPPER = Area(WHOLE.left, WHOLE.top, WHOLE.width, MIDDLE - BETWEEN - WHOLE.top)
LOWER = Area(WHOLE.left, MIDDLE + BETWEEN, WHOLE.width, UPPER.height)


@dataclass(frozen=True)
class Leaf:
    """A page of poems.

    Attributes:
        poems: Their places in the booklet, from 0, and on the page.
    """

    poems: tuple[tuple[int, PlacedPoem], ...]


def render(booklet: Booklet) -> bytes:
    """Returns a booklet as a PDF; the same one for the same booklet.

    It takes half a second for 50 poems: call it in a thread.
    """
    return Printer(booklet).print()


class Printer:
    """Prints a booklet.

    PDFium reads a page down the columns if this is how the texts of the page itself stand. It does
    not look at those in forms, so what would mislead it, such as the number of the page, is in one.
    """

    def __init__(self, booklet: Booklet) -> None:
        self._booklet = booklet
        self._typeface = Typeface()
        self._subset = Subset(self._typeface)
        self._space = self._typeface.width(" ")
        self._document = Document(self._subset)
        self._names = [card.title or card.lines[0] for card in booklet.cards]
        self._heading = to_traditional(HEADING) if booklet.is_traditional else HEADING
        self._leaves = list(_leaves(booklet, self._typeface))
        self._numbers = {  # of the pages, by the places of the poems
            place: number for number, leaf in enumerate(self._leaves, 1) for place, _ in leaf.poems
        }
        self._contents: list[ContentsPage] = []
        if len(self._names) > MOST_WITHOUT_CONTENTS:
            self._contents = lay_out_contents(
                self._names, self._heading, (UPPER, LOWER), glyph_for, self._typeface.width
            )

    def print(self) -> bytes:
        """Returns the file."""
        self._add_cover()
        for contents in self._contents:
            self._add_contents(contents)
        for number, leaf in enumerate(self._leaves, 1):
            self._add_leaf(leaf, number)
        self._add_ways()
        booklet, cover = self._booklet, self._booklet.cover
        return self._document.save(
            " ".join(cover.lines),
            "、".join(cover.writers),
            "zh-Hant" if booklet.is_traditional else "zh-Hans",
            booklet.date,
            len(self._contents),
        )

    def _add_ways(self) -> None:
        """Adds the bookmarks, and the links of the table of contents."""
        if self._contents:
            self._document.add_bookmark(self._heading, 1, 0)
        for leaf in self._leaves:
            for place, placed in leaf.poems:
                name, page = self._names[place], self._page_of(place)
                self._document.add_bookmark(name, page, placed.top - BETWEEN)
        for number, contents in enumerate(self._contents, 1):
            for entry in contents.entries:
                self._document.add_link(number, entry.box, self._page_of(entry.place))

    def _page_of(self, place: int) -> int:
        """Returns which page of the file a poem is on, from 0."""
        return len(self._contents) + self._numbers[place]

    def _canvas(self) -> Canvas:
        return Canvas(self._subset.code, self._space)

    def _add_cover(self) -> None:
        cover = draw_cover(self._booklet.cover, glyph_for, self._typeface.width)
        page, after = self._canvas(), self._canvas()
        page.image("Paper")
        page.color(INK)
        page.write(cover.title)
        after.write(cover.signature)
        page.form("After")
        self._document.add_page(
            page.content(is_page=True),
            {"After": after.content()},
            {"Paper": (cover.jpeg, WIDTH, HEIGHT)},
        )

    def _add_contents(self, contents: ContentsPage) -> None:
        before, page, after = self._canvas(), self._canvas(), self._canvas()
        _draw_frame(before, 1)
        for canvas in (before, page, after):
            canvas.color(INK)
        before.write(contents.heading)
        # Names of the upper row alone, as short ones leave most of the height of both rows empty.
        page.form("Before")
        for entry in contents.entries:
            (page if entry.box[1] < MIDDLE else after).write(entry.name)
        page.form("After")
        after.color(LINES)
        for entry in contents.entries:
            after.leader(entry.x, *entry.leader)
            number = self._numbers[entry.place]
            self._write_centered(after, entry.x, entry.foot, NUMBER_SIZE, number)
        forms = {"Before": before.content(), "After": after.content()}
        self._document.add_page(page.content(is_page=True), forms)

    def _add_leaf(self, leaf: Leaf, number: int) -> None:
        before, page, after = self._canvas(), self._canvas(), self._canvas()
        _draw_frame(before, len(leaf.poems))
        for canvas in (before, page, after):
            canvas.color(INK)
        (_, first), *others = leaf.poems
        before.write((*first.title, *first.signature))  # in the order of reading
        page.form("Before")
        page.write(first.verse)
        page.form("After")
        for _, placed in others:
            after.write((*placed.title, *placed.signature, *placed.verse))
        for _, placed in leaf.poems:
            self._draw_hearts(after, placed)
        after.color(LINES)
        foot = FRAME.top + FRAME.height + NUMBER_BELOW
        self._write_centered(after, WIDTH / 2, foot, PAGE_NUMBER_SIZE, number)
        forms = {"Before": before.content(), "After": after.content()}
        self._document.add_page(page.content(is_page=True), forms)

    def _draw_hearts(self, canvas: Canvas, placed: PlacedPoem) -> None:
        box = placed.hearts
        if box is None:
            return
        heart, gap = HEART_EM * box.size, HEART_GAP_EM * box.size
        canvas.color(RED)
        canvas.heart(box.left + heart / 2, box.y, heart)
        canvas.color(INK)
        canvas.text(box.left + heart + gap, box.y + 0.36 * box.size, box.size, box.text)

    def _write_centered(self, canvas: Canvas, x: float, y: float, size: float, number: int) -> None:
        text = str(number)
        canvas.text(x - self._typeface.width(text) * size / 2, y, size, text)


def _draw_frame(canvas: Canvas, poems: int) -> None:
    canvas.color(PALE)
    canvas.fill()
    canvas.color(LINES)
    right, bottom = FRAME.left + FRAME.width, FRAME.top + FRAME.height
    canvas.frame(FRAME.left, FRAME.top, right, bottom, 3)
    canvas.frame(FRAME.left + INSET, FRAME.top + INSET, right - INSET, bottom - INSET, 1)
    if poems > 1:
        canvas.rule(FRAME.left + INSET, right - INSET, MIDDLE, 1)


def _leaves(booklet: Booklet, typeface: Typeface) -> Iterator[Leaf]:
    """Yields the pages: two short poems that follow each other share one."""
    waiting: tuple[int, Placer, PlacedPoem] | None = None

    for number, poem in enumerate(booklet.poems):
        placer = Placer(booklet.cards[number], poem.hearts, glyph_for, typeface.width)
        area = UPPER if waiting is None else LOWER
        half = placer.place_large(area, LEAST_IN_HALF) if len(poem.lines) <= SHORT else None
        if half is not None and waiting is None:
            waiting = (number, placer, half)
            continue
        if waiting is not None:
            before, alone, upper = waiting
            waiting = None
            if half is not None:
                yield Leaf(((before, upper), (number, half)))
                continue
            yield Leaf(((before, alone.place(WHOLE)),))
        yield Leaf(((number, placer.place(WHOLE)),))
    if waiting is not None:
        yield Leaf(((waiting[0], waiting[1].place(WHOLE)),))
