"""What was read once is not read again, and what is remembered is what was read."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lianju.bot.verse.errors import SearchError
from lianju.bot.verse.model.bundle import load_bundle
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.bot.verse.search.beam import BeamParams, BeamSearch
from lianju.bot.verse.search.constraints import ConstraintFactory
from lianju.bot.verse.serving.batch import Batch
from lianju.bot.verse.serving.prefix_cache import PrefixCache
from lianju.bot.verse.text.vocabulary import Vocabulary

from .table import LONGEST, TableModel, random_table
from .toy import Toy

TOKENS = Vocabulary(("<unk>", "<e>", "</l>", *"abc"), (-1,) * 3 + (1,) * 3)
STATE = LONGEST * 8  # bytes of one row of the table's state


class Marked(TableModel):
    """A table whose state tells what was read; any text with `fatal` fails while it is set."""

    fatal = None

    def __init__(self):
        super().__init__(random_table(1, len(TOKENS)), len(TOKENS))

    def prefill(self, tokens, parent, state):
        if self.fatal in tokens:
            raise RuntimeError("out of memory")
        return super().prefill(tokens, parent, state)

    def told(self, found):
        """What each state says that its row has read."""
        return {text: self.histories(state)[0] for text, state in found.items()}


@pytest.fixture
def model():
    return Marked()


@pytest.fixture
def reader(model):
    return PrefixCache(model)


def test_a_text_is_read_once(model, reader):
    for _ in range(3):
        assert model.told(reader.states_after([(3, 4, 5)])) == {(3, 4, 5): (3, 4, 5)}
    assert model.reads == [(3, 1)]


def test_the_longest_known_opening_is_gone_on_from(model, reader):
    reader.states_after([(3,)])
    reader.states_after([(3, 4)])
    texts = [(3, 4, 5, 5), (3, 5, 4), (4, 3)]
    assert model.told(reader.states_after(texts)) == {text: text for text in texts}
    # Two tokens more of the first text and of the second, and all two of the third.
    assert model.reads[2:] == [(2, 1), (2, 1), (2, 1)]
    assert model.told(reader.states_after([(3, 5, 4, 4)])) == {(3, 5, 4, 4): (3, 5, 4, 4)}
    assert model.reads[5:] == [(1, 1)]


def test_texts_that_lack_as_much_are_read_in_one_call(model, reader):
    reader.states_after([(3, 3), (4, 4)])
    texts = [(3, 3, 5), (4, 4, 4), (3, 3, 4), (5, 5), (3, 4), (3, 3, 5)]
    assert model.told(reader.states_after(texts)) == {text: text for text in texts}
    assert model.reads == [(2, 2), (1, 3), (2, 2)]


def test_before_a_prompt_of_one_token_nothing_is_read(model, reader):
    assert model.told(reader.states_after([()])) == {(): ()}
    assert model.reads == []


def test_the_least_recently_asked_for_is_forgotten(model):
    reader = PrefixCache(model, cached_bytes=3 * STATE)
    for text in ((3, 3), (4, 4), (5, 5), (3, 3)):
        reader.states_after([text])
    assert len(model.reads) == 3
    reader.states_after([(4, 5)])  # one too many: the 4, 4 goes, and its memory with it
    for text in ((3, 3), (5, 5), (4, 5)):
        reader.states_after([text])
    assert len(model.reads) == 4
    reader.states_after([(4, 4)])
    assert len(model.reads) == 5
    # By now the 3, 3 has gone. An opening that is gone on from has been asked for as well.
    reader.states_after([(5, 5, 5)])
    assert model.reads[5:] == [(1, 1)]
    reader.states_after([(3, 3)])
    reader.states_after([(5, 5)])
    assert model.reads[6:] == [(2, 1)]


def test_without_memory_every_text_is_read_anew(model):
    reader = PrefixCache(model, cached_bytes=0)
    texts = [(3, 4), (3, 4, 5)]
    for _ in range(2):
        assert model.told(reader.states_after(texts)) == {text: text for text in texts}
    assert Counter(model.reads) == {(2, 1): 2, (3, 1): 2}


def test_what_is_gone_on_from_may_be_forgotten_meanwhile(model):
    reader = PrefixCache(model, cached_bytes=2 * STATE)
    reader.states_after([(3,)])
    texts = [(4, 4, 4), (5, 5, 5), (3, 5)]
    assert model.told(reader.states_after(texts)) == {text: text for text in texts}


@settings(max_examples=100, deadline=None)
@given(
    asked=st.lists(st.lists(st.lists(st.integers(3, 5), max_size=5).map(tuple), max_size=6)),
    room=st.integers(0, 6),
)
def test_whatever_is_remembered_is_right(asked, room):
    model = Marked()
    reader = PrefixCache(model, cached_bytes=room * STATE)
    for texts in asked:
        assert model.told(reader.states_after(texts)) == {text: text for text in texts}


def beam(prompt, width=3, length=3, vocabulary=TOKENS):
    return BeamSearch(
        BeamParams(
            prompt=tuple(prompt),
            width=width,
            max_tokens=length,
            endings=vocabulary.endings,
            constraints=ConstraintFactory(vocabulary).plain(),
            vocabulary_size=len(vocabulary),
        )
    )


def test_a_reading_that_fails_fails_its_own_searches_and_no_later_one(model, reader):
    model.fatal = 5
    batch = Batch(model, reader)
    # The second is read in the call that fails, the others in calls of their own or not at all.
    seats = [batch.add(beam(prompt)) for prompt in ((3, 5, 3), (4, 4, 4), (4, 3), (5,))]
    left = batch.step()
    assert left == seats[:2]
    for seat in left:
        assert isinstance(seat.error, SearchError)
        assert isinstance(seat.error.__cause__, RuntimeError)
    model.fatal = None
    again = batch.add(beam((3, 5, 3)))
    while batch:
        left += batch.step()
    assert len(left) == 5
    assert not any(seat.error for seat in (*seats[2:], again))
    assert again.search.result()


@pytest.mark.parametrize(
    "kind",
    [{}, {"grows": True}, {"grows": True, "pads": True}],
    ids=["same size", "growing", "growing, padded"],
)
class TestOnOnnxRuntime:
    """A graph that reads one token a call."""

    @pytest.fixture
    def opened(self, tmp_path, kind):
        toy = Toy(**kind)
        return toy, OnnxModel(load_bundle(toy.write(tmp_path)), "cpu", 1)

    def test_states_are_those_after_the_texts(self, opened):
        toy, model = opened
        reader, rng = PrefixCache(model), np.random.default_rng(8)
        for _ in range(20):
            texts = [tuple(rng.integers(4, 8, rng.integers(0, 6)).tolist()) for _ in range(6)]
            for text, state in reader.states_after(texts).items():
                found, _ = model.log_prob(np.array([9]), np.array([0]), state)
                np.testing.assert_allclose(found[0], toy.log_prob([*text, 9]), atol=1e-3)

    def test_steps_leave_what_is_remembered_alone(self, opened):
        toy, model = opened
        reader, vocabulary = PrefixCache(model), load_vocabulary(toy)
        texts = [(2, 8, 9), (2, 7), (2, 7, 8)]
        known = reader.states_after(texts)
        before = {text: [array.copy() for array in state] for text, state in known.items()}
        batch = Batch(model, reader)
        for text in texts * 2:
            batch.add(beam((*text, 3), vocabulary=vocabulary))
            batch.step()
        while batch:
            batch.step()
        for text, state in reader.states_after(texts).items():
            assert state is known[text]
            for array, copy in zip(state, before[text], strict=True):
                np.testing.assert_array_equal(array, copy)

    def test_states_of_single_rows_hold_no_others(self, opened):
        _, model = opened
        tokens, parent = np.array([[7, 8, 9], [10, 11, 12]]), np.array([0, 0, 0])
        state = model.prefill(tokens, parent, model.initial_state())
        rows = model.split(state)
        for row, alone in zip(rows, tokens.T, strict=True):
            expected = model.prefill(alone[:, None], parent[:1], model.initial_state())
            for one, whole, other in zip(row, state, expected, strict=True):
                assert one.base is None
                assert not np.shares_memory(one, whole)
                np.testing.assert_allclose(one, other, atol=1e-6)
        (only,) = model.split(rows[0])
        assert not any(map(np.shares_memory, only, rows[0]))


def load_vocabulary(toy):
    counts = tuple(-1 if token.startswith("<") else 1 for token in toy.tokens)
    return Vocabulary(toy.tokens, counts)
