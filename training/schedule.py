"""Learning-rate schedules: the share of the full rate at a point of the run."""

from __future__ import annotations

import math

from .recipe import Optimiser


def rate_share(optimiser: Optimiser, update: int, progress: float) -> float:
    """Returns the share of the full learning rate.

    Args:
        update: updates done so far; the rate rises linearly over the first `warmup`.
        progress: share of the run that is done, 0 to 1, by time or by updates.
    """
    rising = min(1.0, (update + 1) / (optimiser.warmup + 1))
    if optimiser.schedule == "constant":
        return rising
    left = 1 - min(1.0, progress)
    if optimiser.schedule == "cosine":
        left = (1 - math.cos(math.pi * left)) / 2
    return rising * (optimiser.final + (1 - optimiser.final) * left)
