"""States with a NaN or an infinity, from which an 8-bit graph would compute finite numbers."""

import numpy as np
import pytest
from lianju.bot.verse import SearchError
from lianju.bot.verse.model.bundle import default_directory, load_bundle
from lianju.bot.verse.model.language_model import Targets
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.bot.verse.search.beam import BeamParams, BeamSearch
from lianju.bot.verse.search.constraints import ConstraintFactory
from lianju.bot.verse.serving.batch import Batch

from .searching import run_search

BUNDLE = load_bundle(default_directory())
NUMBERS = (np.nan, np.inf, -np.inf)


@pytest.fixture(scope="module")
def model():
    return OnnxModel(BUNDLE, "cpu", 1)


def search(text):
    vocabulary = BUNDLE.vocabulary
    return BeamSearch(
        BeamParams(
            prompt=(vocabulary.start, *vocabulary.encode(text), vocabulary.line),
            width=2,
            max_tokens=3,
            endings=vocabulary.endings,
            constraints=ConstraintFactory(vocabulary).exact_length(3),
            vocabulary_size=len(vocabulary),
        )
    )


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("tensor", [1, 2, 3])  # not h, which the graph reads as 8 bits
def test_a_non_finite_row_gives_nan_and_does_not_affect_others(model, number, tensor):
    tokens, rows = np.full((2, 3), 40), np.arange(3)
    state = model.prefill(tokens, np.zeros(3, int), model.initial_state())
    clean = model.step(tokens[0], rows, state, 4)
    non_finite = [array.copy() for array in state]
    np.moveaxis(non_finite[tensor], (1, 1, 0, 0)[tensor], 0)[1].flat[0] = number
    found = model.step(tokens[0], rows, tuple(non_finite), 4, targets=Targets(rows, tokens[1]))
    others = [0, 2]
    assert np.array_equal(found.top_log_prob[others], clean.top_log_prob[others])
    assert np.isnan(found.top_log_prob[1]).all()
    assert np.isnan(found.target_log_prob).tolist() == [False, True, False]


class FaultyPrefill:
    """The model, with a NaN in the state after one prefill."""

    def __init__(self, model, row):
        self._model, self._row = model, row

    def __getattr__(self, name):
        return getattr(self._model, name)

    def prefill(self, tokens, parent, state):
        after = self._model.prefill(tokens, parent, state)
        if self._row is None:
            return after
        after[1][0, self._row, 0] = np.nan
        self._row = None
        return after


def test_a_prompt_with_a_non_finite_state_fails_alone_and_is_not_cached(model):
    batch = Batch(FaultyPrefill(model, 0))
    slots = [batch.add(search(text)) for text in ("黄河", "白日")]
    while batch:
        batch.step()
    assert isinstance(slots[0].error, SearchError)
    assert slots[0].error.key == "model-fault"
    assert slots[1].search.result() == run_search(model, search("白日"))
    again = batch.add(search("黄河"))
    while batch:
        batch.step()
    assert again.search.result() == run_search(model, search("黄河"))
