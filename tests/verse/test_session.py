"""Which provider runs a graph, and what happens if CUDA fails; the CPU simulates CUDA."""

import json
import logging
import os
import subprocess
import sys
from dataclasses import replace
from functools import partial

import numpy as np
import onnx
import pytest
from lianju.bot.verse import (
    Beam,
    BundleError,
    Composer,
    ProviderError,
    Request,
    SearchError,
)
from lianju.bot.verse.model import onnx_model as step_model
from lianju.bot.verse.model import session as sessions
from lianju.bot.verse.model.bundle import load_bundle
from lianju.bot.verse.model.device import DeviceArray, DeviceSession
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.bot.verse.model.session import CPU, CUDA
from lianju.bot.verse.serving.scheduler import Scheduler

from .toy import PROMPTS, Toy, read_manifest, write_manifest

FAULT = "CUDA failure 2: out of memory ; GPU=0\nfrom a file somewhere"


def ids(*values):
    return np.array(values, np.int64)


class CudaSession:
    """A session on the CPU that claims to be on CUDA, and fails if its machine says so."""

    def __init__(self, session, machine):
        self._session, self._machine = session, machine

    def __getattr__(self, name):
        return getattr(self._session, name)

    def get_providers(self):
        return [CUDA, CPU]

    def run_with_iobinding(self, binding):
        if self._machine.fails:
            raise RuntimeError(FAULT)
        self._session.run_with_iobinding(binding)


class Machine:
    """A machine with a GPU.

    Attributes:
        fails: Whether steps on CUDA do.
        refuses: Whether CUDA sessions cannot be opened.
        lacks: Whether CUDA's libraries are missing.
        opened: The providers of each session that was opened.
        graphs: Its graph.
    """

    def __init__(self):
        self.fails = self.refuses = self.lacks = False
        self.opened, self.graphs = [], []
        self._open = sessions.ort.InferenceSession

    def open(self, path, options, providers, **more):
        self.opened.append([each if isinstance(each, str) else each[0] for each in providers])
        self.graphs.append(path)
        session = self._open(path, options, providers=[CPU], **more)
        if self.opened[-1] == [CPU] or self.lacks:
            return session
        if self.refuses:
            raise RuntimeError(FAULT)
        return CudaSession(session, self)


@pytest.fixture
def machine(monkeypatch):
    machine = Machine()
    monkeypatch.setattr(sessions.ort, "get_available_providers", lambda: [CUDA, CPU])
    monkeypatch.setattr(sessions.ort, "preload_dlls", lambda: print("searching for libraries"))
    monkeypatch.setattr(sessions.ort, "InferenceSession", machine.open)
    monkeypatch.setattr(sessions, "_has_cuda_device", lambda: True)
    monkeypatch.setattr(step_model, "DeviceSession", partial(DeviceSession, device="cpu"))
    return machine


@pytest.fixture
def bundle(tmp_path):
    return load_bundle(Toy().write(tmp_path))


@pytest.fixture(autouse=True)
def log(caplog):
    """The log at every level."""
    caplog.set_level(logging.DEBUG, "lianju")
    return caplog


def assert_one_warning(log, words):
    (record,) = log.records
    assert (record.levelname, record.exc_info) == ("WARNING", None)
    message = record.getMessage()
    assert words in message
    assert "\n" not in message
    assert message.endswith(".")
    log.clear()


def assert_answers(model, bundle):
    """The model returns what the bundle returns on a CPU."""
    expected = OnnxModel(bundle, "cpu", 1)
    found = [each.step(ids(7, 8), ids(0, 0), each.initial_state(), 3) for each in (model, expected)]
    np.testing.assert_array_equal(found[0].top_token, found[1].top_token)
    np.testing.assert_array_equal(found[0].top_log_prob, found[1].top_log_prob)


@pytest.mark.parametrize("provider", ["auto", "cuda"])
def test_cuda_is_used_where_it_works(machine, bundle, log, capfd, provider):
    model = OnnxModel(bundle, provider, 1)
    assert model.provider == "cuda"
    assert type(model.step(ids(4), ids(0), model.initial_state(), 1).state[0]) is DeviceArray
    assert_answers(model, bundle)
    assert not log.records
    assert capfd.readouterr() == ("", "")


