"""The cover: a card on plain paper, whose text is left to the document."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..picture import Card
from ..picture.layout import Mark, SealBox, lay_out
from ..picture.painter import blank, colored, stamp
from ..picture.seal import seal_shape
from ..picture.typeface import Typeface
from .canvas import HEIGHT, WIDTH

__all__ = ["Cover", "draw_cover"]

QUALITY = 82  # of the JPEG


@dataclass(frozen=True)
class Cover:
    """A cover.

    Attributes:
        jpeg: The paper with the seal, as large as the page.
        title: The title.
        signature: The author and the date.
    """

    jpeg: bytes
    title: Sequence[Mark]
    signature: Sequence[Mark]


def draw_cover(card: Card, glyph_for: Callable[[str], str], width: Callable[[str], float]) -> Cover:
    """Returns a cover.

    Args:
        card: What is on it, in its own script.
        glyph_for: What stands in the place of a character.
        width: How wide a text is, in em.
    """
    layout = lay_out(card, glyph_for, width)
    scale = min(1.0, HEIGHT / layout.height)
    left, top = (WIDTH - scale * WIDTH) / 2, (HEIGHT - scale * layout.height) / 2

    def moved(mark: Mark) -> Mark:
        return Mark(mark.cell, left + scale * mark.x, top + scale * mark.y, int(scale * mark.size))

    box, side = layout.seal, round(scale * layout.seal.side)
    size = seal_shape(card.seal, side, width)
    seal = SealBox(left + scale * box.x, top + scale * box.y, size, side)
    return Cover(
        _paint(card, seal), list(map(moved, layout.verse)), list(map(moved, layout.signature))
    )


def _paint(card: Card, seal: SealBox) -> bytes:
    canvas = blank(card.style, HEIGHT)
    stamp(canvas, card.seal, seal, Typeface())
    file = io.BytesIO()
    # The seal is small and red, of which a JPEG else keeps every second pixel.
    colored(canvas, card.style).convert("RGB").save(
        file, "JPEG", quality=QUALITY, subsampling=0, optimize=True
    )
    return file.getvalue()
