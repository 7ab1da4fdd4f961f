"""The hidden state: its tensors in the step graph, and the same state in PyTorch.

Shapes: B rows, L entries of an attention cache or memory, W window, N heads, D head size.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from lianju.training.recipe import ModelConfig
from numpy.typing import NDArray

ROWS = "rows"
CELL_STATES = {"lstm": ("h", "c"), "gru": ("h",), "rnn": ("h",)}
CACHE = ("keys", "values")  # of the attention over earlier outputs
MEMORY = ("memory_keys", "memory_values")  # of the attention over the encoder's outputs

_MAX_SOURCE = 12  # tokens, in a random state

Shape = tuple[int | str, ...]
State = tuple[NDArray[Any], ...]


def state_tensors(config: ModelConfig) -> dict[str, Shape]:
    """Returns each state tensor's shape before the first token, as the manifest lists it.

    `"rows"` marks the row axis, 0 an axis that grows, or that is as long as the source.
    """
    shape: Shape = (config.layers, ROWS, config.hidden_size)
    tensors = dict.fromkeys(CELL_STATES[config.cell], shape)
    for names, width in _attended(config).items():
        tensors |= dict(zip(names, ((ROWS, 0, width), (ROWS, 0, width + 1)), strict=True))
    return tensors


def torch_state(config: ModelConfig, state: Sequence[NDArray[Any]]) -> State:
    """Returns a state as the PyTorch model has it.

    That is with an attention cache [1, B, W(2ND + 1)], and a memory [1, B, L, 2ND + 1].
    """
    by_name = dict(zip(state_tensors(config), state, strict=True))
    found = [by_name[name] for name in CELL_STATES[config.cell]]
    for names in _attended(config):
        entries = np.concatenate([by_name[name] for name in names], axis=2)
        if names == CACHE:
            missing = config.attention_window - entries.shape[1]
            full = np.pad(entries, ((0, 0), (missing, 0), (0, 0)))
            entries = full.reshape(len(full), -1)
        found.append(entries[None])
    return tuple(found)


def random_state(config: ModelConfig, rows: int, rng: np.random.Generator) -> State:
    """Returns a state of numbers between -1 and 1, its rows after texts of different lengths."""

    def uniform(shape: Shape, entries: int = 0) -> NDArray[Any]:
        sizes = [rows if size == ROWS else int(size) or entries for size in shape]
        return rng.uniform(-1, 1, sizes).astype(np.float32)

    tensors = state_tensors(config)
    state = {name: uniform(tensors[name]) for name in CELL_STATES[config.cell]}
    for names in _attended(config):
        longest = config.attention_window if names == CACHE else _MAX_SOURCE
        entries = int(rng.integers(longest + 1))
        keys, values = (uniform(tensors[name], entries) for name in names)
        present = rng.integers(entries + 1, size=(rows, 1))
        values[:, :, -1] = 1
        absent = np.arange(entries, 0, -1) > present
        keys[absent], values[absent] = 0, 0
        state |= dict(zip(names, (keys, values), strict=True))
    return tuple(state.values())


def single_row(config: ModelConfig, state: Sequence[NDArray[Any]], row: int) -> State:
    """Returns one row's state without the absent entries that other rows cause."""
    tensors = state_tensors(config)
    own = {
        name: array.take([row], shape.index(ROWS))
        for (name, shape), array in zip(tensors.items(), state, strict=True)
    }
    for names in _attended(config):
        present = own[names[-1]][0, :, -1] > 0
        own |= {name: own[name][:, present] for name in names}
    return tuple(own.values())


def _attended(config: ModelConfig) -> dict[tuple[str, str], int]:
    """Returns the names of the tensors that are attended to, and the width of a key."""
    found = {}
    if config.attention_heads:
        found[CACHE] = config.attention_heads * config.attention_size
    if config.has_memory:
        found[MEMORY] = config.memory_heads * config.memory_size
    return found
