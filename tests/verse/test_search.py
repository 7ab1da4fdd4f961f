import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lianju.bot.verse.errors import SearchError
from lianju.bot.verse.search.beam import BeamParams, BeamSearch
from lianju.bot.verse.search.constraints import ConstraintFactory
from lianju.bot.verse.search.path_constraints import NoRepetition
from lianju.bot.verse.text.vocabulary import Vocabulary

from .reference import plain_beam_search
from .searching import run_search
from .table import TableModel, random_table

UNKNOWN, END, LINE = 0, 1, 2
WITH_LINE = Vocabulary(("<unk>", "<e>", "</l>", "a", "b", "c"), (-1, -1, -1, 1, 1, 1))
WITHOUT_LINE = Vocabulary(("<unk>", "<e>", "a", "b"), (-1, -1, 1, 1))


def plain(vocabulary, width, max_tokens, prompt=(3,), endings=None):
    return BeamSearch(
        BeamParams(
            prompt=prompt,
            width=width,
            max_tokens=max_tokens,
            endings=vocabulary.endings if endings is None else endings,
            constraints=ConstraintFactory(vocabulary).plain(),
            vocabulary_size=len(vocabulary),
        )
    )


def exact(vocabulary, width, length, prompt=(3,)):
    return BeamSearch(
        BeamParams(
            prompt=prompt,
            width=width,
            max_tokens=length + (vocabulary.line is not None),
            endings=vocabulary.endings,
            constraints=ConstraintFactory(vocabulary).exact_length(length),
            vocabulary_size=len(vocabulary),
            distinct=True,
        )
    )


def candidates(*rows):
    """Candidates as a model returns them: per row a list of (log_prob, token), best first."""
    scores = np.array([[score for score, _ in row] for row in rows])
    tokens = np.array([[token for _, token in row] for row in rows])
    return scores, tokens


class TestPlainSearch:
    @settings(max_examples=150, deadline=None)
    @given(
        seed=st.integers(0, 2**32 - 1),
        width=st.integers(1, 6),
        max_tokens=st.integers(1, 4),
        vocabulary=st.sampled_from((WITH_LINE, WITHOUT_LINE)),
        coarse=st.booleans(),
        prompt=st.lists(st.integers(0, 3), min_size=1, max_size=3).map(tuple),
    )
    def test_equals_the_reference(self, seed, width, max_tokens, vocabulary, coarse, prompt):
        # Coarse tables are full of ties.
        table = random_table(seed, len(vocabulary), coarse)
        search = plain(vocabulary, width, max_tokens, prompt)
        found = run_search(TableModel(table, len(vocabulary)), search)
        expected = plain_beam_search(
            lambda prefixes: map(table, prefixes),
            prompt,
            width,
            max_tokens,
            vocabulary.endings,
            vocabulary.unknown,
        )
        for path, (tokens, score) in zip(found, expected, strict=True):
            assert path.ended == (tokens[-1] in vocabulary.endings)
            assert path.tokens == (tokens[:-1] if path.ended else tokens)
            assert path.log_prob == pytest.approx(score)

    @pytest.mark.parametrize("seed", range(10))
    def test_full_width_without_endings_finds_all_in_order(self, seed):
        table = random_table(seed, 4)
        found = run_search(TableModel(table, 4), plain(WITHOUT_LINE, 3**4, 4, endings=()))
        expected = sorted(
            (-table.score((3,), tokens), tokens)
            for tokens in itertools.product((1, 2, 3), repeat=4)
        )
        assert [path.tokens for path in found] == [tokens for _, tokens in expected]
        assert [path.log_prob for path in found] == pytest.approx([-s for s, _ in expected])

    @pytest.mark.parametrize("seed", range(10))
    def test_width_one_is_greedy(self, seed):
        table = random_table(seed, 4)
        (found,) = run_search(TableModel(table, 4), plain(WITHOUT_LINE, 1, 6, endings=()))
        tokens = ()
        for _ in range(6):
            row = table((3, *tokens))
            tokens += (max((1, 2, 3), key=row.__getitem__),)
        assert found.tokens == tokens

    def test_unknown_is_excluded_before_the_cut(self):
        def table(prefix):
            return [-0.1, -9.0, -3.0, -4.0]  # <unk> is by far the most probable

        found = run_search(TableModel(table, 4), plain(WITHOUT_LINE, 2, 1))
        assert [path.tokens for path in found] == [(2,), (3,)]

    def test_ended_paths_do_not_count_towards_the_width(self):
        search = plain(WITHOUT_LINE, 2, 3, prompt=(2,))
        search = search.advance(*candidates([(-0.5, END), (-1.0, 2)]))
        search = search.advance(*candidates([(-0.1, 2), (-0.2, 3)]))
        assert len(search.token) == 2

    def test_ended_paths_below_the_worst_new_one_are_dropped(self):
        search = plain(WITHOUT_LINE, 3, 5, prompt=(2,))
        after = search.advance(*candidates([(-1.0, 2), (-1.1, 3), (-5.0, END)]))
        assert after.ended == ()
        after = search.advance(*candidates([(-1.0, END), (-1.1, 2), (-1.2, 3)]))
        assert [path.log_prob for path in after.ended] == [-1.0]

    def test_the_worst_new_path_is_that_before_the_cut(self):
        search = plain(WITHOUT_LINE, 2, 5, prompt=(2,))
        search = search.advance(*candidates([(-1.0, 2), (-2.0, 3)]))
        # New paths -1.1, -2.1, -4.0: the cut to two leaves out the -4.0, which saves the ended -3.
        search = search.advance(*candidates([(-0.1, 2), (-2.0, END)], [(-0.1, 3), (-2.0, 2)]))
        assert [path.log_prob for path in search.ended] == [-3.0]
        assert search.log_prob.tolist() == [-1.1, -2.1]

    def test_stops_once_enough_have_ended_and_none_is_worse_than_the_best_new(self):
        search = plain(WITHOUT_LINE, 1, 5, prompt=(2,))
        # With the narrow beam the ending is the one extension: no new path is left.
        assert search.advance(*candidates([(-0.5, END)])).done
        wide = plain(WITH_LINE, 2, 5).advance(*candidates([(-0.1, 3), (-0.2, 4)]))
        at_once = wide.advance(*candidates([(-0.1, END), (-9.0, 3)], [(-0.1, END), (-9.0, 3)]))
        assert at_once.done
        assert [path.log_prob for path in at_once.result()] == pytest.approx([-0.2, -0.3])
        # One of the two ended below the best new path: the search goes on.
        assert not wide.advance(
            *candidates([(-0.1, END), (-0.15, 3)], [(-0.1, END), (-0.2, 3)])
        ).done

    def test_ended_equal_to_the_best_new_path_is_enough(self):
        wide = plain(WITH_LINE, 2, 5).advance(*candidates([(-1.0, 3), (-1.0, 4)]))
        rows = [(-1.0, END), (-1.0, 3)]
        assert wide.advance(*candidates(rows, rows)).done


