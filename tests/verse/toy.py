"""Toy language models: small ONNX graphs of the contract, and the same numbers in plain NumPy."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SPECIALS = ("<unk>", "<e>", "<s>", "</l>")
PROMPTS = (Path(__file__).parent / "prompts.txt").read_text(encoding="utf-8").split()
CHINESE = (*SPECIALS, *dict.fromkeys("".join(PROMPTS)))

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64
DTYPES = {FLOAT: "float32", INT64: "int64"}


@dataclass(frozen=True)
class Toy:
    """A tanh network of `hidden` units; a growing one also adds up all its earlier outputs.

    Attributes:
        tokens: The vocabulary.
        masks: Whether the graph has the optional inputs `mask` and `mask_row`.
        grows: Whether it carries a memory of all earlier outputs, and a count of them.
        pads: Whether its manifest says that zeros before those outputs change nothing.
    """

    tokens: tuple[str, ...] = CHINESE
    masks: bool = True
    grows: bool = False
    pads: bool = False
    hidden: int = 8
    seed: int = 0

    @property
    def weights(self) -> dict[str, np.ndarray]:
        rng = np.random.default_rng(self.seed)
        size = len(self.tokens)
        return {
            "E": rng.standard_normal((size, self.hidden), dtype=np.float32),
            "W": rng.standard_normal((self.hidden, self.hidden), dtype=np.float32),
            "O": rng.standard_normal((self.hidden, size), dtype=np.float32),
        }

    def log_prob(self, prefix: list[int]) -> np.ndarray:
        """Log-probabilities [V] after a prefix, from its first token on."""
        weights, h = self.weights, np.zeros(self.hidden)
        memory = np.zeros(self.hidden)
        for number, token in enumerate(prefix):
            h = np.tanh(h @ weights["W"] + weights["E"][token])
            memory = memory + h * (number + 1 if self.grows else 0)
        logits = (h + memory) @ weights["O"]
        return logits - np.log(np.exp(logits - logits.max()).sum()) - logits.max()

    def graph(self) -> onnx.ModelProto:
        size, hidden = len(self.tokens), self.hidden
        inputs = {
            "token": (INT64, ["rows"]),
            "parent": (INT64, ["rows"]),
            "h": (FLOAT, [1, "previous_rows", hidden]),
            "k": (INT64, [1]),
        }
        outputs = {
            "log_prob": (FLOAT, ["rows", size]),
            "top_log_prob": (FLOAT, ["rows", "k"]),
            "top_token": (INT64, ["rows", "k"]),
            "h_next": (FLOAT, [1, "rows", hidden]),
        }
        constants = dict(self.weights, zero=np.array([0]), one=np.array([1]))
        nodes = [
            helper.make_node("Gather", ["E", "token"], ["x"]),
            helper.make_node("Gather", ["h", "parent"], ["h_before"], axis=1),
            helper.make_node("MatMul", ["h_before", "W"], ["hW"]),
            helper.make_node("Add", ["hW", "x"], ["sum"]),
            helper.make_node("Tanh", ["sum"], ["h_next"]),
        ]
        top = "h_next"
        if self.grows:
            inputs["memory"] = (FLOAT, ["steps", "previous_rows", hidden])
            inputs["count"] = (INT64, ["previous_rows"])
            outputs["memory_next"] = (FLOAT, ["steps_after", "rows", hidden])
            outputs["count_next"] = (INT64, ["rows"])
            nodes += [
                helper.make_node("Gather", ["count", "parent"], ["count_before"]),
                helper.make_node("Add", ["count_before", "one"], ["count_next"]),
                helper.make_node("Cast", ["count_next"], ["factor"], to=FLOAT),
                helper.make_node("Unsqueeze", ["factor", "one"], ["factors"]),
                helper.make_node("Mul", ["h_next", "factors"], ["entry"]),
                helper.make_node("Gather", ["memory", "parent"], ["memory_before"], axis=1),
                helper.make_node("Concat", ["memory_before", "entry"], ["memory_next"], axis=0),
                helper.make_node("ReduceSum", ["memory_next", "zero"], ["recalled"], keepdims=1),
                helper.make_node("Add", ["h_next", "recalled"], ["seen"]),
            ]
            top = "seen"
        nodes += [
            helper.make_node("Squeeze", [top, "zero"], ["out"]),
            helper.make_node("MatMul", ["out", "O"], ["logits"]),
            helper.make_node("LogSoftmax", ["logits"], ["log_prob"]),
        ]
        ranked = "log_prob"
        if self.masks:
            inputs["mask"] = (FLOAT, ["masks", size])
            inputs["mask_row"] = (INT64, ["mask_rows"])
            constants["mask"] = np.zeros((1, size), np.float32)
            constants["mask"][0, self.tokens.index("<unk>")] = -np.inf
            constants["mask_row"] = np.array([0])
            nodes += [
                helper.make_node("Gather", ["mask", "mask_row"], ["row_mask"]),
                helper.make_node("Add", ["log_prob", "row_mask"], ["ranked"]),
            ]
            ranked = "ranked"
        nodes.append(helper.make_node("TopK", [ranked, "k"], ["top_log_prob", "top_token"]))
        graph = helper.make_graph(
            nodes,
            "toy",
            [helper.make_tensor_value_info(name, *value) for name, value in inputs.items()],
            [helper.make_tensor_value_info(name, *value) for name, value in outputs.items()],
            [numpy_helper.from_array(array, name) for name, array in constants.items()],
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)

    def write(self, directory: Path) -> Path:
        """Writes the toy as a bundle and returns its directory."""
        directory.mkdir(parents=True, exist_ok=True)
        graph = self.graph()
        onnx.save(graph, directory / "step.onnx")
        counts = [-1 if token in SPECIALS else 1 for token in self.tokens]
        (directory / "vocab.txt").write_text(
            "".join(
                f"{token}\t{count}\n" for token, count in zip(self.tokens, counts, strict=True)
            ),
            encoding="utf-8",
        )
        write_manifest(directory, self._manifest(graph.graph))
        return directory

    def _manifest(self, graph: onnx.GraphProto) -> dict:
        place = {token: number for number, token in enumerate(self.tokens)}
        state = [{"input": "h", "output": "h_next", "dtype": "float32"}]
        state[0]["initial"] = [1, "rows", self.hidden]
        if self.grows:
            memory = {"input": "memory", "output": "memory_next", "dtype": "float32"}
            count = {"input": "count", "output": "count_next", "dtype": "int64"}
            if self.pads:
                memory["padding"] = "front"
            state += [memory | {"initial": [0, "rows", self.hidden]}, count | {"initial": ["rows"]}]
        return {
            "format": 1,
            "name": "toy",
            "version": "0.0.1",
            "model": {
                "cell": "rnn",
                "layers": 1,
                "hidden_size": self.hidden,
                "embedding_size": self.hidden,
                "vocabulary_size": len(self.tokens),
                "parameters": sum(array.size for array in self.weights.values()),
            },
            "tokens": {
                "unknown": place["<unk>"],
                "end": place["<e>"],
                "start": place.get("<s>"),
                "line": place.get("</l>"),
            },
            "graph": {
                "file": "step.onnx",
                "opset": 18,
                "precision": "fp32",
                "inputs": {value.name: _describe(value) for value in graph.input},
                "outputs": {value.name: _describe(value) for value in graph.output},
                "state": state,
            },
            "training": {},
            "metrics": {},
            "license": "MIT",
            "created": "2026-01-01T00:00:00Z",
        }


def write_manifest(directory: Path, manifest: dict) -> None:
    """Writes a manifest that holds the true checksums of all other files in the directory."""
    contents = {
        path.name: path.read_bytes()
        for path in sorted(directory.iterdir())
        if path.name != "manifest.json"
    }
    files = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in contents.items()
    }
    (directory / "manifest.json").write_text(
        json.dumps(manifest | {"files": files}), encoding="utf-8"
    )


def read_manifest(directory: Path) -> dict:
    """The manifest as it stands."""
    return json.loads((directory / "manifest.json").read_text(encoding="utf-8"))


def _describe(value: onnx.ValueInfoProto) -> dict:
    tensor = value.type.tensor_type
    shape = [dim.dim_param or dim.dim_value for dim in tensor.shape.dim]
    return {"dtype": DTYPES[tensor.elem_type], "shape": shape}
