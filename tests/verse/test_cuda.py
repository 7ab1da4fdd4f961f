"""Tests that need a GPU; skipped where ONNX Runtime finds none."""

from itertools import pairwise

import numpy as np
import pytest
from lianju.bot.verse.errors import ProviderError
from lianju.bot.verse.model.bundle import default_directory, load_bundle
from lianju.bot.verse.model.device import DeviceArray
from lianju.bot.verse.model.language_model import Targets
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.bot.verse.model.session import open_session

from .toy import Toy


@pytest.fixture(scope="module", autouse=True)
def _gpu(tmp_path_factory):
    bundle = load_bundle(Toy().write(tmp_path_factory.mktemp("toy")))
    try:
        open_session(bundle.read_graph(), "cuda", 1)
    except ProviderError as error:
        pytest.skip(str(error))


@pytest.fixture(
    params=[
        Toy(),
        *(Toy(grows=True, pads=pads) for pads in (True, False)),
        "shipped",
    ],
    ids=lambda each: each if isinstance(each, str) else f"{each.grows}-{each.pads}",
)
def bundle(request, tmp_path):
    if request.param == "shipped":
        return load_bundle(default_directory())
    return load_bundle(request.param.write(tmp_path))


def every_token(rows, vocabulary_size):
    """All tokens of all rows as targets."""
    tokens = np.arange(vocabulary_size)
    return Targets(np.repeat(np.arange(rows), len(tokens)), np.tile(tokens, rows))


def walk(model, vocabulary_size):
    """Steps of many shapes, each from the state of the previous one, and their arrays."""
    rng = np.random.default_rng(5)
    masks = np.where(rng.random((3, vocabulary_size)) < 0.5, 0, -np.inf).astype(np.float32)
    masks.flags.writeable = False
    state, given = model.initial_state(), []
    for before, rows in pairwise((1, 1, 1, 6, 40, 40, 3, 17, 1)):
        step = model.step(
            rng.integers(4, vocabulary_size, rows),
            rng.integers(0, before, rows),
            state,
            int(rng.integers(1, 20)) if rows > 1 else 0,
            masks if rows > 1 else None,
            rng.integers(0, 3, rows) if rows > 1 else None,
            targets=every_token(rows, vocabulary_size),
        )
        state = step.state
        given.append(step)
    return given


def on_cpu(bundle):
    """The model with the same arithmetic on the CPU."""
    return OnnxModel(bundle, "cpu", 2, gpu_graph_on_cpu=True)


def assert_close(found, expected):
    np.testing.assert_allclose(found.target_log_prob, expected.target_log_prob, atol=1e-4)
    log_prob = expected.target_log_prob.reshape(len(expected.top_token), -1)
    np.testing.assert_allclose(found.top_log_prob, expected.top_log_prob, atol=1e-4)
    # Tokens that are as likely as each other may change places.
    np.testing.assert_allclose(
        np.take_along_axis(log_prob, found.top_token, 1),
        np.take_along_axis(log_prob, expected.top_token, 1),
        atol=2e-4,
    )
    for array, other in zip(found.state, expected.state, strict=True):
        np.testing.assert_allclose(array, other, atol=1e-4)


def test_answers_equal_those_of_the_cpu(bundle):
    models = [OnnxModel(bundle, "auto", 2), on_cpu(bundle)]
    assert [model.provider for model in models] == ["cuda", "cpu"]
    size = len(bundle.vocabulary)
    for steps in zip(*(walk(model, size) for model in models), strict=True):
        assert_close(*steps)


def test_the_state_stays_on_the_device(bundle):
    model = OnnxModel(bundle, "cuda")
    for step in walk(model, len(bundle.vocabulary)):
        assert {type(array) for array in step.state} == {DeviceArray}
        assert {array.value.device_name() for array in step.state} == {"cuda"}


def test_states_are_joined_and_outlive_their_model(bundle):
    models = [OnnxModel(bundle, "cuda", 2), on_cpu(bundle)]
    row = np.zeros(1, np.int64)
    steps = []
    for model in models:
        states = [model.step(row + token, row, model.initial_state(), 3).state for token in (4, 5)]
        token, parent = np.array([6, 7, 8]), np.array([1, 0, 1])
        every = every_token(3, len(bundle.vocabulary))
        steps.append(model.step(token, parent, model.join(states), 3, targets=every))
    del model, models
    assert_close(*steps)


def test_after_a_failure_the_model_runs_on_the_cpu(bundle, caplog):
    def fail(*_):
        raise RuntimeError("out of memory")

    model, row = OnnxModel(bundle, "auto"), np.array([4])
    state = model.step(row, row * 0, model.initial_state(), 3).state
    model._session.run = fail
    for _ in range(2):  # the second time, because the state is on the device
        with pytest.raises(RuntimeError):
            model.step(row, row * 0, state, 3)
    assert model.provider == "cpu"
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    every = every_token(1, len(bundle.vocabulary))
    steps = [
        each.step(row, row * 0, each.initial_state(), 3, targets=every)
        for each in (model, OnnxModel(bundle, "cpu"))
    ]
    np.testing.assert_array_equal(steps[0].target_log_prob, steps[1].target_log_prob)
