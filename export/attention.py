"""One step of `lianju.training.attention` as nodes of the step graph.

The cache is two state tensors, the keys and the values of each row's last outputs, newest last.
A value ends with a 1 that marks its entry as present; absent entries are all zeros. Both tensors
grow by one entry a step up to the window, so that the work of a step follows the longest text in
the batch; rows of shorter texts begin with absent entries.

Absent entries do not change a single bit of a row's result: they add exact zeros to sums that a
matrix product forms one entry after another. That is why the sum of the attention weights comes
from that product too, through the 1 in each value, and why nothing is masked.

Shapes: B rows, P rows of the incoming state, S tokens, H hidden size, N heads, D head size,
L entries, W window.
"""

from __future__ import annotations

import math

import numpy as np
from lianju.training.recipe import ModelConfig
from numpy.typing import NDArray

from .graph_builder import GraphBuilder
from .precision import Activations, Weights
from .states import CACHE

MAX_SCORE = 60.0  # W exponentials of this size, times their values, still fit in fp32
MIN_SUM = 1e-30  # less than the smallest exponential


def append_one(
    graph: GraphBuilder, config: ModelConfig, weights: Weights, hidden: Activations
) -> None:
    """Adds one step of the cache: reorder by parent, append `hidden` [B, H], drop the oldest entry.

    The graph's outputs are the states `keys_next` [B, L, ND] and `values_next` [B, L, ND + 1].
    """
    second_axis = graph.initializer("second_axis", np.array([1]))
    entries = keys_values(graph, weights, "attention", hidden, _width(config))
    before = [graph.add("Gather", name, "parent") for name in CACHE]
    window = graph.initializer("cache.window", np.array([config.attention_window]))
    is_full = graph.add("Equal", graph.add("Shape", "keys", start=1, end=2), window)
    # A Slice would copy the cache even if it drops nothing.
    growing, sliding = GraphBuilder(graph, "growing"), GraphBuilder(graph, "sliding")
    for branch in (growing, sliding):
        for name, kept, entry in zip(CACHE, before, entries, strict=True):
            if branch is sliding:
                kept = branch.add("Slice", kept, second_axis, window, second_axis)
            branch.outputs[f"appended_{name}"] = branch.add("Concat", kept, entry, axis=1)
    graph.add_if(is_full, sliding, growing, {f"appended_{name}": np.float32 for name in CACHE})
    graph.outputs |= {f"{name}_next": f"appended_{name}" for name in CACHE}


def append_many(
    graph: GraphBuilder, config: ModelConfig, weights: Weights, hidden: Activations, shape: str
) -> None:
    """Adds S steps of the cache at once, for `hidden` [S * B, H]; see `append_one`.

    Args:
        shape: Name of [S, B, -1].
    """
    second_axis = graph.initializer("second_axis", np.array([1]))
    newest = graph.initializer("cache.newest", np.array([-config.attention_window]))
    end = graph.initializer("cache.end", np.array([np.iinfo(np.int64).max]))
    found = keys_values(graph, weights, "attention", hidden, _width(config), shape)
    for name, entries in zip(CACHE, found, strict=True):
        kept = graph.add("Gather", name, "parent")
        longer = graph.add("Concat", kept, entries, axis=1)
        graph.outputs[f"{name}_next"] = graph.add("Slice", longer, newest, end, second_axis)


def keys_values(
    graph: GraphBuilder,
    weights: Weights,
    module: str,
    hidden: Activations,
    width: int,
    shape: str = "",
) -> list[str]:
    """Adds the keys [B, S, ND] and values [B, S, ND + 1] of outputs [S * B, H].

    Args:
        graph: The graph.
        weights: The model's weights.
        module: The module that has the weight.
        hidden: The outputs.
        width: ND.
        shape: Name of [S, B, -1]; empty for one step.
    """
    product = weights.linear(graph, hidden, f"{module}.keys_values.weight")
    if shape:
        by_row = graph.add("Transpose", graph.add("Reshape", product, shape), perm=[1, 0, 2])
    else:
        one_step = graph.initializer("cache.one_step", np.array([-1, 1, 2 * width]))
        by_row = graph.add("Reshape", product, one_step)
    keys, values = graph.add_split(by_row, 2, axis=2)
    last = graph.initializer("cache.pad_last", np.array([0, 0, 0, 0, 0, 1]))
    return [keys, graph.add("Pad", values, last, graph.initializer("one", np.float32(1)))]


