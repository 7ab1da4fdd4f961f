"""The step graph: one token in, the next token's log-probabilities and the new state out.

One row is one hypothesis. The graph is the same for every cell except for the gates. Gate order
and weight names are PyTorch's, so that weights can be read back.

Shapes: B rows, P rows of the incoming state, S tokens, L layers, H hidden size, V vocabulary size.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from lianju.training.recipe import ModelConfig
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, ValueInfoProto, helper

from . import attention, memory
from .calibration import Limits
from .graph_builder import GraphBuilder
from .precision import Weights
from .recurrent import add_cell, add_layer
from .states import CELL_STATES, MEMORY, ROWS, Shape, state_tensors

OPSET = 18
IR_VERSION = 9
# Keys of the graph's metadata; its weights can be read back with their values.
CONFIG = "lianju.config"
PRECISION = "lianju.precision"

HIDDEN = "hidden"
LAST = np.array([-1])

_TYPES = {"int64": TensorProto.INT64, "float32": TensorProto.FLOAT, "bool": TensorProto.BOOL}


def graph_inputs(config: ModelConfig) -> dict[str, dict[str, Any]]:
    """Returns the graph's inputs by name, as the manifest lists them."""
    vocabulary = config.vocabulary_size
    return {
        "token": {"dtype": "int64", "shape": ["rows"]},
        "parent": {"dtype": "int64", "shape": ["rows"]},
        **{
            name: {"dtype": "float32", "shape": _sizes(name, shape, "previous_rows")}
            for name, shape in state_tensors(config).items()
        },
        "k": {"dtype": "int64", "shape": [1]},
        "mask": {"dtype": "float32", "shape": ["masks", vocabulary], "optional": True},
        "mask_row": {"dtype": "int64", "shape": ["mask_rows"], "optional": True},
        "predict": {"dtype": "bool", "shape": [1], "optional": True},
        "before": {"dtype": "int64", "shape": ["steps", "before_rows"], "optional": True},
        "target_row": {"dtype": "int64", "shape": ["targets"], "optional": True},
        "target_token": {"dtype": "int64", "shape": ["targets"], "optional": True},
    }


def graph_outputs(config: ModelConfig) -> dict[str, dict[str, Any]]:
    """Returns the graph's outputs by name, as the manifest lists them."""
    return {
        "log_prob": {"dtype": "float32", "shape": ["rows", config.vocabulary_size]},
        "top_log_prob": {"dtype": "float32", "shape": ["rows", "k"]},
        "top_token": {"dtype": "int64", "shape": ["rows", "k"]},
        "target_log_prob": {"dtype": "float32", "shape": ["targets"]},
        **{
            f"{name}_next": {"dtype": "float32", "shape": _sizes(name, shape, "rows", "_next")}
            for name, shape in state_tensors(config).items()
        },
    }


def build_step_graph(
    config: ModelConfig,
    weights: Mapping[str, NDArray[np.float32]],
    precision: type[Weights],
    unknown: int,
    limits: Limits,
) -> ModelProto:
    """Builds the step graph.

    Args:
        config: Of the model.
        weights: The model's state dictionary as fp32 arrays.
        precision: How weight matrices are stored.
        unknown: Id of `<unk>`, the only token that the default mask excludes.
        limits: Of the activations, for a precision that quantizes them.
    """
    graph = GraphBuilder()
    stored = precision(weights, limits)
    prefill, step = GraphBuilder(graph, "prefill"), GraphBuilder(graph, "step")
    _add_prefill(prefill, config, stored)
    _add_step(step, config, stored)
    size = graph.add("Size", graph.initializer("before", np.zeros((0, 1), np.int64)))
    has_before = graph.add("Greater", size, graph.initializer("none", np.array(0)))
    states = [f"{name}_next" for name in state_tensors(config) if name not in MEMORY]
    if config.has_memory:
        memory.reorder(graph)
    graph.add_if(has_before, prefill, step, dict.fromkeys([*states, HIDDEN], np.float32))
    _add_prediction(graph, config, stored)
    _add_targets(graph)
    _add_top_k(graph, config.vocabulary_size, unknown)

    model = make_model(graph, "step", graph_inputs(config), graph_outputs(config))
    settings = {"vocabulary_size": config.vocabulary_size, **config.model_dump()}
    helper.set_model_props(model, {CONFIG: json.dumps(settings), PRECISION: precision.name})
    return model


