"""The step graph: one token in, the next token's log-probabilities and the new state out.

One row is one hypothesis. The graph is the same for every cell but for the gates; PyTorch's own
gate order and weight names are kept, so that weights can be read back.

Shapes: B rows, P rows of the incoming state, L layers, H hidden size, V vocabulary size.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import numpy as np
from lianju.training.model import ModelConfig
from onnx import ModelProto, TensorProto, ValueInfoProto, helper, numpy_helper

from .attention import look_back, remember
from .nodes import Nodes
from .precision import Precision

OPSET = 18
IR_VERSION = 9
# Metadata of the graph that let its weights be read back.
CONFIG = "lianju.config"
PRECISION = "lianju.precision"

Shape = Sequence[int | str]
_TYPES = {"int64": TensorProto.INT64, "float32": TensorProto.FLOAT, "bool": TensorProto.BOOL}


def state_tensors(config: ModelConfig) -> dict[str, tuple[int, int]]:
    """Returns each state tensor's sizes before and after its row axis, by name."""
    recurrent = ("h", "c") if config.cell == "lstm" else ("h",)
    sizes = dict.fromkeys(recurrent, (config.layers, config.hidden_size))
    if config.attention_heads:
        sizes["memory"] = (1, config.attention_window * config.place_size)
    return sizes


def graph_inputs(config: ModelConfig) -> dict[str, dict]:
    """Returns the graph's inputs as the manifest lists them: name to dtype, shape, optional."""
    vocabulary = config.vocabulary_size
    return {
        "token": {"dtype": "int64", "shape": ["rows"]},
        "parent": {"dtype": "int64", "shape": ["rows"]},
        **{
            name: {"dtype": "float32", "shape": [before, "previous_rows", after]}
            for name, (before, after) in state_tensors(config).items()
        },
        "k": {"dtype": "int64", "shape": [1]},
        "mask": {"dtype": "float32", "shape": ["masks", vocabulary], "optional": True},
        "mask_row": {"dtype": "int64", "shape": ["mask_rows"], "optional": True},
        "predict": {"dtype": "bool", "shape": [1], "optional": True},
        "target": {"dtype": "int64", "shape": ["targets"], "optional": True},
    }


def graph_outputs(config: ModelConfig) -> dict[str, dict]:
    """Returns the graph's outputs as the manifest lists them: name to dtype and shape."""
    return {
        "log_prob": {"dtype": "float32", "shape": ["rows", config.vocabulary_size]},
        "top_log_prob": {"dtype": "float32", "shape": ["rows", "k"]},
        "top_token": {"dtype": "int64", "shape": ["rows", "k"]},
        "target_log_prob": {"dtype": "float32", "shape": ["rows"]},
        **{
            f"{name}_next": {"dtype": "float32", "shape": [before, "rows", after]}
            for name, (before, after) in state_tensors(config).items()
        },
    }


