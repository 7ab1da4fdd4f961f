"""The learning rate over a run, as a share of its full value."""

from __future__ import annotations

import math

from .recipe import Optimizer


def rate_share(optimizer: Optimizer, update: int, progress: float) -> float:
    """Returns the present learning rate as a share of the full one.

    Only `progress` and the budget behind it place the decay. A run that is resumed with a larger
    or smaller budget therefore decays at the end of the new one: "wsd" holds the full rate again
    until its last share `decay` of the whole budget, also where the old budget had begun to decay.

    Args:
        optimizer: The recipe's schedule; "wsd" is warmup, stable, decay (Hu and others 2024).
        update: Updates so far; the rate rises linearly over the first `warmup`.
        progress: Finished share of the run, 0 to 1, by time, tokens or updates.
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
