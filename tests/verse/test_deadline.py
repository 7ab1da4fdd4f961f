"""At the deadline, the answer has the best whole lines so far."""

import asyncio
from contextlib import contextmanager
from dataclasses import replace

import pytest
from lianju.bot.verse import (
    Acrostic,
    Beam,
    Composer,
    DeadlineError,
    Poem,
    Request,
    Rerank,
    Sample,
)
from lianju.bot.verse.model.bundle import load_bundle
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.bot.verse.serving.scheduler import Scheduler

from .controlled_model import Clock
from .toy import Toy
from .toy_reranker import ByCharacters, with_reranker

LINE = "黄河远上白云间"
STEPS = len(LINE) + 1  # of a line: one a character, one for what closes it
SCORING = 2 * STEPS  # of the lines of a pool, each with the line before after it
TOY = Toy()
IDS = {token: number for number, token in enumerate(TOY.tokens)}
MODES = {
    "beam": Beam(6),
    "rerank": Rerank(3),
    "sample": Sample(seed=4),
}


class Ticking:
    """A model whose every step takes a second."""

    def __init__(self, model, clock):
        self._model, self._clock = model, clock

    def __getattr__(self, name):
        return getattr(self._model, name)

    def step(self, *arguments):
        self._clock.now += 1
        return self._model.step(*arguments)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return load_bundle(TOY.write(tmp_path_factory.mktemp("toy")))


@contextmanager
def asking(bundle, reranker=None):
    """Requests an answer with a deadline in steps; returns it and the number of steps taken."""
    clock = Clock()
    model = Ticking(OnnxModel(bundle, "cpu", 1), clock)
    composer = Composer(bundle, model, Scheduler(model, clock=clock), reranker)

    def ask(steps, search, text=LINE, **options):
        clock.now = 0.0
        request = Request(text, search=search, **options)
        answer = asyncio.run(composer.compose(request, steps))
        return answer, clock.now

    yield ask
    composer.close()


@pytest.fixture
def ask(bundle):
    with asking(bundle) as ask:
        yield ask


def log_prob(*lines, closed):
    """The log-probability of lines after `LINE` by NumPy, with the most likely ending if closed."""
    prefix = [IDS["<s>"], *(IDS[letter] for letter in LINE), IDS["</l>"]]
    total = 0.0
    for line in lines:
        for letter in line:
            total += TOY.log_prob(prefix)[IDS[letter]]
            prefix.append(IDS[letter])
        if closed or line is not lines[-1]:
            total += max(TOY.log_prob(prefix)[IDS[ending]] for ending in ("<e>", "</l>"))
        prefix.append(IDS["</l>"])
    return total


def assert_best_first(answer, closed):
    scores = [candidate.score for candidate in answer.candidates]
    assert scores == sorted(scores, reverse=True)
    if closed is None:
        return
    for candidate in answer.candidates:
        expected = log_prob(*candidate.lines, closed=closed)
        assert candidate.log_prob == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("steps", [0, 1, STEPS - 2])
def test_without_a_whole_line_there_is_an_error(ask, mode, steps):
    with pytest.raises(DeadlineError) as caught:
        ask(steps, MODES[mode])
    assert caught.value.key == "deadline"


@pytest.mark.parametrize("mode", MODES)
def test_lines_without_their_ending_are_whole(ask, mode):
    answer, taken = ask(STEPS - 1, MODES[mode])
    assert not answer.complete
    assert taken == STEPS - 1
    assert len({candidate.text for candidate in answer.candidates}) == answer.request.count
    assert {len(candidate.text) for candidate in answer.candidates} == {len(LINE)}
    assert_best_first(answer, closed=False)


@pytest.mark.parametrize("mode", MODES)
def test_an_answer_at_the_last_step_is_complete(ask, mode):
    steps = STEPS + SCORING * (mode == "rerank")
    answer, taken = ask(steps, MODES[mode])
    assert answer.complete
    assert taken == steps
    # Any ending may have closed a drawn line.
    assert_best_first(answer, closed=True if mode == "beam" else None)
    unhurried, _ = ask(3600, MODES[mode])
    assert answer.candidates == unhurried.candidates


class Continued:
    """A corpus index with one line, which follows every other."""

    def __init__(self, line):
        self._line = tuple(IDS[letter] for letter in line)

    def contains(self, lines):
        return (lines == self._line).all(axis=-1)

    def continuation(self, line):
        return self._line


def test_a_corpus_continuation_that_is_not_yet_scored_is_left_out(bundle, ask):
    drawn, _ = ask(3600, Sample(seed=9))
    second = drawn.candidates[-1].text
    with asking(replace(bundle, known=Continued(second))) as ask_knowing:
        for steps in (STEPS, STEPS + 1, 2 * STEPS - 1, 2 * STEPS, 2 * STEPS + SCORING):
            answer, taken = ask_knowing(steps, MODES["rerank"], known="allow")
            assert taken == steps
            assert answer.complete == (steps == 2 * STEPS + SCORING)
            assert len(answer.candidates) == 5
            assert_best_first(answer, closed=None)
            texts = [candidate.text for candidate in answer.candidates]
            assert (second in texts) == (steps >= 2 * STEPS)


def test_lines_at_the_deadline_are_not_reranked(bundle):
    with asking(with_reranker(bundle), ByCharacters()) as ask:
        for steps in (STEPS - 1, STEPS, STEPS + SCORING - 1, STEPS + SCORING):
            answer, _ = ask(steps, MODES["rerank"])
            assert answer.complete == (steps == STEPS + SCORING)
            scores = [candidate.score for candidate in answer.candidates]
            assert scores == sorted(scores, reverse=True)
            reranked = scores != [candidate.log_prob for candidate in answer.candidates]
            assert reranked == answer.complete


def test_a_quatrain_has_the_lines_that_are_whole(ask):
    lines = {}
    for steps in (STEPS, 2 * STEPS - 2, 2 * STEPS - 1, 2 * STEPS, 3 * STEPS - 1, 3 * STEPS):
        answer, _ = ask(steps, Beam(4), form=Poem("jueju"), count=4)
        (lines[steps],) = {len(candidate.lines) for candidate in answer.candidates}
        assert answer.complete == (steps == 3 * STEPS)
        open_end = steps in (2 * STEPS - 1, 3 * STEPS - 1)
        assert_best_first(answer, closed=not open_end)
    assert list(lines.values()) == [1, 1, 2, 2, 3, 3]
    with pytest.raises(DeadlineError):
        ask(STEPS - 2, Beam(4), form=Poem("jueju"), count=4)


@pytest.mark.parametrize("mode", MODES)
def test_an_acrostic_has_two_lines_or_there_is_an_error(ask, mode):
    first = len(LINE)  # steps: its character is given, and one closes it
    for steps in (first - 1, first, 2 * first - 2):
        with pytest.raises(DeadlineError):
            ask(steps, MODES[mode], text=LINE[:4], form=Acrostic())
    answer, _ = ask(2 * first - 1, MODES[mode], text=LINE[:4], form=Acrostic())
    assert not answer.complete
    assert {len(candidate.lines) for candidate in answer.candidates} == {2}


def test_later_requests_are_served(ask):
    for steps in (0, STEPS - 1, 3):
        try:
            ask(steps, MODES["beam"])
        except DeadlineError:
            assert steps != STEPS - 1
    answer, _ = ask(3600, MODES["beam"])
    assert answer.complete
