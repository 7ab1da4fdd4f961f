"""The hidden state: its tensors in the step graph, and the same state in PyTorch.

Shapes: B rows, L places of the memory, W window, N heads, D size of a head.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from lianju.training.model import ModelConfig

ROWS = "rows"
RECURRENT = {"lstm": ("h", "c"), "gru": ("h",), "rnn": ("h",)}
"""The state tensors of each cell."""

Shape = tuple[int | str, ...]


def state_tensors(config: ModelConfig) -> dict[str, Shape]:
    """Returns each state tensor's shape before the first token, as the manifest lists it.

    `"rows"` marks the row axis, 0 an axis that grows.
    """
    shape: Shape = (config.layers, ROWS, config.hidden_size)
    tensors = dict.fromkeys(RECURRENT[config.cell], shape)
    if config.attention_heads:
        width = config.attention_heads * config.attention_size
        tensors |= {"keys": (ROWS, 0, width), "values": (ROWS, 0, width + 1)}
    return tensors


def as_trained(config: ModelConfig, state: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
    """Returns a state as the PyTorch model has it: with a memory [1, B, W(2ND + 1)]."""
    if not config.attention_heads:
        return tuple(state)
    *recurrent, keys, values = state
    places = np.concatenate((keys, values), axis=2)
    missing = config.attention_window - places.shape[1]
    full = np.pad(places, ((0, 0), (missing, 0), (0, 0)))
    return (*recurrent, full.reshape(1, len(full), -1))


def random_state(
    config: ModelConfig, rows: int, rng: np.random.Generator
) -> tuple[np.ndarray, ...]:
    """Returns a state of numbers between -1 and 1, its rows after texts of different lengths."""
    places = int(rng.integers(config.attention_window + 1))
    sizes = {ROWS: rows, 0: places}
    state = tuple(
        rng.uniform(-1, 1, [sizes.get(size, size) for size in shape]).astype(np.float32)
        for shape in state_tensors(config).values()
    )
    if config.attention_heads:
        *_, keys, values = state
        age = rng.integers(places + 1, size=(rows, 1))
        values[:, :, -1] = 1
        empty = np.arange(places, 0, -1) > age
        keys[empty], values[empty] = 0, 0
    return state


def row_alone(config: ModelConfig, state: Sequence[np.ndarray], row: int) -> tuple[np.ndarray, ...]:
    """Returns one row's state as it would be without the others: with no empty place."""
    axes = [shape.index(ROWS) for shape in state_tensors(config).values()]
    own = [array.take([row], axis) for array, axis in zip(state, axes, strict=True)]
    if config.attention_heads:
        taken = own[-1][0, :, -1] > 0
        own[-2:] = (memory[:, taken] for memory in own[-2:])
    return tuple(own)