def test_the_cpu_is_used_where_it_is_requested(machine, bundle, log):
    assert OnnxModel(bundle, "cpu", 1).provider == "cpu"
    assert machine.opened == [[CPU]]
    assert not log.records


@pytest.mark.parametrize("missing", ["provider", "device"])
def test_without_a_gpu_auto_is_silent(machine, bundle, log, monkeypatch, missing):
    if missing == "provider":
        monkeypatch.setattr(sessions.ort, "get_available_providers", lambda: [CPU])
    else:
        monkeypatch.setattr(sessions, "_has_cuda_device", lambda: False)
    assert OnnxModel(bundle, "auto", 1).provider == "cpu"
    assert machine.opened == [[CPU]]
    assert not log.records
    with pytest.raises(ProviderError) as caught:
        OnnxModel(bundle, "cuda", 1)
    assert caught.value.key == "provider-cuda"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("lacks", "libraries, or cuDNN's, cannot be loaded"),
        ("refuses", "CUDA failure 2: out of memory ; GPU=0."),
        ("fails", "failed on CUDA"),
    ],
)
def test_cuda_that_fails_at_the_start(machine, bundle, log, capfd, fault, words):
    setattr(machine, fault, True)
    model = OnnxModel(bundle, "auto", 1)
    assert model.provider == "cpu"
    assert_one_warning(log, words)
    assert_answers(model, bundle)
    with pytest.raises(ProviderError) as caught:
        OnnxModel(bundle, "cuda", 1)
    assert caught.value.key == "provider-cuda"
    assert not log.records
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("provider", ["auto", "cuda"])
def test_a_graph_that_cannot_run_is_a_bundle_error(machine, bundle, log, provider):
    bundle.graph_path.write_bytes(b"\x08\x09")  # a version, and nothing else
    write_manifest(bundle.directory, read_manifest(bundle.directory))
    bundle = load_bundle(bundle.directory)
    with pytest.raises(BundleError) as caught:
        OnnxModel(bundle, provider, 1)
    assert caught.value.key == "bundle-graph"
    assert not log.records


def test_wrong_output_of_a_graph_does_not_count_as_a_failure_of_cuda(
    machine, bundle, log, monkeypatch
):
    fault = SearchError("model-output", name="h_next", found="nothing", expected="something")
    monkeypatch.setattr(OnnxModel, "_check_state", lambda *_: (_ for _ in ()).throw(fault))
    model = OnnxModel(bundle, "auto", 1)
    assert model.provider == OnnxModel(bundle, "cuda", 1).provider == "cuda"
    with pytest.raises(SearchError) as caught:
        model.step(ids(4), ids(0), model.initial_state(), 1)
    assert caught.value is fault
    assert model.provider == "cuda"
    assert not log.records


def test_a_step_that_fails_on_cuda_fails_its_search_and_the_next_runs_on_the_cpu(
    machine, bundle, log
):
    def ask(model):
        request = Request("白日", search=Beam(3), count=3)
        answer = Composer(bundle, model, Scheduler(model)).compose_now(request)
        return replace(answer, elapsed_ms=0)

    model = OnnxModel(bundle, "auto", 1)
    machine.fails = True
    with pytest.raises(SearchError) as caught:
        ask(model)
    assert caught.value.key == "model-failed"
    assert model.provider == "cpu"
    assert_one_warning(log, "failed on CUDA")
    machine.fails = False  # it stays on the CPU all the same
    assert ask(model) == ask(OnnxModel(bundle, "cpu", 1))
    assert machine.opened.count([CUDA, CPU]) == 1
    assert not log.records


@pytest.mark.parametrize("grows", [True, False])
def test_states_that_were_on_the_device_are_lost(machine, tmp_path, log, grows):
    model = OnnxModel(load_bundle(Toy(grows=grows).write(tmp_path)), "auto", 1)
    states = [model.step(ids(4), ids(0), model.initial_state(), 3).state for _ in range(2)]
    machine.fails = True
    with pytest.raises(RuntimeError, match="CUDA failure"):
        model.step(ids(5), ids(0), states[0], 3)
    for state in states:
        with pytest.raises(RuntimeError, match="Unable to handle object"):
            model.step(ids(5), ids(0), state, 3)
    assert_one_warning(log, "failed on CUDA")
    fresh = model.step(ids(4), ids(0), model.initial_state(), 3)
    assert [type(array) for array in fresh.state] == [np.ndarray] * (3 if grows else 1)