def make_model(
    graph: GraphBuilder,
    name: str,
    inputs: Mapping[str, Mapping[str, Any]],
    outputs: Mapping[str, Mapping[str, Any]],
) -> ModelProto:
    """Returns a graph as a model, with its inputs and outputs as the manifest lists them."""
    body = helper.make_graph(
        graph.nodes,
        name,
        [_declare(name, info) for name, info in inputs.items()],
        [_declare(name, info) for name, info in outputs.items()],
        list(graph.initializers.values()),
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(
        body, opset_imports=opsets, ir_version=IR_VERSION, producer_name="lianju"
    )


def _sizes(name: str, shape: Shape, rows: str, after: str = "") -> list[int | str]:
    """Returns a state tensor's shape with names for the sizes that vary."""
    places = "memory_places" if name in MEMORY else f"places{after}"
    names: dict[int | str, str] = {ROWS: rows, 0: places}
    return [names.get(size, size) for size in shape]


def _add_step(graph: GraphBuilder, config: ModelConfig, weights: Weights) -> None:
    """Consumes one token a row: outputs the next state and the last layer's `hidden` [1, B, H]."""
    before = _reorder(graph, config)
    rows = weights.gather(graph, "embedding.weight", "token")
    after = []
    for layer, states in enumerate(before):
        hidden = weights.activations(graph, states["h"], "recurrent")
        x_gates = weights.linear(graph, rows, f"recurrent.weight_ih_l{layer}")
        h_gates = weights.linear(graph, hidden, f"recurrent.weight_hh_l{layer}")
        after.append(add_cell(graph, config, x_gates, h_gates, states))
        rows = weights.activations(graph, after[-1]["h"], "recurrent")
    _stack(graph, after)
    graph.outputs[HIDDEN] = after[-1]["h"]
    if config.attention_heads:
        attention.append_one(graph, config, weights, rows)


def _add_prefill(graph: GraphBuilder, config: ModelConfig, weights: Weights) -> None:
    """Consumes `before` [S - 1, B] and then `token`: outputs the same as `_add_step`.

    The products with the input weights are one product a layer for all tokens; only those with the
    hidden state run one after another.
    """
    first = graph.initializer("first_axis", np.array([0]))
    last = graph.initializer("last_axis", LAST)
    tokens = graph.add("Concat", "before", graph.add("Unsqueeze", "token", first), axis=0)
    shape = graph.add("Concat", graph.add("Shape", tokens), last, axis=0)
    rows = weights.gather(graph, "embedding.weight", graph.add("Reshape", tokens, last))
    after = []
    for layer, states in enumerate(_reorder(graph, config)):
        name = f"recurrent_l{layer}"
        outputs, last_states = add_layer(graph, config, weights, name, rows, states, shape)
        after.append(last_states)
        flat = graph.initializer("hidden_rows", np.array([-1, config.hidden_size]))
        rows = weights.activations(graph, graph.add("Reshape", outputs, flat), "recurrent")
    _stack(graph, after)
    graph.outputs[HIDDEN] = after[-1]["h"]
    if config.attention_heads:
        attention.append_many(graph, config, weights, rows, shape)


def _reorder(graph: GraphBuilder, config: ModelConfig) -> list[dict[str, str]]:
    """Reorders the recurrent states [L, P, H] by parent; returns each layer's by name [1, B, H]."""
    layers: list[dict[str, str]] = [{} for _ in range(config.layers)]
    for name in CELL_STATES[config.cell]:
        reordered = graph.add("Gather", name, "parent", axis=1)
        parts = graph.add_split(reordered, config.layers, axis=0)
        for layer, part in zip(layers, parts, strict=True):
            layer[name] = part
    return layers


def _stack(graph: GraphBuilder, layers: Sequence[Mapping[str, str]]) -> None:
    """Stacks the layers' states into the next state."""
    for name in layers[0]:
        parts = [states[name] for states in layers]
        graph.outputs[f"{name}_next"] = graph.add("Concat", *parts, axis=0)


def _add_prediction(graph: GraphBuilder, config: ModelConfig, weights: Weights) -> None:
    """Adds `log_prob` [B, V], or [0, V] if `predict` is false.

    Within a prompt no prediction is needed, and the output layer is almost half of a one-row step.
    """
    predicting, skipping = GraphBuilder(graph, "predicting"), GraphBuilder(graph, "skipping")
    rows = HIDDEN
    if config.attention_heads:
        hidden = weights.activations(predicting, HIDDEN, "recurrent")
        attended = attention.attend(predicting, config, weights, hidden)
        rows = predicting.add("Add", HIDDEN, attended)
    if config.has_memory:
        rows = memory.attend(predicting, config, weights, rows)
    if "projection.weight" in weights.arrays:
        hidden = weights.activations(predicting, rows, "projection")
        rows = weights.linear(predicting, hidden, "projection.weight")
    output = "embedding.weight" if config.tied else "output.weight"
    features = weights.activations(predicting, rows, "output")
    logits = weights.linear(predicting, features, output, bias="output.bias")
    flat = graph.initializer("vocabulary_rows", np.array([-1, config.vocabulary_size]))
    logits = predicting.add("Reshape", logits, flat)
    predicting.outputs["log_prob"] = predicting.add("LogSoftmax", logits, axis=-1)
    nothing = np.zeros((0, config.vocabulary_size), np.float32)
    skipping.outputs["log_prob"] = skipping.add_constant("skipping_log_prob", nothing)
    predict = graph.initializer("predict", np.array([True]))
    graph.add_if(predict, predicting, skipping, {"log_prob": np.float32})


def _add_targets(graph: GraphBuilder) -> None:
    """Adds `target_log_prob` [targets], so that only these numbers have to leave a device."""
    last = graph.initializer("last_axis", LAST)
    none = np.zeros(0, np.int64)
    pairs = [
        graph.add("Unsqueeze", graph.initializer(name, none), last)
        for name in ("target_row", "target_token")
    ]
    places = graph.add("Concat", *pairs, axis=-1)
    graph.add("GatherND", "log_prob", places, name="target_log_prob")


def _add_top_k(graph: GraphBuilder, vocabulary_size: int, unknown: int) -> None:
    """Adds the masked top k [B, k], or [0, 0] for a k of 0.

    TopK puts the lower id first among equals.
    """
    default = np.zeros((1, vocabulary_size), np.float32)
    default[0, unknown] = -np.inf
    masks = graph.initializer("mask", default)
    some, none = GraphBuilder(graph, "some"), GraphBuilder(graph, "none")
    mask = some.add("Gather", masks, graph.initializer("mask_row", np.array([0])))
    allowed = some.add("Add", "log_prob", mask)
    outputs: dict[str, type[np.generic]] = {"top_log_prob": np.float32, "top_token": np.int64}
    some.outputs = {name: f"some_{name}" for name in outputs}
    names = list(some.outputs.values())
    some.nodes.append(helper.make_node("TopK", [allowed, "k"], names, axis=-1))
    for name, dtype in outputs.items():
        none.outputs[name] = none.add_constant(f"none_{name}", np.zeros((0, 0), dtype))
    is_positive = graph.add("Greater", "k", graph.initializer("first_axis", np.array([0])))
    graph.add_if(is_positive, some, none, outputs)


def _declare(name: str, info: Mapping[str, Any]) -> ValueInfoProto:
    # An optional input is one that has an initializer of its name.
    return helper.make_tensor_value_info(name, _TYPES[info["dtype"]], info["shape"])