class TestExactLength:
    @pytest.mark.parametrize("vocabulary", [WITH_LINE, WITHOUT_LINE], ids=["line", "no line"])
    @pytest.mark.parametrize("seed", range(10))
    def test_full_width_equals_exhaustive_search(self, vocabulary, seed):
        size, length = len(vocabulary), 4
        ordinary = [t for t in range(size) if vocabulary.is_ordinary(vocabulary.tokens[t])]
        table = random_table(seed, size)
        found = run_search(TableModel(table, size), exact(vocabulary, 3**length, length))
        closings = [()] if vocabulary.line is None else [(END,), (LINE,)]
        expected = sorted(
            (-max(table.score((3,), tokens + closing) for closing in closings), tokens)
            for tokens in itertools.product(ordinary, repeat=length)
        )
        assert [path.tokens for path in found] == [tokens for _, tokens in expected]
        assert [path.log_prob for path in found] == pytest.approx([-s for s, _ in expected])

    def test_width_one_keeps_the_length(self):
        def table(prefix):
            return [-0.01, -0.02, -0.03, -5.0, -6.0, -7.0]  # endings look far better

        (found,) = run_search(TableModel(table, 6), exact(WITH_LINE, 1, 3))
        assert found.tokens == (3, 3, 3)
        assert found.ended
        assert found.log_prob == pytest.approx(-15.02)


class TestTies:
    def test_lower_parent_then_lower_token(self):
        search = plain(WITH_LINE, 3, 5).advance(*candidates([(-1.0, 3), (-1.0, 4), (-1.0, 5)]))
        row = [(-1.0, 3), (-1.0, 4), (-1.0, 5)]
        search = search.advance(*candidates(row, row, row))
        assert search.parent.tolist() == [0, 0, 0]
        assert search.token.tolist() == [3, 4, 5]

    def test_lower_token_even_if_its_own_log_prob_is_lower(self):
        # In 64 bits both sums are exactly -1e9: the rows' order is not the tokens' order.
        search = plain(WITH_LINE, 2, 5).advance(*candidates([(-1e9, 3), (-1.1e9, 4)]))
        near = -1e-9
        search = search.advance(*candidates([(near, 5), (2 * near, 4)], [(-1.0, 3), (-2.0, 4)]))
        assert search.token.tolist() == [4, 5]


