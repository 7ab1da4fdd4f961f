"""A graph with its state on a device; the device is the CPU, so that every machine can test it."""

import weakref

import numpy as np
import pytest
from lianju.bot.verse.model import device
from lianju.bot.verse.model.bundle import default_directory, load_bundle
from lianju.bot.verse.model.device import DeviceArray, DeviceSession
from lianju.bot.verse.model.language_model import Targets
from lianju.bot.verse.model.onnx_model import OnnxModel

from .toy import Toy

KINDS = [
    pytest.param(Toy(grows=grows, pads=pads), id=f"{grows=}-{pads=}")
    for grows, pads in ((False, False), (True, False), (True, True))
] + [pytest.param(None, id="shipped")]


def ids(*values):
    return np.array(values, np.int64)


def constant(array):
    array.flags.writeable = False
    return array


@pytest.fixture
def both(tmp_path):
    """Opens a toy, or the shipped bundle, twice: with its state in arrays and on a device."""

    def open_both(toy):
        bundle = load_bundle(toy.write(tmp_path) if toy else default_directory())
        on_host, on_device = OnnxModel(bundle, "cpu", 1), OnnxModel(bundle, "cpu", 1)
        kept = [tensor.output for tensor in bundle.manifest.graph.state]
        on_device._session = DeviceSession(on_device._session, kept, "cpu")
        return on_host, on_device

    return open_both


@pytest.fixture
def sent(monkeypatch):
    """The arrays that are passed to ONNX Runtime, in their order."""
    arrays = []
    real = device.ort.OrtValue.ortvalue_from_numpy

    def send(array, *where):
        arrays.append(array)
        return real(array, *where)

    monkeypatch.setattr(device.ort.OrtValue, "ortvalue_from_numpy", send)
    return arrays


@pytest.mark.parametrize("toy", KINDS)
def test_results_equal_those_with_arrays_exactly(both, toy):
    host, there = both(toy)
    size = host.vocabulary_size
    allowed = np.random.default_rng(3).random((3, size)) < 0.5
    masks = constant(np.where(allowed, 0, -np.inf).astype(np.float32))
    states = [model.initial_state() for model in (host, there)]
    for token, parent, k, more in (
        (ids(7), ids(0), 0, {}),
        (ids(6), ids(0), 2, {"mask": masks[:1]}),
        (ids(9, 8, 7), ids(0, 0, 0), 5, {"mask": masks, "mask_row": ids(2, 0, 1)}),
        (
            ids(20, 21, 22, 23),
            ids(2, 0, 2, 1),
            4,
            {"mask": masks[1:2], "targets": Targets(ids(3, 0), ids(6, 9))},
        ),
        (ids(4), ids(3), 0, {"targets": Targets(ids(0), ids(8))}),
        (ids(5, 6), ids(0, 0), size + 1, {}),
    ):
        steps = [
            model.step(token, parent, state, k, **more)
            for model, state in zip((host, there), states, strict=True)
        ]
        assert_equal(steps)
        assert all(type(array) is DeviceArray for array in steps[1].state)
        states = [step.state for step in steps]


def assert_equal(steps):
    one, other = steps
    for array, again in ((one.top_log_prob, other.top_log_prob), (one.top_token, other.top_token)):
        assert array.dtype == again.dtype
        np.testing.assert_array_equal(array, again)
    assert (one.target_log_prob is None) == (other.target_log_prob is None)
    if one.target_log_prob is not None:
        np.testing.assert_array_equal(one.target_log_prob, other.target_log_prob)
    for array, again in zip(one.state, other.state, strict=True):
        assert (array.shape, array.dtype) == (again.shape, again.dtype)
        np.testing.assert_array_equal(array, again)