def attend(graph: GraphBuilder, config: ModelConfig, weights: Weights, hidden: Activations) -> str:
    """Adds the attention of `hidden` [B, H] over the cache; returns its output's name [B, H]."""
    heads, size = config.attention_heads, config.attention_size
    query = weights.linear(graph, hidden, "attention.query.weight")
    scores = dot_scores(graph, query, "keys_next", heads, size)
    biased = graph.add("Add", scores, _bias(graph, config, weights))
    context = weighted_values(graph, biased, "values_next", heads, size)
    return weights.linear(
        graph, weights.activations(graph, context, "attention.output"), "attention.output.weight"
    )


def dot_scores(graph: GraphBuilder, query: str, keys: str, heads: int, size: int) -> str:
    """Adds the scaled dot products of queries [B, ND] and keys [B, L, ND]; see `head_rows`."""
    # One product for all heads: row n of the queries is zero outside the columns of head n.
    mask = head_rows(np.ones((heads, size), np.float32)) / math.sqrt(size)
    by_row = graph.add("Reshape", query, ints(graph, -1, 1, heads * size))
    stored = graph.initializer(f"head_mask.{heads}.{size}", mask.astype(np.float32))
    queries = graph.add("Mul", by_row, stored)
    return graph.add("MatMul", queries, graph.add("Transpose", keys, perm=[0, 2, 1]))


def head_rows(by_head: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns a row [ND] for each head of [N, D], zero outside its own columns.

    Two rows at least, for a second row of zeros: products of one row alone are summed in an order
    that depends on their length.
    """
    heads, size = by_head.shape
    rows = np.zeros((max(2, heads), heads * size), np.float32)
    for head, values in enumerate(by_head):
        rows[head, head * size : (head + 1) * size] = values
    return rows


def weighted_values(graph: GraphBuilder, scores: str, values: str, heads: int, size: int) -> str:
    """Adds the mean of values [B, L, ND + 1] by the softmax of scores; returns its name [B, ND].

    Softmax is computed as exponentials divided by their sum, without subtracting the maximum,
    which would depend on absent entries; scores are clipped to `MAX_SCORE` instead. The mean of no
    values is zero.
    """
    width = heads * size
    limits = [
        graph.initializer(f"attention.{limit}", np.float32(limit))
        for limit in (-MAX_SCORE, MAX_SCORE)
    ]
    exponentials = graph.add("Exp", graph.add("Clip", scores, *limits))
    sums = graph.add("MatMul", exponentials, values)  # [B, N, ND + 1]
    if heads == 1:  # without the second row of `head_rows`
        sums = graph.add("Slice", sums, ints(graph, 0), ints(graph, 1), ints(graph, 1))
    total = graph.add("Slice", sums, ints(graph, width), ints(graph, width + 1), ints(graph, 2))
    total = graph.add("Max", total, graph.initializer("attention.least", np.float32(MIN_SUM)))
    parts = graph.add("Slice", sums, ints(graph, 0), ints(graph, width), ints(graph, 2))
    # Of the N * N blocks of D columns, head n needs block (n, n).
    parts = graph.add("Reshape", parts, ints(graph, 0, heads * heads, size))
    own = ints(graph, *range(0, heads * heads, heads + 1))
    parts = graph.add("Gather", parts, own, axis=1)
    return graph.add("Reshape", graph.add("Div", parts, total), ints(graph, 0, width))


def ints(graph: GraphBuilder, *numbers: int) -> str:
    """Stores integers as an initializer and returns its name."""
    return graph.initializer(f"ints.{numbers}", np.array(numbers))


def _width(config: ModelConfig) -> int:
    return config.attention_heads * config.attention_size


def _bias(graph: GraphBuilder, config: ModelConfig, weights: Weights) -> str:
    """Adds the bias of each entry by its distance; returns its name [N, L]."""
    second_axis = graph.initializer("second_axis", np.array([1]))
    # The newest entry comes last, the bias of distance 0 first.
    reverse = graph.initializer("cache.reverse", np.arange(config.attention_window)[::-1])
    by_distance = weights.store(graph, "attention.distance_bias")
    bias = graph.add("Gather", by_distance, reverse, axis=1)
    begin = graph.add("Neg", graph.add("Shape", "keys_next", start=1, end=2))
    end = graph.initializer("cache.window", np.array([config.attention_window]))
    return graph.add("Slice", bias, begin, end, second_axis)
