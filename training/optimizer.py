"""The optimizers, and the schedule of their learning rates.

Adam, AdamW, or Muon for the weight matrices with AdamW for all other weights.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from .model import LanguageModel
from .muon import Muon
from .recipe import Optimizer as Options
from .recipe import Recipe

_GATES = {"lstm": 4, "gru": 3, "rnn": 1}
_ATTENTION_AND_MAPS = ("attention", "projection", "memory", "bridge")  # modules


class CombinedOptimizer:
    """Several optimizers over disjoint weights, stepped and saved as one."""

    def __init__(self, *optimizers: torch.optim.Optimizer) -> None:
        self._optimizers = optimizers
        self._full_rates = self.learning_rates

    @property
    def learning_rates(self) -> list[float]:
        """The present learning rate of each group of weights."""
        return [float(group["lr"]) for group in self._groups()]

    def set_rate_share(self, share: float) -> None:
        """Sets each learning rate to a share of its full value."""
        for group, rate in zip(self._groups(), self._full_rates, strict=True):
            group["lr"] = rate * share

    def zero_grad(self) -> None:
        """Drops all gradients."""
        for optimizer in self._optimizers:
            optimizer.zero_grad(set_to_none=True)

    def step(self) -> None:
        """Updates the weights once, in place."""
        for optimizer in self._optimizers:
            optimizer.step()

    def state_dict(self) -> list[dict[str, Any]]:
        """Returns the state of each optimizer, for a resumed run."""
        return [optimizer.state_dict() for optimizer in self._optimizers]

    def load_state_dict(self, states: list[dict[str, Any]]) -> None:
        """Restores what `state_dict` returned."""
        for optimizer, state in zip(self._optimizers, states, strict=True):
            optimizer.load_state_dict(state)

    def _groups(self) -> Iterator[dict[str, Any]]:
        # Loading a state replaces the groups, so they are read each time.
        for optimizer in self._optimizers:
            yield from optimizer.param_groups


def make_optimizer(model: LanguageModel, recipe: Recipe) -> CombinedOptimizer:
    """Returns the recipe's optimizer over a model's weights, which must be on their device."""
    options = recipe.optimizer
    if options.name != "muon":
        kind = torch.optim.AdamW if options.name == "adamw" else torch.optim.Adam
        return CombinedOptimizer(_make_adam(kind, list(model.parameters()), options))
    matrices = muon_matrices(model)
    muon = Muon(matrices, options.matrix_learning_rate, options.momentum, options.weight_decay)
    others = [parameter for parameter in model.parameters() if parameter not in matrices]
    return CombinedOptimizer(muon, _make_adam(torch.optim.AdamW, others, options))


def muon_matrices(model: LanguageModel) -> dict[nn.Parameter, int]:
    """Returns the matrices that Muon updates, each with its number of blocks.

    The gates of a recurrent layer are blocks of one matrix, and so are keys and values. Embedding
    and output layer are left out: each row belongs to a token and is updated by itself.
    """
    matrices = {}
    for name, parameter in model.named_parameters():
        if name.startswith(("recurrent.weight", "encoder.weight")):
            matrices[parameter] = _GATES[model.config.cell]
        elif name.endswith(".keys_values.weight"):
            matrices[parameter] = 2
        elif name.endswith(".weight") and name.split(".")[0] in _ATTENTION_AND_MAPS:
            matrices[parameter] = 1
    return matrices


def _make_adam(
    kind: type[torch.optim.Adam], weights: list[nn.Parameter], options: Options
) -> torch.optim.Adam:
    return kind(
        weights,
        lr=options.learning_rate,
        betas=options.betas,
        weight_decay=options.weight_decay,
        fused=True,
    )


def rate_share(options: Options, update: int, progress: float) -> float:
    """Returns the present learning rate as a share of the full one.

    Only `progress` and the budget behind it place the decay. A run that is resumed with a larger
    or smaller budget therefore decays at the end of the new one: "wsd" holds the full rate again
    until its last share `decay` of the whole budget, also where the old budget had begun to decay.

    Args:
        options: The recipe's schedule; "wsd" is warmup, stable, decay (Hu and others 2024).
        update: Updates so far; the rate rises linearly over the first `warmup`.
        progress: Finished share of the run, 0 to 1, by time, tokens or updates.
    """
    rising = min(1.0, (update + 1) / (options.warmup + 1))
    if options.schedule == "constant":
        return rising
    left = 1 - min(1.0, progress)
    if options.schedule == "wsd":
        left = min(1.0, left / options.decay)
    elif options.schedule == "cosine":
        left = (1 - math.cos(math.pi * left)) / 2
    return rising * (options.final + (1 - options.final) * left)