def test_the_state_is_copied_to_the_host_only_to_be_joined(both, monkeypatch):
    host, there = both(Toy(grows=True, pads=True))
    read = []
    real = DeviceArray.__array__
    monkeypatch.setattr(
        DeviceArray, "__array__", lambda self, *how, **more: read.append(1) or real(self, *how)
    )
    old = there.step(ids(5), ids(0), there.initial_state(), 3).state
    old = there.step(ids(9, 33), ids(0, 0), old, 3).state
    assert not read
    joined = there.join((old, there.initial_state()))
    assert len(read) == 3
    state = host.step(ids(5), ids(0), host.initial_state(), 3).state
    state = host.step(ids(9, 33), ids(0, 0), state, 3).state
    joined_there = host.join((state, host.initial_state()))
    steps = [
        model.step(ids(4, 20, 21), ids(2, 1, 0), state, 3)
        for model, state in ((host, joined_there), (there, joined))
    ]
    assert_equal(steps)


def test_a_state_on_the_device_is_a_value(both):
    _, model = both(Toy(grows=True))
    state = model.step(ids(4, 5), ids(0, 0), model.initial_state(), 3).state
    before = [np.array(array) for array in state]
    once = model.step(ids(6, 7), ids(1, 0), state, 3, targets=Targets(ids(1, 0), ids(8, 9)))
    kept = once.target_log_prob.copy(), once.top_token.copy()
    model.step(ids(8, 9), ids(0, 1), once.state, 3, targets=Targets(ids(1, 0), ids(8, 9)))
    assert_equal(
        [once, model.step(ids(6, 7), ids(1, 0), state, 3, targets=Targets(ids(1, 0), ids(8, 9)))]
    )
    for array, same in zip(
        (*state, once.target_log_prob, once.top_token), (*before, *kept), strict=True
    ):
        np.testing.assert_array_equal(array, same)


def test_a_mask_is_copied_once(both, sent):
    _, model = both(Toy())
    size = len(Toy().tokens)
    masks = [constant(np.zeros(size, np.float32)) for _ in range(2)]
    changing = np.zeros((2, size), np.float32)
    state = model.initial_state()
    for mask in (masks[0], masks[1], masks[0], masks[1]):
        state = model.step(ids(4), ids(0), state, 3, mask[None]).state  # a new view each time
    for _ in range(2):
        state = model.step(ids(4), ids(0), state, 3).state  # the default mask
    for number in range(2):
        changing[:, 4] = -np.inf * number if number else 0.0
        state = model.step(ids(4), ids(0), state, 3, changing, ids(number)).state
    copied = [array for array in sent if array.shape[-1] == size]
    for mask in masks:
        assert sum(np.shares_memory(array, mask) for array in copied) == 1
    assert sum(array is model._default_mask for array in copied) == 1
    assert sum(array is changing for array in copied) == 2


def test_a_mask_that_was_changed_is_copied_again(both):
    _, model = both(Toy())
    mask = np.zeros((1, len(Toy().tokens)), np.float32)
    first = model.step(ids(4), ids(0), model.initial_state(), 1, mask).top_token[0, 0]
    mask[0, first] = -np.inf
    assert model.step(ids(4), ids(0), model.initial_state(), 1, mask).top_token[0, 0] != first


def test_the_least_recently_used_masks_are_evicted(both, sent, monkeypatch):
    monkeypatch.setattr(device, "CACHED_CONSTANTS", 3)  # one of them is of every step
    _, model = both(Toy())
    size = len(Toy().tokens)

    def step(mask):
        sent.clear()
        model.step(ids(4), ids(0), model.initial_state(), 3, mask, model._first_mask)
        return any(array is mask for array in sent)

    one, two, three = (constant(np.zeros((1, size), np.float32)) for _ in range(3))
    sent_again = [step(mask) for mask in (one, two, one, three, one, two)]
    assert sent_again == [True, True, False, True, False, True]
    assert len(model._session._constants) == 3
    gone = weakref.ref(three)
    del three
    assert gone() is None


def test_memory_is_freed_before_its_session(both):
    _, model = both(Toy())
    session = model._session._session
    (array,) = model.step(ids(4), ids(0), model.initial_state(), 3).state
    order = []
    weakref.finalize(array.value, order.append, "value")
    weakref.finalize(session, order.append, "session")
    del model, session
    assert not order
    del array
    assert order == ["value", "session"]