def test_a_state_that_cannot_be_copied_to_the_host(machine, bundle, log, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError(FAULT)

    model = OnnxModel(bundle, "auto", 1)
    state = model.step(ids(4), ids(0), model.initial_state(), 3).state
    monkeypatch.setattr(DeviceArray, "__array__", fail)
    with pytest.raises(RuntimeError, match="CUDA failure"):
        model.join((state, model.initial_state()))
    assert model.provider == "cpu"
    assert_one_warning(log, "failed on CUDA")
    assert_answers(model, bundle)


def test_cuda_that_is_required_is_tried_again(machine, bundle, log):
    model = OnnxModel(bundle, "cuda", 1)
    state = model.step(ids(4), ids(0), model.initial_state(), 3).state
    machine.fails = True
    with pytest.raises(RuntimeError, match="CUDA failure"):
        model.step(ids(5), ids(0), state, 3)
    machine.fails = False
    model.step(ids(5), ids(0), state, 3)
    assert model.provider == "cuda"
    assert_answers(model, bundle)
    assert machine.opened.count([CUDA, CPU]) == 1
    assert not log.records


def test_a_missing_graph_when_cuda_fails(machine, bundle, log):
    model = OnnxModel(bundle, "auto", 1)
    content = bundle.graph_path.read_bytes()
    bundle.graph_path.unlink()
    machine.fails = True
    with pytest.raises(RuntimeError, match="CUDA failure"):
        model.step(ids(5), ids(0), model.initial_state(), 3)
    assert_one_warning(log, "cannot be opened on the CPU")
    machine.fails = False
    bundle.graph_path.write_bytes(content)
    assert_answers(model, bundle)


def test_a_graph_that_is_replaced_after_its_check_is_not_run(machine, bundle, log):
    content = bundle.graph_path.read_bytes()
    bundle.graph_path.write_bytes(content[:-1] + b"\xa5")
    with pytest.raises(BundleError) as caught:
        OnnxModel(bundle, "auto", 1)
    assert caught.value.key == "bundle-checksum"
    bundle.graph_path.write_bytes(content)
    model = OnnxModel(bundle, "auto", 1)
    bundle.graph_path.write_bytes(content[:-1] + b"\xa5")
    machine.fails = True
    with pytest.raises(RuntimeError, match="CUDA failure"):
        model.step(ids(5), ids(0), model.initial_state(), 3)
    assert_one_warning(log, "cannot be opened on the CPU")


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


def test_a_warning_of_the_model_is_one_sentence(tmp_path):
    bundle = Toy().write(tmp_path / "toy")
    warning = "CUDA cannot be used, so the model runs on the CPU: no driver."
    code = f"""
import logging, sys
from lianju.bot.cli import main
from lianju.bot.verse.model import onnx_model
open_session = onnx_model.open_session
def fall_back(*arguments):
    logging.getLogger("lianju.bot.verse.model.session").warning({warning!r})
    return open_session(*arguments)
onnx_model.open_session = fall_back
sys.exit(main(["poem", {PROMPTS[0]!r}, "--json", "--bundle", {str(bundle)!r}]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert (done.returncode, done.stderr) == (0, f"{warning}\n")
    assert json.loads(done.stdout)["line"] == PROMPTS[0]


@pytest.mark.parametrize(
    ("variable", "calls"), [(None, "1"), ("1", "1"), ("0", "0")], ids=["unset", "off", "left-on"]
)
def test_telemetry_is_off_even_if_onnxruntime_was_imported_before(variable, calls):
    code = """
import onnxruntime
calls = []
onnxruntime.disable_telemetry_events = lambda: calls.append(1)
import lianju.bot.verse.model.session
print(len(calls))
"""
    environment = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    if variable is not None:
        environment["ORT_DISABLE_TELEMETRY"] = variable
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{calls}\n"
