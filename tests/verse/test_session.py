"""Which provider runs a graph, and what happens if CUDA fails; the CPU simulates CUDA."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from lianju.bot.verse import Beam, BundleError, Composer, ProviderError, Request, SearchError
from lianju.bot.verse.model import session as sessions
from lianju.bot.verse.model.bundle import load_bundle
from lianju.bot.verse.model.device import DeviceArray
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.bot.verse.model.session import CPU, CUDA
from lianju.bot.verse.serving.scheduler import Scheduler

from .simulated_cuda import FAULT, assert_answers, assert_one_warning, ids
from .simulated_cuda import log as log
from .simulated_cuda import machine as machine
from .toy import PROMPTS, Toy, read_manifest, write_manifest


@pytest.fixture
def bundle(tmp_path):
    return load_bundle(Toy().write(tmp_path))


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
