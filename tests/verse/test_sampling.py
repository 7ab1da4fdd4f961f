from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from lianju.bot.verse.errors import SearchError
from lianju.bot.verse.search.constraints import ConstraintFactory
from lianju.bot.verse.search.path_constraints import NoRepetition
from lianju.bot.verse.search.sampling import SampleParams, SampleSearch
from lianju.bot.verse.serving.batch import Batch
from lianju.bot.verse.text.vocabulary import Vocabulary

from .searching import run_search
from .table import TableModel, random_table

TOKENS = Vocabulary(("<unk>", "<e>", "</l>", "a", "b", "c", "d"), (-1, -1, -1, 1, 1, 1, 1))
LETTERS = range(3, 7)
TABLE = random_table(11, len(TOKENS))
PROMPT = (3, 4)


def plan(paths, length=3, seed=1, plain=False, **settings):
    factory = ConstraintFactory(TOKENS)
    chosen = {"temperature": 1.0, "top_k": len(TOKENS), "top_p": 1.0} | settings
    return SampleParams(
        prompt=PROMPT,
        max_tokens=length + (not plain),
        endings=TOKENS.endings,
        constraints=factory.plain() if plain else factory.exact_length(length),
        vocabulary_size=len(TOKENS),
        paths=paths,
        count=paths,
        seed=(seed,),
        **chosen,
    )


def draw(plan):
    """The text of every path in the order drawn, with duplicates."""
    model, search = TableModel(TABLE, len(TOKENS)), SampleSearch(plan)
    batch = Batch(model)
    slot = batch.add(search)
    while batch:
        batch.step()
    assert slot.error is None
    found = slot.search
    pairs = zip((*found.ended_number, *found.number), (*found.ended, *found._live()), strict=True)
    return [path.tokens for _, path in sorted(pairs, key=lambda pair: pair[0])]


def first_tokens(temperature, top_k, top_p):
    """The probability of each letter after the prompt."""
    scored = sorted(((TABLE(PROMPT)[token], token) for token in LETTERS), reverse=True)[:top_k]
    weights = {token: np.exp(score / temperature) for score, token in scored}
    total, mass, kept = sum(weights.values()), 0.0, {}
    for token, weight in weights.items():
        if mass >= top_p * total:
            break
        kept[token], mass = weight, mass + weight
    return {token: weight / mass for token, weight in kept.items()}


@pytest.mark.parametrize(
    ("temperature", "top_k", "top_p"),
    [(1.0, 7, 1.0), (0.5, 7, 1.0), (2.0, 7, 1.0), (1.0, 2, 1.0), (1.0, 7, 0.6), (0.7, 3, 0.8)],
)
def test_frequencies_follow_the_probabilities(temperature, top_k, top_p):
    drawn = 4000
    texts = draw(plan(drawn, length=1, temperature=temperature, top_k=top_k, top_p=top_p))
    counts = Counter(text[0] for text in texts)
    expected = first_tokens(temperature, top_k, top_p)
    assert set(counts) <= set(expected)
    for token, chance in expected.items():
        spread = (chance * (1 - chance) / drawn) ** 0.5
        assert counts[token] / drawn == pytest.approx(chance, abs=4 * spread + 1e-9)


def test_tokens_continue_their_own_path():
    texts = [text for text in draw(plan(4000, length=2)) if text[0] == 3]
    scores = np.array([TABLE((*PROMPT, 3))[token] for token in LETTERS])
    expected = np.exp(scores) / np.exp(scores).sum()
    found = [sum(text[1] == token for text in texts) / len(texts) for token in LETTERS]
    assert found == pytest.approx(expected.tolist(), abs=4 * (0.25 / len(texts)) ** 0.5)


def test_the_seed_determines_the_result():
    assert draw(plan(8, seed=5)) == draw(plan(8, seed=5))
    assert draw(plan(8, seed=5)) != draw(plan(8, seed=6))


def test_more_paths_do_not_change_the_first():
    assert draw(plan(8))[:3] == draw(plan(3))


def test_the_result_has_the_first_distinct_texts_best_first():
    wanted = replace(plan(40), count=4)
    found = run_search(TableModel(TABLE, len(TOKENS)), SampleSearch(wanted))
    assert {path.tokens for path in found} == set(list(dict.fromkeys(draw(wanted)))[:4])
    scores = [path.log_prob for path in found]
    assert scores == sorted(scores, reverse=True)


def test_scores_do_not_depend_on_the_temperature():
    found = run_search(TableModel(TABLE, len(TOKENS)), SampleSearch(plan(9, temperature=0.5)))
    for path in found:
        line = TABLE.score(PROMPT, path.tokens)
        closings = [TABLE((*PROMPT, *path.tokens))[ending] for ending in TOKENS.endings]
        assert min(abs(path.log_prob - line - closing) for closing in closings) < 1e-6


def test_without_constraints_a_path_may_end_anywhere():
    texts = draw(plan(60, length=4, plain=True))
    assert {len(text) for text in texts} > {0, 4}
    assert not {0, *TOKENS.endings} & {token for text in texts for token in text}


def test_results_do_not_depend_on_other_searches():
    model = TableModel(TABLE, len(TOKENS))
    batch = Batch(model)
    slots = [batch.add(SampleSearch(plan(n, length=n, seed=n))) for n in (1, 3, 5)]
    batch.step()
    slots += [batch.add(SampleSearch(plan(4, seed=9, plain=True)))]
    while batch:
        batch.step()
    for slot in slots:
        alone = run_search(TableModel(TABLE, len(TOKENS)), SampleSearch(slot.search.params))
        assert slot.search.result() == alone


def test_constraints_that_allow_nothing_are_an_error():
    everything = ConstraintFactory(TOKENS).banned(range(len(TOKENS)))
    search = SampleSearch(replace(plan(2), constraints=(everything,)))
    with pytest.raises(SearchError) as caught:
        run_search(TableModel(TABLE, len(TOKENS)), search)
    assert caught.value.key == "search-nothing"


def test_no_repetition():
    texts = draw(replace(plan(200, length=4), path_constraints=(NoRepetition(),)))
    assert {len(set(text)) for text in texts} == {4}
    assert any(len(set(text)) < 4 for text in draw(plan(200, length=4)))


@pytest.mark.parametrize("seed", range(5))
def test_each_path_is_drawn_as_it_is_alone(seed):
    """Repeats the draw path by path: paths that end early do not change others."""
    paths, length = 12, 5
    wanted = plan(paths, length, seed=seed, plain=True)
    expected = []
    for number in range(paths):
        tokens = ()
        for place in range(length):
            scored = sorted((-TABLE(PROMPT + tokens)[token], token) for token in range(1, 7))
            share = np.cumsum(np.exp([-score for score, _ in scored]))
            point = np.random.default_rng((seed, place)).random(paths)[number] * share[-1]
            token = scored[int((share <= point).sum())][1]
            if token in TOKENS.endings:
                break
            tokens += (token,)
        expected.append(tokens)
    assert len({len(tokens) for tokens in expected}) > 1  # some end early
    assert draw(wanted) == expected
