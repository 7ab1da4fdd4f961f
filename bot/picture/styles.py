"""The styles: colors, and what is behind the verse.

A picture has one byte a pixel. Up to `INK` it says how much ink there is, above that how much of
the seal's red; a palette gives each its color. So pictures are small, and quickly compressed.
Backgrounds are drawn once for each style and size, always alike.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from .card import Style
from .noise import Tones, clouds, ridge

__all__ = ["INK", "SEAL", "Look", "background", "look_of"]

INK = 199  # as dark as ink can be
SEAL = 255  # as red as the seal can be
SOFT_EDGE = 2.5  # pixels
HIGHEST = 1500  # pixels; mountains of higher pictures are no higher
MOON, MOON_RADIUS, GLOW = (158, 108), 58, 560  # pixels

Color = tuple[int, int, int]


@dataclass(frozen=True)
class Look:
    """How a style looks.

    Attributes:
        stops: Colors from no ink to `INK`, each with its place from 0 to 1.
        seal: The color of the seal.
        paint: Returns the tones of a background, from 0 to `INK`, given height and width.
        ground: The tone around the seal.
        frame: The tone of the lines around the verse.
    """

    stops: Sequence[tuple[float, Color]]
    seal: Color
    paint: Callable[[int, int], Tones]
    ground: int
    frame: int

    def palette(self) -> list[int]:
        """Returns the colors of all bytes."""
        places, colors = zip(*self.stops, strict=True)
        inks = np.linspace(0, 1, INK + 1)
        ramp = np.stack([np.interp(inks, places, c) for c in zip(*colors, strict=True)], 1)
        share = np.linspace(0, 1, SEAL - INK + 1)[1:, None]
        reds = ramp[self.ground] * (1 - share) + np.array(self.seal) * share
        return [round(value) for value in np.concatenate([ramp, reds]).ravel().tolist()]


def look_of(style: Style) -> Look:
    """Returns how a style looks."""
    return LOOKS[style]


@lru_cache(maxsize=4)
def background(style: Style, height: int, width: int) -> npt.NDArray[np.uint8]:
    """Returns the bytes of a background."""
    tones = LOOKS[style].paint(height, width)
    noise = np.random.default_rng(1).random(tones.shape, dtype=np.float32)
    # Dithered: else there would be bands.
    return np.asarray(np.clip(tones + noise, 0, INK), np.uint8)


def _paint_paper(height: int, width: int) -> Tones:
    tones = 6 + 3 * clouds(height, width, 3, 240) + 1.5 * clouds(height, width, 4, 40)
    fibers = Image.new("L", (width, height))
    pen, rng = ImageDraw.Draw(fibers), np.random.default_rng(5)
    for x, y, turn, length, tone in rng.random((320, 5)):
        points = [
            (
                x * width + step * 6 * np.cos(turn * 6.3 + step * (turn - 0.5) / 3),
                y * height + step * 6 * np.sin(turn * 6.3 + step * (turn - 0.5) / 3),
            )
            for step in range(int(3 + 8 * length))
        ]
        pen.line(points, fill=int(3 + 9 * tone), width=1)
    return tones + np.asarray(fibers, np.float32)


def _paint_ink(height: int, width: int) -> Tones:
    tones = 3 + 2 * clouds(height, width, 7, 300)
    wash = 1 + 0.3 * clouds(height, width, 8, 110) + 0.12 * clouds(height, width, 9, 26)
    for seed, foot, rise, strength, fade in (
        (21, 0.80, 0.20, 16, 170),
        (12, 0.90, 0.17, 30, 150),
        (33, 0.985, 0.13, 62, 120),
    ):
        rows, depth = _below(ridge(width, seed, 0.46), height, foot, rise)
        inside = np.clip(depth / SOFT_EDGE, 0, 1)
        layer = strength * np.exp(-np.maximum(depth, 0) / fade) * wash[rows]  # into the mist
        tones[rows] = tones[rows] * (1 - inside * 0.55) + inside * layer
    return tones


def _paint_night(height: int, width: int) -> Tones:
    down = np.arange(height, dtype=np.float32)[:, None] / height
    tones = np.asarray(7 + 34 * down**1.6 + 3 * clouds(height, width, 11, 260), np.float32)
    for across, up, size in np.random.default_rng(13).random((90, 3)):
        row, column = int(up**1.4 * 0.72 * height), int(across * (width - 2))
        tones[row : row + 2, column : column + 2] += 14 + 62 * size**3
    sky = np.mgrid[0 : MOON[1] + GLOW, 0 : MOON[0] + GLOW].astype(np.float32)
    away = np.hypot(sky[0] - MOON[1], sky[1] - MOON[0])
    disc = np.clip((MOON_RADIUS - away) / SOFT_EDGE, 0, 1)
    shining = tones[: sky.shape[1], : sky.shape[2]]
    shining += 46 * np.exp(-np.maximum(away - MOON_RADIUS, 0) / 90)
    shining *= 1 - disc
    shining += disc * (146 + 11 * clouds(away.shape[0], away.shape[1], 17, 28))
    for seed, foot, rise, tone in ((41, 0.93, 0.15, 22), (52, 1.0, 0.11, 9)):
        rows, depth = _below(ridge(width, seed, 0.44), height, foot, rise)
        inside = np.clip(depth / SOFT_EDGE, 0, 1)
        mist = tone + 16 * np.clip(depth / 260, 0, 1)
        tones[rows] = tones[rows] * (1 - inside) + mist * inside
    return tones


def _below(outline: Tones, height: int, foot: float, rise: float) -> tuple[slice, Tones]:
    """Returns the rows that mountains reach, and how far each pixel there is below their edge.

    Args:
        outline: The outline, from 0 to 1.
        height: Of the picture.
        foot: Where the lowest point is, as a share of the height.
        rise: How high the highest is above it, likewise.
    """
    edge = height * foot - min(height, HIGHEST) * rise * outline
    first = max(int(edge.min()) - 1, 0)
    rows = np.arange(first, height, dtype=np.float32)
    return slice(first, height), np.asarray(rows[:, None] - edge[None, :], np.float32)


LOOKS: dict[Style, Look] = {
    "paper": Look(
        ((0, (250, 245, 233)), (0.15, (224, 211, 186)), (0.5, (134, 117, 96)), (1, (36, 31, 27))),
        (178, 42, 34),
        _paint_paper,
        ground=6,
        frame=44,
    ),
    "ink": Look(
        ((0, (251, 251, 249)), (0.5, (128, 133, 138)), (1, (20, 22, 26))),
        (184, 38, 32),
        _paint_ink,
        ground=6,
        frame=0,
    ),
    "night": Look(
        (
            (0, (8, 12, 28)),
            (0.12, (17, 27, 56)),
            (0.3, (44, 60, 98)),
            (0.65, (182, 178, 166)),
            (1, (248, 241, 222)),
        ),
        (204, 62, 50),
        _paint_night,
        ground=30,
        frame=0,
    ),
}
