"""The learning rate over a run, as a share of its full value."""

from __future__ import annotations

import math

from .recipe import Optimizer


def rate_share(optimizer: Optimizer, update: int, progress: float) -> float:
    """Returns the share of the full learning rate.

    Args:
        update: updates done so far; the rate rises linearly over the first `warmup`.
        progress: share of the run that is done, 0 to 1, by time, by tokens or by updates.
    """
    rising = min(1.0, (update + 1) / (optimizer.warmup + 1))
    if optimizer.schedule == "constant":
        return rising
    left = 1 - min(1.0, progress)
    if optimizer.schedule == "wsd":
        left = min(1.0, left / optimizer.decay)
    elif optimizer.schedule == "cosine":
        left = (1 - math.cos(math.pi * left)) / 2
    return rising * (optimizer.final + (1 - optimizer.final) * left)
