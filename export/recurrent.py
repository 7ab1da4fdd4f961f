"""Recurrent layers as nodes of a graph: one step of a cell, and a layer over a whole sequence.

Gate order and weight names are PyTorch's.

Shapes: B rows, S tokens, H hidden size, G gates.
"""

from __future__ import annotations

from collections.abc import Mapping

from lianju.training.recipe import ModelConfig

from .graph_builder import GraphBuilder
from .precision import Activations, Weights


def add_layer(
    graph: GraphBuilder,
    config: ModelConfig,
    weights: Weights,
    layer: str,
    rows: Activations,
    before: Mapping[str, str],
    shape: str,
    *,
    backwards: bool = False,
) -> tuple[str, dict[str, str]]:
    """Adds a layer over whole sequences.

    The products with the input weights are one product for all tokens; only those with the hidden
    state run one after another.

    Args:
        graph: The graph.
        config: Of the model.
        weights: Its weights.
        layer: The module and the end of the names of its weights, such as `encoder_l0_reverse`.
        rows: The inputs [S * B, …].
        before: The names of its states before the sequences, [1, B, H] each.
        shape: Name of [S, B, -1].
        backwards: Whether it reads the sequences from their ends.

    Returns:
        Name of the outputs [S, 1, B, H] in the order of the inputs, and those of the last states.
    """
    module, _, end = layer.partition("_")
    x_gates = weights.linear(graph, rows, f"{module}.weight_ih_{end}")
    body = GraphBuilder(graph, layer)
    inner = {name: f"{body.name}_{name}" for name in before}
    hidden = weights.activations(body, inner["h"], "recurrent")
    h_gates = weights.linear(body, hidden, f"{module}.weight_hh_{end}")
    item = f"{body.name}_x_gates"
    cell = add_cell(body, config, item, h_gates, inner)
    body.outputs = {inner[name]: cell[name] for name in before}
    # The outputs of a scan must be different tensors.
    body.outputs["output"] = body.add("Identity", cell["h"])
    initial = {inner[name]: tensor for name, tensor in before.items()}
    sequence = graph.add("Reshape", x_gates, shape)
    outputs = graph.add_scan(body, initial, sequence, item, backwards=backwards)
    return outputs, {name: f"{body.name}_{inner[name]}_last" for name in before}


def add_cell(
    graph: GraphBuilder, config: ModelConfig, x_gates: str, h_gates: str, before: Mapping[str, str]
) -> dict[str, str]:
    """Adds one layer's cell, as PyTorch's LSTM, GRU and RNN define it; returns its new state."""
    add = graph.add
    if config.cell == "rnn":
        activation = {"tanh": "Tanh", "relu": "Relu"}[config.nonlinearity]
        return {"h": add(activation, add("Add", x_gates, h_gates))}
    if config.cell == "gru":
        x_reset, x_update, x_new = graph.add_split(x_gates, 3, axis=-1)
        h_reset, h_update, h_new = graph.add_split(h_gates, 3, axis=-1)
        reset = add("Sigmoid", add("Add", x_reset, h_reset))
        update = add("Sigmoid", add("Add", x_update, h_update))
        new = add("Tanh", add("Add", x_new, add("Mul", reset, h_new)))
        # (1 - update) * new + update * h, with one product less.
        kept = add("Mul", update, add("Sub", before["h"], new))
        return {"h": add("Add", new, kept)}
    gates = add("Add", x_gates, h_gates)
    input_gate, forget_gate, cell_gate, output_gate = graph.add_split(gates, 4, axis=-1)
    kept = add("Mul", add("Sigmoid", forget_gate), before["c"])
    cell = add("Add", kept, add("Mul", add("Sigmoid", input_gate), add("Tanh", cell_gate)))
    return {"h": add("Mul", add("Sigmoid", output_gate), add("Tanh", cell)), "c": cell}
