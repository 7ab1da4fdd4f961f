"""Prefixes are computed once, and the cached states are right."""

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
from lianju.bot.verse.serving.prefix_cache import Prefix, PrefixCache
from lianju.bot.verse.text.vocabulary import Vocabulary

from .table import LONGEST, TableModel, random_table
from .toy import Toy

TOKENS = Vocabulary(("<unk>", "<e>", "</l>", *"abc"), (-1,) * 3 + (1,) * 3)
STATE = LONGEST * 8  # bytes of one row of the table's state


class ShownPrefix(TableModel):
    """A table whose state shows the tokens consumed; prompts with `fatal` fail."""

    fatal = None

    def __init__(self):
        super().__init__(random_table(1, len(TOKENS)), len(TOKENS))
        self.encoded = []

    def encode(self, source):
        self.encoded.append(source.shape)
        if self.fatal in source:
            raise RuntimeError("out of memory")
        (state,), parent = self.initial_state(len(source)), np.arange(len(source))
        for token in source.T:
            state = self._after(token, parent, state)
        return (state,)

    def prefill(self, tokens, parent, state):
        if self.fatal in tokens:
            raise RuntimeError("out of memory")
        return super().prefill(tokens, parent, state)

    def consumed(self, found):
        """The tokens that each state has consumed."""
        return {text: self.histories(state)[0] for text, state in found.items()}


def after(cache, texts):
    """The states after some texts, without a source."""
    found = cache.states_after(Prefix((), text) for text in texts)
    return {prefix.tokens: state for prefix, state in found.items()}


@pytest.fixture
def model():
    return ShownPrefix()


@pytest.fixture
def cache(model):
    return PrefixCache(model)


def test_a_prompt_is_computed_once(model, cache):
    for _ in range(3):
        assert model.consumed(after(cache, [(3, 4, 5)])) == {(3, 4, 5): (3, 4, 5)}
    assert model.prefills == [(3, 1)]


def test_the_longest_cached_prefix_is_used(model, cache):
    after(cache, [(3,)])
    after(cache, [(3, 4)])
    texts = [(3, 4, 5, 5), (3, 5, 4), (4, 3)]
    assert model.consumed(after(cache, texts)) == {text: text for text in texts}
    # Two more tokens of the first and the second, and both of the third.
    assert model.prefills[2:] == [(2, 1), (2, 1), (2, 1)]
    assert model.consumed(after(cache, [(3, 5, 4, 4)])) == {(3, 5, 4, 4): (3, 5, 4, 4)}
    assert model.prefills[5:] == [(1, 1)]


def test_prompts_with_as_many_missing_tokens_share_a_call(model, cache):
    after(cache, [(3, 3), (4, 4)])
    texts = [(3, 3, 5), (4, 4, 4), (3, 3, 4), (5, 5), (3, 4), (3, 3, 5)]
    assert model.consumed(after(cache, texts)) == {text: text for text in texts}
    assert model.prefills == [(2, 2), (1, 3), (2, 2)]


def test_an_empty_prefix_needs_no_call(model, cache):
    assert model.consumed(after(cache, [()])) == {(): ()}
    assert model.prefills == []


def test_the_least_recently_used_is_evicted(model):
    cache = PrefixCache(model, cached_bytes=3 * STATE)
    for text in ((3, 3), (4, 4), (5, 5), (3, 3)):
        after(cache, [text])
    assert len(model.prefills) == 3
    after(cache, [(4, 5)])  # one too many: 4, 4 is evicted
    for text in ((3, 3), (5, 5), (4, 5)):
        after(cache, [text])
    assert len(model.prefills) == 4
    after(cache, [(4, 4)])
    assert len(model.prefills) == 5
    # By now 3, 3 is evicted. A prefix that is continued counts as used.
    after(cache, [(5, 5, 5)])
    assert model.prefills[5:] == [(1, 1)]
    after(cache, [(3, 3)])
    after(cache, [(5, 5)])
    assert model.prefills[6:] == [(2, 1)]


def test_without_a_cache_every_prompt_is_computed_again(model):
    cache = PrefixCache(model, cached_bytes=0)
    texts = [(3, 4), (3, 4, 5)]
    for _ in range(2):
        assert model.consumed(after(cache, texts)) == {text: text for text in texts}
    assert Counter(model.prefills) == {(2, 1): 2, (3, 1): 2}


def test_a_prefix_may_be_evicted_while_it_is_in_use(model):
    cache = PrefixCache(model, cached_bytes=2 * STATE)
    after(cache, [(3,)])
    texts = [(4, 4, 4), (5, 5, 5), (3, 5)]
    assert model.consumed(after(cache, texts)) == {text: text for text in texts}


@settings(max_examples=100, deadline=None)
@given(
    asked=st.lists(st.lists(st.lists(st.integers(3, 5), max_size=5).map(tuple), max_size=6)),
    room=st.integers(0, 6),
)
def test_cached_states_are_right(asked, room):
    model = ShownPrefix()
    cache = PrefixCache(model, cached_bytes=room * STATE)
    for texts in asked:
        assert model.consumed(after(cache, texts)) == {text: text for text in texts}


