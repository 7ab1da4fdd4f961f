"""One step of `lianju.training.attention` as nodes of the step graph.

Shapes: B rows, P rows of the incoming state, H hidden size, N heads, D size of a head, W window.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
from lianju.training.attention import EMPTY
from lianju.training.model import ModelConfig

from .nodes import Nodes

Linear = Callable[[Nodes, str, str], str]
"""Adds rows times a weight of that name, in the graph given; returns the product's name."""


def remember(graph: Nodes, config: ModelConfig, hidden: str, linear: Linear) -> str:
    """Adds the memory's step: reordered by parent, the oldest place gone, `hidden` [B, H] put in.

    Returns:
        The memory after it, [B, W, 2ND + 1].
    """
    reordered = graph.add("Gather", "memory", "parent", axis=1)
    places = graph.store(
        "memory.places", np.array([-1, config.attention_window, config.place_size])
    )
    one, end = (graph.store(f"memory.{n}", np.array([n])) for n in (1, config.attention_window))
    kept = graph.add("Slice", graph.add("Reshape", reordered, places), one, end, one)
    taken = graph.store("memory.taken", np.array([0, 0, 0, 1]))
    entry = graph.add(
        "Pad",
        linear(graph, hidden, "attention.remember.weight"),
        taken,
        graph.store("one", np.float32(1)),
    )
    return graph.add("Concat", kept, graph.add("Unsqueeze", entry, one), axis=1)


def look_back(
    graph: Nodes,
    config: ModelConfig,
    weights: Mapping[str, np.ndarray],
    hidden: str,
    memory: str,
    linear: Linear,
) -> str:
    """Adds the attention of `hidden` [B, H] over its memory; returns their sum [B, H]."""
    heads, size, window = config.attention_heads, config.attention_size, config.attention_window
    width = heads * size

    def cut(begin: int, end: int) -> str:
        bounds = (graph.store(f"memory.at_{n}", np.array([n])) for n in (begin, end))
        return graph.add("Slice", memory, *bounds, graph.store("memory.last", np.array([2])))

    def by_head(rows: str, order: list[int]) -> str:
        shape = graph.store("memory.heads", np.array([0, -1, heads, size]))
        return graph.add("Transpose", graph.add("Reshape", rows, shape), perm=order)

    first = graph.store("memory.at_1", np.array([1]))
    query = graph.add("Unsqueeze", linear(graph, hidden, "attention.query.weight"), first)
    scores = graph.add("MatMul", by_head(query, [0, 2, 1, 3]), by_head(cut(0, width), [0, 2, 3, 1]))
    scale = graph.store("memory.scale", np.float32(1 / math.sqrt(size)))
    # The newest place comes last, the bias of distance 0 first.
    backwards = graph.store("memory.backwards", np.arange(window)[::-1])
    name = "attention.distance_bias"
    bias = graph.add("Gather", graph.store(name, weights[name]), backwards, axis=1)
    biased = graph.add("Add", graph.add("Mul", scores, scale), graph.add("Unsqueeze", bias, first))
    taken = graph.add("Greater", cut(2 * width, 2 * width + 1), graph.store("zero", np.float32(0)))
    seen = graph.add("Unsqueeze", graph.add("Transpose", taken, perm=[0, 2, 1]), first)
    shown = graph.add("Where", seen, biased, graph.store("memory.empty", np.float32(EMPTY)))
    attention = graph.add("Softmax", shown, axis=-1)
    context = graph.add("MatMul", attention, by_head(cut(width, 2 * width), [0, 2, 1, 3]))
    flat = graph.store("memory.flat", np.array([-1, width]))
    spoken = linear(graph, graph.add("Reshape", context, flat), "attention.speak.weight")
    return graph.add("Add", hidden, spoken)
