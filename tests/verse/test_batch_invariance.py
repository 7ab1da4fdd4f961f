"""In any batch a search finds what it finds alone, and what plain Python finds."""

import asyncio
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from lianju.bot.verse import NothingAllowedError, SearchError, open_composer
from lianju.bot.verse.model.bundle import default_directory
from lianju.bot.verse.search.beam import BeamParams, BeamSearch
from lianju.bot.verse.search.constraints import ConstraintFactory
from lianju.bot.verse.search.path_constraints import NoRepetition
from lianju.bot.verse.serving.batch import Batch
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.training.checkpoint import Trained
from lianju.training.model import LanguageModel
from lianju.training.recipe import ModelConfig

from ..benchmarks.workload import mixed_requests
from ..export.toy_bundle import write_toy_bundle
from .reference import plain_beam_search
from .searching import run_search
from .table import TableModel, random_table
from .toy import CHINESE, PROMPTS, SPECIALS

TOKENS = Vocabulary(("<unk>", "<e>", "</l>", *"abcd"), (-1,) * 3 + (1,) * 4)
SIZE = len(TOKENS)
FACTORY = ConstraintFactory(TOKENS)
EVERYTHING = FACTORY.banned(range(SIZE))


@dataclass(frozen=True)
class NoEcho:
    """Excludes a token after itself, with no candidates in reserve."""

    def refuses(self, paths, token):
        return token == paths[:, -1:] if paths.shape[1] else np.zeros(token.shape, bool)

    def reserve(self, length):
        return 0


KINDS = {
    "plain": {"constraints": FACTORY.plain()},
    "without a": {"constraints": (*FACTORY.plain(), FACTORY.banned((3,)))},
    "without endings": {"constraints": (*FACTORY.plain(), FACTORY.banned((1, 2)))},
    "no echo": {"constraints": FACTORY.plain(), "path_constraints": (NoEcho(),)},
    "no repetition": {"constraints": FACTORY.plain(), "path_constraints": (NoRepetition(),)},
}


def beam(prompt, width, max_tokens, kind="plain"):
    return BeamSearch(
        BeamParams(
            prompt=prompt,
            width=width,
            max_tokens=max_tokens,
            endings=TOKENS.endings,
            vocabulary_size=SIZE,
            **KINDS[kind],
        )
    )


prompts = st.lists(st.integers(0, SIZE - 1), min_size=1, max_size=4).map(tuple)
beams = st.builds(
    beam, prompts, st.integers(1, 5), st.integers(1, 6), st.sampled_from(sorted(KINDS))
)


class TestBeamsAdvancedTogether:
    def candidates(self, search, table):
        """The candidates that a model returns for a search, from its paths alone."""
        scores = [table((*search.prompt, *path)) for path in search.paths.tolist()]
        scores = np.array(scores) + search.mask
        token = np.argsort(-scores, axis=1, kind="stable")[:, : search.k]
        return np.take_along_axis(scores, token, axis=1), token

    def later(self, search, table, steps):
        """A search after some steps; None if it has ended."""
        for _ in range(steps):
            try:
                search = search.advance(*self.candidates(search, table))
            except NothingAllowedError:
                return None
            if search.done:
                return None
        return search

    def alone(self, search, *found):
        try:
            return search.advance(*found)
        except SearchError as error:
            return error

    def assert_same(self, found, expected):
        assert type(found) is type(expected)
        if isinstance(found, SearchError):
            assert str(found) == str(expected)
            return
        assert found.params is expected.params
        assert found.ended == expected.ended
        for name in ("paths", "log_prob", "parent"):
            one, other = getattr(found, name), getattr(expected, name)
            assert one.dtype == other.dtype
            np.testing.assert_array_equal(one, other)

    @settings(max_examples=200, deadline=None)
    @given(
        seed=st.integers(0, 2**32 - 1),
        coarse=st.booleans(),
        width=st.integers(1, 5),
        steps=st.integers(0, 4),
        those=st.lists(st.tuples(prompts, st.sampled_from(sorted(KINDS))), min_size=2, max_size=7),
        faults=st.dictionaries(st.integers(0, 6), st.sampled_from((np.nan, -np.inf)), max_size=2),
    )
    def test_each_advances_as_it_does_alone(self, seed, coarse, width, steps, those, faults):
        table = random_table(seed, SIZE, coarse)  # coarse ones are full of ties
        begun = [beam(prompt, width, 6, kind) for prompt, kind in those]
        later = [self.later(search, table, steps) for search in begun]
        searches = sorted((it for it in later if it), key=lambda search: search.k)
        for _, group in groupby(searches, key=lambda search: search.batch_key):
            alike = list(group)
            found = [self.candidates(search, table) for search in alike]
            for number, fault in faults.items():
                if number < len(alike):
                    found[number][0][:] = fault
            together = BeamSearch.advance_all(alike, *map(np.concatenate, zip(*found, strict=True)))
            for search, own, after in zip(alike, found, together, strict=True):
                self.assert_same(after, self.alone(search, *own))

    def test_an_error_of_one_does_not_affect_the_others(self):
        table = random_table(1, SIZE)
        alike = [beam((token,), 2, 4) for token in (3, 4, 5, 6)]
        found = [self.candidates(search, table) for search in alike]
        found[1][0][0, 0], found[2][0][:] = np.nan, -np.inf
        together = BeamSearch.advance_all(alike, *map(np.concatenate, zip(*found, strict=True)))
        good, poisoned, stuck, fine = together
        assert poisoned.key == "model-fault"
        assert isinstance(stuck, NothingAllowedError)
        for after, number in ((good, 0), (fine, 3)):
            self.assert_same(after, alike[number].advance(*found[number]))


