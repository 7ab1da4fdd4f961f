"""A growing list of ONNX nodes and initializers, with names handed out as it grows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from onnx import NodeProto, TensorProto, helper, numpy_helper


class Nodes:
    """Collects the nodes and the initializers of one graph.

    Args:
        outer: the graph around this one, if it is a branch: it keeps the initializers of both.
        name: of a branch, different from those of all others.
    """

    def __init__(self, outer: Nodes | None = None, name: str = "") -> None:
        self.name = name
        self.nodes: list[NodeProto] = []
        self.initializers: dict[str, TensorProto] = outer.initializers if outer else {}
        self._prefix = f"{name}_" if name else ""

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

    def constant(self, name: str, array: np.ndarray) -> None:
        """Appends an array as a node of that name: a branch can only give what it makes."""
        value = numpy_helper.from_array(array, name)
        self.nodes.append(helper.make_node("Constant", [], [name], value=value))

    def split(self, tensor: str, parts: int, axis: int) -> list[str]:
        """Cuts a tensor into equal parts and returns their names."""
        outputs = [f"{self._prefix}Split_{len(self.nodes)}_{part}" for part in range(parts)]
        self.nodes.append(
            helper.make_node("Split", [tensor], outputs, axis=axis, num_outputs=parts)
        )
        return outputs

    def choose(
        self, condition: str, then: Nodes, otherwise: Nodes, outputs: Mapping[str, type]
    ) -> None:
        """Appends a choice between two branches.

        Args:
            condition: name of a bool [1].
            then: taken where it holds; its outputs are named as those here, with its own name and
                a `_` before.
            otherwise: taken where it does not.
            outputs: names and element types.
        """
        branches = {
            f"{way}_branch": helper.make_graph(
                branch.nodes,
                branch.name,
                [],
                [
                    helper.make_tensor_value_info(
                        f"{branch.name}_{name}",
                        helper.np_dtype_to_tensor_dtype(np.dtype(dtype)),
                        None,
                    )
                    for name, dtype in outputs.items()
                ],
            )
            for way, branch in (("then", then), ("else", otherwise))
        }
        self.nodes.append(helper.make_node("If", [condition], list(outputs), **branches))
