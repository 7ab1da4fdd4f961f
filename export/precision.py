"""How a graph stores its weight matrices and multiplies by them: in fp32 or in 8 bits.

A weight has its name in the checkpoint (`recurrent.weight_ih_l0`) and PyTorch's layout [N, K]:
N outputs, K inputs. Biases and states are fp32 in every precision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from onnx import GraphProto, ModelProto, TensorProto, helper

from .nodes import Nodes

FLOAT = TensorProto.FLOAT


@dataclass(frozen=True)
class Activations:
    """Rows [B, K] as products read them.

    Attributes:
        rows: their name in the graph.
        scale: what a step of them is worth in each row [B, 1]; None is the same for all rows.
    """

    rows: str
    scale: str | None = None


class Precision(Protocol):
    """A way to store weights, to use them in a graph, and to read them back."""

    name: str
    quantises_activations: bool

    def activations(self, graph: Nodes, rows: str, bounded: bool = False) -> Activations:
        """Adds what products with fp32 rows [B, K] have in common.

        Args:
            graph: where to.
            rows: name of the rows.
            bounded: no number of theirs exceeds 1, as those of gates and of tanh never do.
        """

    def gather(self, graph: Nodes, name: str, table: np.ndarray, ids: str) -> Activations:
        """Adds the look-up of rows of a table [N, K] by ids [B]."""

    def linear(
        self, graph: Nodes, rows: Activations, name: str, weight: np.ndarray, bias: str | None
    ) -> str:
        """Adds rows [B, K] times weight [N, K] transposed, plus bias; returns fp32 [B, N]."""

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

    def activations(self, graph: Nodes, rows: str, bounded: bool = False) -> Activations:
        return Activations(rows)

    def gather(self, graph: Nodes, name: str, table: np.ndarray, ids: str) -> Activations:
        return Activations(graph.add("Gather", graph.store(name, table), ids))

    def linear(
        self, graph: Nodes, rows: Activations, name: str, weight: np.ndarray, bias: str | None
    ) -> str:
        columns = graph.add("Transpose", graph.store(name, weight), perm=[1, 0])
        product = graph.add("MatMul", rows.rows, columns)
        return graph.add("Add", product, bias) if bias else product

    def read(self, name: str, stored: Mapping[str, np.ndarray]) -> np.ndarray:
        return stored[name]

    def step_size(self, name: str, stored: Mapping[str, np.ndarray]) -> np.ndarray:
        return np.zeros_like(stored[name])


class Int8:
    """Weights as 8-bit integers with one fp32 scale for each output, and integer products.

    Activations are quantised in the graph, by a scale of their own for each row or by one that
    never changes. Integers add up to the same sum in any order, so a row's numbers depend on no
    other row, and on no kernel.
    """

    name = "int8"
    quantises_activations = True
    # The largest activation of a row and the largest weight of an output. Activations are stored
    # from 0 to twice this. Processors without VNNI add two neighbouring products in 16 bits, and
    # 2 * (2 * 90) * 90 is the most that fits.
    LARGEST = 90

    def activations(self, graph: Nodes, rows: str, bounded: bool = False) -> Activations:
        zero = self._zero(graph)
        if bounded:
            return Activations(graph.add("QuantizeLinear", rows, self._step(graph), zero))
        last = graph.store("last_axis", np.array([-1]))
        tiny = graph.store("tiny", np.float32(1e-30))  # a row of zeros
        largest = graph.add("Max", graph.add("ReduceMax", graph.add("Abs", rows), last), tiny)
        scale = graph.add("Mul", largest, self._step(graph))
        whole = graph.add("Div", rows, scale)
        return Activations(graph.add("QuantizeLinear", whole, self._one(graph), zero), scale)

    def gather(self, graph: Nodes, name: str, table: np.ndarray, ids: str) -> Activations:
        values, scales = self._store(graph, name, table)
        picked = graph.add("Cast", graph.add("Gather", values, ids), to=FLOAT)
        rows = graph.add("QuantizeLinear", picked, self._one(graph), self._zero(graph))
        return Activations(rows, graph.add("Gather", scales, ids))

    def linear(
        self, graph: Nodes, rows: Activations, name: str, weight: np.ndarray, bias: str | None
    ) -> str:
        values, scales = self._store(graph, name, weight)
        columns = graph.add("Transpose", values, name=f"{name}.columns", perm=[1, 0])
        by_output = graph.add("Squeeze", scales, graph.store("last_axis", np.array([-1])))
        step = self._one(graph) if rows.scale else self._step(graph)
        inputs = [rows.rows, columns, step, by_output, self._zero(graph)]
        if not rows.scale and bias:
            inputs += ["", bias]
        product = graph.add("MatMulIntegerToFloat", *inputs, domain="com.microsoft")
        if not rows.scale:
            return product
        scaled = graph.add("Mul", product, rows.scale)
        return graph.add("Add", scaled, bias) if bias else scaled

    def read(self, name: str, stored: Mapping[str, np.ndarray]) -> np.ndarray:
        return stored[f"{name}.int8"] * stored[f"{name}.scale"]

    def step_size(self, name: str, stored: Mapping[str, np.ndarray]) -> np.ndarray:
        return np.broadcast_to(stored[f"{name}.scale"], stored[f"{name}.int8"].shape)

    def _step(self, graph: Nodes) -> str:
        return graph.store("int8.step", np.float32(1 / self.LARGEST))

    def _zero(self, graph: Nodes) -> str:
        return graph.store("int8.zero", np.uint8(self.LARGEST))

    def _one(self, graph: Nodes) -> str:
        return graph.store("one", np.float32(1))

    def _store(self, graph: Nodes, name: str, weight: np.ndarray) -> tuple[str, str]:
        """Keeps a weight as integers [N, K] and scales [N, 1]."""
        largest = np.abs(weight).max(axis=1, keepdims=True)
        scales = np.where(largest > 0, largest / self.LARGEST, 1).astype(np.float32)
        values = np.rint(weight / scales).astype(np.int8)
        return graph.store(f"{name}.int8", values), graph.store(f"{name}.scale", scales)


@dataclass(frozen=True)
class Weights:
    """A model's weights, by name as fp32 arrays, and how a graph is to have them."""

    arrays: Mapping[str, np.ndarray]
    precision: Precision

    def activations(self, graph: Nodes, rows: str, bounded: bool = False) -> Activations:
        """See `Precision.activations`."""
        return self.precision.activations(graph, rows, bounded)

    def gather(self, graph: Nodes, name: str, ids: str) -> Activations:
        """Adds the look-up of the rows of a weight by ids [B]."""
        return self.precision.gather(graph, name, self.arrays[name], ids)

    def linear(self, graph: Nodes, rows: Activations, name: str, bias: str | None = None) -> str:
        """Adds rows [B, K] times a weight [N, K] transposed, plus its bias if there is one."""
        bias = bias or name.replace("weight", "bias")
        stored = self.store(graph, bias) if bias in self.arrays else None
        return self.precision.linear(graph, rows, name, self.arrays[name], stored)

    def store(self, graph: Nodes, name: str) -> str:
        """Keeps an array as it is."""
        return graph.store(name, self.arrays[name])


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

    def add(operator: str, inputs: list[str], output: str, **attributes) -> str:
        graph.node.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    for node in nodes:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _stop_rounding(attribute.g)
        out = node.output[0]
        if node.op_type == "QuantizeLinear":
            add("Div", node.input[:2], out)
        elif node.op_type == "MatMulIntegerToFloat":
            rows, columns, step, scales, _, *more = node.input
            weight = add("Cast", [columns], f"{out}_whole", to=FLOAT)
            product = add("MatMul", [rows, weight], f"{out}_product")
            scale = add("Mul", [step, scales], f"{out}_scale")
            scaled = add("Mul", [product, scale], f"{out}_scaled" if more else out)
            if more:
                add("Add", [scaled, more[-1]], out)
        else:
            graph.node.append(node)
