"""The hidden state: its tensors in the step graph, and the same state in PyTorch.

Shapes: B rows, L entries of the attention cache, W window, N heads, D head size.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from lianju.training.recipe import ModelConfig
from numpy.typing import NDArray

ROWS = "rows"
CELL_STATES = {"lstm": ("h", "c"), "gru": ("h",), "rnn": ("h",)}

Shape = tuple[int | str, ...]
State = tuple[NDArray[Any], ...]


def state_tensors(config: ModelConfig) -> dict[str, Shape]:
    """Returns each state tensor's shape before the first token, as the manifest lists it.

    `"rows"` marks the row axis, 0 an axis that grows.
    """
    shape: Shape = (config.layers, ROWS, config.hidden_size)
    tensors = dict.fromkeys(CELL_STATES[config.cell], shape)
    if config.attention_heads:
        width = config.attention_heads * config.attention_size
        tensors |= {"keys": (ROWS, 0, width), "values": (ROWS, 0, width + 1)}
    return tensors


def torch_state(config: ModelConfig, state: Sequence[NDArray[Any]]) -> State:
    """Returns a state as the PyTorch model has it, with an attention cache [1, B, W(2ND + 1)]."""
    if not config.attention_heads:
        return tuple(state)
    *recurrent, keys, values = state
    entries = np.concatenate((keys, values), axis=2)
    missing = config.attention_window - entries.shape[1]
    full = np.pad(entries, ((0, 0), (missing, 0), (0, 0)))
    return (*recurrent, full.reshape(1, len(full), -1))


def random_state(config: ModelConfig, rows: int, rng: np.random.Generator) -> State:
    """Returns a state of numbers between -1 and 1, its rows after texts of different lengths."""
    entries = int(rng.integers(config.attention_window + 1))

    def size(each: int | str) -> int:
        return rows if each == ROWS else int(each) or entries

    state = tuple(
        rng.uniform(-1, 1, [size(each) for each in shape]).astype(np.float32)
        for shape in state_tensors(config).values()
    )
    if config.attention_heads:
        *_, keys, values = state
        present = rng.integers(entries + 1, size=(rows, 1))
        values[:, :, -1] = 1
        absent = np.arange(entries, 0, -1) > present
        keys[absent], values[absent] = 0, 0
    return state


def single_row(config: ModelConfig, state: Sequence[NDArray[Any]], row: int) -> State:
    """Returns one row's state without the absent cache entries that other rows cause."""
    axes = [shape.index(ROWS) for shape in state_tensors(config).values()]
    own = [array.take([row], axis) for array, axis in zip(state, axes, strict=True)]
    if config.attention_heads:
        present = own[-1][0, :, -1] > 0
        own[-2:] = (cache[:, present] for cache in own[-2:])
    return tuple(own)
