"""Bundles of two graphs: the encoder's, and the decoder's step."""

from __future__ import annotations

import json

import numpy as np
import onnx
import pytest
import torch
from lianju.bot.verse import BundleError, SearchError
from lianju.bot.verse.model.bundle import default_directory, load_bundle
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.export.bundle import BundleOptions, file_info, verify_bundle, write_bundle
from lianju.export.errors import VerificationError
from lianju.export.states import torch_state
from lianju.training.checkpoint import load_trained, save_checkpoint
from lianju.training.distributed import Processes
from lianju.training.recipe import load_recipe
from lianju.training.trainer import Trainer
from onnx import numpy_helper

from .conftest import PAIR_CONFIGS, trained_toy
from .toy_bundle import write_toy_bundle

every_pair_config = pytest.mark.parametrize("name", PAIR_CONFIGS)


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """Writes the bundle of a random model, and opens it, once each."""
    made = {}

    def open_bundle(name):
        if name not in made:
            trained = trained_toy(name)
            out = tmp_path_factory.mktemp("bundles") / "toy"
            write_bundle(trained, out, BundleOptions())
            made[name] = trained, OnnxModel(load_bundle(out), "cpu", 1), out
        return made[name]

    return open_bundle


def as_source(*rows):
    return np.array(rows, np.int64)


@every_pair_config
@torch.no_grad()
def test_encoding_matches_pytorch(name, opened):
    trained, model, _ = opened(name)
    rng = np.random.default_rng(1)
    for length in (1, 2, 5, 12):
        source = rng.integers(0, 47, (3, length))
        found = torch_state(trained.model.config, model.encode(source))
        for one, other in zip(found, trained.model.encode(torch.from_numpy(source)), strict=True):
            np.testing.assert_allclose(one, other.numpy(), atol=1e-5)


@every_pair_config
@torch.no_grad()
def test_a_target_step_by_step_matches_teacher_forcing(name, opened):
    trained, model, _ = opened(name)
    rng = np.random.default_rng(2)
    source, target = rng.integers(0, 47, (4, 6)), rng.integers(0, 47, (4, 9))
    logits, _ = trained.model(
        torch.from_numpy(target), trained.model.encode(torch.from_numpy(source))
    )
    state, rows = model.encode(source), np.arange(4)
    for place in range(9):
        found, state = model.log_prob(target[:, place], rows, state)
        expected = logits[:, place].log_softmax(-1).numpy()
        np.testing.assert_allclose(found, expected, atol=1e-5)


@every_pair_config
@torch.no_grad()
def test_sources_of_other_lengths_in_a_shared_batch_change_nothing(name, opened):
    trained, model, _ = opened(name)
    rng = np.random.default_rng(3)
    sources = [rng.integers(0, 47, (1, length)) for length in (7, 1, 12, 4)]
    states = [model.encode(source) for source in sources]
    joined = model.join(states)
    assert not model.state_grows
    token, parent = rng.integers(0, 47, 4), np.array([2, 0, 3, 1])
    together, after = model.log_prob(token, parent, joined)
    for row, old in enumerate(parent):
        alone, own = model.log_prob(token[[row]], np.zeros(1, np.int64), states[old])
        np.testing.assert_allclose(together[[row]], alone, atol=1e-6)
        logits, _ = trained.model(
            torch.tensor([[token[row]]]), trained.model.encode(torch.from_numpy(sources[old]))
        )
        np.testing.assert_allclose(alone, logits[:, 0].log_softmax(-1).numpy(), atol=1e-5)
        # The states can be taken apart and joined again.
        again, _ = model.log_prob(token[[row]], np.zeros(1, np.int64), model.split(after)[row])
        expected, _ = model.log_prob(token[[row]], np.zeros(1, np.int64), own)
        np.testing.assert_allclose(again, expected, atol=1e-6)


