"""The re-ranker of `lianju.training.reranker` as an ONNX graph.

Weight matrices are stored as 8-bit integers with one fp32 scale a row, and multiplied in fp32: ONNX
Runtime computes what depends on constants alone once, when it loads the graph. On two AVX2 cores
this took a quarter of the time of products of 8-bit integers with scales by block (MatMulNBits).

Shapes: P poems, C tokens of context, N candidates, T tokens of a candidate, D width.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lianju.bot.verse.model.bundle import GraphFile, load_bundle
from lianju.bot.verse.model.reranker import INPUTS, OUTPUT, Reranker
from lianju.training.reranker.model import OUTPUTS
from lianju.training.reranker.model import Reranker as TorchReranker
from lianju.training.reranker.trainer import TrainedReranker
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper

from .errors import ExportError, VerificationError
from .graph import CONFIG, IR_VERSION, OPSET
from .graph_builder import GraphBuilder
from .update import update_bundle

RERANKER = "reranker.onnx"
LARGEST = 127  # magnitude of a stored integer
LAYER_NORM_EPSILON = 1e-5  # PyTorch's default
MASKED = -1e9
VERIFIED = 40  # random batches
TOLERANCE = 2e-4  # of logits

_AXIS = "second_axis"

Floats = NDArray[np.float32]


def build_reranker_graph(model: TorchReranker) -> ModelProto:
    """Builds the graph of a re-ranker."""
    config = model.config
    graph = _Graph(model)
    context, hidden, embedded = graph.add_context()
    line = graph.add_candidates(embedded)
    for number in range(config.blocks):
        line = graph.add_block(f"blocks.{number}", line)
        if number < config.blocks - 1:
            line = graph.add_attention(f"attentions.{number}", line, context, hidden)
    graph.add_logits(line)
    inputs = {
        "context": ["poems", "context_tokens"],
        "candidates": ["rows", "tokens"],
        "poem": ["rows"],
    }
    body = helper.make_graph(
        graph.nodes,
        "reranker",
        [helper.make_tensor_value_info(name, TensorProto.INT64, inputs[name]) for name in INPUTS],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["rows", len(OUTPUTS)])],
        list(graph.initializers.values()),
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)]
    result = helper.make_model(
        body, opset_imports=opsets, ir_version=IR_VERSION, producer_name="lianju"
    )
    helper.set_model_props(result, {CONFIG: json.dumps(config.model_dump())})
    return result


class _Graph(GraphBuilder):
    """Adds the layers of a re-ranker."""

    def __init__(self, model: TorchReranker) -> None:
        super().__init__()
        self._config = model.config
        self._weights = arrays_of(model)

    def add_context(self) -> tuple[str, str, str]:
        """Returns the contexts [P, C, D], where they are padding [P, C], and their embedding."""
        config = self._config
        embedded = self._embed("context")
        padding = self.initializer("padding", np.array(config.vocabulary_size))
        hidden = self.add("Equal", "context", padding)
        mask = self.add("Cast", self.add("Not", hidden), to=TensorProto.FLOAT)
        shown = self.add("Unsqueeze", mask, self._integers(-1))
        places = self.add("Gather", self._store("context_places.weight"), self._from_end("context"))
        rows = self.add("Add", self._linear("context_input", embedded), places)
        rows = self.add("Mul", rows, shown)
        for number in range(config.context_blocks):
            rows = self.add("Mul", self.add_block(f"context_blocks.{number}", rows), shown)
        return rows, hidden, embedded

    def add_candidates(self, embedded: str) -> str:
        """Returns the candidates [N, T, D], each place with the opposite one of the line before."""
        own = self._embed("candidates")
        count = self.add("Shape", "candidates", start=1, end=2)
        axis = self.initializer(_AXIS, np.array([1]))
        last = self.add("Slice", embedded, self.add("Neg", count), self._integers(2**31), axis)
        opposite = self.add("Gather", last, "poem")
        product = self.add("Mul", own, opposite)
        line = self._linear("input", self.add("Concat", own, opposite, product, axis=-1))
        end = self._from_end("candidates")
        start = self.add("Sub", self.add("Sub", count, self._integers(1)), end)
        most = self.initializer("last_place", np.array(self._config.places - 1))
        for name, place in (("from_start", start), ("from_end", end)):
            nearest = self.add("Min", place, most)
            line = self.add("Add", line, self.add("Gather", self._store(f"{name}.weight"), nearest))
        return line

    def add_block(self, name: str, rows: str) -> str:
        normal = self._norm(f"{name}.norm", rows)
        pads = self.initializer("one_place", np.array([0, 1, 0, 0, 1, 0]))
        padded = self.add("Pad", normal, pads)
        axis = self.initializer(_AXIS, np.array([1]))
        before = self.add("Slice", padded, self._integers(0), self._integers(-2), axis)
        after = self.add("Slice", padded, self._integers(2), self._integers(2**31), axis)
        inner = self._linear(f"{name}.inner", self.add("Concat", before, normal, after, axis=-1))
        return self.add("Add", rows, self._linear(f"{name}.outer", self.add("Relu", inner)))

    def add_attention(self, name: str, rows: str, context: str, hidden: str) -> str:
        config = self._config
        size = config.width // config.heads
        keys_values = self._split_heads(self._linear(f"{name}.keys_values", context), 2 * size)
        keys, values = self.add_split(keys_values, 2, axis=-1)
        query = self._split_heads(
            self._linear(f"{name}.query", self._norm(f"{name}.norm", rows)), size
        )
        columns = self.add("Transpose", self.add("Gather", keys, "poem"), perm=[0, 1, 3, 2])
        scale = self.initializer("attention_scale", np.float32(size**-0.5))
        scores = self.add("Mul", self.add("MatMul", query, columns), scale)
        own = self.add("Gather", hidden, "poem")
        mask = self.add("Unsqueeze", own, self._integers(1, 2))
        scores = self.add("Where", mask, self.initializer("masked", np.float32(MASKED)), scores)
        shares = self.add("Softmax", scores, axis=-1)
        found = self.add("MatMul", shares, self.add("Gather", values, "poem"))
        joined = self.add(
            "Reshape",
            self.add("Transpose", found, perm=[0, 2, 1, 3]),
            self._integers(0, 0, config.width),
        )
        return self.add("Add", rows, self._linear(f"{name}.output", joined))

    def add_logits(self, line: str) -> None:
        line = self._norm("norm", line)
        axis = self.initializer(_AXIS, np.array([1]))
        pools = [self.add(kind, line, axis) for kind in ("ReduceMax", "ReduceMean")]
        last = self.add("Gather", line, self._integers(-1), axis=1)
        joined = self.add("Squeeze", self.add("Concat", *pools, last, axis=-1), axis)
        pooled = self._linear("pooled", joined)
        logits = self._linear("output", self.add("Relu", pooled))
        self.add("Identity", logits, name=OUTPUT)

    def _embed(self, ids: str) -> str:
        """Returns the embedding of tokens; the table stays 8-bit in memory."""
        integers, scale = self._store_rounded("embedding.weight")
        values = self.add("Cast", self.add("Gather", integers, ids), to=TensorProto.FLOAT)
        return self.add("Mul", values, self.add("Gather", scale, ids))

    def _linear(self, name: str, rows: str) -> str:
        integers, scale = self._store_rounded(f"{name}.weight")
        weight = self.add("Mul", self.add("Cast", integers, to=TensorProto.FLOAT), scale)
        product = self.add("MatMul", rows, self.add("Transpose", weight, perm=[1, 0]))
        return self.add("Add", product, self._store(f"{name}.bias"))

    def _store_rounded(self, name: str) -> tuple[str, str]:
        """Stores a matrix as integers, and the scales of its rows."""
        integers, scales = round_rows(self._weights[name])
        return self.initializer(name, integers), self.initializer(f"{name}.scale", scales)

    def _norm(self, name: str, rows: str) -> str:
        weight, bias = self._store(f"{name}.weight"), self._store(f"{name}.bias")
        return self.add("LayerNormalization", rows, weight, bias, epsilon=LAYER_NORM_EPSILON)

    def _split_heads(self, rows: str, size: int) -> str:
        shape = self._integers(0, 0, self._config.heads, size)
        return self.add("Transpose", self.add("Reshape", rows, shape), perm=[0, 2, 1, 3])

    def _from_end(self, tokens: str) -> str:
        """Returns how far each place lies before the last one, [T]."""
        size = self.add("Squeeze", self.add("Shape", tokens, start=1, end=2))
        zero, one = (self.add("Squeeze", self._integers(n)) for n in (0, 1))
        places = self.add("Range", zero, size, one)
        return self.add("Sub", self.add("Sub", size, one), places)

    def _store(self, name: str) -> str:
        return self.initializer(name, self._weights[name])

    def _integers(self, *values: int) -> str:
        return self.initializer("integers." + ".".join(map(str, values)), np.array(values))


def arrays_of(model: TorchReranker) -> dict[str, Floats]:
    """Returns the weights of a re-ranker by name."""
    return {
        name: parameter.detach().float().numpy() for name, parameter in model.named_parameters()
    }


def round_rows(matrix: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Returns a matrix [N, K] as integers, and a scale for each row [N, 1]."""
    scales = np.abs(matrix).max(axis=1, keepdims=True) / LARGEST
    integers = np.rint(matrix / np.where(scales > 0, scales, 1))
    return integers.astype(np.int8), scales.astype(np.float32)


