"""The range of a model's activations, which fixes their 8-bit scales.

Scales that are fixed at export cost a step nothing, and keep each row independent of the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.training.evaluate import CheckpointScorer, measure
from lianju.training.model import LanguageModel
from lianju.training.recipe import ModelConfig
from numpy.typing import NDArray
from torch import Tensor, nn

Limits = Mapping[str, float]
"""The magnitude at which activations are clipped, by the layer that reads them: `recurrent`,
or one of `READERS`."""

READERS = (
    "attention.output",
    "memory.query",
    "memory.context",
    "bridge.h",
    "bridge.c",
    "projection",
    "output",
)

Magnitudes = Mapping[str, list[NDArray[np.float32]]]

QUANTILE = 0.9999  # of the magnitudes; larger ones are clipped


def measure_limits(model: LanguageModel, vocabulary: Vocabulary, corpus: Path) -> Limits:
    """Measures activations over the validation part of a corpus.

    Raises:
        CorpusError: The corpus cannot be read.
    """
    with record_magnitudes(model) as magnitudes:
        measure(CheckpointScorer(model, vocabulary), corpus, "validation")
    return limits_of(model.config, magnitudes)


@contextmanager
def record_magnitudes(model: LanguageModel) -> Iterator[Magnitudes]:
    """Records the magnitudes of the activations that each layer reads while the model runs."""
    magnitudes: defaultdict[str, list[NDArray[np.float32]]] = defaultdict(list)

    def record(reader: str, activations: Tensor) -> None:
        magnitudes[reader].append(activations.detach().abs().float().flatten().cpu().numpy())

    def record_input(reader: str) -> Callable[[nn.Module, tuple[Any, ...]], None]:
        return lambda _, inputs: record(reader, inputs[0])

    def record_recurrent(_module: nn.Module, _inputs: Any, outputs: Any) -> None:
        hidden, state = outputs
        record("recurrent", hidden)
        record("recurrent", state[0] if isinstance(state, tuple) else state)

    modules = dict(model.named_modules())
    hooks = [
        modules[name].register_forward_pre_hook(record_input(name))
        for name in READERS
        if name in modules
    ]
    hooks += [
        modules[name].register_forward_hook(record_recurrent)
        for name in ("recurrent", "encoder")
        if name in modules
    ]
    try:
        yield magnitudes
    finally:
        for hook in hooks:
            hook.remove()


def limits_of(config: ModelConfig, magnitudes: Magnitudes) -> Limits:
    """Returns the limits for activations of these magnitudes."""
    limits = {
        reader: float(np.quantile(np.concatenate(parts), QUANTILE)) or 1.0
        for reader, parts in magnitudes.items()
    }
    # The recurrent state is not clipped: an error there would persist from step to step.
    # Only a ReLU cell has outputs beyond 1.
    bounded = not config.is_relu
    largest = 1.0 if bounded else max(float(part.max()) for part in magnitudes["recurrent"])
    return limits | {"recurrent": largest}