@every_pair_config
def test_a_bundle_of_pairs_describes_both_graphs(name, opened):
    trained, _, directory = opened(name)
    bundle, config = load_bundle(directory), trained.model.config
    manifest = bundle.manifest
    assert manifest.model.kind == "seq2seq"
    assert (manifest.tokens.lower, manifest.tokens.upper, manifest.tokens.line) == (3, 4, None)
    assert manifest.metrics["proof"]["largest_log_prob_difference"] < 1e-4
    assert {*manifest.files} == {"step.onnx", "encode.onnx", "vocab.txt"}
    states = {"h", "c"} if config.cell == "lstm" else {"h"}
    memory = {"memory_keys", "memory_values"} if config.has_memory else set()
    assert {*manifest.encoder.outputs} == states | memory
    graph = onnx.load(directory / "encode.onnx", load_external_data=False).graph
    described = json.loads((directory / "manifest.json").read_text())["encoder"]
    for side, values in (("inputs", graph.input), ("outputs", graph.output)):
        shapes = {
            value.name: [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]
            for value in values
        }
        assert {name: it["shape"] for name, it in described[side].items()} == shapes


def test_the_embedding_is_in_one_file_only(opened):
    _, _, directory = opened("seq2seq, lstm, dot")
    tensors = onnx.load(directory / "encode.onnx", load_external_data=False).graph.initializer
    (embedding,) = (tensor for tensor in tensors if tensor.name == "embedding.weight")
    places = {entry.key: entry.value for entry in embedding.external_data}
    assert places["location"] == "step.onnx"
    assert not embedding.raw_data


@pytest.mark.parametrize("name", [*PAIR_CONFIGS][:2])
def test_int8_is_verified_twice_and_measured_on_pairs(name, make_trained, pair_corpus, tmp_path):
    options = BundleOptions(precision="int8", corpus=pair_corpus)
    found = write_bundle(make_trained(name), tmp_path / "toy", options)
    proof = found["metrics"]["proof"]
    assert proof["largest_log_prob_difference"] < 1e-4
    assert 1e-4 < proof["with_quantised_activations"] < 1
    assert {*found["files"]} == {"step.onnx", "step.gpu.onnx", "encode.onnx", "vocab.txt"}
    for split in ("validation", "test"):
        measured = found["metrics"]["perplexity"][split]
        assert measured["poems"] == 12
        assert measured["all"] == pytest.approx(measured["checkpoint_all"], rel=0.005)
    model = OnnxModel(load_bundle(tmp_path / "toy"), "cpu", 1)
    sources = np.random.default_rng(1).integers(0, 47, (5, 6))
    for row, own in enumerate(model.split(model.encode(sources))):
        for one, other in zip(own, model.encode(sources[[row]]), strict=True):
            assert np.array_equal(one, other)


