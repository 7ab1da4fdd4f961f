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

from .calibration import Limits
from .nodes import Nodes

FLOAT = TensorProto.FLOAT
ZERO = "int8.zero_float"  # what a table's integers have for 0


@dataclass(frozen=True)
class Activations:
    """Rows [B, K] as products read them.

    Attributes:
        rows: their name in the graph.
        step: name of what one of their integers is worth; none where they are fp32.
    """

    rows: str
    step: str = ""


class Precision(Protocol):
    """A way to store weights, to use them in a graph, and to read them back."""

    name: str
    quantises_activations: bool

    def activations(self, graph: Nodes, rows: str, limit: float) -> Activations:
        """Adds what products with fp32 rows [B, K] have in common.

        Args:
            graph: where to.
            rows: name of the rows.
            limit: the largest magnitude that matters.
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

    def activations(self, graph: Nodes, rows: str, limit: float) -> Activations:
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
    """Weights as 8-bit integers with fp32 scales, and integer products.

    A matrix has one scale for each output, a table one for all its rows, which are activations too.
    Activations are quantised in the graph by scales that never change. Integers add up to the same
    sum in any order, so a row's numbers depend on no other row, and on no kernel.
    """

    name = "int8"
    quantises_activations = True
    # The largest activation of a row and the largest weight of an output. Activations are stored
    # from 0 to twice this. Processors without VNNI add two neighbouring products in 16 bits, and
    # 2 * (2 * 90) * 90 is the most that fits.
    LARGEST = 90

    def activations(self, graph: Nodes, rows: str, limit: float) -> Activations:
        step = graph.store(f"int8.step.{limit:.6g}", np.float32(limit / self.LARGEST))
        return Activations(graph.add("QuantizeLinear", rows, step, self._zero(graph)), step)

    def gather(self, graph: Nodes, name: str, table: np.ndarray, ids: str) -> Activations:
        values, step = self._store_table(graph, name, table)
        graph.store(ZERO, np.float32(self.LARGEST))
        return Activations(graph.add("Gather", values, ids), step)

    def linear(
        self, graph: Nodes, rows: Activations, name: str, weight: np.ndarray, bias: str | None
    ) -> str:
        columns, scales = self._columns(graph, name, weight)
        inputs = [rows.rows, columns, rows.step, scales, self._zero(graph)]
        if bias:
            inputs += ["", bias]
        return graph.add("MatMulIntegerToFloat", *inputs, domain="com.microsoft")

    def read(self, name: str, stored: Mapping[str, np.ndarray]) -> np.ndarray:
        if f"{name}.uint8" in stored:
            whole = stored[f"{name}.uint8"].astype(np.float32) - self.LARGEST
            return whole * stored[f"{name}.step"]
        return stored[f"{name}.int8"] * stored[f"{name}.scale"]

    def step_size(self, name: str, stored: Mapping[str, np.ndarray]) -> np.ndarray:
        if f"{name}.uint8" in stored:
            return np.full(stored[f"{name}.uint8"].shape, stored[f"{name}.step"])
        return np.broadcast_to(stored[f"{name}.scale"], stored[f"{name}.int8"].shape)

    def _zero(self, graph: Nodes) -> str:
        return graph.store("int8.zero", np.uint8(self.LARGEST))

    def _columns(self, graph: Nodes, name: str, weight: np.ndarray) -> tuple[str, str]:
        """Adds a weight [N, K] as integers [K, N], and its scales [N].

        What is added are constants, which ONNX Runtime works out when it loads the graph.
        """
        if f"{name}.uint8" in graph.initializers:  # a table that is an output matrix as well
            table, scales = f"{name}.uint8", f"{name}.step"
            whole = graph.add("Sub", graph.add("Cast", table, to=FLOAT), ZERO)
            values = graph.add("Cast", whole, to=TensorProto.INT8)
            size = graph.store(f"{name}.outputs", np.array([len(weight)]))
            by_output = graph.add("Expand", scales, size)
        else:
            largest = np.abs(weight).max(axis=1, keepdims=True)
            steps = np.where(largest > 0, largest / self.LARGEST, 1).astype(np.float32)
            values = graph.store(f"{name}.int8", np.rint(weight / steps).astype(np.int8))
            scales = graph.store(f"{name}.scale", steps)
            by_output = graph.add("Squeeze", scales, graph.store("last_axis", np.array([-1])))
        return graph.add("Transpose", values, name=f"{name}.columns", perm=[1, 0]), by_output

    def _store_table(self, graph: Nodes, name: str, table: np.ndarray) -> tuple[str, str]:
        """Keeps a table as integers from 0 to twice `LARGEST`, and what one of them is worth."""
        step = np.float32(np.abs(table).max() / self.LARGEST or 1)
        values = np.rint(table / step + self.LARGEST).astype(np.uint8)
        return graph.store(f"{name}.uint8", values), graph.store(f"{name}.step", step)


@dataclass(frozen=True)
class Weights:
    """A model's weights, by name as fp32 arrays, and how a graph is to have them.

    Attributes:
        limits: The largest activations that matter, by the layer that reads them.
    """

    arrays: Mapping[str, np.ndarray]
    precision: Precision
    limits: Limits

    def activations(self, graph: Nodes, rows: str, reader: str) -> Activations:
        """See `Precision.activations`."""
        return self.precision.activations(graph, rows, self.limits.get(reader, 1.0))

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
        elif node.op_type == "Gather" and node.input[0].endswith(".uint8"):
            picked = add("Gather", list(node.input), f"{out}_picked")
            whole = add("Cast", [picked], f"{out}_cast", to=FLOAT)
            add("Sub", [whole, ZERO], out)
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
