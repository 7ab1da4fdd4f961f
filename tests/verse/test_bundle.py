import json
import os
import shutil

import onnx
import pytest
from lianju.bot.verse.errors import BundleError
from lianju.bot.verse.model.bundle import load_bundle
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.bot.verse.text.vocabulary import Vocabulary

from .toy import Toy, read_manifest, write_manifest


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    return Toy().write(tmp_path_factory.mktemp("bundles") / "toy")


@pytest.fixture
def bundle(original, tmp_path):
    return shutil.copytree(original, tmp_path / "toy")


def refusal(directory):
    """Loads a bundle that must be refused; returns the error."""
    with pytest.raises(BundleError) as caught:
        load_bundle(directory)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)
    return caught.value


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


def test_unknown_fields_are_ignored(bundle):
    change(bundle, "remark", value="by another trainer")
    change(bundle, "model", "dropout", value=0.1)
    load_bundle(bundle)


def test_no_directory(tmp_path):
    error = refusal(tmp_path / "nowhere")
    assert (error.key, error.facts) == ("bundle-not-found", {"path": str(tmp_path / "nowhere")})


@pytest.mark.parametrize("name", ["manifest.json", "step.onnx", "vocab.txt"])
def test_a_missing_file(bundle, name):
    (bundle / name).unlink()
    error = refusal(bundle)
    assert (error.key, error.facts) == ("bundle-missing-file", {"path": str(bundle / name)})


@pytest.mark.parametrize("name", ["step.onnx", "vocab.txt"])
def test_a_truncated_file(bundle, name):
    content = (bundle / name).read_bytes()
    (bundle / name).write_bytes(content[:-1])
    error = refusal(bundle)
    sizes = {"found": len(content) - 1, "expected": len(content)}
    assert (error.key, error.facts) == ("bundle-size", {"path": str(bundle / name), **sizes})


@pytest.mark.parametrize("name", ["step.onnx", "vocab.txt"])
def test_an_altered_file(bundle, name):
    content = bytearray((bundle / name).read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / name).write_bytes(content)
    error = refusal(bundle)
    assert (error.key, error.facts) == ("bundle-checksum", {"path": str(bundle / name)})


FILES = ["manifest.json", "step.onnx", "vocab.txt", "notes.md"]


@pytest.fixture
def noted(bundle):
    """A bundle with a file of another trainer."""
    (bundle / "notes.md").write_text("Notes", encoding="utf-8")
    write_manifest(bundle, read_manifest(bundle))
    load_bundle(bundle)
    return bundle


@pytest.mark.parametrize("name", FILES)
def test_a_pipe_or_a_link_to_a_device_is_refused(noted, name):
    for make in (os.mkfifo, lambda path: path.symlink_to("/dev/zero")):
        (noted / name).unlink()
        make(noted / name)
        error = refusal(noted)
        assert (error.key, error.facts) == ("bundle-not-a-file", {"path": str(noted / name)})


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_too_large_is_not_read(noted, name):
    with (noted / name).open("r+b") as file:
        file.truncate(1 << 40)  # a hole, which would fill the memory
    error = refusal(noted)
    assert (error.key, error.facts["found"]) == ("bundle-size", 1 << 40)


