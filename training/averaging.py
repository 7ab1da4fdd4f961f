"""Averaged weights, over a window of the last updates and of checkpoints; sums of differences."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from .checkpoint import Trained, inherited, load_trained, provenance, save_checkpoint
from .errors import CheckpointError


class WindowAverage:
    """Averages a model's weights over its last updates, as PaddlePaddle's ModelAverage does.

    The window is `share` of the updates so far, at least `minimum` and at most `maximum`. When it
    is full, a new sum begins and the full one is kept, so the average is over one to two windows.
    `torch.optim.swa_utils` cannot do this: its averages never drop an update.
    """

    def __init__(self, model: nn.Module, share: float, minimum: int, maximum: int) -> None:
        self._share, self._minimum, self._maximum = share, minimum, maximum
        self._parameters = dict(model.named_parameters())
        self._sum = {n: torch.zeros_like(p) for n, p in self._parameters.items()}
        self._previous = {n: torch.zeros_like(p) for n, p in self._parameters.items()}
        self._count = self._previous_count = self._updates = 0

    @torch.no_grad()
    def update(self) -> None:
        """Adds the model's weights after one update."""
        self._updates += 1
        self._count += 1
        for name, parameter in self._parameters.items():
            self._sum[name] += parameter
        window = min(self._maximum, self._updates * self._share)
        if self._count >= self._minimum and self._count >= window:
            self._previous, self._sum = self._sum, self._previous
            for tensor in self._sum.values():
                tensor.zero_()
            self._previous_count, self._count = self._count, 0

    def weights(self) -> dict[str, Tensor]:
        """Returns the averaged weights by name; before any update, the model's own."""
        count = self._count + self._previous_count
        if count == 0:
            return {n: p.detach().clone() for n, p in self._parameters.items()}
        return {n: (self._sum[n] + self._previous[n]) / count for n in self._parameters}

    def state_dict(self) -> dict[str, Any]:
        """Returns the sums and counts, for a resumed run."""
        return {
            "sum": self._sum,
            "previous": self._previous,
            "counts": [self._count, self._previous_count, self._updates],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores what `state_dict` returned."""
        for name in self._parameters:
            self._sum[name].copy_(state["sum"][name])
            self._previous[name].copy_(state["previous"][name])
        self._count, self._previous_count, self._updates = state["counts"]


def average_checkpoints(path: Path, other: Path, share: float, out: Path) -> None:
    """Writes the average of two checkpoints, of which one began with the other's weights.

    Such models lie in one valley of the loss, so their average is often better than both (Wortsman
    and others 2022, model soups).

    Args:
        path: The first checkpoint, whose origin the average keeps.
        other: The second; of its origin only what the first one's does not say is kept.
        share: Of the first one's weights, 0 to 1; the rest is the second one's.
        out: The checkpoint to write.

    Raises:
        CheckpointError: One is missing or damaged, they differ in shape or vocabulary, or `out`
            exists.
    """
    (first, second), weights = _load_alike((path, other), out)
    average = {name: torch.lerp(weights[1][name], own, share) for name, own in weights[0].items()}
    info = inherited(first)
    added = {**_beside(first, second), "share": 1 - share}
    info["averaged_with"] = [*info.get("averaged_with", ()), added]
    save_checkpoint(out, first.model, average, first.vocabulary, info)


def transfer_learned(base: Path, taught: Path, before: Path, share: float, out: Path) -> None:
    """Writes a checkpoint with what another one has learned added to its weights.

    The difference between a model and what it was before is a direction in the space of weights;
    added to a third model that began with the same weights, it teaches that the same (Ilharco and
    others 2023, task arithmetic). So what was learned from marks is kept when the model that it was
    learned with is trained further.

    Args:
        base: The checkpoint to teach, whose origin the result keeps.
        taught: The one that has learned.
        before: That one, before it had.
        share: Of the difference between the two that is added.
        out: The checkpoint to write.

    Raises:
        CheckpointError: One is missing or damaged, they differ in shape or vocabulary, or `out`
            exists.
    """
    (first, second, third), weights = _load_alike((base, taught, before), out)
    result = {
        name: own + share * (weights[1][name] - weights[2][name])
        for name, own in weights[0].items()
    }
    info = inherited(first)
    added = {"taught": provenance(second), "before": provenance(third), "share": share}
    info["transferred"] = [*info.get("transferred", ()), added]
    save_checkpoint(out, first.model, result, first.vocabulary, info)


def _beside(first: Trained, second: Trained) -> dict[str, Any]:
    """Returns in what the second's origin differs from the first's; None is what it does not say.

    Either may contain the other: kept whole, a chain of averages would double with each of them.
    """
    own, other = provenance(first), provenance(second)
    if other == own.get("initial"):
        return {"checkpoint": "initial"}
    if own == other.get("initial"):
        other["initial"] = {"checkpoint": "first"}
    keys = (*other, *(key for key in own if key not in other))
    return {key: other.get(key) for key in keys if own.get(key) != other.get(key)}


def _load_alike(
    paths: Sequence[Path], out: Path
) -> tuple[tuple[Trained, ...], list[dict[str, Tensor]]]:
    """Loads checkpoints of one shape and vocabulary, for one that is to be written to `out`."""
    if out.exists():
        raise CheckpointError(f"{out} exists already: choose another --out.")
    loaded = tuple(map(load_trained, paths))
    first = loaded[0]
    same_dropout = {"dropout": first.model.config.dropout}
    for path, each in zip(paths[1:], loaded[1:], strict=True):
        if (
            each.model.config.model_copy(update=same_dropout) != first.model.config
            or each.vocabulary != first.vocabulary
        ):
            raise CheckpointError(f"{paths[0]} and {path} differ in shape or vocabulary.")
    out.parent.mkdir(parents=True, exist_ok=True)
    return loaded, [
        {name: parameter.detach() for name, parameter in each.model.named_parameters()}
        for each in loaded
    ]
