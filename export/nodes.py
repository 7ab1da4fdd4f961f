"""A growing list of ONNX nodes and initializers, with names handed out as it grows."""

from __future__ import annotations

import numpy as np
from onnx import NodeProto, TensorProto, helper, numpy_helper


class Nodes:
    """Collects the nodes and the initializers of one graph.

    Args:
        outer: the graph around this one, if it is a branch: it keeps the initializers of both.
    """

    def __init__(self, outer: Nodes | None = None) -> None:
        self.nodes: list[NodeProto] = []
        self.initializers: dict[str, TensorProto] = outer.initializers if outer else {}
        self._prefix = "branch_" if outer else ""

    def store(self, name: str, array: np.ndarray) -> str:
        """Keeps an array as an initializer, once under each name, and returns that name."""
        if name not in self.initializers:
            self.initializers[name] = numpy_helper.from_array(np.ascontiguousarray(array), name)
        return name

    def add(
        self, operator: str, *inputs: str, name: str | None = None, domain: str = "", **attributes
    ) -> str:
        """Appends a node with one output and returns the output's name."""
        output = name or f"{self._prefix}{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], domain=domain, **attributes))
        return output

    def split(self, tensor: str, parts: int, axis: int) -> list[str]:
        """Cuts a tensor into equal parts and returns their names."""
        outputs = [f"{self._prefix}Split_{len(self.nodes)}_{part}" for part in range(parts)]
        self.nodes.append(
            helper.make_node("Split", [tensor], outputs, axis=axis, num_outputs=parts)
        )
        return outputs
