"""How a graph stores its weight matrices and multiplies by them: in fp32 or in 8 bits.

A weight has its name in the checkpoint (`recurrent.weight_ih_l0`) and PyTorch's layout [N, K]:
N outputs, K inputs. Biases and states are fp32 in every precision.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from onnx import GraphProto, ModelProto, TensorProto, helper

from .nodes import Nodes

FLOAT = TensorProto.FLOAT


class Precision(Protocol):
    """A way to store weights, to use them in a graph, and to read them back."""

    name: str
    quantises_activations: bool

    def linear(
        self, graph: Nodes, rows: str, name: str, weight: np.ndarray, bias: str | None
    ) -> str:
        """Adds rows [rows, K] times weight [N, K] transposed, plus bias; returns [rows, N]."""

    def gather(self, graph: Nodes, name: str, table: np.ndarray, ids: str) -> str:
        """Adds the look-up of fp32 rows of a table [N, K]; returns [ids, K]."""

    def read(self, name: str, stored: Mapping[str, np.ndarray]) -> np.ndarray:
        """Returns the fp32 weight [N, K] that the graph computes with.

        Raises:
            KeyError: no weight of this name is stored.
        """

    def step_size(self, name: str, stored: Mapping[str, np.ndarray]) -> np.ndarray:
        """Returns the distance between neighbouring stored values, for each weight [N, K]."""


class Fp32:
    """Weights as they are; a tied output layer shares the embedding's tensor."""

    name = "fp32"
    quantises_activations = False

    def linear(
        self, graph: Nodes, rows: str, name: str, weight: np.ndarray, bias: str | None
    ) -> str:
        inputs = [rows, graph.store(name, weight), *([bias] if bias else [])]
        return graph.add("Gemm", *inputs, transB=1)

    def gather(self, graph: Nodes, name: str, table: np.ndarray, ids: str) -> str:
        return graph.add("Gather", graph.store(name, table), ids)

    def read(self, name: str, stored: Mapping[str, np.ndarray]) -> np.ndarray:
        return stored[name]

    def step_size(self, name: str, stored: Mapping[str, np.ndarray]) -> np.ndarray:
        return np.zeros_like(stored[name])


class Int8:
    """Weights as 8-bit integers with one fp32 scale for each output, and integer products.

    Activations are quantised in the graph by a scale of their own for each row. Integers add up
    to the same sum in any order, so a row's numbers depend on no other row, and on no kernel.
    """

    name = "int8"
    quantises_activations = True
    # The largest activation of a row and the largest weight of an output. Activations are stored
    # from 0 to twice this. Processors without VNNI add two neighbouring products in 16 bits, and
    # 2 * (2 * 90) * 90 is the most that fits.
    LARGEST = 90

    def linear(
        self, graph: Nodes, rows: str, name: str, weight: np.ndarray, bias: str | None
    ) -> str:
        values, scales = self._store(graph, name, weight)
        columns = graph.add("Transpose", values, name=f"{name}.columns", perm=[1, 0])
        by_output = graph.add("Squeeze", scales, graph.store("last_axis", np.array([-1])))
        quantised, scale, zero = self._quantise(graph, rows)
        total = graph.add("Cast", graph.add("MatMulInteger", quantised, columns, zero), to=FLOAT)
        product = graph.add("Mul", graph.add("Mul", total, scale), by_output)
        return graph.add("Add", product, bias) if bias else product

    def gather(self, graph: Nodes, name: str, table: np.ndarray, ids: str) -> str:
        values, scales = self._store(graph, name, table)
        picked = graph.add("Cast", graph.add("Gather", values, ids), to=FLOAT)
        return graph.add("Mul", picked, graph.add("Gather", scales, ids))

    def read(self, name: str, stored: Mapping[str, np.ndarray]) -> np.ndarray:
        return stored[f"{name}.int8"] * stored[f"{name}.scale"]

    def step_size(self, name: str, stored: Mapping[str, np.ndarray]) -> np.ndarray:
        return np.broadcast_to(stored[f"{name}.scale"], stored[f"{name}.int8"].shape)

    def _quantise(self, graph: Nodes, rows: str) -> tuple[str, str, str]:
        """Returns rows [B, K] as uint8, what their steps are worth [B, 1], and the zero point."""
        last = graph.store("last_axis", np.array([-1]))
        tiny = graph.store("tiny", np.float32(1e-30))  # a row of zeros
        steps = graph.store("int8.steps", np.float32(self.LARGEST))
        one = graph.store("one", np.float32(1))
        zero = graph.store("int8.zero", np.uint8(self.LARGEST))
        largest = graph.add("ReduceMax", graph.add("Abs", rows), last)
        scale = graph.add("Div", graph.add("Max", largest, tiny), steps)
        quantised = graph.add("QuantizeLinear", graph.add("Div", rows, scale), one, zero)
        return quantised, scale, zero

    def _store(self, graph: Nodes, name: str, weight: np.ndarray) -> tuple[str, str]:
        """Keeps a weight as integers [N, K] and scales [N, 1]."""
        largest = np.abs(weight).max(axis=1, keepdims=True)
        scales = np.where(largest > 0, largest / self.LARGEST, 1).astype(np.float32)
        values = np.rint(weight / scales).astype(np.int8)
        return graph.store(f"{name}.int8", values), graph.store(f"{name}.scale", scales)


PRECISIONS: dict[str, Precision] = {each.name: each for each in (Fp32(), Int8())}


def without_rounding(model: ModelProto) -> ModelProto:
    """Returns a graph that computes the same but for the rounding of its activations."""
    exact = ModelProto()
    exact.CopyFrom(model)
    _stop_rounding(exact.graph)
    return exact


def _stop_rounding(graph: GraphProto) -> None:
    nodes = list(graph.node)
    del graph.node[:]
    for node in nodes:
        if node.op_type == "QuantizeLinear":
            node = helper.make_node("Identity", node.input[:1], node.output)
        elif node.op_type == "MatMulInteger":
            rows, columns, _ = node.input
            weight = f"{node.output[0]}_weight"
            graph.node.append(helper.make_node("Cast", [columns], [weight], to=FLOAT))
            node = helper.make_node("MatMul", [rows, weight], node.output)
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _stop_rounding(attribute.g)
        graph.node.append(node)
