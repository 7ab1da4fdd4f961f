"""A growing list of ONNX nodes and initializers, with names handed out as it grows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from onnx import GraphProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper


class Nodes:
    """Collects the nodes and the initializers of one graph.

    Args:
        outer: the graph around this one, if it is a branch or a loop's body: it keeps the
            initializers of both.
        name: of such a part, different from those of all others.

    Attributes:
        results: what a part hands to the graph around it: name there to name here.
    """

    def __init__(self, outer: Nodes | None = None, name: str = "") -> None:
        self.name = name
        self.nodes: list[NodeProto] = []
        self.results: dict[str, str] = {}
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

    def constant(self, name: str, array: np.ndarray) -> str:
        """Appends an array as a node of that name: a branch can only give what it makes."""
        value = numpy_helper.from_array(array, name)
        self.nodes.append(helper.make_node("Constant", [], [name], value=value))
        return name

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
        """Appends a choice between two branches, which both have these `results`.

        Args:
            condition: name of a bool, a scalar or [1].
            then: taken where it holds.
            otherwise: taken where it does not.
            outputs: names and element types.
        """
        branches = {
            f"{way}_branch": branch.part([], [(branch.results[n], t) for n, t in outputs.items()])
            for way, branch in (("then", then), ("else", otherwise))
        }
        self.nodes.append(helper.make_node("If", [condition], list(outputs), **branches))

    def scan(self, body: Nodes, states: Mapping[str, str], sequence: str, item: str) -> str:
        """Appends a loop over the first axis of a sequence of fp32.

        Args:
            body: takes the states and one item; its `results` are the states after it, by the
                same names, and `output`.
            states: names in the body to names of the states before the first item.
            sequence: what to loop over.
            item: the body's name for one entry of it.

        Returns:
            The outputs of all items, stacked; the last states are `{body.name}_{state}_last`.
        """
        last = [f"{body.name}_{name}_last" for name in states]
        output = f"{body.name}_outputs"
        given = [*states, "output"]
        part = body.part([*states, item], [(body.results[name], np.float32) for name in given])
        self.nodes.append(
            helper.make_node(
                "Scan", [*states.values(), sequence], [*last, output], body=part, num_scan_inputs=1
            )
        )
        return output

    def part(self, inputs: Sequence[str], outputs: Sequence[tuple[str, type]]) -> GraphProto:
        """Returns these nodes as a graph with fp32 inputs and outputs of these types."""

        def declare(name: str, dtype: type) -> ValueInfoProto:
            element = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
            return helper.make_tensor_value_info(name, element, None)

        return helper.make_graph(
            self.nodes,
            self.name,
            [declare(name, np.float32) for name in inputs],
            [declare(name, dtype) for name, dtype in outputs],
        )