def texts_and_scores(found):
    return [(path.tokens, path.ended, pytest.approx(path.log_prob)) for path in found]


def reference(table, search):
    """The result of plain Python for a plain beam search."""
    params = search.params
    expected = plain_beam_search(
        lambda prefixes: map(table, prefixes),
        params.prompt,
        params.width,
        params.max_tokens,
        params.endings,
        TOKENS.unknown,
    )
    closed = [(tokens, tokens[-1] in params.endings, score) for tokens, score in expected]
    return [(tokens[:-1] if ended else tokens, ended, score) for tokens, ended, score in closed]


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    coarse=st.booleans(),
    arrivals=st.lists(st.lists(beams, max_size=8), min_size=1, max_size=8),
    leaves=st.sets(st.integers(0, 63), max_size=4),
)
def test_results_do_not_depend_on_searches_that_come_and_go(seed, coarse, arrivals, leaves):
    table = random_table(seed, SIZE, coarse)
    batch, slots, gone = Batch(TableModel(table, SIZE)), [], []
    for arriving in arrivals:
        slots += [(search, batch.add(search)) for search in arriving]
        batch.step()
        for number in leaves & set(range(len(slots))):
            batch.remove(slots[number][1])
            gone.append(number)
    while batch:
        batch.step()
    for number, (search, slot) in enumerate(slots):
        if number in gone:
            continue
        if (
            search.params.constraints is KINDS["plain"]["constraints"]
            and not search.params.path_constraints
        ):
            expected = reference(table, search)
        else:
            try:
                expected = texts_and_scores(run_search(TableModel(table, SIZE), search))
            except NothingAllowedError:
                assert isinstance(slot.error, NothingAllowedError)
                continue
        assert slot.error is None
        assert texts_and_scores(slot.search.result()) == expected


@pytest.mark.parametrize("count", [1, 2, 17, 64])
def test_many_searches_at_once_find_what_plain_python_finds(count):
    rng, table = np.random.default_rng(count), random_table(count, SIZE)
    searches = [
        beam(tuple(rng.integers(0, SIZE, rng.integers(1, 5)).tolist()), int(width), int(length))
        for width, length in zip(rng.integers(1, 6, count), rng.integers(1, 6, count), strict=True)
    ]
    nothing = BeamSearch(replace(searches[0].params, constraints=(EVERYTHING,)))
    batch = Batch(TableModel(table, SIZE))
    slots = [batch.add(search) for search in (*searches, nothing)]
    while batch:
        batch.step()
    for search, slot in zip(searches, slots, strict=False):
        assert texts_and_scores(slot.search.result()) == reference(table, search)
    assert isinstance(slots[-1].error, NothingAllowedError)


def with_attention(folder):
    """An 8-bit bundle with random weights and attention over a short window."""
    torch.set_num_threads(1)
    torch.manual_seed(5)
    config = ModelConfig(
        vocabulary_size=len(CHINESE),
        cell="lstm",
        embedding_size=24,
        hidden_size=24,
        tied=True,
        attention_heads=2,
        attention_window=9,
    )
    model = LanguageModel(config).eval()
    with torch.no_grad():
        model.embedding.weight.mul_(3)  # so that what was read matters
    vocabulary = Vocabulary(CHINESE, tuple(-1 if token in SPECIALS else 1 for token in CHINESE))
    info = {"preset": "toy", "corpus": "toy", "corpus_sha256": "0", "commit": "", "seed": 5}
    for split in ("train", "validation", "test"):
        lines = "\n".join(" ".join(text) + " </l>" for text in PROMPTS[:9])
        (folder / f"{split}.txt").write_text(lines + "\n", encoding="utf-8")
    trained = Trained(model, vocabulary, info)
    return write_toy_bundle(trained, folder / "toy", name="toy", precision="int8", corpus=folder)


@pytest.mark.parametrize("shipped", [True, False], ids=["the bundle that ships", "with attention"])
def test_sixty_requests_at_once_get_the_exact_answers_of_each_alone(shipped, tmp_path):
    directory = default_directory() if shipped else with_attention(tmp_path)

    def composer():
        return open_composer(directory, "cpu", 1)

    reading = composer()
    prompts = [text for text in PROMPTS if len(text) == 7][:30]
    requests = mixed_requests(reading, prompts, 60)
    assert len({(request.text, request.form) for request in requests}) < 60
    alone = [outcome(reading, request) for request in requests]

    async def ask_together(composer):
        asked = (composer.compose(request, 3600) for request in requests)
        return await asyncio.gather(*asked, return_exceptions=True)

    busy = composer()
    together = asyncio.run(ask_together(busy))
    busy.close()
    for request, one, other in zip(requests, alone, together, strict=True):
        if isinstance(one, NothingAllowedError):
            assert isinstance(other, NothingAllowedError), request
        else:
            assert other.complete
            assert one.candidates == other.candidates, request
    assert sum(not isinstance(one, SearchError) for one in alone) > 50


def outcome(composer, request):
    try:
        return composer.compose_now(request)
    except NothingAllowedError as error:
        return error
