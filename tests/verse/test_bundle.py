import json
import shutil

import pytest
from lianju.bot.verse.errors import BundleError
from lianju.bot.verse.model.bundle import load_bundle
from lianju.bot.verse.model.onnx_model import OnnxModel

from .toy import Toy, read_manifest, write_manifest


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    return Toy().write(tmp_path_factory.mktemp("bundles") / "toy")


@pytest.fixture
def bundle(original, tmp_path):
    return shutil.copytree(original, tmp_path / "toy")


def refusal(directory):
    with pytest.raises(BundleError) as caught:
        load_bundle(directory)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


def change(directory, *path, value):
    """Sets one entry of the manifest."""
    manifest = read_manifest(directory)
    entry = manifest
    for key in path[:-1]:
        entry = entry[key]
    entry[path[-1]] = value
    (directory / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def test_loads(bundle):
    loaded = load_bundle(bundle)
    assert loaded.manifest.name == "toy"
    assert loaded.vocabulary.tokens == Toy().tokens
    assert loaded.graph_path == bundle / "step.onnx"


def test_other_trainers_may_say_more(bundle):
    change(bundle, "remark", value="made elsewhere")
    change(bundle, "model", "dropout", value=0.1)
    load_bundle(bundle)


def test_no_directory(tmp_path):
    assert str(tmp_path / "nowhere") in refusal(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["manifest.json", "step.onnx", "vocab.txt"])
def test_a_missing_file(bundle, name):
    (bundle / name).unlink()
    assert str(bundle / name) in refusal(bundle)


@pytest.mark.parametrize("name", ["step.onnx", "vocab.txt"])
def test_a_truncated_file(bundle, name):
    content = (bundle / name).read_bytes()
    (bundle / name).write_bytes(content[:-1])
    assert f"{bundle / name} has {len(content) - 1} bytes" in refusal(bundle)


@pytest.mark.parametrize("name", ["step.onnx", "vocab.txt"])
def test_an_altered_file(bundle, name):
    content = bytearray((bundle / name).read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / name).write_bytes(content)
    assert f"{bundle / name} is not the file" in refusal(bundle)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b"{}"])
def test_a_broken_manifest(bundle, content):
    (bundle / "manifest.json").write_bytes(content)
    assert "manifest.json" in refusal(bundle)


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        (["format"], 2, "format"),
        (["format"], "1", "format"),
        (["files", "../secret"], {"sha256": "0" * 64, "bytes": 0}, "secret"),
        (["files", "step.onnx", "sha256"], "0" * 63, "sha256"),
        (["files"], {}, "no checksum for step.onnx"),
        (["graph", "file"], "/etc/passwd", "graph.file"),
        (["graph", "file"], "..", "graph.file"),
        (["graph", "inputs", "token", "dtype"], "int32", "inputs.token must be int64"),
        (["graph", "inputs"], {}, "inputs lacks token"),
        (["graph", "outputs"], {}, "outputs lacks log_prob"),
        (["graph", "state", 0, "input"], "hidden", "inputs lacks hidden"),
        (["graph", "state", 0, "dtype"], "float16", "inputs.h must be float16"),
        (["graph", "state", 0, "initial"], [1, 1, 8], 'exactly one "rows"'),
        (["graph", "state", 0, "initial"], ["rows", 8], "differ in rank"),
        (["graph", "state", 0, "initial"], [-1, "rows", 8], "initial"),
        (["model", "vocabulary_size"], 7, "and the model 7"),
        (["tokens", "end"], 2, "disagree on the end token"),
        (["tokens", "line"], None, "disagree on the line token"),
    ],
)
def test_a_manifest_at_odds_with_the_contract(bundle, path, value, fault):
    change(bundle, *path, value=value)
    assert fault in refusal(bundle)


def test_a_vocabulary_with_a_fault(bundle):
    (bundle / "vocab.txt").write_text("<unk>\t-1\n<e>\n", encoding="utf-8")
    write_manifest(bundle, read_manifest(bundle))
    assert f"{bundle / 'vocab.txt'}, line 2" in refusal(bundle)


class TestGraph:
    """Faults that only show once ONNX Runtime opens the graph."""

    def refusal(self, directory):
        with pytest.raises(BundleError) as caught:
            OnnxModel(load_bundle(directory), "cpu")
        assert str(directory / "step.onnx") in str(caught.value)
        return str(caught.value)

    def test_no_graph_at_all(self, bundle):
        (bundle / "step.onnx").write_bytes(b"no graph")
        write_manifest(bundle, read_manifest(bundle))
        sentence = self.refusal(bundle)
        assert sentence.endswith(".")
        assert "\n" not in sentence

    def test_another_type_than_promised(self, bundle):
        for side, name in (("inputs", "h"), ("outputs", "h_next")):
            change(bundle, "graph", side, name, "dtype", value="float16")
        change(bundle, "graph", "state", 0, "dtype", value="float16")
        assert "should be float16 and is tensor(float)" in self.refusal(bundle)

    def test_a_promised_output_that_is_missing(self, bundle):
        manifest = read_manifest(bundle)
        manifest["graph"]["outputs"]["after"] = manifest["graph"]["outputs"]["h_next"]
        manifest["graph"]["state"][0]["output"] = "after"
        write_manifest(bundle, manifest)
        assert "after should be float32 and is missing" in self.refusal(bundle)

    def test_an_input_without_default(self, bundle):
        manifest = read_manifest(bundle)
        manifest["graph"]["state"] = []
        write_manifest(bundle, manifest)
        assert "wants an input h" in self.refusal(bundle)
