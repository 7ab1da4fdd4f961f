from types import SimpleNamespace

import numpy as np
import pytest
from lianju.bot.verse import (
    Beam,
    Composer,
    ProviderError,
    Request,
    Rerank,
    Sample,
    SearchError,
)
from lianju.bot.verse.model.bundle import load_bundle
from lianju.bot.verse.model.language_model import Targets
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.bot.verse.model.session import provider_of
from lianju.bot.verse.serving.scheduler import Scheduler

from .toy import Toy, read_manifest, write_manifest

KINDS = [{"grows": False}, {"grows": True}]


def ids(*values):
    return np.array(values, np.int64)


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """Opens a toy model, once per kind."""
    models = {}

    def open_toy(**kind):
        toy = Toy(**kind)
        if toy not in models:
            models[toy] = OnnxModel(
                load_bundle(toy.write(tmp_path_factory.mktemp("toy"))), "cpu", 1
            )
        return toy, models[toy]

    return open_toy


@pytest.mark.parametrize("kind", KINDS)
def test_log_prob_after_each_prefix(opened, kind):
    toy, model = opened(**kind)
    prefix, state = [2, 9, 33, 5], model.initial_state()
    for length, token in enumerate(prefix, 1):
        log_prob, state = model.log_prob(ids(token), ids(0), state)
        np.testing.assert_allclose(log_prob[0], toy.log_prob(prefix[:length]), atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_continue_their_parents(opened, kind):
    toy, model = opened(**kind)
    _, state = model.log_prob(ids(7, 8, 9), ids(0, 0, 0), model.initial_state())
    log_prob, _ = model.log_prob(ids(20, 21, 22, 23), ids(2, 0, 2, 1), state)
    for row, prefix in enumerate(([9, 20], [7, 21], [9, 22], [8, 23])):
        np.testing.assert_allclose(log_prob[row], toy.log_prob(prefix), atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_candidates_are_the_best_of_log_prob(opened, kind):
    _, model = opened(**kind)
    step = model.step(ids(7, 8), ids(0, 0), model.initial_state(), 5)
    log_prob, state = model.log_prob(ids(7, 8), ids(0, 0), model.initial_state())
    log_prob[:, 0] = -np.inf  # <unk>
    np.testing.assert_array_equal(step.top_token, np.argsort(-log_prob, kind="stable")[:, :5])
    np.testing.assert_allclose(step.top_log_prob, -np.sort(-log_prob)[:, :5], atol=1e-6)
    for one, other in zip(step.state, state, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("kind", KINDS)
def test_the_state_does_not_depend_on_the_number_of_candidates(opened, kind):
    _, model = opened(**kind)
    silent = model.step(ids(7, 8), ids(0, 0), model.initial_state(), 0)
    spoken = model.step(ids(7, 8), ids(0, 0), model.initial_state(), 3)
    assert silent.top_log_prob.shape == silent.top_token.shape == (2, 0)
    for one, other in zip(silent.state, spoken.state, strict=True):
        np.testing.assert_array_equal(one, other)


def test_more_candidates_than_tokens(opened):
    _, model = opened(tokens=("<unk>", "<e>", "a", "b"))
    assert model.step(ids(2), ids(0), model.initial_state(), 64).top_token.shape == (1, 4)


def test_state_is_a_value(opened):
    _, model = opened(grows=True)
    state = model.initial_state(2)
    for array in state:
        array.flags.writeable = False
    _, once = model.log_prob(ids(4, 5), ids(1, 0), state)
    _, again = model.log_prob(ids(4, 5), ids(1, 0), state)
    for one, other in zip(once, again, strict=True):
        np.testing.assert_array_equal(one, other)
    assert [array.shape for array in state] == [(1, 2, 8), (0, 2, 8), (2,)]


def test_join_keeps_the_order_of_rows(opened):
    toy, model = opened()
    _, one = model.log_prob(ids(7), ids(0), model.initial_state())
    joined = model.join((one, model.initial_state()))
    log_prob, _ = model.log_prob(ids(8, 9), ids(1, 0), joined)
    np.testing.assert_allclose(log_prob[0], toy.log_prob([8]), atol=1e-4)
    np.testing.assert_allclose(log_prob[1], toy.log_prob([7, 9]), atol=1e-4)


def test_states_of_different_length_are_joined_with_padding(opened):
    toy, model = opened(grows=True, pads=True)
    assert not model.state_grows
    assert opened(grows=True)[1].state_grows
    old, young = [5, 9, 33], [7]
    states = []
    for prefix in (old, young):
        state = model.initial_state()
        for token in prefix:
            _, state = model.log_prob(ids(token), ids(0), state)
        states.append(state)
    joined = model.join((*states, model.initial_state(2)))
    assert [array.shape for array in joined] == [(1, 4, 8), (3, 4, 8), (4,)]
    np.testing.assert_array_equal(joined[1][-1, 1], states[1][1][-1, 0])
    assert not joined[1][:-1, 1:].any()
    log_prob, _ = model.log_prob(ids(20, 21, 22), ids(3, 1, 0), joined)
    for found, prefix in zip(log_prob, ([20], [7, 21], [5, 9, 33, 22]), strict=True):
        np.testing.assert_allclose(found, toy.log_prob(prefix), atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_targets_and_candidates(opened, kind):
    _, model = opened(**kind)
    arguments = (ids(7, 8), ids(0, 0), model.initial_state())
    expected, _ = model.log_prob(*arguments)
    for k in (0, 3):
        step = model.step(*arguments, k, targets=Targets(ids(1, 0, 1), ids(9, 5, 9)))
        assert step.top_token.shape == (2, k)
        found = expected[[1, 0, 1], [9, 5, 9]]
        np.testing.assert_array_equal(step.target_log_prob, found)
    assert model.step(*arguments, 3).target_log_prob is None


class Session:
    """A session that returns another array for one of its outputs."""

    def __init__(self, session, name, array):
        self._session, self._name, self._array = session, name, array

    def run(self, names, feed):
        arrays = dict(zip(names, self._session.run(names, feed), strict=True))
        return list((arrays | {self._name: self._array}).values())


@pytest.mark.parametrize(
    ("name", "shape", "dtype"),
    [
        ("h_next", (1, 2, 8), np.float32),
        ("h_next", (1, 1, 7), np.float32),
        ("h_next", (2, 1, 8), np.float32),
        ("h_next", (1, 8), np.float32),
        ("h_next", (1, 1, 8), np.float64),
        ("memory_next", (1, 2, 8), np.float32),
        ("memory_next", (1, 1, 7), np.float32),
        ("memory_next", (1, 1), np.float32),
        ("count_next", (2,), np.int64),
        ("count_next", (1,), np.int32),
        ("top_log_prob", (1, 4), np.float32),
        ("top_log_prob", (2, 3), np.float32),
        ("top_token", (2, 3), np.int64),
        ("log_prob", (2, len(Toy().tokens)), np.float32),
    ],
)
def test_an_output_that_does_not_match_the_manifest(tmp_path, name, shape, dtype):
    model = OnnxModel(load_bundle(Toy(grows=True).write(tmp_path)), "cpu", 1)
    model._session = Session(model._session, name, np.zeros(shape, dtype))
    with pytest.raises(SearchError) as caught:
        model.step(ids(4), ids(0), model.initial_state(), 3, targets=Targets(ids(0), ids(5)))
    assert (caught.value.key, caught.value.facts["name"]) == ("model-output", name)


@pytest.mark.parametrize("token", [-1, len(Toy().tokens), 2**62, -(2**63)])
def test_a_token_outside_the_vocabulary_fails_its_search_alone(tmp_path, token):
    bundle = load_bundle(Toy().write(tmp_path))
    model = OnnxModel(bundle, "cpu", 1)
    arguments = (ids(4, 5), ids(0, 0), model.initial_state(), 3)
    expected = model.step(*arguments)
    wrong = expected.top_token.copy()
    wrong[1, 2] = token
    model._session = Session(model._session, "top_token", wrong)
    found = model.step(*arguments)
    assert np.isnan(found.top_log_prob[1, 2])
    assert found.top_token[1, 2] == 0
    found.top_log_prob[1, 2], found.top_token[1, 2] = (
        expected.top_log_prob[1, 2],
        expected.top_token[1, 2],
    )
    np.testing.assert_array_equal(found.top_log_prob, expected.top_log_prob)
    np.testing.assert_array_equal(found.top_token, expected.top_token)


def test_a_search_with_a_token_outside_the_vocabulary_is_one_sentence(tmp_path):
    bundle = load_bundle(Toy().write(tmp_path))
    model = OnnxModel(bundle, "cpu", 1)
    composer = Composer(bundle, model, Scheduler(model))
    step = model.step

    def outside(*arguments):
        output = step(*arguments)
        names = {"top_log_prob": output.top_log_prob, "top_token": output.top_token + 10**6}
        model._check_tokens(names)
        return output._replace(**names)

    model.step = outside
    for search in (Beam(), Sample(seed=1), Rerank()):
        with pytest.raises(SearchError) as caught:
            composer.compose_now(Request("黄河远上白云间", search=search))
        assert caught.value.key == "model-fault"


def test_fewer_log_probs_than_tokens(tmp_path):
    directory = Toy().write(tmp_path)
    manifest = read_manifest(directory)
    manifest["model"]["vocabulary_size"] -= 1
    lines = (directory / "vocab.txt").read_text(encoding="utf-8").splitlines(keepends=True)
    (directory / "vocab.txt").write_text("".join(lines[:-1]), encoding="utf-8")
    write_manifest(directory, manifest)
    model = OnnxModel(load_bundle(directory), "cpu", 1)
    with pytest.raises(SearchError) as caught:
        model.log_prob(ids(4), ids(0), model.initial_state())
    assert (caught.value.key, caught.value.facts["name"]) == ("model-output", "log_prob")


def test_cuda_is_refused_where_it_is_not_available(tmp_path, monkeypatch):
    monkeypatch.setattr("lianju.bot.verse.model.session._has_cuda_device", lambda: False)
    bundle = load_bundle(Toy().write(tmp_path))
    with pytest.raises(ProviderError) as caught:
        OnnxModel(bundle, "cuda")
    assert caught.value.key == "provider-cuda"
    assert OnnxModel(bundle, "auto").provider == "cpu"


def test_provider_of_a_session():
    def session(*providers):
        return SimpleNamespace(get_providers=lambda: list(providers))

    assert provider_of(session("CUDAExecutionProvider", "CPUExecutionProvider")) == "cuda"
    assert provider_of(session("CPUExecutionProvider")) == "cpu"
