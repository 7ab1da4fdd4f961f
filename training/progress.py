"""How far a run has come, and when it ends."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass
class Progress:
    """The counters of a run; with the tensors, all that changes from update to update.

    Attributes:
        batch: Finished batches of the present epoch.
        tokens: Training tokens so far, of all processes.
        seconds: Time spent so far, including earlier parts of a resumed run.
        best: Lowest validation perplexity so far.
    """

    update: int = 0
    epoch: int = 0
    batch: int = 0
    tokens: int = 0
    seconds: float = 0.0
    best: float = math.inf


@dataclass(frozen=True)
class Budget:
    """When a run ends: after `minutes` or `tokens` if one is given, else after `epochs`."""

    epochs: int
    minutes: float | None = None
    tokens: int | None = None

    def is_spent(self, progress: Progress) -> bool:
        """Whether the run is at its end."""
        if self.minutes is not None:
            return progress.seconds >= 60 * self.minutes
        if self.tokens is not None:
            return progress.tokens >= self.tokens
        return progress.epoch >= self.epochs

    def share_done(self, progress: Progress, updates_per_epoch: int) -> float:
        """Returns the finished share of the run, 0 to 1; the learning rate follows it."""
        if self.minutes is not None:
            done = progress.seconds / (60 * self.minutes)
        elif self.tokens is not None:
            done = progress.tokens / self.tokens
        else:
            done = progress.update / (self.epochs * updates_per_epoch)
        return min(1.0, done)
