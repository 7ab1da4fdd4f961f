"""A state that holds something that is no number: an 8-bit graph would make a line of it."""

import numpy as np
import pytest
from lianju.bot.verse.errors import SearchError
from lianju.bot.verse.model.bundle import default_directory, load_bundle
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.bot.verse.search.beam import BeamParams, BeamSearch
from lianju.bot.verse.search.constraints import ConstraintFactory
from lianju.bot.verse.serving.batch import Batch
from lianju.bot.verse.serving.jobs import run_search

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
@pytest.mark.parametrize("tensor", [1, 2, 3])  # h is not passed on, but read as 8 bits
def test_a_spoiled_row_gives_no_numbers_and_spoils_no_other(model, number, tensor):
    tokens, rows = np.full((2, 3), 40), np.arange(3)
    state = model.prefill(tokens, np.zeros(3, int), model.initial_state())
    clean = model.step(tokens[0], rows, state, 4)
    spoiled = [array.copy() for array in state]
    np.moveaxis(spoiled[tensor], (1, 1, 0, 0)[tensor], 0)[1].flat[0] = number
    found = model.step(tokens[0], rows, tuple(spoiled), 4, return_log_prob=True)
    others = [0, 2]
    assert np.array_equal(found.top_log_prob[others], clean.top_log_prob[others])
    assert np.isnan(found.top_log_prob[1]).all()
    assert np.isnan(found.log_prob[1]).all()


class Reading:
    """The model, with one number of one reading's state spoiled."""

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


def test_a_prompt_that_was_read_to_no_state_fails_alone_and_is_read_anew(model):
    batch = Batch(Reading(model, 0))
    seats = [batch.add(search(text)) for text in ("黄河", "白日")]
    while batch:
        batch.step()
    assert isinstance(seats[0].error, SearchError)
    assert seats[0].error.key == "model-fault"
    assert seats[1].search.result() == run_search(model, search("白日"))
    again = batch.add(search("黄河"))
    while batch:
        batch.step()
    assert again.search.result() == run_search(model, search("黄河"))
