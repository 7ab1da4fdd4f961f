"""The floor: the bare matrix products of what was recorded, and nothing around them.

Same products, shapes, weights, order, runtime and settings. Activations are what a product cannot
know beforehand: inputs, made once and bound. Of each call's outputs only the last is fetched.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
from lianju.bot.verse.model.session import Provider, open_session, ort, provider_of
from onnx import ModelProto, TensorProto, helper

from .recording import Array, Product, ProductNode, Recording

IR_VERSION = 9


class Floor:
    """Runs the products of a recording.

    Args:
        recording: what the engine did.
        provider: where that ran.
        threads: within one operator.
    """

    def __init__(self, recording: Recording, provider: Provider, threads: int) -> None:
        self._recording = recording
        self._provider, self._threads = provider, threads
        self._sessions: dict[tuple[str, ...], ort.InferenceSession] = {}
        self._arrays: dict[tuple[Array, str], ort.OrtValue] = {}
        calls = [call for call in recording.calls if call]
        self._bound = [(self._session(call), self._bind(call)) for call in calls]

    def __bool__(self) -> bool:
        return bool(self._bound)

    def run(self) -> None:
        """Computes all products once more."""
        for session, binding in self._bound:
            session.run_with_iobinding(binding)
            binding.synchronize_outputs()

    def _session(self, call: Sequence[Product]) -> ort.InferenceSession:
        names = tuple(product.node for product in call)
        if names not in self._sessions:
            model = products_graph(call, self._recording)
            with TemporaryDirectory() as folder:
                path = Path(folder) / "products.onnx"
                onnx.save(model, path)
                self._sessions[names] = open_session(path, self._provider, self._threads)
        return self._sessions[names]

    def _bind(self, call: Sequence[Product]) -> ort.IOBinding:
        session = self._session(call)
        device = provider_of(session)
        binding = session.io_binding()
        names = iter(node.name for node in session.get_inputs())
        for product in call:
            for array in product.activations:
                key = (array, device)
                if key not in self._arrays:
                    value = ort.OrtValue.ortvalue_from_numpy(_random(array), device)
                    self._arrays[key] = value
                binding.bind_ortvalue_input(next(names), self._arrays[key])
        binding.bind_output(session.get_outputs()[-1].name, device)
        return binding


def products_graph(call: Sequence[Product], recording: Recording) -> ModelProto:
    """Builds the graph of a call's products: each reads inputs of its own and is an output."""
    inputs, outputs, nodes = [], [], []
    weights: dict[str, TensorProto] = {}
    for number, product in enumerate(call):
        known = recording.nodes[product.node]
        names = _names(known, number, weights)
        free = [
            name
            for name, given in zip(names, known.node.input, strict=True)
            if given and given not in known.weights
        ]
        for name, (kind, shape) in zip(free, product.activations, strict=True):
            sizes = [f"{name}.{axis}" for axis in range(len(shape))]
            inputs.append(helper.make_tensor_value_info(name, _element_type(kind), sizes))
        node = onnx.NodeProto()
        node.CopyFrom(known.node)
        node.name = f"product {number}"
        del node.input[:], node.output[:]
        node.input.extend(names)
        node.output.append(f"output {number}")
        nodes.append(node)
        outputs.append(onnx.ValueInfoProto(name=node.output[0]))
    graph = helper.make_graph(nodes, "products", inputs, outputs, list(weights.values()))
    return helper.make_model(graph, opset_imports=recording.opsets, ir_version=IR_VERSION)


def _names(known: ProductNode, number: int, weights: dict[str, TensorProto]) -> list[str]:
    """The inputs of a product's copy; its weights are added to `weights`, once each."""
    names = []
    for place, given in enumerate(known.node.input):
        if given in known.weights:
            name, tensor = known.weights[given]
            if name not in weights:
                weights[name] = TensorProto()
                weights[name].CopyFrom(tensor)
                weights[name].name = name
            names.append(name)
        else:
            names.append(given and f"input {number}.{place}")
    return names


def _element_type(kind: str) -> int:
    return TensorProto.DataType.Value(kind.upper())


def _random(array: Array) -> np.ndarray:
    kind, shape = array
    dtype = helper.tensor_dtype_to_np_dtype(_element_type(kind))
    rng = np.random.default_rng(0)
    if np.issubdtype(dtype, np.integer):
        return rng.integers(0, 100, shape).astype(dtype)
    return rng.standard_normal(shape).astype(dtype)