@pytest.mark.parametrize(
    "weight", ["encoder.weight_hh_l0_reverse", "memory.keys_values.weight", "bridge.h.weight"]
)
def test_one_wrong_weight_of_the_encoder_fails_verification(weight, make_trained, tmp_path):
    trained = make_trained("seq2seq, gru, additive")
    write_toy_bundle(trained, tmp_path / "toy")
    path = tmp_path / "toy" / "encode.onnx"
    graph = onnx.load(path, load_external_data=False)
    for tensor in graph.graph.initializer:
        if tensor.name == weight:
            array = numpy_helper.to_array(tensor) + np.float32(0.01)
            tensor.CopyFrom(numpy_helper.from_array(array, weight))
    path.write_bytes(graph.SerializeToString())
    manifest = json.loads((tmp_path / "toy" / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"][path.name] = file_info(path, "")
    (tmp_path / "toy" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(VerificationError, match=weight):
        verify_bundle(tmp_path / "toy", trained.model)


def test_a_reversed_direction_fails_verification(make_trained, tmp_path):
    trained = make_trained("seq2seq, gru, additive")
    write_toy_bundle(trained, tmp_path / "toy")
    path = tmp_path / "toy" / "encode.onnx"
    graph = onnx.load(path, load_external_data=False)
    for node in graph.graph.node:
        for attribute in node.attribute:
            if attribute.name == "scan_input_directions":
                attribute.ints[0] = 0
    path.write_bytes(graph.SerializeToString())
    manifest = json.loads((tmp_path / "toy" / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"][path.name] = file_info(path, "")
    (tmp_path / "toy" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(VerificationError, match="its encoder's state differs from PyTorch's"):
        verify_bundle(tmp_path / "toy", trained.model)


def test_a_checkpoint_comes_back_with_its_encoder(opened, run, tmp_path):
    trained, _, directory = opened("seq2seq, lstm, one head")
    status, _, err = run("checkpoint", directory, "--out", tmp_path / "back.pt")
    assert status == 0, err
    back = load_trained(tmp_path / "back.pt")
    assert back.model.config == trained.model.config
    for (name, one), (_, other) in zip(
        trained.model.named_parameters(), back.model.named_parameters(), strict=True
    ):
        assert torch.equal(one, other), name


def test_pairs_from_the_command_line(pair_corpus, run, tmp_path):
    trained, path = trained_toy("seq2seq, lstm, dot"), tmp_path / "toy.pt"
    save_checkpoint(
        path, trained.model, trained.model.state_dict(), trained.vocabulary, trained.info
    )
    out = tmp_path / "toy"
    status, text, err = run("bundle", path, "--out", out, "--evaluate", pair_corpus)
    assert status == 0, err
    assert "Over 200 random pairs" in text
    assert "Perplexity on test" in text
    poems = tmp_path / "poems"
    poems.mkdir()
    (poems / "report.json").write_text("{}", encoding="utf-8")
    for part in ("train", "validation", "test"):
        (poems / f"{part}.txt").write_text("黄 河 </l> 白 云 </l>\n", encoding="utf-8")
    status, text, err = run("bundle", path, "--out", tmp_path / "other", "--evaluate", poems)
    assert (status, text) == (2, "")
    assert "has 0 tabs" in err
    assert not (tmp_path / "other").exists()


def test_a_language_model_has_no_encoder():
    model = OnnxModel(load_bundle(default_directory()), "cpu", 1)
    with pytest.raises(BundleError) as caught:
        model.encode(as_source([5, 6]))
    assert caught.value.key == "bundle-no-encoder"


def test_a_source_outside_the_vocabulary_is_an_error_of_the_model(opened):
    _, model, _ = opened("seq2seq, lstm, dot")
    with pytest.raises(SearchError) as caught:
        model.encode(as_source([5, 47]))
    assert caught.value.key == "model-fault"


WORDS = {
    "man": "women",
    "black": "white",
    "king": "queen",
    "girl": "boy",
    "up": "down",
    "high": "low",
}


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """A model of the classic words, and their corpus."""
    folder = tmp_path_factory.mktemp("words")
    corpus = folder / "words"
    corpus.mkdir()
    lines = [f"{' '.join(word)}\t{' '.join(other)}\n" for word, other in WORDS.items()]
    for part in ("train", "validation", "test"):
        (corpus / f"{part}.txt").write_text("".join(lines), encoding="utf-8")
    torch.set_num_threads(1)
    options = ("run.epochs=120", "run.evaluate_every=9999", "run.save_every=9999")
    recipe = load_recipe("tiny-pairs", options)
    Trainer(recipe, corpus, folder / "run", Processes(0, 1, torch.device("cpu"))).run()
    return load_trained(folder / "run" / "best.pt"), corpus


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_the_classic_words_are_answered_through_the_graphs(learned, tmp_path, precision):
    trained, corpus = learned
    write_toy_bundle(trained, tmp_path / "toy", precision=precision, corpus=corpus)
    model, vocabulary = OnnxModel(load_bundle(tmp_path / "toy"), "cpu", 1), trained.vocabulary
    row = np.zeros(1, np.int64)
    for word, other in WORDS.items():
        state, answer = model.encode(as_source(vocabulary.encode(word))), ""
        token = vocabulary.start
        for _ in range(len(other) + 1):
            output = model.step(row + token, row, state, 1)
            state, token = output.state, int(output.top_token[0, 0])
            answer += vocabulary.tokens[token]
        assert answer == f"{other}<e>"
