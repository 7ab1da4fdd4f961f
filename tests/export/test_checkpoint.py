"""Checkpoints that are written from bundles."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from lianju.bot.verse.model.bundle import default_directory, load_bundle
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.export.weights import StoredWeights
from lianju.training.__main__ import main as train
from lianju.training.checkpoint import load_trained

from .grading import relist
from .toy_bundle import write_toy_bundle


@pytest.mark.parametrize("precision", ["fp32", "int8"])
@pytest.mark.parametrize("name", ["lstm", "gru", "lstm, projected", "lstm, attention"])
def test_checkpoint_computes_what_the_bundle_computes(
    name, precision, make_trained, corpus, run, tmp_path
):
    trained, directory, out = make_trained(name), tmp_path / "toy", tmp_path / "new" / "toy.pt"
    write_toy_bundle(trained, directory, precision=precision, corpus=corpus)
    status, stdout, stderr = run("checkpoint", directory, "--out", out)
    assert (status, stdout) == (0, "")
    assert f"--initial {out}" in stderr
    loaded, bundle = load_trained(out), load_bundle(directory)
    assert loaded.vocabulary == bundle.vocabulary
    assert loaded.info["seed"] == trained.info["seed"]
    assert loaded.info["bundle"] == bundle.manifest.version
    # Without the rounding of activations, which PyTorch does not have.
    model = OnnxModel(bundle, "cpu", 1, gpu_graph_on_cpu=True)
    rng = np.random.default_rng(2)
    tokens = rng.integers(0, len(bundle.vocabulary), (3, 9))
    state = model.initial_state(3)
    with torch.no_grad():
        expected = loaded.model(torch.from_numpy(tokens))[0].log_softmax(-1).numpy()
    for place, token in enumerate(tokens.T):
        found, state = model.log_prob(token, np.arange(3), state)
        np.testing.assert_allclose(found, expected[:, place], atol=1e-5)


def test_the_shipped_bundle_becomes_a_checkpoint(run, tmp_path):
    out = tmp_path / "shipped.pt"
    assert run("checkpoint", default_directory(), "--out", out)[0] == 0
    bundle, trained = load_bundle(default_directory()), load_trained(out)
    assert trained.vocabulary == bundle.vocabulary
    StoredWeights(bundle.graph_path).verify(trained.model)


def _forget_origin(directory):
    """Makes the graph one of another exporter."""
    graph = onnx.load(directory / "step.onnx")
    del graph.metadata_props[:]
    onnx.save(graph, directory / "step.onnx")
    relist(directory, "step.onnx")


def _drop_weight(directory):
    graph = onnx.load(directory / "step.onnx")
    (weight,) = (each for each in graph.graph.initializer if each.name == "output.bias")
    weight.name = "other.bias"
    for node in graph.graph.node:
        for branch in (attribute.g for attribute in node.attribute if attribute.HasField("g")):
            for each in branch.node:
                each.input[:] = [
                    "other.bias" if name == "output.bias" else name for name in each.input
                ]
    onnx.save(graph, directory / "step.onnx")
    relist(directory, "step.onnx")


@pytest.mark.parametrize(
    ("change", "arguments", "sentence"),
    [
        (None, ["{tmp}/toy", "--out", "{tmp}/taken.pt"], "taken.pt exists already"),
        (None, ["{tmp}/toy", "--out", "{tmp}"], "is a directory"),
        (None, ["{tmp}/toy", "--out", "{tmp}/taken.pt/new.pt"], "new.pt cannot be written"),
        (None, ["{tmp}/toy", "--out", "/proc/new.pt"], "/proc/new.pt cannot be written"),
        (None, ["{tmp}/none", "--out", "{tmp}/new.pt"], "{tmp}/none"),
        (_forget_origin, ["{tmp}/toy", "--out", "{tmp}/new.pt"], "not a step graph of lianju"),
        (_drop_weight, ["{tmp}/toy", "--out", "{tmp}/new.pt"], "not a step graph of lianju"),
    ],
)
def test_bad_input_is_one_sentence(change, arguments, sentence, make_trained, run, tmp_path):
    write_toy_bundle(make_trained(), tmp_path / "toy")
    (tmp_path / "taken.pt").write_text("taken", encoding="utf-8")
    if change is not None:
        change(tmp_path / "toy")
    before = sorted(tmp_path.iterdir())
    status, out, complaint = run("checkpoint", *(each.format(tmp=tmp_path) for each in arguments))
    assert (status, out) == (2, "")
    assert complaint.startswith("lianju-export: ")
    assert sentence.format(tmp=tmp_path) in complaint
    assert complaint.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "taken.pt").read_text(encoding="utf-8") == "taken"


@pytest.fixture
def initial(make_trained, run, tmp_path):
    """A checkpoint that `lianju-export checkpoint` has written."""
    write_toy_bundle(make_trained("lstm, no bias"), tmp_path / "toy")
    assert run("checkpoint", tmp_path / "toy", "--out", tmp_path / "initial.pt")[0] == 0
    return tmp_path / "initial.pt"


RECIPE = """
[data]
line_tokens = true
[model]
layers = 1
embedding_size = 10
hidden_size = 14
tied = false
bias = false
[optimizer]
learning_rate = 1e-9
weight_decay = 0
[run]
epochs = 1
"""


@pytest.fixture
def train_from(corpus, tmp_path, monkeypatch, capsys):
    """Runs `lianju-train train --initial`; returns its exit status and standard error."""
    (tmp_path / "toy.toml").write_text(RECIPE, encoding="utf-8")

    def train_from(initial, *options):
        arguments = ["train", corpus, "--preset", tmp_path / "toy.toml", "--out", tmp_path / "run"]
        arguments += ["--device", "cpu", "--initial", initial, *options]
        monkeypatch.setattr("sys.argv", ["lianju-train", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            train()
        return stop.value.code, capsys.readouterr().err

    return train_from


def test_training_begins_with_the_weights_of_a_bundle(initial, train_from, tmp_path):
    assert train_from(initial)[0] == 0
    before, after = load_trained(initial), load_trained(tmp_path / "run" / "last.pt")
    assert after.vocabulary == before.vocabulary
    assert after.info["initial"]["preset"] == before.info["preset"]
    for name, weight in before.model.named_parameters():
        torch.testing.assert_close(
            dict(after.model.named_parameters())[name], weight, atol=1e-6, rtol=0
        )


def test_training_refuses_weights_of_another_shape(initial, train_from, tmp_path):
    status, complaint = train_from(initial, "--set", "model.hidden_size=16")
    assert status == 2
    assert complaint.startswith("lianju-train: ")
    assert "initial.pt has another shape" in complaint
    assert complaint.count("\n") == 1
    assert not (tmp_path / "run").exists()