def test_each_file_is_parsed_as_it_was_checked(bundle, monkeypatch):
    parse = Vocabulary.parse

    def replaced(content, path):
        path.write_text("<unk>\t-1\n<e>\t-1\n", encoding="utf-8")
        return parse(content, path)

    monkeypatch.setattr(Vocabulary, "parse", replaced)
    assert load_bundle(bundle).vocabulary.tokens == Toy().tokens


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b"{}"])
def test_a_broken_manifest(bundle, content):
    (bundle / "manifest.json").write_bytes(content)
    error = refusal(bundle)
    assert error.key == ("bundle-not-utf8" if content == b"\xff\xfe" else "bundle-file")
    assert error.facts["path"] == str(bundle / "manifest.json")


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        (["format"], 2, "format"),
        (["format"], "1", "format"),
        (["files", "../secret"], {"sha256": "0" * 64, "bytes": 0}, "secret"),
        (["files", "step.onnx", "sha256"], "0" * 63, "sha256"),
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
        (["graph", "state", 0, "initial"], [1, "rows", 10**13], "less than"),
        (["graph", "state", 0, "initial"], [1, "rows", 10**30], "less than"),
        (["graph", "state", 0, "initial"], [10**6, "rows", 10**6], "numbers in a row"),
        (["graph", "state", 0, "dtype"], "float31", "dtype"),
        (["model", "vocabulary_size"], 10**30, "less than"),
        (["model", "parameters"], 10**30, "less than"),
        (["files", "step.onnx", "bytes"], 10**30, "less than"),
        (["files", "a\0b"], {"sha256": "0" * 64, "bytes": 0}, "files"),
        (["files", "a" * 256], {"sha256": "0" * 64, "bytes": 0}, "files"),
        (["graph", "file"], "step.onnx\0", "graph.file"),
        (["confidence"], {"log_probs": [-1], "shares": [0.5]}, "at least 2"),
        (["confidence"], {"log_probs": [-2, -1], "shares": [0.5]}, "at least 2"),
        (["confidence"], {"log_probs": [-3, -2, -1], "shares": [0.2, 0.5]}, "differ in length"),
        (["confidence"], {"log_probs": [-1, -1], "shares": [0.2, 0.5]}, "do not rise"),
        (["confidence"], {"log_probs": [-2, -1], "shares": [0.5, 0.2]}, "shares fall"),
        (["confidence"], {"log_probs": [-2, -1], "shares": [0.5, 1.5]}, "less than"),
        (["confidence"], {"log_probs": [float("-inf"), -1], "shares": [0.2, 0.5]}, "finite"),
    ],
)
def test_a_manifest_that_breaks_the_contract(bundle, path, value, fault):
    change(bundle, *path, value=value)
    error = refusal(bundle)
    assert error.key == "bundle-file"
    assert error.facts["path"] == str(bundle / "manifest.json")
    assert fault in error.facts["reason"]


ODD = "\x1b[31m\n\u202e\0\x9b\ud800"


@pytest.mark.parametrize("field", ["name", "version", "license", "created"])
def test_texts_of_a_manifest_are_cleaned(bundle, field):
    change(bundle, field, value=f"toy{ODD}")
    assert getattr(load_bundle(bundle).manifest, field) == "toy\ufffd[31m" + "\ufffd" * 5


def test_errors_quote_a_manifest_without_control_characters(bundle):
    change(bundle, "files", ODD, value={})
    error = refusal(bundle)
    assert str(error).isprintable()
    assert "\ufffd[31m" in error.facts["reason"]


def test_a_vocabulary_with_control_characters_is_refused(bundle):
    toy = Toy()
    lines = (bundle / "vocab.txt").read_text(encoding="utf-8").replace(toy.tokens[-1], "\x1b[2J")
    (bundle / "vocab.txt").write_text(lines, encoding="utf-8")
    write_manifest(bundle, read_manifest(bundle))
    error = refusal(bundle)
    assert error.key == "bundle-vocabulary"
    assert f"line {len(toy.tokens)}, has a control character" in error.facts["reason"]


@pytest.mark.parametrize(
    ("path", "value", "key", "facts"),
    [
        (["files"], {}, "bundle-no-checksum", {"name": "step.onnx"}),
        (["model", "vocabulary_size"], 7, "bundle-vocabulary-size", {"expected": 7}),
        (["tokens", "end"], 2, "bundle-vocabulary-token", {"role": "end"}),
        (["tokens", "line"], None, "bundle-vocabulary-token", {"role": "line"}),
    ],
)
def test_a_manifest_that_does_not_fit_the_other_files(bundle, path, value, key, facts):
    change(bundle, *path, value=value)
    error = refusal(bundle)
    assert error.key == key
    assert facts.items() <= error.facts.items()


def test_an_invalid_vocabulary(bundle):
    (bundle / "vocab.txt").write_text("<unk>\t-1\n<e>\n", encoding="utf-8")
    write_manifest(bundle, read_manifest(bundle))
    error = refusal(bundle)
    assert error.key == "bundle-vocabulary"
    assert f"{bundle / 'vocab.txt'}, line 2" in error.facts["reason"]


