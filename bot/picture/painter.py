"""Paints a card: its background, its text and its seal, as a PNG."""

import io
from functools import cache

import numpy as np
from PIL import Image, ImageDraw

from .card import Card, Style, in_script
from .glyphs import glyph_for
from .layout import WIDTH, Mark, SealBox, lay_out
from .seal import seal_mask
from .styles import INK, SEAL, Look, background, look_of
from .typeface import Typeface

__all__ = ["blank", "colored", "render", "stamp"]

BASELINE_EM = 0.88  # below the upper edge of a character's square
COMPRESSION = 2
LEAST_RED = 0.04
FRAMES = (52, 60)  # pixels from the edge


def render(card: Card) -> bytes:
    """Returns a card as a PNG, 1080 pixels wide. It takes some 50 ms: call it in a thread."""
    card, typeface = in_script(card), Typeface()
    layout = lay_out(card, glyph_for, typeface.width)
    canvas = blank(card.style, layout.height)
    pen = ImageDraw.Draw(canvas)
    for mark in (*layout.title, *layout.verse, *layout.signature):
        _write(canvas, pen, mark, typeface)
    stamp(canvas, card.seal, layout.seal, typeface)
    file = io.BytesIO()
    colored(canvas, card.style).save(file, "PNG", compress_level=COMPRESSION)
    return file.getvalue()


def blank(style: Style, height: int) -> Image.Image:
    """Returns the background of a style with its frame, in the bytes of `styles`."""
    canvas, look = Image.fromarray(background(style, height, WIDTH)), look_of(style)
    if look.frame:
        pen = ImageDraw.Draw(canvas)
        for inset, width in zip(FRAMES, (3, 1), strict=True):
            box = (inset, inset, WIDTH - 1 - inset, height - 1 - inset)
            pen.rectangle(box, outline=look.frame, width=width)
    return canvas


def stamp(canvas: Image.Image, text: str, box: SealBox, typeface: Typeface) -> None:
    """Adds a seal.

    Args:
        canvas: A picture in the bytes of `styles`.
        text: What the seal says.
        box: Where it is.
        typeface: The typeface of the picture.
    """
    red = seal_mask(text, box.side, box.size, typeface.at, glyph_for)
    left, top = round(box.x), round(box.y)
    area = (left, top, left + box.size[0], top + box.size[1])
    under = np.asarray(canvas.crop(area))
    over = INK + np.rint(red * (SEAL - INK)).astype(np.uint8)
    canvas.paste(Image.fromarray(np.where(red > LEAST_RED, over, under)), area)


def colored(canvas: Image.Image, style: Style) -> Image.Image:
    """Returns a picture in the bytes of `styles` with the colors of a style."""
    picture = Image.fromarray(np.asarray(canvas))
    picture.putpalette(_palette(look_of(style)))
    return picture


def _write(canvas: Image.Image, pen: ImageDraw.ImageDraw, mark: Mark, typeface: Typeface) -> None:
    cell, font = mark.cell, typeface.at(mark.size)
    if not cell.turned:
        pen.text((mark.x, mark.y + BASELINE_EM * mark.size), cell.text, INK, font, "ms")
        return
    long, wide = round(cell.advance * mark.size), 2 * mark.size
    lying = Image.new("L", (long, wide))
    # The middle of small letters is in the middle of the column.
    ImageDraw.Draw(lying).text((0, wide / 2 + 0.27 * mark.size), cell.text, 255, font, "ls")
    upright = lying.transpose(Image.Transpose.ROTATE_270)
    canvas.paste(INK, (round(mark.x - wide / 2), round(mark.y)), upright)


@cache
def _palette(look: Look) -> list[int]:
    return look.palette()
