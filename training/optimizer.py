"""The optimizers: Adam, AdamW, or Muon for the weight matrices with AdamW for all the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from .model import LanguageModel
from .muon import Muon
from .recipe import Optimizer as Options
from .recipe import Recipe

_GATES = {"lstm": 4, "gru": 3, "rnn": 1}


@dataclass(frozen=True)
class MatrixBlock:
    """One block of rows of a weight matrix, which Muon orthogonalizes by itself.

    Attributes:
        parameter: [R, C], the whole weight.
        rows: the block's rows.
        view: [r, C], the block as a leaf of its own that shares the weight's memory.
    """

    parameter: nn.Parameter
    rows: slice
    view: nn.Parameter

    def load_gradient(self) -> None:
        """Gives the view its part of the weight's gradient."""
        gradient = self.parameter.grad
        self.view.grad = None if gradient is None else gradient[self.rows]


class CombinedOptimizer:
    """Several optimizers over disjoint weights, stepped and saved as one.

    Args:
        optimizers: each over weights of its own.
        blocks: blocks whose gradients are views of their weights' gradients.
    """

    def __init__(
        self, optimizers: list[torch.optim.Optimizer], blocks: list[MatrixBlock] | None = None
    ) -> None:
        self._optimizers = optimizers
        self._blocks = blocks or []
        self._rates = self.learning_rates

    @property
    def learning_rates(self) -> list[float]:
        """The present learning rate of each group of weights."""
        return [float(group["lr"]) for group in self._groups()]

    def set_rate_share(self, share: float) -> None:
        """Sets each learning rate to a share of its full value."""
        for group, rate in zip(self._groups(), self._rates, strict=True):
            group["lr"] = rate * share

    def zero_grad(self) -> None:
        """Drops all gradients."""
        for optimizer in self._optimizers:
            optimizer.zero_grad(set_to_none=True)
        for block in self._blocks:
            block.parameter.grad = None

    def step(self) -> None:
        """Updates the weights once, in place."""
        for block in self._blocks:
            block.load_gradient()
        for optimizer in self._optimizers:
            optimizer.step()

    def state_dict(self) -> list[dict[str, Any]]:
        """Returns what a resumed run needs: the state of each optimizer."""
        return [optimizer.state_dict() for optimizer in self._optimizers]

    def load_state_dict(self, states: list[dict[str, Any]]) -> None:
        """Restores what `state_dict` returned."""
        for optimizer, state in zip(self._optimizers, states, strict=True):
            optimizer.load_state_dict(state)

    def _groups(self) -> Iterator[dict[str, Any]]:
        # Loading a state replaces the list of groups, so it is asked for anew.
        for optimizer in self._optimizers:
            yield from optimizer.param_groups


def matrix_blocks(model: LanguageModel) -> list[MatrixBlock]:
    """Returns the blocks of the model's matrices: one for each gate, and for keys and values.

    Embedding and output layer are left out: their rows are looked up one by one.
    """
    blocks = []
    gates = _GATES[model.config.cell]
    for name, parameter in model.named_parameters():
        if name.startswith("recurrent.weight"):
            parts = gates
        elif name == "attention.keys_values.weight":
            parts = 2
        elif name.startswith(("attention.", "projection.")) and name.endswith(".weight"):
            parts = 1
        else:
            continue
        size = len(parameter) // parts
        for begin in range(0, len(parameter), size):
            rows = slice(begin, begin + size)
            blocks.append(MatrixBlock(parameter, rows, nn.Parameter(parameter.data[rows])))
    return blocks


def make_optimizer(model: LanguageModel, recipe: Recipe) -> CombinedOptimizer:
    """Returns the recipe's optimizer over a model's weights, which must be on their device."""
    options = recipe.optimizer
    if options.name == "muon":
        return _make_muon(model, options)
    kind = torch.optim.AdamW if options.name == "adamw" else torch.optim.Adam
    return CombinedOptimizer([_make_adam(kind, list(model.parameters()), options)])


def _make_muon(model: LanguageModel, options: Options) -> CombinedOptimizer:
    blocks = matrix_blocks(model)
    matrices = {id(block.parameter) for block in blocks}
    rest: list[Tensor] = [p for p in model.parameters() if id(p) not in matrices]
    muon = Muon(
        [block.view for block in blocks],
        learning_rate=options.matrix_learning_rate,
        momentum=options.momentum,
        weight_decay=options.weight_decay,
    )
    return CombinedOptimizer([muon, _make_adam(torch.optim.AdamW, rest, options)], blocks)


def _make_adam(
    kind: type[torch.optim.Adam], weights: list[Tensor], options: Options
) -> torch.optim.Optimizer:
    return kind(
        weights,
        lr=options.learning_rate,
        betas=options.betas,
        weight_decay=options.weight_decay,
        fused=True,
    )
