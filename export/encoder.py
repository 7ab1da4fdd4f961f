"""The graph of an encoder: a whole source in, the decoder's first state out.

Rows have sources of one length. The outputs have the names of the step graph's state inputs. Gate
order and weight names are PyTorch's.

Shapes: B rows, S tokens of the source, L layers, H hidden size.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from lianju.training.recipe import ModelConfig
from numpy.typing import NDArray
from onnx import ModelProto

from .attention import ints, keys_values
from .calibration import Limits
from .graph import graph_inputs, make_model
from .graph_builder import GraphBuilder
from .precision import Weights
from .recurrent import add_layer
from .states import CELL_STATES, MEMORY


def encoder_inputs() -> dict[str, dict[str, Any]]:
    """Returns the graph's inputs by name, as the manifest lists them."""
    return {"source": {"dtype": "int64", "shape": ["previous_rows", "memory_places"]}}


def encoder_outputs(config: ModelConfig) -> dict[str, dict[str, Any]]:
    """Returns the graph's outputs by name, as the manifest lists them."""
    inputs = graph_inputs(config)
    names = (*CELL_STATES[config.cell], *(MEMORY if config.has_memory else ()))
    return {name: inputs[name] for name in names}


def build_encoder_graph(
    config: ModelConfig,
    weights: Mapping[str, NDArray[np.float32]],
    precision: type[Weights],
    limits: Limits,
) -> ModelProto:
    """Builds the encoder's graph.

    Args:
        config: Of the model.
        weights: The model's state dictionary as fp32 arrays.
        precision: How weight matrices are stored.
        limits: Of the activations, for a precision that quantizes them.
    """
    graph = GraphBuilder()
    stored = precision(weights, limits)
    last_axis = ints(graph, -1)
    tokens = graph.add("Transpose", "source", perm=[1, 0])
    shape = graph.add("Concat", graph.add("Shape", tokens), last_axis, axis=0)
    rows = stored.gather(graph, "embedding.weight", graph.add("Reshape", tokens, last_axis))
    before = _zero_states(graph, config)
    last: dict[str, list[str]] = {name: [] for name in before}
    for layer in range(config.encoder_layers):
        outputs = []
        for end in ("", "_reverse")[: _directions(config)]:
            name = f"encoder_l{layer}{end}"
            found, after = add_layer(
                graph, config, stored, name, rows, before, shape, backwards=bool(end)
            )
            outputs.append(found)
            for state, tensor in after.items():
                last[state].append(tensor)
        joined = graph.add("Concat", *outputs, axis=-1)
        flat = graph.add("Reshape", joined, ints(graph, -1, config.hidden_size))
        rows = stored.activations(graph, flat, "recurrent")
    for name, parts in last.items():
        _add_first_state(graph, config, stored, name, parts)
    if config.has_memory:
        width = config.memory_heads * config.memory_size
        entries = keys_values(graph, stored, "memory", rows, width, shape)
        for name, tensor in zip(MEMORY, entries, strict=True):
            graph.add("Identity", tensor, name=name)
    return make_model(graph, "encode", encoder_inputs(), encoder_outputs(config))


def _directions(config: ModelConfig) -> int:
    return 2 if config.bidirectional else 1


def _zero_states(graph: GraphBuilder, config: ModelConfig) -> dict[str, str]:
    """Adds the states before a source, [1, B, H / directions]."""
    size = config.hidden_size // _directions(config)
    rows = graph.add("Shape", "source", start=0, end=1)
    shape = graph.add("Concat", ints(graph, 1), rows, ints(graph, size), axis=0)
    zeros = graph.add("Expand", graph.initializer("zero", np.float32(0)), shape)
    return dict.fromkeys(CELL_STATES[config.cell], zeros)


def _add_first_state(
    graph: GraphBuilder, config: ModelConfig, weights: Weights, name: str, parts: list[str]
) -> None:
    """Adds a state [L, B, H] of the decoder from the last ones of each layer and direction."""
    if config.encoder_layers == config.layers:
        step = _directions(config)
        layers = [
            graph.add("Concat", *parts[begin : begin + step], axis=-1)
            for begin in range(0, len(parts), step)
        ]
        graph.add("Concat", *layers, axis=0, name=name)
        return
    together = graph.add("Concat", *parts, axis=-1)  # [1, B, encoder layers * H]
    rows = weights.activations(graph, together, f"bridge.{name}")
    found = weights.linear(graph, rows, f"bridge.{name}.weight")
    if name == "h":
        found = graph.add("Relu" if config.is_relu else "Tanh", found)
    by_row = graph.add("Reshape", found, ints(graph, -1, config.layers, config.hidden_size))
    graph.add("Transpose", by_row, perm=[1, 0, 2], name=name)