def rounded(model: TorchReranker) -> TorchReranker:
    """Returns a re-ranker with the weights that its graph stores."""
    copy = TorchReranker(model.config)
    weights = {}
    for name, value in arrays_of(model).items():
        # The embeddings of places and all vectors are stored in fp32.
        if value.ndim == 2 and not name.startswith(("from_", "context_places")):
            integers, scales = round_rows(value)
            value = integers * scales
        weights[name] = torch.from_numpy(value.copy())
    copy.load_state_dict(weights)
    return copy.eval()


def verify_reranker(content: bytes, model: TorchReranker, seed: int = 0) -> float:
    """Runs a graph beside PyTorch over random contexts and candidates.

    Args:
        content: The graph.
        model: With the weights as the graph stores them.

    Returns:
        The largest difference of any logit.

    Raises:
        VerificationError: They differ by more than rounding explains, or a candidate's logits
            depend on the others.
    """
    config, generator = model.config, np.random.default_rng(seed)
    file = GraphFile(Path(RERANKER), content)
    graph = Reranker(file, config.vocabulary_size, config.context, threads=1)
    largest = 0.0
    for _ in range(VERIFIED):
        poems, rows, tokens = (int(n) for n in generator.integers(1, 9, 3))
        contexts = [
            tuple(generator.integers(0, config.vocabulary_size, size).tolist())
            for size in generator.integers(1, config.context + 1, poems)
        ]
        lines = generator.integers(0, config.vocabulary_size, (rows, tokens))
        poem = generator.integers(0, poems, rows)
        found = graph.logits(contexts, lines, poem)
        length = max(tokens, *map(len, contexts))
        padded = np.full((poems, length), config.vocabulary_size)
        for row, context in zip(padded, contexts, strict=True):
            row[length - len(context) :] = context
        with torch.no_grad():
            expected = model(*map(torch.from_numpy, (padded, lines, poem))).numpy()
        largest = max(largest, float(np.abs(found - expected).max()))
        alone = graph.logits(contexts, lines[:1], poem[:1])
        if not np.allclose(alone, found[:1], rtol=0, atol=TOLERANCE):
            raise VerificationError("The re-ranker's logits depend on the other candidates.")
    if largest > TOLERANCE:
        raise VerificationError(f"The re-ranker's logits differ from PyTorch's by {largest:.2g}.")
    return largest


def add_reranker(
    directory: Path, trained: TrainedReranker, weights: dict[str, float], version: str
) -> float:
    """Puts a re-ranker into a bundle, in place of the one that it may have.

    Metrics of the bundle as a whole are dropped from its manifest, since they no longer hold.

    Args:
        weights: Of the parts of a score, by the names in `RankingWeights`.
        version: Of the bundle from now on.

    Returns:
        The largest difference between a logit and PyTorch's.

    Raises:
        BundleError: The bundle is damaged.
        ExportError: The re-ranker has another vocabulary, or nothing can be written.
        VerificationError: The graph computes something else than PyTorch.
    """
    bundle = load_bundle(directory)
    if trained.tokens != bundle.vocabulary.tokens:
        raise ExportError(f"The re-ranker has another vocabulary than {directory}.")
    content = build_reranker_graph(trained.model).SerializeToString()
    difference = verify_reranker(content, rounded(trained.model))

    def change(manifest: dict[str, Any]) -> None:
        manifest["reranker"] = {
            "file": RERANKER,
            "context": trained.model.config.context,
            "weights": weights,
            "training": trained.info,
        }

    update_bundle(directory, {RERANKER: content}, {RERANKER: "the re-ranker"}, version, change)
    return difference
