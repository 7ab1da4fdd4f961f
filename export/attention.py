"""One step of `lianju.training.attention` as nodes of the step graph.

The memory is two state tensors: of every row the keys and the values of its last outputs, newest
last. A value ends with a 1, which a place that holds nothing lacks: there everything is 0. Both
grow by one place a step until they have W, so that a step's work is that of the longest text in
the batch; rows of shorter ones begin with empty places.

Empty places change no bit of what a row finds. They add exact zeros to sums that a matrix product
forms one place after another; so the weights' sum comes from that product too, by the values' 1.

Shapes: B rows, P rows of the incoming state, H hidden size, N heads, D size of a head, L places,
W window.
"""

from __future__ import annotations

import math

import numpy as np
from lianju.training.model import ModelConfig

from .nodes import Nodes
from .precision import Activations, Weights

MEMORY = ("keys", "values")
LARGEST_SCORE = 60.0  # its exponential leaves room for W such places and their values in fp32


def remember(graph: Nodes, config: ModelConfig, weights: Weights, hidden: Activations) -> None:
    """Adds the memory's step: reordered by parent, `hidden` [B, H] put in, the oldest place gone.

    Its results are the states `keys_next` [B, L, ND] and `values_next` [B, L, ND + 1].
    """
    middle = graph.store("second_axis", np.array([1]))
    entries = _entries(graph, config, weights, hidden)
    before = [graph.add("Gather", name, "parent") for name in MEMORY]
    window = graph.store("memory.window", np.array([config.attention_window]))
    full = graph.add("Equal", graph.add("Shape", "keys", start=1, end=2), window)
    # A slice would copy the memory even where it drops nothing.
    growing, sliding = Nodes(graph, "growing"), Nodes(graph, "sliding")
    for branch in (growing, sliding):
        for name, kept, entry in zip(MEMORY, before, entries, strict=True):
            if branch is sliding:
                kept = branch.add("Slice", kept, middle, window, middle)
            branch.results[f"stepping_{name}"] = branch.add("Concat", kept, entry, axis=1)
    outputs = {f"stepping_{name}": np.float32 for name in MEMORY}
    graph.choose(full, sliding, growing, outputs)
    graph.results |= {f"{name}_next": f"stepping_{name}" for name in MEMORY}


def remember_all(
    graph: Nodes, config: ModelConfig, weights: Weights, hidden: Activations, shape: str
) -> None:
    """Adds as many steps of the memory at once as `hidden` [S * B, H] has; see `remember`.

    Args:
        shape: name of [S, B, -1].
    """
    middle = graph.store("second_axis", np.array([1]))
    newest = graph.store("memory.newest", np.array([-config.attention_window]))
    end = graph.store("memory.end", np.array([np.iinfo(np.int64).max]))
    for name, entries in zip(MEMORY, _entries(graph, config, weights, hidden, shape), strict=True):
        kept = graph.add("Gather", name, "parent")
        longer = graph.add("Concat", kept, entries, axis=1)
        graph.results[f"{name}_next"] = graph.add("Slice", longer, newest, end, middle)


def _entries(
    graph: Nodes, config: ModelConfig, weights: Weights, hidden: Activations, shape: str = ""
) -> list[str]:
    """Adds what is remembered of each row: keys [B, S, ND] and values [B, S, ND + 1].

    Args:
        shape: name of [S, B, -1]; none is one step.
    """
    product = weights.linear(graph, hidden, "attention.keys_values.weight")
    if shape:
        by_row = graph.add("Transpose", graph.add("Reshape", product, shape), perm=[1, 0, 2])
    else:
        both = 2 * config.attention_heads * config.attention_size
        by_row = graph.add("Reshape", product, graph.store("memory.one", np.array([-1, 1, both])))
    keys, values = graph.split(by_row, 2, axis=2)
    taken = graph.store("memory.taken", np.array([0, 0, 0, 0, 0, 1]))
    return [keys, graph.add("Pad", values, taken, graph.store("one", np.float32(1)))]


def look_back(graph: Nodes, config: ModelConfig, weights: Weights, hidden: Activations) -> str:
    """Adds the attention of `hidden` [B, H] over its memory; returns what it is told [B, H]."""
    heads, size = config.attention_heads, config.attention_size
    width = heads * size

    def ints(*numbers: int) -> str:
        return graph.store(f"ints.{numbers}", np.array(numbers))

    # One product for all heads: each reads a row of its own, zero outside its part of the key.
    own = np.repeat(np.eye(heads, dtype=np.float32), size, axis=1) / math.sqrt(size)
    query = weights.linear(graph, hidden, "attention.query.weight")
    query = graph.add("Reshape", query, ints(-1, 1, width))
    queries = graph.add("Mul", query, graph.store("attention.own", own.astype(np.float32)))
    scores = graph.add("MatMul", queries, graph.add("Transpose", "keys_next", perm=[0, 2, 1]))
    biased = graph.add("Add", scores, _bias(graph, config, weights))
    # No need to leave the empty places out: their values are 0, and so is their share in the total.
    limits = [graph.store(f"attention.{x}", np.float32(x)) for x in (-LARGEST_SCORE, LARGEST_SCORE)]
    share = graph.add("Exp", graph.add("Clip", biased, *limits))
    told = graph.add("MatMul", share, "values_next")  # [B, N, ND + 1]
    total = graph.add("Slice", told, ints(width), ints(width + 1), ints(2))
    parts = graph.add("Slice", told, ints(0), ints(width), ints(2))
    # Of what each head was told, the part that is its own.
    parts = graph.add("Reshape", parts, ints(0, heads * heads, size))
    parts = graph.add("Gather", parts, ints(*range(0, heads * heads, heads + 1)), axis=1)
    context = graph.add("Reshape", graph.add("Div", parts, total), ints(0, width))
    return weights.linear(
        graph, weights.activations(graph, context, "attention.output"), "attention.output.weight"
    )


def _bias(graph: Nodes, config: ModelConfig, weights: Weights) -> str:
    """Returns the bias of each place by its distance [N, L]."""
    last = graph.store("second_axis", np.array([1]))
    # The newest place comes last, the bias of distance 0 first.
    backwards = graph.store("memory.backwards", np.arange(config.attention_window)[::-1])
    by_distance = weights.store(graph, "attention.distance_bias")
    bias = graph.add("Gather", by_distance, backwards, axis=1)
    places = graph.add("Neg", graph.add("Shape", "keys_next", start=1, end=2))
    end = graph.store("memory.window", np.array([config.attention_window]))
    return graph.add("Slice", bias, places, end, last)