def build_step_graph(
    config: ModelConfig, weights: Mapping[str, np.ndarray], precision: Precision, unknown: int
) -> ModelProto:
    """Builds the step graph.

    Args:
        config: the model's.
        weights: the model's state dictionary as fp32 arrays.
        precision: how weight matrices are stored.
        unknown: id of `<unk>`, the one token that the default mask excludes.

    Raises:
        ExportError: the precision cannot hold these shapes.
    """
    graph = Nodes()
    states = state_tensors(config)
    incoming = {name: _layers(graph, config, name) for name in states if name != "memory"}
    outgoing: dict[str, list[str]] = {name: [] for name in states}

    def linear(graph: Nodes, rows: str, weight: str) -> str:
        bias = weight.replace("weight", "bias")
        stored = graph.store(bias, weights[bias]) if bias in weights else None
        return precision.linear(graph, rows, weight, weights[weight], stored)

    hidden = precision.gather(graph, "embedding.weight", weights["embedding.weight"], "token")
    for layer in range(config.layers):
        before = {name: states[layer] for name, states in incoming.items()}
        x_gates, h_gates = (
            linear(graph, rows, f"recurrent.weight_{gate}")
            for rows, gate in ((hidden, f"ih_l{layer}"), (before["h"], f"hh_l{layer}"))
        )
        after = _cell(graph, config, x_gates, h_gates, before)
        for name, state in after.items():
            outgoing[name].append(state)
        hidden = after["h"]

    branch = Nodes(outer=graph)
    if config.attention_heads:
        memory = remember(graph, config, hidden, linear)
        outgoing["memory"].append(memory)
        hidden = look_back(branch, config, weights, hidden, memory, linear)
    if "projection.weight" in weights:
        hidden = linear(branch, hidden, "projection.weight")
    output = "embedding.weight" if config.tied else "output.weight"
    bias = graph.store("output.bias", weights["output.bias"]) if config.bias else None
    logits = precision.linear(branch, hidden, output, weights[output], bias)
    log_prob = branch.add("LogSoftmax", logits, axis=-1, name="then_log_prob")
    _choose(branch, log_prob, config.vocabulary_size, unknown)
    _predict(graph, branch, config.vocabulary_size)

    for name, parts in outgoing.items():
        before, after = states[name]
        shape = graph.store(f"{name}.shape", np.array([before, -1, after]))
        graph.add("Reshape", graph.add("Concat", *parts, axis=0), shape, name=f"{name}_next")

    body = helper.make_graph(
        graph.nodes,
        "step",
        [_declare(name, **it) for name, it in graph_inputs(config).items()],
        [_declare(name, **it) for name, it in graph_outputs(config).items()],
        list(graph.initializers.values()),
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(
        body, opset_imports=opsets, ir_version=IR_VERSION, producer_name="lianju"
    )
    helper.set_model_props(model, {CONFIG: json.dumps(asdict(config)), PRECISION: precision.name})
    return model


def _layers(graph: Nodes, config: ModelConfig, name: str) -> list[str]:
    """Reorders a state [L, P, H] by parent and returns its layers, each [B, H]."""
    reordered = graph.add("Gather", name, "parent", axis=1)
    first = graph.store("first_axis", np.array([0]))
    parts = graph.split(reordered, config.layers, axis=0)
    return [graph.add("Squeeze", part, first) for part in parts]


def _cell(
    graph: Nodes, config: ModelConfig, x_gates: str, h_gates: str, before: Mapping[str, str]
) -> dict[str, str]:
    """Adds one layer's cell, as PyTorch's LSTM, GRU and RNN define it; returns its new state."""
    add = graph.add
    if config.cell == "rnn":
        activation = {"tanh": "Tanh", "relu": "Relu"}[config.nonlinearity]
        return {"h": add(activation, add("Add", x_gates, h_gates))}
    if config.cell == "gru":
        x_reset, x_update, x_new = graph.split(x_gates, 3, axis=1)
        h_reset, h_update, h_new = graph.split(h_gates, 3, axis=1)
        reset = add("Sigmoid", add("Add", x_reset, h_reset))
        update = add("Sigmoid", add("Add", x_update, h_update))
        new = add("Tanh", add("Add", x_new, add("Mul", reset, h_new)))
        # (1 - update) * new + update * h, with one product less.
        kept = add("Mul", update, add("Sub", before["h"], new))
        return {"h": add("Add", new, kept)}
    gates = add("Add", x_gates, h_gates)
    enter, forget, new, leave = graph.split(gates, 4, axis=1)
    kept = add("Mul", add("Sigmoid", forget), before["c"])
    cell = add("Add", kept, add("Mul", add("Sigmoid", enter), add("Tanh", new)))
    return {"h": add("Mul", add("Sigmoid", leave), add("Tanh", cell)), "c": cell}


def _choose(graph: Nodes, log_prob: str, vocabulary_size: int, unknown: int) -> None:
    """Adds the masked top k; TopK puts the lower id first among equals."""
    default = np.zeros((1, vocabulary_size), np.float32)
    default[0, unknown] = -np.inf
    masks = graph.store("mask", default)
    rows = graph.store("mask_row", np.array([0]))
    allowed = graph.add("Add", log_prob, graph.add("Gather", masks, rows))
    graph.nodes.append(
        helper.make_node("TopK", [allowed, "k"], ["then_top_log_prob", "then_top_token"], axis=-1)
    )
    _look_up(graph, log_prob)


def _look_up(graph: Nodes, log_prob: str) -> None:
    """Adds the log-probability [B] of one token a row, before any mask."""
    target = graph.store("target", np.array([0]))  # the same for all, if nobody wants any
    zero, last = graph.store("first_axis", np.array([0])), graph.store("second_axis", np.array([1]))
    rows = graph.add("Slice", graph.add("Shape", log_prob), zero, last, zero)
    column = graph.add("Unsqueeze", graph.add("Expand", target, rows), last)
    picked = graph.add("GatherElements", log_prob, column, axis=1)
    graph.add("Squeeze", picked, last, name="then_target_log_prob")


def _predict(graph: Nodes, branch: Nodes, vocabulary_size: int) -> None:
    """Adds the choice between the output layer and none, for tokens within a prompt.

    Nobody reads what would follow them, and the output layer is almost half of a one-row step.
    Without it the outputs have no rows.
    """
    outputs: dict[str, tuple[int, list[int]]] = {
        "log_prob": (TensorProto.FLOAT, [vocabulary_size]),
        "top_log_prob": (TensorProto.FLOAT, [1]),
        "top_token": (TensorProto.INT64, [1]),
        "target_log_prob": (TensorProto.FLOAT, []),
    }
    nothing = Nodes(outer=graph)
    for name, (dtype, sizes) in outputs.items():
        empty = numpy_helper.from_array(
            np.zeros((0, *sizes), helper.tensor_dtype_to_np_dtype(dtype)), f"no_{name}"
        )
        nothing.nodes.append(helper.make_node("Constant", [], [f"else_{name}"], value=empty))
    branches = {
        f"{way}_branch": helper.make_graph(
            nodes.nodes,
            way,
            [],
            [
                helper.make_tensor_value_info(f"{way}_{name}", dtype, [None] * (1 + len(sizes)))
                for name, (dtype, sizes) in outputs.items()
            ],
        )
        for way, nodes in (("then", branch), ("else", nothing))
    }
    wanted = graph.store("predict", np.array([True]))
    graph.nodes.append(helper.make_node("If", [wanted], list(outputs), **branches))


def _declare(name: str, dtype: str, shape: Shape, optional: bool = False) -> ValueInfoProto:
    # An optional input is one that has an initializer of its name.
    return helper.make_tensor_value_info(name, _TYPES[dtype], shape)
