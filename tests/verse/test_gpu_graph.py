"""A bundle with a graph of its own for GPUs: which of its graphs runs where."""

import onnx
import pytest
from lianju.bot.verse import BundleError
from lianju.bot.verse.model.bundle import load_bundle
from lianju.bot.verse.model.onnx_model import OnnxModel

from .simulated_cuda import assert_answers, assert_one_warning, ids
from .simulated_cuda import log as log
from .simulated_cuda import machine as machine
from .toy import Toy, read_manifest, write_manifest


def test_an_int8_graph_runs_on_the_cpu_unless_cuda_is_required(machine, tmp_path, log):
    directory = Toy().write(tmp_path)
    manifest = read_manifest(directory)
    manifest["graph"]["precision"] = "int8"
    write_manifest(directory, manifest)
    bundle = load_bundle(directory)
    assert OnnxModel(bundle, "auto", 1).provider == "cpu"
    (record,) = log.records
    assert record.levelname == "INFO"
    assert "export it again" in record.getMessage()
    log.clear()
    assert OnnxModel(bundle, "cuda", 1).provider == "cuda"
    assert not log.records


class TestGpuGraph:
    """A bundle with a second graph, whose weights are in the file of the first."""

    @pytest.fixture
    def directory(self, tmp_path):
        """Its first graph claims to be of 8 bits."""
        directory = Toy().write(tmp_path)
        step = onnx.load(directory / "step.onnx")
        data = step.SerializeToString()
        (directory / "step.onnx").write_bytes(data)
        weights = max(step.graph.initializer, key=lambda tensor: len(tensor.raw_data))
        place = {"location": "step.onnx", "offset": data.index(weights.raw_data)}
        place["length"] = len(weights.raw_data)
        weights.ClearField("raw_data")
        weights.data_location = onnx.TensorProto.EXTERNAL
        for key, value in place.items():
            weights.external_data.add(key=key, value=str(value))
        (directory / "gpu.onnx").write_bytes(step.SerializeToString())
        manifest = read_manifest(directory)
        manifest["graph"]["precision"] = "int8"
        manifest["gpu_graph"] = {"file": "gpu.onnx", "weights": "step.onnx"}
        write_manifest(directory, manifest)
        return directory

    def test_it_runs_on_cuda_and_the_other_one_on_the_cpu(self, machine, directory, log):
        bundle = load_bundle(directory)
        model = OnnxModel(bundle, "auto", 1)
        assert model.provider == "cuda"
        assert_answers(model, bundle)
        assert machine.graphs == [bundle.read_gpu_graph().content, bundle.read_graph().content]
        assert not log.records

    def test_after_a_failure_the_other_one_runs_on_the_cpu(self, machine, directory, log):
        bundle = load_bundle(directory)
        model = OnnxModel(bundle, "auto", 1)
        machine.fails = True
        with pytest.raises(RuntimeError, match="CUDA failure"):
            model.step(ids(4), ids(0), model.initial_state(), 3)
        assert model.provider == "cpu"
        assert machine.graphs[-1] == bundle.read_graph().content
        assert_one_warning(log, "failed on CUDA")

    def test_it_is_not_read_where_there_is_no_gpu(self, directory):
        bundle = load_bundle(directory)
        (directory / "gpu.onnx").unlink()
        assert OnnxModel(bundle, "auto", 1).provider == "cpu"

    def test_it_can_run_on_the_cpu(self, directory):
        bundle = load_bundle(directory)
        assert_answers(OnnxModel(bundle, "cpu", 1, gpu_graph_on_cpu=True), bundle)

    @pytest.mark.parametrize("weights", ["vocab.txt", "other.bin", "../step.onnx"])
    def test_weights_elsewhere(self, directory, weights):
        manifest = read_manifest(directory)
        manifest["gpu_graph"]["weights"] = weights
        write_manifest(directory, manifest)
        with pytest.raises(BundleError) as caught:
            load_bundle(directory)
        keys = {"vocab.txt": "bundle-external-data", "other.bin": "bundle-no-checksum"}
        assert caught.value.key == keys.get(weights, "bundle-file")

    def test_altered_weights(self, directory):
        path = directory / "step.onnx"
        content = bytearray(path.read_bytes())
        content[-3] ^= 1
        path.write_bytes(content)
        with pytest.raises(BundleError) as caught:
            load_bundle(directory)
        assert caught.value.key == "bundle-checksum"

    def test_data_beyond_the_end_of_the_file(self, directory):
        graph = onnx.load(directory / "gpu.onnx", load_external_data=False)
        (weights,) = (each for each in graph.graph.initializer if each.external_data)
        (offset,) = (each for each in weights.external_data if each.key == "offset")
        offset.value = str((directory / "step.onnx").stat().st_size - 8)
        (directory / "gpu.onnx").write_bytes(graph.SerializeToString())
        write_manifest(directory, read_manifest(directory))
        with pytest.raises(BundleError) as caught:
            OnnxModel(load_bundle(directory), "cpu", 1, gpu_graph_on_cpu=True)
        assert caught.value.key == "bundle-graph"
