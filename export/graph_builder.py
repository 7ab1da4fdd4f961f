"""Builds ONNX graphs node by node, and names their tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from onnx import GraphProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

Array = NDArray[Any]


class GraphBuilder:
    """Collects the nodes and the initializers of one graph.

    Args:
        outer: The enclosing graph of a branch or a loop body; it keeps the initializers of both.
        name: Of a branch or body, different from those of all others.

    Attributes:
        outputs: Of a branch or body: names in the enclosing graph to names in this one.
    """

    def __init__(self, outer: GraphBuilder | None = None, name: str = "") -> None:
        self.name = name
        self.nodes: list[NodeProto] = []
        self.outputs: dict[str, str] = {}
        self.initializers: dict[str, TensorProto] = outer.initializers if outer else {}
        self._prefix = f"{name}_" if name else ""

    def initializer(self, name: str, values: ArrayLike) -> str:
        """Stores an array as an initializer, once for each name, and returns the name."""
        if name not in self.initializers:
            self.initializers[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name

    def add(
        self,
        operator: str,
        *inputs: str,
        name: str | None = None,
        domain: str = "",
        **attributes: Any,
    ) -> str:
        """Appends a node with one output and returns the output's name."""
        output = name or f"{self._prefix}{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], domain=domain, **attributes))
        return output

    def add_constant(self, name: str, values: Array) -> str:
        """Appends a constant node: a branch can only output what its own nodes make."""
        value = numpy_helper.from_array(values, name)
        self.nodes.append(helper.make_node("Constant", [], [name], value=value))
        return name

    def add_split(self, tensor: str, parts: int, axis: int) -> list[str]:
        """Splits a tensor into equal parts and returns their names."""
        outputs = [f"{self._prefix}Split_{len(self.nodes)}_{part}" for part in range(parts)]
        self.nodes.append(
            helper.make_node("Split", [tensor], outputs, axis=axis, num_outputs=parts)
        )
        return outputs

    def add_if(
        self,
        condition: str,
        then: GraphBuilder,
        otherwise: GraphBuilder,
        outputs: Mapping[str, type[np.generic]],
    ) -> None:
        """Appends an If node.

        Args:
            condition: Name of a bool, a scalar or [1].
            then: The branch taken if the condition is true.
            otherwise: The branch taken if it is false.
            outputs: Names, which are `outputs` of both branches, and element types.
        """
        branches = {
            f"{side}_branch": branch.subgraph(
                [], [(branch.outputs[name], dtype) for name, dtype in outputs.items()]
            )
            for side, branch in (("then", then), ("else", otherwise))
        }
        self.nodes.append(helper.make_node("If", [condition], list(outputs), **branches))

    def add_scan(
        self,
        body: GraphBuilder,
        states: Mapping[str, str],
        sequence: str,
        item: str,
        *,
        backwards: bool = False,
    ) -> str:
        """Appends a Scan node: a loop over the first axis of an fp32 sequence.

        Args:
            body: Takes the states and one item; its `outputs` are the next states, under the same
                names, and `output`.
            states: Names in the body to names of the initial states.
            sequence: Name of the sequence.
            item: Name of one entry in the body.
            backwards: Whether the loop begins at the end of the sequence.

        Returns:
            Name of the stacked outputs, in the order of the sequence; the last states are
            `{body.name}_{state}_last`.
        """
        last = [f"{body.name}_{name}_last" for name in states]
        stacked = f"{body.name}_outputs"
        results = [(body.outputs[name], np.float32) for name in (*states, "output")]
        self.nodes.append(
            helper.make_node(
                "Scan",
                [*states.values(), sequence],
                [*last, stacked],
                body=body.subgraph([*states, item], results),
                num_scan_inputs=1,
                scan_input_directions=[int(backwards)],
                scan_output_directions=[int(backwards)],
            )
        )
        return stacked

    def subgraph(
        self, inputs: Sequence[str], outputs: Sequence[tuple[str, type[np.generic]]]
    ) -> GraphProto:
        """Returns these nodes as a graph with fp32 inputs and outputs of the given types."""

        def declare(name: str, dtype: type[np.generic]) -> ValueInfoProto:
            element = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
            return helper.make_tensor_value_info(name, element, None)

        return helper.make_graph(
            self.nodes,
            self.name,
            [declare(name, np.float32) for name in inputs],
            [declare(name, dtype) for name, dtype in outputs],
        )
