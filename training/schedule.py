"""The optimiser, and its learning rate over the run."""

from __future__ import annotations

import math

import torch

from .model import LanguageModel
from .recipe import Optimiser, Recipe


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


def make_optimiser(model: LanguageModel, recipe: Recipe) -> torch.optim.Optimizer:
    """Returns the recipe's optimiser over a model's weights."""
    options = recipe.optimiser
    kind = torch.optim.AdamW if options.name == "adamw" else torch.optim.Adam
    return kind(
        model.parameters(),
        lr=options.learning_rate,
        betas=options.betas,
        weight_decay=options.weight_decay,
        fused=True,
    )
