"""The seal: characters cut out of red, in columns from right to left."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from .noise import clouds
from .text import characters, is_wide

__all__ = ["seal_mask", "seal_shape"]

FINER = 3  # pixels of the drawing to one of the picture, on each side
# As carvers fill a seal whose squares would not be full: 印, the seal, and 之印, the seal of.
FILLED = {1: "印", 3: "印", 5: "印", 7: "之印", 8: "印"}
GRIDS = {2: (1, 2, 0.58), 4: (2, 2, 0.44), 6: (2, 3, 0.42), 9: (3, 3, 0.37)}
"""By characters: columns, rows, and the side of a square, as a share of the usual side."""

RIM = 0.09  # around the characters, as a share of the usual side
ROW = 0.34  # height of a row of letters, likewise
BASELINE_EM = 0.88
Font = Callable[[int], ImageFont.FreeTypeFont]


def seal_shape(text: str, side: int, width: Callable[[str], float]) -> tuple[int, int]:
    """Returns the width and height of a seal.

    Args:
        text: What it says.
        side: The usual side of a seal.
        width: How wide a text is, in em.
    """
    if _is_chinese(text):
        columns, rows, square = GRIDS[len(_filled(text))]
        return round((columns * square + 2 * RIM) * side), round((rows * square + 2 * RIM) * side)
    words = text.split()
    longest = max(map(width, words)) * ROW * 0.8
    return round((longest + 3 * RIM) * side), round((len(words) * ROW + 3 * RIM) * side)


def seal_mask(
    text: str, side: int, size: tuple[int, int], font: Font, glyph_for: Callable[[str], str]
) -> npt.NDArray[np.float32]:
    """Returns how red each pixel of a seal is, from 0 to 1.

    Args:
        text: What it says.
        side: The usual side of a seal.
        size: Its width and height, of `seal_shape`.
        font: Returns the typeface at so many pixels an em.
        glyph_for: What stands in a picture for a character.
    """
    width, height = (FINER * length for length in size)
    mask = Image.new("L", (width, height))
    pen = ImageDraw.Draw(mask)
    pen.rounded_rectangle((0, 0, width - 1, height - 1), radius=0.08 * side * FINER, fill=255)
    rim = RIM * side * FINER
    if _is_chinese(text):
        columns, rows, square = GRIDS[len(_filled(text))]
        cell = square * side * FINER
        for number, character in enumerate(_filled(text)):
            across, down = columns - 1 - number // rows, number % rows
            left, top = rim + across * cell, rim + down * cell
            em = round(cell * 1.0)
            baseline = top + (cell - em) / 2 + BASELINE_EM * em
            pen.text(
                (left + cell / 2, baseline),
                glyph_for(character),
                0,
                font(em),
                "ms",
                stroke_width=FINER // 2,
            )
    else:
        row = ROW * side * FINER
        words = text.split()
        for number, word in enumerate(words):
            shown = "".join(map(glyph_for, characters(word)))
            baseline = 1.5 * rim + (number + 0.76) * row
            pen.text((width / 2, baseline), shown, 0, font(round(row * 0.8)), "ms")
    small = mask.resize(size, Image.Resampling.BOX)
    red = np.asarray(small, np.float32) / 255
    return np.asarray(red * _worn(size[1], size[0]), np.float32)


def _worn(height: int, width: int) -> npt.NDArray[np.float32]:
    """Returns how much of the paste has reached the paper."""
    spots = clouds(height, width, 61, 3) + 0.6 * clouds(height, width, 62, 9)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    edge = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y))
    bare = np.clip((spots - 0.92 - 0.06 * np.minimum(edge, 9)) * 3, 0, 0.9)
    return np.asarray((1 - bare) * (0.95 + 0.05 * clouds(height, width, 63, 20)), np.float32)


def _is_chinese(text: str) -> bool:
    return all(map(is_wide, characters(text)))


def _filled(text: str) -> list[str]:
    shown = characters(text)
    return [*shown, *FILLED.get(len(shown), "")]
