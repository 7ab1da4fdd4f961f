"""How large a model's activations are, so that 8 bits can be shared out among them.

A scale that is fixed once for all costs a step nothing, and ties no row's numbers to another's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.training.evaluate import CheckpointScorer, measure
from lianju.training.model import LanguageModel, ModelConfig
from torch import Tensor

Limits = Mapping[str, float]
"""By the layer that reads them (`recurrent`, `attention.output`, `projection`, `output`): the
largest activations that are told apart. Larger ones count as this large."""

COVERED = 0.9999  # of the activations are smaller


def is_bounded(config: ModelConfig) -> bool:
    """Whether no output of a cell exceeds 1."""
    return config.nonlinearity == "tanh" or config.cell != "rnn"


def measure_limits(model: LanguageModel, vocabulary: Vocabulary, corpus: Path) -> Limits:
    """Measures activations over the validation part of a corpus.

    Raises:
        CorpusError: it cannot be read.
    """
    with watch(model) as seen:
        measure(CheckpointScorer(model, vocabulary), corpus, "validation")
    return limits_of(model.config, seen)


@contextmanager
def watch(model: LanguageModel) -> Iterator[Mapping[str, list[np.ndarray]]]:
    """Collects the magnitudes of what each layer reads while the model runs."""
    seen: defaultdict[str, list[np.ndarray]] = defaultdict(list)

    def note(reader: str, read: Tensor) -> None:
        seen[reader].append(read.detach().abs().float().flatten().cpu().numpy())

    def before(reader: str):
        return lambda _, inputs: note(reader, inputs[0])

    def after(_, __, outputs):
        hidden, state = outputs
        note("recurrent", hidden)
        note("recurrent", state[0] if isinstance(state, tuple) else state)

    modules = dict(model.named_modules())
    readers = [name for name in ("attention.output", "projection", "output") if modules.get(name)]
    hooks = [modules[name].register_forward_pre_hook(before(name)) for name in readers]
    hooks.append(model.recurrent.register_forward_hook(after))
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def limits_of(config: ModelConfig, seen: Mapping[str, list[np.ndarray]]) -> Limits:
    """Returns the limits for activations of these magnitudes."""
    limits = {
        reader: float(np.quantile(np.concatenate(parts), COVERED)) for reader, parts in seen.items()
    }
    # Nothing within the recurrence is cut off: there an error would go on and on.
    largest = 1.0 if is_bounded(config) else max(part.max() for part in seen["recurrent"])
    return limits | {"recurrent": float(largest)}
