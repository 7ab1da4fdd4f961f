"""Which matrix products the engine computes: seen by ONNX Runtime's own profiler.

The profiler tells of every node that ran its name and the shapes it had, those within branches and
loops too; the graph that it ran, written as it was optimized, tells the node's weights.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import onnx
from lianju.bot.verse.model.bundle import Bundle
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.bot.verse.model.session import Provider, ort
from onnx import GraphProto, NodeProto, OperatorSetIdProto, TensorProto

from ..errors import ExportError

PRODUCTS = {"Gemm", "FusedGemm", "MatMul", "FusedMatMul", "MatMulInteger", "MatMulIntegerToFloat"}
PRODUCTS |= {"DynamicQuantizeMatMul", "QLinearMatMul", "MatMulNBits"}
KERNEL = "_kernel_time"
Array = tuple[str, tuple[int, ...]]
"""Element type, as ONNX Runtime names it, and shape."""


@dataclass(frozen=True)
class Product:
    """A product node that ran.

    Attributes:
        node: its name.
        activations: what it was given that is no weight.
    """

    node: str
    activations: tuple[Array, ...]


@dataclass(frozen=True)
class ProductNode:
    """A product node of the graph.

    Attributes:
        weights: its constant inputs by their names in it, each with a name that is its own in all
            of the graph, branches included.
    """

    node: NodeProto
    weights: Mapping[str, tuple[str, TensorProto]]


@dataclass(frozen=True)
class Recording:
    """The products of some work.

    Attributes:
        calls: of each call of the session, in order.
        nodes: by name.
        opsets: the operators' versions.
    """

    calls: tuple[tuple[Product, ...], ...]
    nodes: Mapping[str, ProductNode]
    opsets: tuple[OperatorSetIdProto, ...]


def record(
    bundle: Bundle,
    provider: Provider,
    threads: int,
    work: Callable[[OnnxModel], object],
    opening: Callable[[OnnxModel], object] = lambda model: None,
) -> Recording:
    """Records the products of some work.

    Args:
        bundle: whose model.
        provider: where it runs.
        threads: within one operator.
        work: what is recorded; it must do the same every time.
        opening: what the work begins with, which is left out of the recording.
    """
    opened = _profile(bundle, provider, threads, opening)
    whole = _profile(bundle, provider, threads, work)
    return replace(whole, calls=whole.calls[len(opened.calls) :])


def _profile(
    bundle: Bundle, provider: Provider, threads: int, work: Callable[[OnnxModel], object]
) -> Recording:
    with TemporaryDirectory() as folder:
        named = replace(bundle, directory=Path(folder))
        _save_named(bundle.graph_path, named.graph_path)
        optimized = Path(folder) / "optimized.onnx"
        with _profiling(Path(folder), optimized) as sessions:
            model = OnnxModel(named, provider, threads)
        work(model)
        events = [
            event
            for session in sessions
            for event in json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
        ]
        graph = onnx.load(optimized)
    nodes = dict(_product_nodes(graph.graph, {}))
    return Recording(tuple(_calls(events, nodes)), nodes, tuple(graph.opset_import))


@contextmanager
def _profiling(folder: Path, optimized: Path) -> Iterator[list[ort.InferenceSession]]:
    """Has sessions that are opened meanwhile profiled, with the very options that they have."""
    opened: list[ort.InferenceSession] = []
    open_session = ort.InferenceSession

    def open_profiled(path: Path, options: ort.SessionOptions, **more: Any) -> ort.InferenceSession:
        options.enable_profiling = True
        options.profile_file_prefix = str(folder / "profile")
        options.optimized_model_filepath = str(optimized)
        opened.append(open_session(path, options, **more))
        return opened[-1]

    ort.InferenceSession = open_profiled
    try:
        yield opened
    finally:
        ort.InferenceSession = open_session


def _save_named(source: Path, target: Path) -> None:
    """Copies a graph with a name for each node: the profiler's own are not unique."""
    model = onnx.load(source)
    for number, node in enumerate(_every_node(model.graph)):
        node.name = f"{node.op_type}:{number}"
    onnx.save(model, target)


def _every_node(graph: GraphProto) -> Iterator[NodeProto]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _every_node(attribute.g)


def _product_nodes(
    graph: GraphProto, outer: Mapping[str, tuple[str, TensorProto]], place: str = ""
) -> Iterator[tuple[str, ProductNode]]:
    """Finds the product nodes of a graph and of its branches, each with its weights."""
    stored = {tensor.name: (place + tensor.name, tensor) for tensor in graph.initializer}
    seen = {**outer, **stored}
    for node in graph.node:
        if node.op_type in PRODUCTS:
            weights = {name: seen[name] for name in node.input if name in seen}
            yield node.name, ProductNode(node, weights)
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _product_nodes(
                    attribute.g, seen, f"{place}{node.name}/{attribute.name}/"
                )


def _calls(
    events: list[dict[str, Any]], nodes: Mapping[str, ProductNode]
) -> Iterator[tuple[Product, ...]]:
    runs = sorted(
        (event["ts"], event["ts"] + event["dur"])
        for event in events
        if event["name"] == "model_run"
    )
    found: list[list[tuple[int, Product]]] = [[] for _ in runs]
    starts = [start for start, _ in runs]
    for event in events:
        name = event["name"].removesuffix(KERNEL)
        if event["cat"] != "Node" or name == event["name"] or name not in nodes:
            continue
        run = bisect_right(starts, event["ts"]) - 1
        shapes = [
            (kind, tuple(shape))
            for each in event["args"]["input_type_shape"]
            for kind, shape in each.items()
        ]
        found[run].append((event["ts"], Product(name, _activations(shapes, nodes[name]))))
    for products in found:
        yield tuple(product for _, product in sorted(products, key=lambda each: each[0]))


def _activations(shapes: list[Array], known: ProductNode) -> tuple[Array, ...]:
    """What of the inputs' shapes is no weight's; those of prepacked weights are not told.

    Raises:
        ExportError: the shapes are not those of the inputs.
    """
    given = [name for name in known.node.input if name]
    wanted = sum(name not in known.weights for name in given)
    left = shapes[::-1]  # weights come last
    for name in reversed(given):
        if len(left) == wanted:
            break
        if name in known.weights:
            _, tensor = known.weights[name]
            kind = TensorProto.DataType.Name(tensor.data_type).lower()
            array = (kind, tuple(tensor.dims))
            if array in left:
                left.remove(array)
    if len(left) != wanted:
        raise ExportError(f"ONNX Runtime's profile does not tell what {known.node.name} was given.")
    return tuple(reversed(left))
