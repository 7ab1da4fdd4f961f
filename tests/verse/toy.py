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
CONFIDENCE = {"log_probs": [-10, 0], "shares": [0, 1]}
CHINESE = (*SPECIALS, *dict.fromkeys("".join(PROMPTS)))

FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
DTYPES = {FLOAT: "float32", INT64: "int64", BOOL: "bool"}


@dataclass(frozen=True)
class Toy:
    """A tanh network of `hidden` units; a growing one also adds up all its earlier outputs.

    Attributes:
        tokens: The vocabulary.
        grows: Whether its state has all earlier outputs, and their number.
        pads: Whether its manifest says that zeros before those outputs change nothing.
    """

    tokens: tuple[str, ...] = CHINESE
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
        size = len(self.tokens)
        mask = np.zeros((1, size), np.float32)
        mask[0, self.tokens.index("<unk>")] = -np.inf
        defaults = {
            "mask": mask,
            "mask_row": np.array([0]),
            "predict": np.array([True]),
            "before": np.zeros((0, 1), np.int64),
        }
        inputs = {
            "token": (INT64, ["rows"]),
            "parent": (INT64, ["rows"]),
            **self._states("", "previous_rows"),
            "k": (INT64, [1]),
            "mask": (FLOAT, ["masks", size]),
            "mask_row": (INT64, ["mask_rows"]),
            "predict": (BOOL, [1]),
            "before": (INT64, ["steps", "before_rows"]),
        }
        outputs = {
            "log_prob": (FLOAT, ["rows", size]),
            "top_log_prob": (FLOAT, ["rows", "k"]),
            "top_token": (INT64, ["rows", "k"]),
            **self._states("_next", "rows"),
        }
        constants = dict(self.weights, zero=np.array([0]), one=np.array([1]))
        states = list(self._states("", "rows"))
        nodes = [
            *(
                helper.make_node("Gather", [name, "parent"], [f"{name}_parent"], axis=axis)
                for name, axis in zip(states, (1, 1, 0), strict=False)
            ),
            helper.make_node("Shape", ["before"], ["steps"], start=0, end=1),
            helper.make_node(
                "Loop",
                ["steps", "", *(f"{name}_parent" for name in states)],
                [f"{name}_before" for name in states],
                body=self._read_body(states),
            ),
            *self._step("token", "_before", "_next"),
            helper.make_node(
                "If",
                ["predict"],
                ["log_prob"],
                then_branch=_branch(
                    [
                        helper.make_node("Squeeze", ["seen_next", "zero"], ["out"]),
                        helper.make_node("MatMul", ["out", "O"], ["logits"]),
                        helper.make_node("LogSoftmax", ["logits"], ["predicted"]),
                    ],
                    "predicted",
                ),
                else_branch=_branch(
                    [
                        helper.make_node(
                            "Constant",
                            [],
                            ["nothing"],
                            value=numpy_helper.from_array(np.zeros((0, size), np.float32)),
                        )
                    ],
                    "nothing",
                ),
            ),
            helper.make_node("Gather", ["mask", "mask_row"], ["row_mask"]),
            helper.make_node("Add", ["log_prob", "row_mask"], ["ranked"]),
            helper.make_node("TopK", ["ranked", "k"], ["top_log_prob", "top_token"]),
        ]
        graph = helper.make_graph(
            nodes,
            "toy",
            [helper.make_tensor_value_info(name, *value) for name, value in inputs.items()],
            [helper.make_tensor_value_info(name, *value) for name, value in outputs.items()],
            [
                numpy_helper.from_array(array, name)
                for name, array in (constants | defaults).items()
            ],
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)

    def _states(self, suffix: str, rows: str) -> dict[str, tuple[int, list]]:
        """Types and shapes of the state tensors."""
        states = {"h": (FLOAT, [1, rows, self.hidden])}
        if self.grows:
            states["memory"] = (FLOAT, [f"outputs{suffix}", rows, self.hidden])
            states["count"] = (INT64, [rows])
        return {f"{name}{suffix}": value for name, value in states.items()}

    def _step(self, token: str, before: str, after: str) -> list[onnx.NodeProto]:
        """Consumes one token per row; `seen` + `after` is what it predicts from."""
        add = helper.make_node
        nodes = [
            add("Gather", ["E", token], [f"x{after}"]),
            add("MatMul", [f"h{before}", "W"], [f"hW{after}"]),
            add("Add", [f"hW{after}", f"x{after}"], [f"sum{after}"]),
            add("Tanh", [f"sum{after}"], [f"h{after}"]),
        ]
        if not self.grows:
            return [*nodes, add("Identity", [f"h{after}"], [f"seen{after}"])]
        return [
            *nodes,
            add("Add", [f"count{before}", "one"], [f"count{after}"]),
            add("Cast", [f"count{after}"], [f"factor{after}"], to=FLOAT),
            add("Unsqueeze", [f"factor{after}", "one"], [f"factors{after}"]),
            add("Mul", [f"h{after}", f"factors{after}"], [f"entry{after}"]),
            add("Concat", [f"memory{before}", f"entry{after}"], [f"memory{after}"], axis=0),
            add("ReduceSum", [f"memory{after}", "zero"], [f"recalled{after}"], keepdims=1),
            add("Add", [f"h{after}", f"recalled{after}"], [f"seen{after}"]),
        ]

    def _read_body(self, states: list[str]) -> onnx.GraphProto:
        """Consumes one row of `before`."""
        declare = helper.make_tensor_value_info
        types = {name: value[0] for name, value in self._states("", "rows").items()}
        return helper.make_graph(
            [
                helper.make_node("Gather", ["before", "step"], ["token_read"]),
                *self._step("token_read", "_in", "_out"),
                helper.make_node("Identity", ["go_on"], ["going_on"]),
            ],
            "read",
            [
                declare("step", INT64, []),
                declare("go_on", BOOL, []),
                *(declare(f"{name}_in", types[name], None) for name in states),
            ],
            [
                declare("going_on", BOOL, []),
                *(declare(f"{name}_out", types[name], None) for name in states),
            ],
        )

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
            "confidence": CONFIDENCE,
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


def _branch(nodes: list[onnx.NodeProto], output: str) -> onnx.GraphProto:
    declared = helper.make_tensor_value_info(output, FLOAT, None)
    return helper.make_graph(nodes, output, [], [declared])


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
