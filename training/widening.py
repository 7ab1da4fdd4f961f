"""A wider model that computes what a trained one does (Net2WiderNet: Chen and others 2016).

Each new hidden unit is a copy of an old one, chosen at random within its layer: the weights that
come into it are the same, so it always has the same value. The weights that leave both are the old
ones, divided between them. The shares are random and unequal, so that the copies learn different
things from then on.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from .checkpoint import inherited, load_trained, save_checkpoint
from .errors import CheckpointError
from .model import LanguageModel

_LEAST_SHARE = 0.2  # of a weight that is divided


def widen_checkpoint(path: Path, hidden_size: int, out: Path, seed: int = 0) -> None:
    """Writes a checkpoint whose model has more hidden units and predicts the same.

    Args:
        path: The checkpoint, of a language model.
        hidden_size: Of the wider model, at most twice that of the old one.
        out: The checkpoint to write.
        seed: Of the units that are copied, and of the shares.

    Raises:
        CheckpointError: The checkpoint cannot be read, its model is an encoder-decoder, its hidden
            size is not below the new one or less than half of it, or nothing can be written.
    """
    trained = load_trained(path)
    config = trained.model.config
    if config.has_encoder:
        raise CheckpointError(f"{path} has an encoder-decoder: only a language model is widened.")
    if not config.hidden_size < hidden_size <= 2 * config.hidden_size:
        raise CheckpointError(
            f"{path} has a hidden size of {config.hidden_size}: give a larger one, "
            f"at most {2 * config.hidden_size}."
        )
    wide = LanguageModel(config.model_copy(update={"hidden_size": hidden_size}))
    with torch.no_grad():
        weights = _Widening(trained.model, hidden_size, seed).weights(wide)
    widened = {"from": config.hidden_size, "to": hidden_size, "seed": seed}
    info = {**inherited(trained), "widened": widened}
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        save_checkpoint(out, wide, weights, trained.vocabulary, info)
    except OSError as error:
        raise CheckpointError(f"{out} cannot be written: {error.strerror}.") from error


class _Widening:
    """Makes the weights of a wider model.

    Args:
        model: The old model.
        size: The new hidden size.
        seed: Of all choices.
    """

    def __init__(self, model: LanguageModel, size: int, seed: int) -> None:
        self._model = model
        self._old_size, self._size = model.config.hidden_size, size
        self._random = torch.Generator().manual_seed(seed)
        added = size - self._old_size
        kept = torch.arange(self._old_size)
        # The old unit of each new one, by layer.
        self._units = [
            torch.cat((kept, torch.randperm(self._old_size, generator=self._random)[:added]))
            for _ in range(model.config.layers)
        ]

    def weights(self, wide: LanguageModel) -> dict[str, Tensor]:
        """Returns the weights of the wider model by name."""
        old = dict(self._model.named_parameters())
        return {name: self._widened(name, old) for name, _ in wide.named_parameters()}

    def _widened(self, name: str, old: Mapping[str, Tensor]) -> Tensor:
        last = self._units[-1]
        if name.startswith("recurrent."):
            kind, layer = name.removeprefix("recurrent.").rsplit("_l", 1)
            return self._recurrent(kind, int(layer), old[name])
        if name == "attention.output.weight":
            return old[name][last]
        if name == "projection.weight" and name not in old:
            return self._divided(torch.eye(self._old_size), last)
        reads_hidden = ("attention.query.weight", "attention.keys_values.weight", _output(old))
        return self._divided(old[name], last) if name in reads_hidden else old[name].clone()

    def _recurrent(self, kind: str, layer: int, weight: Tensor) -> Tensor:
        """Widens a weight of a recurrent layer, all gates of which are below one another."""
        if kind == "weight_hh":
            weight = self._divided(weight, self._units[layer])
        elif kind == "weight_ih" and layer:
            weight = self._divided(weight, self._units[layer - 1])
        return torch.cat([gate[self._units[layer]] for gate in torch.split(weight, self._old_size)])

    def _divided(self, weight: Tensor, units: Tensor) -> Tensor:
        """Divides columns [R, H], one for each old unit, among its copies."""
        added = units[self._old_size :]
        shares = torch.rand(len(added), generator=self._random)
        shares = _LEAST_SHARE + (1 - 2 * _LEAST_SHARE) * shares
        parts = torch.ones(self._size)
        parts[self._old_size :] = shares
        parts[added] = 1 - shares
        return weight[:, units] * parts


def _output(old: Mapping[str, Tensor]) -> str:
    """Returns the weight through which predictions read the hidden state."""
    return "projection.weight" if "projection.weight" in old else "output.weight"