class TestGraph:
    """Errors that only show when ONNX Runtime opens the graph."""

    def refusal(self, directory):
        with pytest.raises(BundleError) as caught:
            OnnxModel(load_bundle(directory), "cpu")
        assert caught.value.facts["path"] == str(directory / "step.onnx")
        return caught.value

    def test_a_file_that_is_not_a_graph(self, bundle):
        (bundle / "step.onnx").write_bytes(b"no graph")
        write_manifest(bundle, read_manifest(bundle))
        error = self.refusal(bundle)
        assert error.key == "bundle-graph"
        assert "\n" not in str(error)

    @pytest.mark.parametrize("place", ["initializer", "node", "branch", "sparse"])
    def test_data_in_other_files(self, bundle, place):
        graph = onnx.load(bundle / "step.onnx")
        (bundle / "weights").write_bytes(bytes(1 << 12))
        (branch,) = (node for node in graph.graph.node if node.op_type == "If")
        weights = onnx.TensorProto(name="weights", data_type=1, dims=[4], data_location=1)
        weights.external_data.add(key="location", value="weights")
        if place == "initializer":
            graph.graph.initializer.append(weights)
        elif place == "sparse":
            graph.graph.sparse_initializer.add().values.CopyFrom(weights)
        else:
            constant = onnx.helper.make_node("Constant", [], ["external"], value=weights)
            nodes = graph.graph if place == "node" else branch.attribute[0].g
            nodes.node.append(constant)
        (bundle / "step.onnx").write_bytes(graph.SerializeToString())
        write_manifest(bundle, read_manifest(bundle))
        assert self.refusal(bundle).key == "bundle-external-data"

    @pytest.mark.parametrize(
        "content", [b"\x3a\x7f", b"\x3a\x02\x0b\x0c", b"\xff" * 11, b"\x3a", b"\x0d\x00"]
    )
    def test_damaged_encoding(self, bundle, content):
        (bundle / "step.onnx").write_bytes(content)
        write_manifest(bundle, read_manifest(bundle))
        assert self.refusal(bundle).key == "bundle-graph"

    def test_a_graph_that_is_nested_too_deeply(self, bundle):
        content = b""
        for number in [6, 5, 1] * 40:  # a graph in an attribute of a node
            size, length = len(content), b""
            while size >= 0x80:
                length, size = length + bytes([size & 0x7F | 0x80]), size >> 7
            content = bytes([number << 3 | 2]) + length + bytes([size]) + content
        (bundle / "step.onnx").write_bytes(b"\x3a" + content)
        write_manifest(bundle, read_manifest(bundle))
        assert self.refusal(bundle).key == "bundle-graph"

    def test_a_type_that_does_not_match_the_manifest(self, bundle):
        for side, name in (("inputs", "h"), ("outputs", "h_next")):
            change(bundle, "graph", side, name, "dtype", value="float16")
        change(bundle, "graph", "state", 0, "dtype", value="float16")
        error = self.refusal(bundle)
        assert error.key == "bundle-graph-type"
        assert (error.facts["expected"], error.facts["found"]) == ("float16", "tensor(float)")

    @pytest.mark.parametrize("initial", [[1, "rows", 9], [2, "rows", 8], ["rows", 1, 8]])
    def test_a_shape_that_does_not_match_the_manifest(self, bundle, initial):
        change(bundle, "graph", "state", 0, "initial", value=initial)
        error = self.refusal(bundle)
        assert error.key == "bundle-graph-type"
        assert (error.facts["name"], error.facts["expected"]) == ("h", str(initial))

    def test_a_missing_output(self, bundle):
        manifest = read_manifest(bundle)
        manifest["graph"]["outputs"]["after"] = manifest["graph"]["outputs"]["h_next"]
        manifest["graph"]["state"][0]["output"] = "after"
        write_manifest(bundle, manifest)
        error = self.refusal(bundle)
        assert error.key == "bundle-graph-type"
        assert (error.facts["name"], error.facts["found"]) == ("after", "missing")

    def test_an_unknown_input_without_a_default(self, bundle):
        manifest = read_manifest(bundle)
        manifest["graph"]["state"] = []
        write_manifest(bundle, manifest)
        error = self.refusal(bundle)
        assert (error.key, error.facts["name"]) == ("bundle-graph-unknown-input", "h")

    @pytest.mark.parametrize("name", ["mask", "mask_row", "predict", "before"])
    def test_a_missing_optional_input(self, bundle, name):
        graph = onnx.load(bundle / "step.onnx")
        # Its default becomes a constant.
        (declared,) = (value for value in graph.graph.input if value.name == name)
        graph.graph.input.remove(declared)
        onnx.save(graph, bundle / "step.onnx")
        write_manifest(bundle, read_manifest(bundle))
        error = self.refusal(bundle)
        assert (error.key, error.facts["name"]) == ("bundle-graph-input", name)
