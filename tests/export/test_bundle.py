"""Bundles are written whole and verified, or not at all."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from lianju.bot.verse.errors import BundleError
from lianju.bot.verse.model.bundle import default_directory, load_bundle
from lianju.export import bundle as writing
from lianju.export import verify
from lianju.export.bundle import BundleOptions, verify_bundle, write_bundle
from lianju.export.errors import ExportError, VerificationError
from lianju.export.verify import EXACT, verify_steps
from lianju.training.errors import CorpusError
from onnx import helper, numpy_helper

from .toy_bundle import write_toy_bundle


def write(trained, out, **options):
    return write_bundle(trained, out, BundleOptions(**options))


@pytest.mark.parametrize("name", ["lstm", "lstm, projected", "gru", "rnn, tanh", "rnn, relu"])
def test_a_bundle_of_every_cell_is_verified_and_opens(name, make_trained, tmp_path):
    trained = make_trained(name)
    manifest = write(trained, tmp_path / "toy", name="toy", version="2.1.0")
    bundle = load_bundle(tmp_path / "toy")
    config = trained.model.config
    assert (bundle.manifest.name, bundle.manifest.version) == ("toy", "2.1.0")
    assert bundle.vocabulary == trained.vocabulary
    assert bundle.manifest.model.cell == config.cell
    assert bundle.manifest.model.parameters == sum(p.numel() for p in trained.model.parameters())
    assert bundle.manifest.tokens.model_dump() == {
        **{"unknown": 0, "end": 1, "start": 2, "line": 3},
        **{"lower": None, "upper": None},
    }
    assert [tensor.input for tensor in bundle.manifest.graph.state] == (
        ["h", "c"] if config.cell == "lstm" else ["h"]
    )
    assert bundle.manifest.training["seed"] == 3
    assert manifest["metrics"]["proof"]["prompts"] == 200
    assert 0 < manifest["metrics"]["proof"]["largest_log_prob_difference"] < 1e-4
    assert sorted(path.name for path in (tmp_path / "toy").iterdir()) == [
        "manifest.json",
        "step.onnx",
        "vocab.txt",
    ]


def test_the_manifest_lists_the_inputs_and_outputs_of_the_graph(make_trained, tmp_path):
    graph = write(make_trained(), tmp_path / "toy")["graph"]
    model = onnx.load(tmp_path / "toy" / "step.onnx").graph
    for side, values in (("inputs", model.input), ("outputs", model.output)):
        shapes = {
            value.name: [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]
            for value in values
        }
        assert {name: it["shape"] for name, it in graph[side].items()} == shapes
    defaults = {tensor.name for tensor in model.initializer}
    optional = {name for name, it in graph["inputs"].items() if it.get("optional")}
    expected = {"before", "mask", "mask_row", "predict", "target_row", "target_token"}
    assert optional == defaults & set(graph["inputs"]) == expected


def test_int8_is_verified_twice_and_needs_a_corpus(make_trained, corpus, tmp_path):
    with pytest.raises(ExportError, match="give --evaluate"):
        write(make_trained(), tmp_path / "toy", precision="int8")
    assert not (tmp_path / "toy").exists()
    found = write(make_trained(), tmp_path / "toy", precision="int8", corpus=corpus)["metrics"]
    assert found["proof"]["largest_log_prob_difference"] < 1e-4
    assert 1e-4 < found["proof"]["with_quantised_activations"] < 1
    for split in ("validation", "test"):
        measured = found["perplexity"][split]
        assert measured["all"] == pytest.approx(measured["checkpoint_all"], rel=0.005)


def test_a_changed_perplexity_is_refused(make_trained, corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(verify, "ALLOWED_CHANGE", 1e-9)
    with pytest.raises(VerificationError, match="validation perplexity"):
        write(make_trained(), tmp_path / "toy", precision="int8", corpus=corpus)
    assert [path.name for path in tmp_path.iterdir()] == ["corpus"]


def test_a_failing_verification_leaves_nothing(make_trained, tmp_path, monkeypatch):
    build = writing.build_step_graph

    def wrong(config, weights, *rest):
        return build(config, weights | {"output.bias": weights["output.bias"] + 0.5}, *rest)

    monkeypatch.setattr(writing, "build_step_graph", wrong)
    with pytest.raises(VerificationError):
        write(make_trained(), tmp_path / "toy")
    assert list(tmp_path.iterdir()) == []


def test_a_failing_verification_keeps_the_bundle_that_is_there(make_trained, tmp_path, monkeypatch):
    write_toy_bundle(make_trained(), tmp_path / "toy")
    before = {path.name: path.read_bytes() for path in (tmp_path / "toy").iterdir()}
    monkeypatch.setattr(writing, "EXACT", replace(EXACT, reference=1e-12))
    with pytest.raises(VerificationError, match="differ from PyTorch's"):
        write(make_trained(seed=4), tmp_path / "toy", force=True)
    assert {path.name: path.read_bytes() for path in (tmp_path / "toy").iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["toy"]


def test_a_bundle_that_cannot_be_replaced_is_kept(make_trained, tmp_path, monkeypatch):
    write_toy_bundle(make_trained(), tmp_path / "toy")
    before = {path.name: path.read_bytes() for path in (tmp_path / "toy").iterdir()}
    rename, calls = Path.rename, []

    def interrupted(path, target):
        calls.append(path)
        if len(calls) == 2:  # the old bundle is out of the way
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(make_trained(seed=4), tmp_path / "toy", force=True)
    assert {path.name: path.read_bytes() for path in (tmp_path / "toy").iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["toy"]


def change_graph(directory, change):
    """Alters a bundle's graph, and its checksum along with it."""
    path = directory / "step.onnx"
    graph = onnx.load(path)
    change(graph.graph)
    onnx.save(graph, path)
    manifest = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"]["step.onnx"] = writing.file_info(path, "")
    (directory / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def branches(graph):
    """The nodes in the branches of a graph."""
    choices = [node for node in graph.node if node.op_type == "If"]
    return [node for each in choices for branch in each.attribute for node in branch.g.node]


@pytest.mark.parametrize("name", ["recurrent.weight_hh_l1", "recurrent.bias_ih_l0"])
def test_one_wrong_weight_fails_verification(name, make_trained, tmp_path):
    trained = make_trained("rnn, tanh")
    write_toy_bundle(trained, tmp_path / "toy")

    def corrupt(graph):
        for tensor in graph.initializer:
            if tensor.name == name:
                array = numpy_helper.to_array(tensor).copy()
                array.flat[7] += 0.01
                tensor.CopyFrom(numpy_helper.from_array(array, name))

    change_graph(tmp_path / "toy", corrupt)
    with pytest.raises(VerificationError, match="its log-probabilities differ from PyTorch's"):
        verify_steps(load_bundle(tmp_path / "toy"), trained.model, EXACT)
    with pytest.raises(VerificationError, match=name):
        verify_bundle(tmp_path / "toy", trained.model)


def test_a_state_that_ignores_its_parents_fails_verification(make_trained, tmp_path):
    trained = make_trained("gru")
    write_toy_bundle(trained, tmp_path / "toy")

    def ignore(graph):
        for node in branches(graph):
            if list(node.input) == ["h", "parent"]:
                node.op_type, node.input[1] = "Identity", ""
                del node.input[1:], node.attribute[:]

    change_graph(tmp_path / "toy", ignore)
    with pytest.raises(VerificationError, match="its log-probabilities differ from PyTorch's"):
        verify_bundle(tmp_path / "toy", trained.model)


def test_a_default_mask_without_unknown_fails_verification(make_trained, tmp_path):
    trained = make_trained()
    write_toy_bundle(trained, tmp_path / "toy")

    def forget(graph):
        for tensor in graph.initializer:
            if tensor.name == "mask":
                zeros = np.zeros((1, 47), np.float32)
                tensor.CopyFrom(numpy_helper.from_array(zeros, "mask"))
        for node in branches(graph):
            if "mask" in node.input:  # and whatever the caller gives
                node.input[0] = "nothing"
        graph.initializer.append(numpy_helper.from_array(np.zeros((1, 47), np.float32), "nothing"))

    change_graph(tmp_path / "toy", forget)
    with pytest.raises(VerificationError, match="its candidates are not the most probable"):
        verify_bundle(tmp_path / "toy", trained.model)


def test_a_state_that_depends_on_predictions_fails_verification(make_trained, tmp_path):
    trained = make_trained("gru")
    write_toy_bundle(trained, tmp_path / "toy")

    def falsify(graph):
        (reshape,) = (node for node in graph.node if node.output[0] == "h_next")
        reshape.output[0] = "right"
        graph.node.append(helper.make_node("Cast", ["predict"], ["factor"], to=1))
        graph.node.append(helper.make_node("Mul", ["right", "factor"], ["h_next"]))

    change_graph(tmp_path / "toy", falsify)
    with pytest.raises(VerificationError, match="without candidates its state differs"):
        verify_bundle(tmp_path / "toy", trained.model)


@pytest.mark.parametrize("name", ["step.onnx", "vocab.txt"])
@pytest.mark.parametrize("damage", [lambda b: b[:-3], lambda b: b[:9] + b"#" + b[10:]])
def test_a_damaged_file_is_refused_by_name(name, damage, make_trained, tmp_path):
    write_toy_bundle(make_trained(), tmp_path / "toy")
    path = tmp_path / "toy" / name
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(BundleError, match=name.replace(".", r"\.")):
        load_bundle(tmp_path / "toy")


def test_only_a_bundle_is_replaced(make_trained, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(ExportError, match="is not a bundle: choose another --out"):
        write(make_trained(), other, force=True)
    assert (other / "letter.txt").read_text(encoding="utf-8") == "dear"
    write_toy_bundle(make_trained(), tmp_path / "toy")
    with pytest.raises(ExportError, match="give --force"):
        write(make_trained(seed=4), tmp_path / "toy")
    write_toy_bundle(make_trained(seed=4), tmp_path / "toy", force=True)
    assert load_bundle(tmp_path / "toy").manifest.training["seed"] == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "toy"]


def test_a_missing_corpus_is_named(make_trained, tmp_path):
    with pytest.raises(CorpusError, match=r"train\.txt"):
        write(make_trained(), tmp_path / "toy", corpus=tmp_path / "nowhere")
    assert list(tmp_path.iterdir()) == []


class TestGpuGraph:
    """The second graph of an 8-bit bundle, which has its weights in the first one's file."""

    @pytest.fixture
    def trained(self, make_trained):
        return make_trained("lstm, attention")

    @pytest.fixture
    def directory(self, trained, corpus, tmp_path):
        return write_toy_bundle(trained, tmp_path / "toy", precision="int8", corpus=corpus)

    def test_it_repeats_no_matrix(self, directory):
        graph = onnx.load(directory / "step.gpu.onnx", load_external_data=False).graph
        matrices = [tensor for tensor in graph.initializer if "weight_hh_l0.int8" in tensor.name]
        assert matrices
        for tensor in matrices:
            places = {entry.key: entry.value for entry in tensor.external_data}
            assert places["location"] == "step.onnx"
            begin, size = int(places["offset"]), int(places["length"])
            stored = (directory / "step.onnx").read_bytes()[begin : begin + size]
            (original,) = (
                each
                for each in onnx.load(directory / "step.onnx").graph.initializer
                if each.name == tensor.name
            )
            assert stored == original.raw_data

    def test_it_has_no_8_bit_products(self, directory):
        graph = onnx.load(directory / "step.gpu.onnx", load_external_data=False).graph
        operators = {node.op_type for node in (*graph.node, *branches(graph))}
        assert "MatMul" in operators
        assert not {"MatMulIntegerToFloat", "QuantizeLinear"} & operators

    def test_another_weight_in_it_fails_verification(self, directory, trained):
        path = directory / "step.gpu.onnx"
        graph = onnx.load(path, load_external_data=False)
        for tensor in graph.graph.initializer:
            if tensor.name == "embedding.weight.step":
                array = numpy_helper.to_array(tensor) * np.float32(1.01)
                tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))
        path.write_bytes(graph.SerializeToString())
        manifest = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
        manifest["files"][path.name] = writing.file_info(path, "")
        (directory / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        with pytest.raises(VerificationError, match="its log-probabilities differ from PyTorch's"):
            verify_bundle(directory, trained.model)


def test_the_shipped_bundle_has_a_small_graph_for_gpus():
    bundle = load_bundle(default_directory())
    part = bundle.manifest.gpu_graph
    assert part is not None
    assert part.weights == bundle.manifest.graph.file
    assert bundle.manifest.files[part.file].bytes < 100_000