class TestSources:
    """States after what an encoder has read; a table's history begins with it."""

    def consumed(self, model, found):
        return {prefix: model.histories(state)[0] for prefix, state in found.items()}

    def test_sources_of_one_length_are_encoded_together_and_once(self, model, cache):
        sources = [(3, 4), (4, 4), (3, 4, 5), (3, 4)]
        prefixes = [Prefix(source, ()) for source in sources]
        for _ in range(2):
            found = self.consumed(model, cache.states_after(prefixes))
            assert found == {prefix: prefix.source for prefix in prefixes}
        assert sorted(model.encoded) == [(1, 3), (2, 2)]
        assert model.prefills == []

    def test_tokens_are_read_after_the_source(self, model, cache):
        prefixes = [
            Prefix((3, 4), (5,)),
            Prefix((4, 3), (5,)),
            Prefix((), (5,)),
            Prefix((3, 4), ()),
        ]
        found = self.consumed(model, cache.states_after(prefixes))
        assert found == {prefix: (*prefix.source, *prefix.tokens) for prefix in prefixes}
        assert model.encoded == [(2, 2)]
        assert sorted(model.prefills) == [(1, 1), (1, 2)]
        longer = Prefix((3, 4), (5, 3))
        assert self.consumed(model, cache.states_after([longer])) == {longer: (3, 4, 5, 3)}
        assert (len(model.encoded), len(model.prefills)) == (1, 3)

    @settings(max_examples=100, deadline=None)
    @given(
        asked=st.lists(
            st.lists(
                st.builds(
                    Prefix,
                    st.lists(st.integers(3, 5), max_size=3).map(tuple),
                    st.lists(st.integers(3, 5), max_size=3).map(tuple),
                ),
                max_size=6,
            )
        ),
        room=st.integers(0, 6),
    )
    def test_cached_states_are_right(self, asked, room):
        model = ShownPrefix()
        cache = PrefixCache(model, cached_bytes=room * STATE)
        for prefixes in asked:
            found = self.consumed(model, cache.states_after(prefixes))
            assert found == {prefix: (*prefix.source, *prefix.tokens) for prefix in prefixes}

    def test_a_failed_source_fails_what_shares_its_call(self, model, cache):
        model.fatal = 5
        prefixes = [Prefix((3, 5), ()), Prefix((3, 4), (3,)), Prefix((3,), ()), Prefix((), (4,))]
        found = cache.states_after(prefixes)
        assert [isinstance(found[prefix], RuntimeError) for prefix in prefixes] == [
            True,
            True,
            False,
            False,
        ]
        model.fatal = None
        again = self.consumed(model, cache.states_after(prefixes[:2]))
        assert again == {prefixes[0]: (3, 5), prefixes[1]: (3, 4, 3)}


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


def test_a_failed_prefill_fails_its_searches_only(model, cache):
    model.fatal = 5
    batch = Batch(model, cache)
    # The second shares the call that fails; the others have calls of their own, or none.
    slots = [batch.add(beam(prompt)) for prompt in ((3, 5, 3), (4, 4, 4), (4, 3), (5,))]
    left = batch.step()
    assert left == slots[:2]
    for slot in left:
        assert isinstance(slot.error, SearchError)
        assert isinstance(slot.error.__cause__, RuntimeError)
    model.fatal = None
    again = batch.add(beam((3, 5, 3)))
    while batch:
        left += batch.step()
    assert len(left) == 5
    assert not any(slot.error for slot in (*slots[2:], again))
    assert again.search.result()


@pytest.mark.parametrize(
    "kind",
    [{}, {"grows": True}, {"grows": True, "pads": True}],
    ids=["same size", "growing", "growing, padded"],
)
class TestOnOnnxRuntime:
    """The same with a graph."""

    @pytest.fixture
    def opened(self, tmp_path, kind):
        toy = Toy(**kind)
        return toy, OnnxModel(load_bundle(toy.write(tmp_path)), "cpu", 1)

    def test_states_are_those_after_the_prompts(self, opened):
        toy, model = opened
        cache, rng = PrefixCache(model), np.random.default_rng(8)
        for _ in range(20):
            texts = [tuple(rng.integers(4, 8, rng.integers(0, 6)).tolist()) for _ in range(6)]
            for text, state in after(cache, texts).items():
                found, _ = model.log_prob(np.array([9]), np.array([0]), state)
                np.testing.assert_allclose(found[0], toy.log_prob([*text, 9]), atol=1e-3)

    def test_steps_do_not_change_cached_states(self, opened):
        toy, model = opened
        cache, vocabulary = PrefixCache(model), load_vocabulary(toy)
        texts = [(2, 8, 9), (2, 7), (2, 7, 8)]
        known = after(cache, texts)
        before = {text: [array.copy() for array in state] for text, state in known.items()}
        batch = Batch(model, cache)
        for text in texts * 2:
            batch.add(beam((*text, 3), vocabulary=vocabulary))
            batch.step()
        while batch:
            batch.step()
        for text, state in after(cache, texts).items():
            assert state is known[text]
            for array, copy in zip(state, before[text], strict=True):
                np.testing.assert_array_equal(array, copy)

    def test_split_states_share_no_memory(self, opened):
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
