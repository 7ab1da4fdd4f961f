"""The attention of `lianju.training.seq2seq` over the encoder's outputs, in the step graph.

The memory is two state tensors, like the cache in `attention.py`: a key for each token of the
source, and a value that ends with a 1, absent entries being zeros. A step passes them on unchanged,
reordered by parent. Rows with sources of different length share a step, as there.

Shapes: B rows, H hidden size, N heads, D head size, L tokens of the source.
"""

from __future__ import annotations

import numpy as np
from lianju.training.recipe import ModelConfig

from .attention import dot_scores, head_rows, ints, weighted_values
from .graph_builder import GraphBuilder
from .precision import Weights
from .states import MEMORY

KEYS, VALUES = (f"{name}_next" for name in MEMORY)


def reorder(graph: GraphBuilder) -> None:
    """Adds the outgoing memory of each row, which is its parent's."""
    for name in MEMORY:
        graph.add("Gather", name, "parent", name=f"{name}_next")


def attend(graph: GraphBuilder, config: ModelConfig, weights: Weights, rows: str) -> str:
    """Adds what outputs [1, B, H] of the decoder's layers become beside the memory, [1, B, H]."""
    heads, size = config.memory_heads, config.memory_size
    hidden = weights.activations(graph, rows, "memory.query")
    query = weights.linear(graph, hidden, "memory.query.weight")
    if config.attention == "additive":
        scores = _additive_scores(graph, weights, query, heads, size)
    else:
        scores = dot_scores(graph, query, KEYS, heads, size)
    context = weighted_values(graph, scores, VALUES, heads, size)
    added = weights.linear(
        graph, weights.activations(graph, context, "memory.context"), "memory.context.weight"
    )
    own = weights.linear(graph, hidden, "memory.hidden.weight")
    return graph.add("Tanh", graph.add("Add", own, added))


def _additive_scores(
    graph: GraphBuilder, weights: Weights, query: str, heads: int, size: int
) -> str:
    """Adds the scores of queries [B, ND] and the keys; see `head_rows`."""
    by_row = graph.add("Reshape", query, ints(graph, -1, 1, heads * size))
    sums = graph.add("Tanh", graph.add("Add", by_row, KEYS))  # [B, L, ND]
    # Repeated for each head, and masked: constants that ONNX Runtime folds.
    energy = weights.store(graph, "memory.energy")
    repeated = graph.add("Tile", energy, ints(graph, 1, heads))
    if heads == 1:
        repeated = graph.add("Tile", repeated, ints(graph, 2, 1))
    ones = head_rows(np.ones((heads, size), np.float32))
    mask = graph.initializer(f"head_columns.{heads}.{size}", ones)
    by_head = graph.add("Mul", repeated, mask)
    return graph.add("MatMul", by_head, graph.add("Transpose", sums, perm=[0, 2, 1]))
