"""How a graph stores its weight matrices and multiplies by them: in fp32 or in 8 bits.

A weight has its name in the checkpoint (`recurrent.weight_ih_l0`) and PyTorch's layout [N, K]:
N outputs, K inputs. Biases, states and what scores an
attention are fp32 in every precision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, TensorProto, helper

from .calibration import Limits
from .graph_builder import Array, GraphBuilder

Weight = NDArray[np.float32]

FLOAT = TensorProto.FLOAT
ZERO = "int8.zero_float"  # name of the integer that stands for 0 in a table, as fp32
CLIPPING = np.linspace(1, 0.3, 15)  # shares of a table's largest magnitude that are tried as limit


@dataclass(frozen=True)
class Activations:
    """Rows [B, K] in the form that matrix products take.

    Attributes:
        rows: Their name in the graph.
        scale: Name of their scale, the value of one integer step; empty for fp32.
    """

    rows: str
    scale: str = ""


class Weights:
    """A model's weights in a graph, as fp32; a tied output layer shares the embedding's tensor.

    Args:
        arrays: The weights by name, as fp32 arrays.
        limits: Magnitudes at which activations are clipped, by the layer that reads them.
    """

    name = "fp32"
    quantizes_activations = False

    def __init__(self, arrays: Mapping[str, Weight], limits: Limits) -> None:
        self.arrays, self.limits = arrays, limits

    def activations(self, graph: GraphBuilder, rows: str, reader: str) -> Activations:
        """Prepares fp32 rows [B, K] for the products of one layer."""
        return Activations(rows)

    def gather(self, graph: GraphBuilder, name: str, ids: str) -> Activations:
        """Adds the look-up of the rows of a weight [N, K] by ids [B]."""
        return Activations(graph.add("Gather", self.store(graph, name), ids))

    def linear(
        self, graph: GraphBuilder, rows: Activations, name: str, bias: str | None = None
    ) -> str:
        """Adds rows [B, K] times a weight [N, K] transposed, plus its bias if there is one.

        Returns:
            Name of the fp32 result [B, N].
        """
        bias = bias or name.replace("weight", "bias")
        stored = self.store(graph, bias) if bias in self.arrays else None
        return self._multiply(graph, rows, name, stored)

    def store(self, graph: GraphBuilder, name: str) -> str:
        """Stores an array in fp32."""
        return graph.initializer(name, self.arrays[name])

    @classmethod
    def read(cls, name: str, stored: Mapping[str, Array]) -> Weight:
        """Returns the fp32 weight [N, K] that the graph computes with.

        Raises:
            KeyError: No weight of this name is stored.
        """
        return stored[name]

    @staticmethod
    def step_size(name: str, stored: Mapping[str, Array]) -> Weight:
        """Returns the distance between adjacent stored values, for each weight [N, K]."""
        return np.zeros_like(stored[name])

    @staticmethod
    def clipped(name: str, weight: Weight, stored: Mapping[str, Array]) -> Weight:
        """Returns a weight [N, K] without what is beyond the largest value that can be stored."""
        return weight

    def _multiply(self, graph: GraphBuilder, rows: Activations, name: str, bias: str | None) -> str:
        columns = graph.add("Transpose", self.store(graph, name), perm=[1, 0])
        product = graph.add("MatMul", rows.rows, columns)
        return graph.add("Add", product, bias) if bias else product


class Int8Weights(Weights):
    """Weights and activations as 8-bit integers, multiplied as integers.

    A matrix has one fp32 scale for each output channel. The embedding has one scale for all rows,
    since its rows are activations too; a few large weights would make that coarse, and are clipped
    (`table_step`). Activations are quantized in the graph by scales that are
    fixed at export, so nothing in a step depends on the other rows of a batch; and integer sums are
    exact in any order, so results are equal on every kernel and for every batch size.
    """

    name = "int8"
    quantizes_activations = True
    # The largest magnitude of a stored integer. Activations are unsigned, from 0 to twice this,
    # with this as zero point. Processors without VNNI add two adjacent products in 16 bits, and
    # 2 * (2 * 90) * 90 is the largest sum of the kind that fits.
    LARGEST = 90

    def activations(self, graph: GraphBuilder, rows: str, reader: str) -> Activations:
        limit = self.limits.get(reader, 1.0)
        scale = graph.initializer(f"int8.step.{limit:.6g}", np.float32(limit / self.LARGEST))
        return Activations(graph.add("QuantizeLinear", rows, scale, self._zero(graph)), scale)

    def gather(self, graph: GraphBuilder, name: str, ids: str) -> Activations:
        """Stores the weight as integers from 0 to twice `LARGEST`, with one scale."""
        table = self.arrays[name]
        size = table_step(table, self.LARGEST)
        integers = round_to_step(table, size, self.LARGEST)
        values = graph.initializer(f"{name}.uint8", (integers + self.LARGEST).astype(np.uint8))
        scale = graph.initializer(f"{name}.step", size)
        graph.initializer(ZERO, np.float32(self.LARGEST))
        return Activations(graph.add("Gather", values, ids), scale)

    def _multiply(self, graph: GraphBuilder, rows: Activations, name: str, bias: str | None) -> str:
        columns, scales = self._columns(graph, name)
        inputs = [rows.rows, columns, rows.scale, scales, self._zero(graph)]
        if bias:
            inputs += ["", bias]
        return graph.add("MatMulIntegerToFloat", *inputs, domain="com.microsoft")

    @classmethod
    def read(cls, name: str, stored: Mapping[str, Array]) -> Weight:
        if f"{name}.uint8" in stored:
            integers = stored[f"{name}.uint8"].astype(np.float32) - cls.LARGEST
            return np.asarray(integers * stored[f"{name}.step"])
        return np.asarray(stored[f"{name}.int8"] * stored[f"{name}.scale"])

    @staticmethod
    def step_size(name: str, stored: Mapping[str, Array]) -> Weight:
        if f"{name}.uint8" in stored:
            return np.full(stored[f"{name}.uint8"].shape, stored[f"{name}.step"])
        return np.broadcast_to(stored[f"{name}.scale"], stored[f"{name}.int8"].shape)

    @classmethod
    def clipped(cls, name: str, weight: Weight, stored: Mapping[str, Array]) -> Weight:
        if f"{name}.uint8" not in stored:
            return weight
        limit = cls.LARGEST * stored[f"{name}.step"]
        return np.clip(weight, -limit, limit)

    def _zero(self, graph: GraphBuilder) -> str:
        return graph.initializer("int8.zero", np.uint8(self.LARGEST))

    def _columns(self, graph: GraphBuilder, name: str) -> tuple[str, str]:
        """Adds a weight [N, K] as integers [K, N], and its scales [N].

        The added nodes have constant inputs: ONNX Runtime folds them when it loads the graph.
        """
        weight = self.arrays[name]
        if f"{name}.uint8" in graph.initializers:  # the embedding, tied to the output layer
            table, scale = f"{name}.uint8", f"{name}.step"
            integers = graph.add("Sub", graph.add("Cast", table, to=FLOAT), ZERO)
            values = graph.add("Cast", integers, to=TensorProto.INT8)
            size = graph.initializer(f"{name}.outputs", np.array([len(weight)]))
            by_output = graph.add("Expand", scale, size)
        else:
            largest = np.abs(weight).max(axis=1, keepdims=True)
            scales = np.where(largest > 0, largest / self.LARGEST, 1).astype(np.float32)
            quantized = np.rint(weight / scales).astype(np.int8)
            values = graph.initializer(f"{name}.int8", quantized)
            scale = graph.initializer(f"{name}.scale", scales)
            last_axis = graph.initializer("last_axis", np.array([-1]))
            by_output = graph.add("Squeeze", scale, last_axis)
        return graph.add("Transpose", values, name=f"{name}.columns", perm=[1, 0]), by_output


def table_step(table: Weight, largest: int) -> np.float32:
    """Returns the step between the stored values of a table by which its squared error is least.

    Args:
        table: The weights.
        largest: The largest magnitude of a stored integer.
    """
    limit = np.abs(table).max() or largest
    steps = [np.float32(limit * share / largest) for share in CLIPPING]

    def error(step: np.float32) -> float:
        return float(np.square(round_to_step(table, step, largest) * step - table).sum())

    return min(steps, key=error)


def round_to_step(table: Weight, step: np.float32, largest: int) -> Weight:
    """Returns the nearest multiples of a step, as whole numbers of at most this magnitude."""
    return np.asarray(np.clip(np.rint(table / step), -largest, largest))


PRECISIONS: dict[str, type[Weights]] = {each.name: each for each in (Weights, Int8Weights)}


def without_activation_rounding(model: ModelProto) -> ModelProto:
    """Returns a graph with the same weights whose activations are fp32.

    What remains between its results and PyTorch's is fp32 rounding, so that a fault in the graph
    shows; 8-bit activations would hide it.
    """
    exact = ModelProto()
    exact.CopyFrom(model)
    _remove_activation_rounding(exact.graph)
    return exact


def _remove_activation_rounding(graph: GraphProto) -> None:
    nodes = list(graph.node)
    del graph.node[:]

    def add(operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        graph.node.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    for node in nodes:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _remove_activation_rounding(attribute.g)
        out = node.output[0]
        if node.op_type == "QuantizeLinear":
            add("Div", list(node.input[:2]), out)
        elif node.op_type == "Gather" and node.input[0].endswith(".uint8"):
            picked = add("Gather", list(node.input), f"{out}_picked")
            integers = add("Cast", [picked], f"{out}_cast", to=FLOAT)
            add("Sub", [integers, ZERO], out)
        elif node.op_type == "MatMulIntegerToFloat":
            rows, columns, row_scale, scales, _, *bias = node.input
            weight = add("Cast", [columns], f"{out}_weight", to=FLOAT)
            product = add("MatMul", [rows, weight], f"{out}_product")
            scale = add("Mul", [row_scale, scales], f"{out}_scale")
            scaled = add("Mul", [product, scale], f"{out}_scaled" if bias else out)
            if bias:
                add("Add", [scaled, bias[-1]], out)
        else:
            graph.node.append(node)
