"""The contents of a page: drawing operators of PDF, in pixels from the upper left corner.

A page is as wide as a picture, so that both share their layout. ISO 32000-1, annex A, lists the
operators.
"""

from collections.abc import Callable, Iterable, Sequence

from ..picture.layout import WIDTH, Mark

__all__ = ["HEIGHT", "PAGE", "PITCH", "WIDTH", "Canvas", "Color"]

PAGE = (419.53, 595.28)  # A5 upright, in points
HEIGHT = round(WIDTH * PAGE[1] / PAGE[0])
PITCH = -1200  # of the font that runs down, from one character to the next, in em / 1000
NEAR = 1.5  # how far down the next character of the same text is at most, in em
NEAR_WORD = 0.7  # how far the next word is from the end of a word
MIDDLE_EM = 0.27  # of small letters, above the line that they stand on
Color = tuple[int, int, int]
# Two arches over a point, from the middle of the upper edge; of a heart one wide and one high.
HEART = (
    ((0, -0.28), (-0.18, -0.62), (-0.52, -0.5), (-0.5, -0.14)),
    ((-0.48, 0.14), (-0.2, 0.3), (0, 0.5)),
    ((0.2, 0.3), (0.48, 0.14), (0.5, -0.14)),
    ((0.52, -0.5), (0.18, -0.62), (0, -0.28)),
)


class Canvas:
    """Collects the operators of a page.

    Args:
        code: Returns a text as the bytes that the fonts have for it.
        space: The width of a space, in em.
    """

    def __init__(self, code: Callable[[str], bytes], space: float) -> None:
        self._code = code
        self._space = space
        self._operators: list[str] = []

    def content(self, *, is_page: bool = False) -> bytes:
        """Returns the operators of a page, or else of a form that is drawn on one."""
        scale = PAGE[0] / WIDTH
        first = [f"{scale:.6f} 0 0 {scale:.6f} 0 0 cm"] if is_page else []
        return "\n".join([*first, *self._operators]).encode("ascii")

    def form(self, name: str) -> None:
        """Draws a form of the page's resources, which is as large as the page."""
        self._operators.append(f"q /{name} Do Q")

    def color(self, color: Color) -> None:
        """Sets the color of what is drawn from now on."""
        shares = " ".join(f"{value / 255:.3f}" for value in color)
        self._operators.append(f"{shares} rg {shares} RG")

    def fill(self) -> None:
        """Fills the page."""
        self._operators.append(f"0 0 {WIDTH} {HEIGHT} re f")

    def frame(self, left: float, top: float, right: float, bottom: float, width: float) -> None:
        """Draws a rectangle with lines of a width."""
        box = f"{_xy(left, bottom)} {right - left:g} {bottom - top:g}"
        self._operators.append(f"{width:g} w {box} re S")

    def rule(self, left: float, right: float, y: float, width: float) -> None:
        """Draws a horizontal line of a width."""
        self._operators.append(f"{width:g} w {_xy(left, y)} m {_xy(right, y)} l S")

    def leader(self, x: float, top: float, bottom: float) -> None:
        """Draws a vertical line of dots."""
        line = f"{_xy(x, top)} m {_xy(x, bottom)} l S"
        self._operators.append(f"q 1 J [0 10] 0 d 2.5 w {line} Q")

    def image(self, name: str) -> None:
        """Draws an image of the page's resources over the whole page."""
        self._operators.append(f"q {WIDTH} 0 0 {HEIGHT} 0 0 cm /{name} Do Q")

    def write(self, marks: Iterable[Mark]) -> None:
        """Writes cells that follow each other, in columns.

        Upright characters are set by a font that runs down the page: so readers of PDF know what
        follows what. Letters lie on their side.
        """
        run: list[Mark] = []
        for mark in marks:
            if run and not _continues(run[-1], mark):
                self._write_run(run)
                run = []
            run.append(mark)
        if run:
            self._write_run(run)

    def _write_run(self, run: Sequence[Mark]) -> None:
        # For PDFium: it sorts from left to right what begins as high as the text before it, and
        # takes a page for horizontal that is no higher than two of its first text.
        for part in (run[:1], run[1:-1], run[1:][-1:]):
            if part and part[0].cell.turned:
                self._write_turned(part, is_last=part[-1] is run[-1])
            elif part:
                self._write_upright(part)

    def _write_upright(self, part: Sequence[Mark]) -> None:
        pieces: list[str | float] = []
        for place, mark in enumerate(part):
            if place:
                pieces.append(_down(part[place - 1], mark) * 1000 + PITCH)
            first, *joined = list(mark.cell.text)
            pieces.append(first)
            for character in joined:  # over it
                pieces += [PITCH, character]
        self._show("V", part[0].size, f"1 0 0 1 {_xy(part[0].x, part[0].y)}", pieces)

    def _write_turned(self, part: Sequence[Mark], *, is_last: bool) -> None:
        pieces: list[str | float] = []
        for place, mark in enumerate(part):
            if place:
                gap = _down(part[place - 1], mark) - part[place - 1].cell.advance
                pieces += [" ", (self._space - gap) * 1000]
            pieces.append(mark.cell.text)
        if not is_last:
            pieces.append(" ")
        size = part[0].size
        at = _xy(part[0].x - MIDDLE_EM * size, part[0].y)
        self._show("H", size, f"0 -1 1 0 {at}", pieces)

    def text(self, x: float, y: float, size: float, text: str) -> None:
        """Writes a text to the right of a point on the line that it stands on."""
        self._show("H", size, f"1 0 0 1 {_xy(x, y)}", [text])

    def heart(self, x: float, y: float, size: float) -> None:
        """Draws a heart around a point."""
        (start, *first), *arches = HEART
        path = [f"{_xy(x + size * start[0], y + size * start[1])} m"]
        for arch in (first, *arches):
            points = " ".join(_xy(x + size * dx, y + size * dy) for dx, dy in arch)
            path.append(f"{points} c")
        self._operators.append(" ".join(path) + " f")

    def _show(self, font: str, size: float, matrix: str, pieces: Sequence[str | float]) -> None:
        """Shows pieces of text; a number between two moves the second back, in em / 1000."""
        shown = " ".join(
            f"<{self._code(piece).hex()}>" if isinstance(piece, str) else f"{round(piece):d}"
            for piece in pieces
        )
        self._operators.append(f"BT /{font} {size:g} Tf {matrix} Tm [{shown}] TJ ET")


def _continues(before: Mark, mark: Mark) -> bool:
    """Returns whether a cell belongs to the same text as the one before."""
    if (before.x, before.size, before.cell.turned) != (mark.x, mark.size, mark.cell.turned):
        return False
    down = _down(before, mark)
    if mark.cell.turned:
        return 0 < down - before.cell.advance <= NEAR_WORD
    return 0 < down <= NEAR


def _down(before: Mark, mark: Mark) -> float:
    return (mark.y - before.y) / mark.size


def _xy(x: float, y: float) -> str:
    return f"{round(x, 2):g} {round(HEIGHT - y, 2):g}"