class TestValues:
    def test_inputs_stay_as_they_are(self):
        search = plain(WITH_LINE, 2, 5).advance(*candidates([(-0.1, 3), (-0.2, 4)]))
        scores, tokens = candidates([(-0.3, 5), (-0.4, 3)], [(-0.1, 4), (-0.5, 3)])
        for array in (scores, tokens, search.paths, search.log_prob, search.parent):
            array.flags.writeable = False
        once, again = search.advance(scores, tokens), search.advance(scores, tokens)
        np.testing.assert_array_equal(once.paths, again.paths)
        np.testing.assert_array_equal(once.log_prob, again.log_prob)

    @pytest.mark.parametrize("seed", range(20))
    def test_state_follows_its_parent(self, seed):
        table = random_table(seed, 6)
        model = TableModel(table, 6)
        search = plain(WITH_LINE, 4, 5, prompt=(4, 3))
        state = model.prefill(np.array([[4]]), np.zeros(1, int), model.initial_state())
        while not search.done:
            step = model.step(search.token, search.parent, state, search.k, search.mask[None])
            # The marker stepper's state is the history that each row has consumed.
            for row, history in enumerate(model.histories(step.state)):
                assert history == (4, 3, *search.paths[row].tolist())
            search, state = search.advance(step.top_log_prob, step.top_token), step.state


class TestErrors:
    def test_nothing_allowed(self):
        search = plain(WITH_LINE, 2, 5)
        with pytest.raises(SearchError) as caught:
            search.advance(*candidates([(-math.inf, 3), (-math.inf, 4)]))
        assert caught.value.key == "search-nothing"

    def test_a_forbidden_extension_is_no_path(self):
        search = plain(WITH_LINE, 2, 5).advance(*candidates([(-1.0, 3), (-math.inf, 4)]))
        assert search.token.tolist() == [3]

    @pytest.mark.parametrize("score", [math.nan, math.inf, 0.5])
    def test_invalid_log_prob(self, score):
        with pytest.raises(SearchError) as caught:
            plain(WITH_LINE, 2, 5).advance(*candidates([(score, 3), (-1.0, 4)]))
        assert caught.value.key == "model-fault"

    @pytest.mark.parametrize(
        ("width", "max_tokens", "prompt"), [(0, 1, (3,)), (-1, 1, (3,)), (1, 0, (3,)), (1, 1, ())]
    )
    def test_invalid_params(self, width, max_tokens, prompt):
        with pytest.raises(ValueError, match="at least"):
            plain(WITH_LINE, width, max_tokens, prompt)

    def test_width_beyond_the_vocabulary(self):
        search = plain(WITHOUT_LINE, 64, 1, endings=())
        assert len(run_search(TableModel(random_table(1, 4), 4), search)) == 3


LETTERS = Vocabulary(("<unk>", "<e>", "</l>", *"abcdef"), (-1,) * 3 + (1,) * 6)
PROMPT = (3, 4)


def unrepeated(scores):
    """The same scores, but -inf for tokens that the line has already."""

    def log_prob(prefix):
        said = set(prefix[len(PROMPT) :])
        return [-math.inf if t in said else score for t, score in enumerate(scores(prefix))]

    return log_prob


class TestNoRepetition:
    @settings(max_examples=60, deadline=None)
    @given(
        seed=st.integers(0, 2**32 - 1),
        width=st.integers(1, 6),
        length=st.integers(1, 6),
        coarse=st.booleans(),
    )
    def test_results_equal_those_of_a_model_that_never_repeats(self, seed, width, length, coarse):
        scores = random_table(seed, len(LETTERS), coarse)
        search = exact(LETTERS, width, length, PROMPT)
        found = run_search(
            TableModel(scores, len(LETTERS)),
            BeamSearch(replace(search.params, path_constraints=(NoRepetition(),))),
        )
        assert found == run_search(TableModel(unrepeated(scores), len(LETTERS)), search)
        assert all(len(set(path.tokens)) == length for path in found)

    def test_a_line_longer_than_the_alphabet_is_an_error(self):
        search = exact(LETTERS, 3, 7, PROMPT)
        with pytest.raises(SearchError) as caught:
            run_search(
                TableModel(random_table(1, len(LETTERS)), len(LETTERS)),
                BeamSearch(replace(search.params, path_constraints=(NoRepetition(),))),
            )
        assert caught.value.key == "search-nothing"
