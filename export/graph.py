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
from onnx import ModelProto, TensorProto, ValueInfoProto, helper

from . import attention
from .calibration import Limits
from .nodes import Nodes
from .precision import Precision, Weights
from .states import RECURRENT, ROWS, Shape, state_tensors

OPSET = 18
IR_VERSION = 9
# Metadata of the graph that let its weights be read back.
CONFIG = "lianju.config"
PRECISION = "lianju.precision"

HIDDEN = "hidden"
LAST = np.array([-1])

_TYPES = {"int64": TensorProto.INT64, "float32": TensorProto.FLOAT, "bool": TensorProto.BOOL}


def graph_inputs(config: ModelConfig) -> dict[str, dict]:
    """Returns the graph's inputs as the manifest lists them: name to dtype, shape, optional."""
    vocabulary = config.vocabulary_size
    return {
        "token": {"dtype": "int64", "shape": ["rows"]},
        "parent": {"dtype": "int64", "shape": ["rows"]},
        **{
            name: {"dtype": "float32", "shape": _sizes(shape, "previous_rows", "places")}
            for name, shape in state_tensors(config).items()
        },
        "k": {"dtype": "int64", "shape": [1]},
        "mask": {"dtype": "float32", "shape": ["masks", vocabulary], "optional": True},
        "mask_row": {"dtype": "int64", "shape": ["mask_rows"], "optional": True},
        "predict": {"dtype": "bool", "shape": [1], "optional": True},
        "before": {"dtype": "int64", "shape": ["steps", "before_rows"], "optional": True},
    }


def graph_outputs(config: ModelConfig) -> dict[str, dict]:
    """Returns the graph's outputs as the manifest lists them: name to dtype and shape."""
    return {
        "log_prob": {"dtype": "float32", "shape": ["rows", config.vocabulary_size]},
        "top_log_prob": {"dtype": "float32", "shape": ["rows", "k"]},
        "top_token": {"dtype": "int64", "shape": ["rows", "k"]},
        **{
            f"{name}_next": {"dtype": "float32", "shape": _sizes(shape, "rows", "places_next")}
            for name, shape in state_tensors(config).items()
        },
    }


def build_step_graph(
    config: ModelConfig,
    weights: Mapping[str, np.ndarray],
    precision: Precision,
    unknown: int,
    limits: Limits,
) -> ModelProto:
    """Builds the step graph.

    Args:
        config: the model's.
        weights: the model's state dictionary as fp32 arrays.
        precision: how weight matrices are stored.
        unknown: id of `<unk>`, the one token that the default mask excludes.
        limits: of the activations, for a precision that quantises them.
    """
    graph = Nodes()
    stored = Weights(weights, precision, limits)
    reading, stepping = Nodes(graph, "reading"), Nodes(graph, "stepping")
    _read(reading, config, stored)
    _step(stepping, config, stored)
    steps = graph.add("Size", graph.store("before", np.zeros((0, 1), np.int64)))
    many = graph.add("Greater", steps, graph.store("none", np.array(0)))
    after = [f"{name}_next" for name in state_tensors(config)]
    graph.choose(many, reading, stepping, dict.fromkeys([*after, HIDDEN], np.float32))
    _predict(graph, config, stored)
    _choose(graph, config.vocabulary_size, unknown)

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


def _sizes(shape: Shape, rows: str, places: str) -> list[int | str]:
    """Returns a state tensor's shape with names for the sizes that vary."""
    return [{ROWS: rows, 0: places}.get(size, size) for size in shape]


def _step(graph: Nodes, config: ModelConfig, weights: Weights) -> None:
    """Consumes one token a row: adds the state after it, and `hidden` [1, B, H] on top."""
    before = _reordered(graph, config)
    rows = weights.gather(graph, "embedding.weight", "token")
    after = []
    for layer, states in enumerate(before):
        recalled = weights.activations(graph, states["h"], "recurrent")
        x_gates = weights.linear(graph, rows, f"recurrent.weight_ih_l{layer}")
        h_gates = weights.linear(graph, recalled, f"recurrent.weight_hh_l{layer}")
        after.append(_cell(graph, config, x_gates, h_gates, states))
        rows = weights.activations(graph, after[-1]["h"], "recurrent")
    _stack(graph, after)
    graph.results[HIDDEN] = after[-1]["h"]
    if config.attention_heads:
        attention.remember(graph, config, weights, rows)


def _read(graph: Nodes, config: ModelConfig, weights: Weights) -> None:
    """Consumes `before` [S, B] and then `token`: adds the same as `_step`.

    All tokens' products with the input weights are one product a layer; only those with the
    hidden state have to wait for each other.
    """
    first = graph.store("first_axis", np.array([0]))
    tokens = graph.add("Concat", "before", graph.add("Unsqueeze", "token", first), axis=0)
    shape = graph.add("Concat", graph.add("Shape", tokens), graph.store("last_axis", LAST), axis=0)
    flat = graph.add("Reshape", tokens, graph.store("last_axis", LAST))
    rows = weights.gather(graph, "embedding.weight", flat)
    after = []
    for layer, states in enumerate(_reordered(graph, config)):
        x_gates = weights.linear(graph, rows, f"recurrent.weight_ih_l{layer}")
        body = Nodes(graph, f"layer{layer}")
        inner = {name: f"{body.name}_{name}" for name in states}
        recalled = weights.activations(body, inner["h"], "recurrent")
        h_gates = weights.linear(body, recalled, f"recurrent.weight_hh_l{layer}")
        item = f"{body.name}_x_gates"
        body.results = _cell(body, config, item, h_gates, inner)
        # A scan's outputs must be different tensors.
        body.results["output"] = body.add("Identity", body.results["h"])
        before = {inner[name]: tensor for name, tensor in states.items()}
        body.results |= {inner[name]: body.results[name] for name in states}
        outputs = graph.scan(body, before, graph.add("Reshape", x_gates, shape), item)
        after.append({name: f"{body.name}_{inner[name]}_last" for name in states})
        each = graph.store("hidden_rows", np.array([-1, config.hidden_size]))
        rows = weights.activations(graph, graph.add("Reshape", outputs, each), "recurrent")
    _stack(graph, after)
    graph.results[HIDDEN] = after[-1]["h"]
    if config.attention_heads:
        attention.remember_all(graph, config, weights, rows, shape)


