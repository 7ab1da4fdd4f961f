"""Small random models, and their step graphs in ONNX Runtime."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
import torch
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.export.__main__ import main
from lianju.export.calibration import Limits, limits_of, record_magnitudes
from lianju.export.graph import build_step_graph
from lianju.export.precision import PRECISIONS
from lianju.export.states import ROWS, state_tensors
from lianju.export.weights import weights_of
from lianju.training.checkpoint import Trained, save_checkpoint
from lianju.training.model import LanguageModel
from lianju.training.recipe import ModelConfig
from lianju.training.seq2seq import build_model

from .toy_bundle import write_toy_bundle

SPECIAL = ("<unk>", "<e>", "<s>", "</l>")
PAIR_SPECIAL = ("<unk>", "<e>", "<s>", "<lower>", "<upper>")
HAN = tuple(chr(0x5000 + i) for i in range(36)) + tuple("黄河远上白云间")

CONFIGS = {
    "lstm": ModelConfig(
        vocabulary_size=47, cell="lstm", embedding_size=32, hidden_size=32, tied=True
    ),
    "lstm, projected": ModelConfig(
        vocabulary_size=47, cell="lstm", embedding_size=10, hidden_size=14, tied=True
    ),
    "lstm, no bias": ModelConfig(
        vocabulary_size=47, cell="lstm", layers=1, embedding_size=10, hidden_size=14, bias=False
    ),
    "gru": ModelConfig(vocabulary_size=47, cell="gru", layers=3, embedding_size=12, hidden_size=20),
    "rnn, tanh": ModelConfig(vocabulary_size=47, cell="rnn", embedding_size=12, hidden_size=20),
    "lstm, attention": ModelConfig(
        vocabulary_size=47,
        cell="lstm",
        embedding_size=12,
        hidden_size=20,
        attention_heads=2,
        attention_window=5,
    ),
    "rnn, relu": ModelConfig(
        vocabulary_size=47, cell="rnn", nonlinearity="relu", embedding_size=12, hidden_size=20
    ),
}
# Encoder-decoders, with each cell, number of directions, attention and shape of the bridge.
PAIR_CONFIGS = {
    "seq2seq, lstm, dot": ModelConfig(
        vocabulary_size=47,
        kind="seq2seq",
        layers=1,
        embedding_size=16,
        hidden_size=16,
        tied=True,
        attention="dot",
        memory_size=6,
    ),
    "seq2seq, gru, additive": ModelConfig(
        vocabulary_size=47,
        kind="seq2seq",
        cell="gru",
        layers=1,
        encoder_layers=2,
        embedding_size=12,
        hidden_size=20,
        attention="additive",
        memory_heads=3,
        memory_size=5,
    ),
    "seq2seq, lstm, one head": ModelConfig(
        vocabulary_size=47,
        kind="seq2seq",
        layers=2,
        encoder_layers=2,
        embedding_size=10,
        hidden_size=14,
        tied=True,
        attention="additive",
        memory_heads=1,
        memory_size=7,
        attention_heads=1,
        attention_size=4,
        attention_window=5,
    ),
    "seq2seq, rnn, none": ModelConfig(
        vocabulary_size=47,
        kind="seq2seq",
        cell="rnn",
        nonlinearity="relu",
        layers=2,
        embedding_size=12,
        hidden_size=20,
        bidirectional=False,
    ),
}


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def random_model(config: ModelConfig, seed: int = 3) -> LanguageModel:
    """A model whose weights and biases are all in use, in evaluation mode."""
    torch.manual_seed(seed)
    model = build_model(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.uniform_(-0.4, 0.4)
    return model.eval()


def random_limits(model: LanguageModel) -> Limits:
    """The limits of a model's activations over random tokens."""
    size = model.config.vocabulary_size
    tokens = torch.randint(size, (40, 12), generator=torch.Generator().manual_seed(0))
    with record_magnitudes(model) as magnitudes, torch.no_grad():
        model(tokens, model.encode(tokens[:, :7]) if model.config.has_encoder else None)
    return limits_of(model.config, magnitudes)


@pytest.fixture(params=(CONFIGS | PAIR_CONFIGS).values(), ids=CONFIGS | PAIR_CONFIGS)
def model(request: pytest.FixtureRequest) -> LanguageModel:
    return random_model(request.param)


