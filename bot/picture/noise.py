"""Random shapes, the same ones for the same seed."""

import numpy as np
import numpy.typing as npt
from PIL import Image

__all__ = ["Tones", "clouds", "ridge"]

Tones = npt.NDArray[np.float32]
MOST_POINTS = 256  # of the finest octave of a ridge


def clouds(height: int, width: int, seed: int, cell: int) -> Tones:
    """Returns soft spots from -1 to 1.

    Args:
        height: Rows.
        width: Columns.
        seed: Of the random numbers.
        cell: How wide a spot is, about.
    """
    rng = np.random.default_rng(seed)
    coarse = rng.random((height // cell + 4, width // cell + 4), dtype=np.float32) * 2 - 1
    across, down = width / cell, height / cell
    area = (1, 1, 1 + across, 1 + down)  # away from the edges, where there is less to mix
    image = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC, area)
    return np.asarray(image, np.float32)


def ridge(width: int, seed: int, rough: float) -> Tones:
    """Returns the outline of mountains, from 0 to 1: random slopes, each finer and lower.

    Args:
        width: Columns.
        seed: Of the random numbers.
        rough: How high finer slopes are, from 0 to 1.
    """
    rng, outline = np.random.default_rng(seed), np.zeros(width)
    x, points, weight = np.linspace(0, 1, width), 4, 1.0
    while points <= MOST_POINTS:
        knots = np.linspace(0, 1, points + 1)
        outline += weight * np.interp(x, knots, rng.random(points + 1))
        points, weight = 2 * points, weight * rough
    lowest, highest = outline.min(), outline.max()
    return np.asarray((outline - lowest) / (highest - lowest), np.float32)