def _reordered(graph: Nodes, config: ModelConfig) -> list[dict[str, str]]:
    """Reorders the recurrent states [L, P, H] by parent: each layer's, by name, each [1, B, H]."""
    layers: list[dict[str, str]] = [{} for _ in range(config.layers)]
    for name in RECURRENT[config.cell]:
        reordered = graph.add("Gather", name, "parent", axis=1)
        for layer, part in zip(layers, graph.split(reordered, config.layers, axis=0), strict=True):
            layer[name] = part
    return layers


def _stack(graph: Nodes, layers: Sequence[Mapping[str, str]]) -> None:
    """Puts the layers' states together again, as the graph's next state."""
    for name in layers[0]:
        parts = [states[name] for states in layers]
        graph.results[f"{name}_next"] = graph.add("Concat", *parts, axis=0)


def _cell(
    graph: Nodes, config: ModelConfig, x_gates: str, h_gates: str, before: Mapping[str, str]
) -> dict[str, str]:
    """Adds one layer's cell, as PyTorch's LSTM, GRU and RNN define it; returns its new state."""
    add = graph.add
    if config.cell == "rnn":
        activation = {"tanh": "Tanh", "relu": "Relu"}[config.nonlinearity]
        return {"h": add(activation, add("Add", x_gates, h_gates))}
    if config.cell == "gru":
        x_reset, x_update, x_new = graph.split(x_gates, 3, axis=-1)
        h_reset, h_update, h_new = graph.split(h_gates, 3, axis=-1)
        reset = add("Sigmoid", add("Add", x_reset, h_reset))
        update = add("Sigmoid", add("Add", x_update, h_update))
        new = add("Tanh", add("Add", x_new, add("Mul", reset, h_new)))
        # (1 - update) * new + update * h, with one product less.
        kept = add("Mul", update, add("Sub", before["h"], new))
        return {"h": add("Add", new, kept)}
    gates = add("Add", x_gates, h_gates)
    enter, forget, new, leave = graph.split(gates, 4, axis=-1)
    kept = add("Mul", add("Sigmoid", forget), before["c"])
    cell = add("Add", kept, add("Mul", add("Sigmoid", enter), add("Tanh", new)))
    return {"h": add("Mul", add("Sigmoid", leave), add("Tanh", cell)), "c": cell}


def _predict(graph: Nodes, config: ModelConfig, weights: Weights) -> None:
    """Adds `log_prob` [B, V], or [0, V] where nobody wants to know what follows.

    So it is within a prompt, and the output layer is almost half of a one-row step.
    """
    spoken, silent = Nodes(graph, "spoken"), Nodes(graph, "silent")
    rows = HIDDEN
    if config.attention_heads:
        hidden = weights.activations(spoken, HIDDEN, "recurrent")
        rows = spoken.add("Add", HIDDEN, attention.look_back(spoken, config, weights, hidden))
    if "projection.weight" in weights.arrays:
        wide = weights.activations(spoken, rows, "projection")
        rows = weights.linear(spoken, wide, "projection.weight")
    output = "embedding.weight" if config.tied else "output.weight"
    read = weights.activations(spoken, rows, "output")
    logits = weights.linear(spoken, read, output, bias="output.bias")
    each = graph.store("vocabulary_rows", np.array([-1, config.vocabulary_size]))
    logits = spoken.add("Reshape", logits, each)
    spoken.results["log_prob"] = spoken.add("LogSoftmax", logits, axis=-1)
    nothing = np.zeros((0, config.vocabulary_size), np.float32)
    silent.results["log_prob"] = silent.constant("silent_log_prob", nothing)
    wanted = graph.store("predict", np.array([True]))
    graph.choose(wanted, spoken, silent, {"log_prob": np.float32})


def _choose(graph: Nodes, vocabulary_size: int, unknown: int) -> None:
    """Adds the masked top k [B, k], or [0, 0] for a k of 0.

    TopK puts the lower id first among equals.
    """
    default = np.zeros((1, vocabulary_size), np.float32)
    default[0, unknown] = -np.inf
    masks = graph.store("mask", default)
    some, none = Nodes(graph, "some"), Nodes(graph, "none")
    mask = some.add("Gather", masks, graph.store("mask_row", np.array([0])))
    allowed = some.add("Add", "log_prob", mask)
    outputs = {"top_log_prob": np.float32, "top_token": np.int64}
    some.results = {name: f"some_{name}" for name in outputs}
    found = list(some.results.values())
    some.nodes.append(helper.make_node("TopK", [allowed, "k"], found, axis=-1))
    for name, dtype in outputs.items():
        none.results[name] = none.constant(f"none_{name}", np.zeros((0, 0), dtype))
    wanted = graph.add("Greater", "k", graph.store("first_axis", np.array([0])))
    graph.choose(wanted, some, none, outputs)


def _declare(
    name: str, dtype: str, shape: Sequence[int | str], optional: bool = False
) -> ValueInfoProto:
    # An optional input is one that has an initializer of its name.
    return helper.make_tensor_value_info(name, _TYPES[dtype], shape)
