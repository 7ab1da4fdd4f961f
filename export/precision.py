"""How a graph stores its weight matrices and multiplies by them: in fp32 or in 8 bits.

A weight has its name in the checkpoint (`recurrent.weight_ih_l0`) and PyTorch's layout [N, K]:
N outputs, K inputs. Biases and states are fp32 in every precision.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from .errors import ExportError
from .nodes import Nodes

ACCURACY_LEVEL = "accuracy_level"  # how MatMulNBits takes its activations: 0 as fp32, 4 as int8


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
    """Weights as 8-bit integers, one fp32 scale for each block of a row.

    The product is ONNX Runtime's MatMulNBits at accuracy level 4, which quantises the activations
    too, each block of each row by a scale of its own: a row's numbers depend on no other row.
    """

    name = "int8"
    quantises_activations = True
    # Longer blocks are 5 to 20 % faster, but at 128 (on AVX-512) the kernels for one row and for
    # many rows add up in different orders, so that a row's last bits depend on the batch.
    BLOCK = 32
    ZERO = 128  # what a weight of 0 is stored as; MatMulNBits takes it where no zero point is given

    def linear(
        self, graph: Nodes, rows: str, name: str, weight: np.ndarray, bias: str | None
    ) -> str:
        values, scales = self._store(graph, name, weight)
        # Zero points and group indices, between the scales and the bias, are left out.
        inputs = [rows, values, scales, *(["", "", bias] if bias else [])]
        return graph.add(
            "MatMulNBits",
            *inputs,
            domain="com.microsoft",
            N=weight.shape[0],
            K=weight.shape[1],
            bits=8,
            block_size=self.BLOCK,
            **{ACCURACY_LEVEL: 4},
        )

    def gather(self, graph: Nodes, name: str, table: np.ndarray, ids: str) -> str:
        values, scales = self._store(graph, name, table)
        blocks = graph.store(f"{name}.blocks", np.array([len(table), -1, 1]))
        width = graph.store(f"{name}.width", np.array([-1, table.shape[1]]))
        zero = graph.store("int8.zero", np.float32(self.ZERO))
        picked = graph.add("Cast", graph.add("Gather", values, ids), to=1)  # 1 = float32
        scale = graph.add("Gather", graph.add("Reshape", scales, blocks), ids)
        exact = graph.add("Mul", graph.add("Sub", picked, zero), scale)
        return graph.add("Reshape", exact, width)

    def read(self, name: str, stored: Mapping[str, np.ndarray]) -> np.ndarray:
        values = stored[f"{name}.int8"].astype(np.float32) - self.ZERO
        return values.reshape(len(values), -1) * self.step_size(name, stored)

    def step_size(self, name: str, stored: Mapping[str, np.ndarray]) -> np.ndarray:
        values, scales = stored[f"{name}.int8"], stored[f"{name}.scale"]
        return np.repeat(scales, self.BLOCK).reshape(len(values), -1)

    def _store(self, graph: Nodes, name: str, weight: np.ndarray) -> tuple[str, str]:
        outputs, inputs = weight.shape
        if inputs % self.BLOCK:
            raise ExportError(
                f"Precision int8 needs sizes that are multiples of {self.BLOCK}, but {name} has"
                f" {inputs} columns: use --precision fp32."
            )
        blocks = weight.reshape(outputs, -1, self.BLOCK)
        scales = np.abs(blocks).max(axis=2, keepdims=True) / 127
        steps = np.where(scales > 0, scales, 1)  # a block of zeros
        values = (np.rint(blocks / steps) + self.ZERO).astype(np.uint8)
        return (
            graph.store(f"{name}.int8", values),
            graph.store(f"{name}.scale", scales.astype(np.float32).ravel()),
        )


PRECISIONS: dict[str, Precision] = {each.name: each for each in (Fp32(), Int8())}
