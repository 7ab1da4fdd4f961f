"""A machine with a GPU, which the CPU simulates, and what is asserted of a model on it."""

import logging
from functools import partial

import numpy as np
import pytest
from lianju.bot.verse.model import onnx_model as step_model
from lianju.bot.verse.model import session as sessions
from lianju.bot.verse.model.device import DeviceSession
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.bot.verse.model.session import CPU, CUDA

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