@pytest.fixture
def attention_model() -> LanguageModel:
    return random_model(CONFIGS["lstm, attention"])


@dataclass
class Step:
    """A step graph in ONNX Runtime."""

    session: ort.InferenceSession
    states: tuple[str, ...]

    def run(
        self, token: list[int], parent: list[int], state: tuple[np.ndarray, ...], **more: Any
    ) -> dict[str, np.ndarray]:
        feed = {"token": np.array(token), "parent": np.array(parent), "k": np.array([3])}
        feed |= dict(zip(self.states, state, strict=True)) | more
        names = [output.name for output in self.session.get_outputs()]
        return dict(zip(names, self.session.run(names, feed), strict=True))

    def after(self, outputs: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
        return tuple(outputs[f"{name}_next"] for name in self.states)


def open_session(content: bytes) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])


@pytest.fixture
def open_step() -> Callable[..., Step]:
    """Builds a model's step graph and opens it."""

    def open_step(model: LanguageModel, precision: str = "fp32") -> Step:
        graph = build_step_graph(
            model.config,
            weights_of(model),
            PRECISIONS[precision],
            SPECIAL.index("<unk>"),
            random_limits(model),
        )
        return Step(open_session(graph.SerializeToString()), tuple(state_tensors(model.config)))

    return open_step


@pytest.fixture
def zero_state() -> Callable[..., tuple[np.ndarray, ...]]:
    def zero_state(config: ModelConfig, rows: int = 1) -> tuple[np.ndarray, ...]:
        return tuple(
            np.zeros([rows if size == ROWS else size for size in shape], np.float32)
            for shape in state_tensors(config).values()
        )

    return zero_state


def trained_toy(name: str = "lstm", seed: int = 3) -> Trained:
    """A random model of one of the configurations, as training leaves it."""
    config = (CONFIGS | PAIR_CONFIGS)[name]
    special = PAIR_SPECIAL if config.has_encoder else SPECIAL
    tokens = (*special, *HAN)[: config.vocabulary_size]
    counts = (-1,) * len(special) + (7,) * (len(tokens) - len(special))
    info = {"preset": "toy", "corpus": "toy", "corpus_sha256": "0", "commit": "", "seed": seed}
    return Trained(random_model(config, seed), Vocabulary(tokens, counts), info)


@pytest.fixture
def make_trained() -> Callable[..., Trained]:
    return trained_toy


@pytest.fixture
def checkpoint(make_trained: Callable[..., Trained], tmp_path: Path) -> Path:
    trained = make_trained()
    path = tmp_path / "toy.pt"
    save_checkpoint(
        path, trained.model, trained.model.state_dict(), trained.vocabulary, trained.info
    )
    return path


def write_corpus(folder: Path) -> Path:
    """Writes poems of one line."""
    folder.mkdir()
    rng = np.random.default_rng(1)
    for split in ("train", "validation", "test"):
        poems = [" ".join(rng.choice(HAN, 20)) + " </l>" for _ in range(5)]
        (folder / f"{split}.txt").write_text("\n".join(poems) + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus")


@pytest.fixture(scope="session")
def bundle_with_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("index")
    return write_toy_bundle(trained_toy(), folder / "toy", corpus=write_corpus(folder / "corpus"))


@pytest.fixture
def bundle(bundle_with_index: Path, tmp_path: Path) -> Path:
    """The directory of a bundle that has an index of `corpus`."""
    return shutil.copytree(bundle_with_index, tmp_path / "toy")


@pytest.fixture
def pair_corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "pairs"
    folder.mkdir()
    rng = np.random.default_rng(1)
    for split in ("train", "validation", "test"):
        lines = [rng.choice(HAN[:40], (2, rng.integers(4, 8))) for _ in range(12)]
        texts = [f"<lower> {' '.join(upper)}\t{' '.join(lower)}\n" for upper, lower in lines]
        (folder / f"{split}.txt").write_text("".join(texts), encoding="utf-8")
    return folder


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs a command; returns its exit status, standard output and standard error."""

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["lianju-export", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit_:
            main()
        return exit_.value.code, *capsys.readouterr()

    return run
