import asyncio
import itertools

import pytest
from lianju.bot.verse import (
    Beam,
    NextLine,
    Request,
    RequestError,
    Rerank,
    Sample,
    open_composer,
)
from lianju.bot.verse.planning.generation import PRIOR_WEIGHT
from lianju.bot.verse.planning.ranking import MIN_DISTANCE

from .toy import PROMPTS, Toy

LINE = "黄河远上白云间"


@pytest.fixture(scope="module")
def composer(tmp_path_factory):
    composer = open_composer(Toy().write(tmp_path_factory.mktemp("rerank") / "toy"), "cpu", 1)
    yield composer
    composer.close()


def rerank(composer, line=LINE, seed=0, width=5, **options):
    return composer.compose_now(Request(line, search=Rerank(seed, width), **options))


def score(prefix, text, toy):
    """The log-probability of a line after a prefix, closed by `</l>`."""
    total = 0.0
    for token in [*(toy.tokens.index(character) for character in text), toy.tokens.index("</l>")]:
        total += toy.log_prob(prefix)[token]
        prefix = [*prefix, token]
    return total


def test_the_score_is_what_the_prompt_adds_to_a_line(composer):
    toy = Toy()
    start = toy.tokens.index("<s>")
    for candidate in rerank(composer).candidates:
        alone = score([start], candidate.text, toy)
        expected = candidate.log_prob - PRIOR_WEIGHT * alone
        assert candidate.score == pytest.approx(expected, abs=2e-3)


def test_best_of_the_pool_comes_first_and_all_differ(composer):
    for line in PROMPTS[:8]:
        answer = rerank(composer, line)
        scores = [candidate.score for candidate in answer.candidates]
        assert scores == sorted(scores, reverse=True)
        texts = [candidate.text for candidate in answer.candidates]
        assert len(texts) == 5
        for one, other in itertools.combinations(texts, 2):
            assert sum(a != b for a, b in zip(one, other, strict=True)) >= MIN_DISTANCE


def test_first_is_the_best_of_all_that_were_drawn(composer):
    # Whoever asks for more lines sees the same first one.
    alike = rerank(composer, "白日依山尽", width=20, count=1).candidates[0]
    more = rerank(composer, "白日依山尽", width=20, count=20).candidates
    assert more[0] == alike
    assert max(candidate.score for candidate in more) == alike.score


def test_a_wider_beam_draws_more(composer):
    best = [rerank(composer, width=width, count=1).candidates[0] for width in (1, 4, 16)]
    scores = [candidate.score for candidate in best]
    assert scores == sorted(scores)
    assert scores[0] < scores[2]


def test_too_few_that_differ_enough_may_differ_less(composer):
    answer = rerank(composer, "白日", form=NextLine(1))
    assert len({candidate.text for candidate in answer.candidates}) == 5


def test_same_seed_same_lines(composer):
    assert rerank(composer).candidates == rerank(composer, seed=0).candidates
    assert rerank(composer, seed=1).candidates != rerank(composer).candidates
    assert rerank(composer, seed=7).request.search == Rerank(7)
    drawn = rerank(composer, seed=None)
    assert rerank(composer, seed=drawn.request.search.seed).candidates == drawn.candidates


async def test_an_answer_does_not_depend_on_the_others_in_its_batch(composer):
    requests = [Request(line, search=Rerank(width=2), count=2) for line in PROMPTS[:6]]
    others = (Beam(9), Sample(seed=1))
    requests[1:1] = [Request(PROMPTS[7], search=search) for search in others]
    together = await asyncio.gather(*(composer.compose(each, 60) for each in requests))
    for request, answer in zip(requests, together, strict=True):
        assert answer.candidates == composer.compose_now(request).candidates


def test_a_model_without_line_tokens_searches_with_a_beam(tmp_path):
    toy = Toy(tokens=("<unk>", "<e>", *Toy().tokens[4:]))
    seed_like = open_composer(toy.write(tmp_path / "toy"), "cpu", 1)
    chosen = rerank(seed_like, width=7)
    assert chosen.request.search == Beam(7)
    assert chosen.candidates == seed_like.compose_now(Request(LINE, search=Beam(7))).candidates
    seed_like.close()


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seed_is_bounded(seed):
    with pytest.raises(RequestError) as caught:
        Rerank(seed)
    assert caught.value.key == "request-range"
    assert caught.value.facts == {"name": "seed", "value": seed, "low": 0, "high": 2**32 - 1}
