import asyncio
import itertools

import pytest
from lianju.bot.verse.composer import Request, Rerank, Sample, open_composer
from lianju.bot.verse.errors import RequestError
from lianju.bot.verse.planning.generation import DIFFERENT, PRIOR_WEIGHT

from .toy import PROMPTS, Toy

LINE = "黄河远上白云间"


@pytest.fixture(scope="module")
def composer(tmp_path_factory):
    composer = open_composer(Toy().write(tmp_path_factory.mktemp("choosing") / "toy"), "cpu", 1)
    yield composer
    composer.close()


def choose(composer, line=LINE, seed=0, **wishes):
    return composer.compose_now(Request(line, choosing=Rerank(seed), **wishes))


def score(prefix, text, toy):
    """The log-probability of a line after a prefix, closed by `</l>`."""
    total = 0.0
    for token in [*(toy.tokens.index(character) for character in text), toy.tokens.index("</l>")]:
        total += toy.log_prob(prefix)[token]
        prefix = [*prefix, token]
    return total


def test_objective_is_what_the_prompt_adds_to_a_line(composer):
    toy = Toy()
    start = toy.tokens.index("<s>")
    for candidate in choose(composer).candidates:
        alone = score([start], candidate.text, toy)
        expected = candidate.log_prob - PRIOR_WEIGHT * alone
        assert candidate.objective == pytest.approx(expected, abs=2e-3)


def test_best_of_the_pool_comes_first_and_all_differ(composer):
    for line in PROMPTS[:8]:
        answer = choose(composer, line)
        objectives = [candidate.objective for candidate in answer.candidates]
        assert objectives == sorted(objectives, reverse=True)
        texts = [candidate.text for candidate in answer.candidates]
        assert len(texts) == 5
        for one, other in itertools.combinations(texts, 2):
            assert sum(a != b for a, b in zip(one, other, strict=True)) >= DIFFERENT


def test_first_is_the_best_of_all_that_were_drawn(composer):
    # Whoever asks for more lines sees the same first one.
    alike = choose(composer, "白日依山尽", width=20, count=1).candidates[0]
    more = choose(composer, "白日依山尽", width=20, count=20).candidates
    assert more[0] == alike
    assert max(candidate.objective for candidate in more) == alike.objective


def test_a_wider_beam_draws_more(composer):
    best = [choose(composer, width=width, count=1).candidates[0] for width in (1, 4, 16)]
    objectives = [candidate.objective for candidate in best]
    assert objectives == sorted(objectives)
    assert objectives[0] < objectives[2]


def test_too_few_that_differ_enough_may_differ_less(composer):
    answer = choose(composer, "白日", length=1)
    assert len({candidate.text for candidate in answer.candidates}) == 5


def test_same_seed_same_lines(composer):
    assert choose(composer).candidates == choose(composer, seed=0).candidates
    assert choose(composer, seed=1).candidates != choose(composer).candidates
    assert (choose(composer, seed=7).seed, choose(composer).width) == (7, 5)
    drawn = choose(composer, seed=None)
    assert choose(composer, seed=drawn.seed).candidates == drawn.candidates


async def test_company_changes_nothing(composer):
    requests = [Request(line, width=2, choosing=Rerank()) for line in PROMPTS[:6]]
    requests[1:1] = [Request(PROMPTS[7], width=9), Request(PROMPTS[8], sampling=Sample(seed=1))]
    together = await asyncio.gather(*(composer.compose(each, 60) for each in requests))
    for request, answer in zip(requests, together, strict=True):
        assert answer.candidates == composer.compose_now(request).candidates


def test_a_model_without_line_tokens_searches_with_a_beam(tmp_path):
    toy = Toy(tokens=("<unk>", "<e>", *Toy().tokens[4:]))
    seed_like = open_composer(toy.write(tmp_path / "toy"), "cpu", 1)
    chosen = choose(seed_like, width=7)
    assert (chosen.width, chosen.choosing, chosen.seed) == (7, None, None)
    assert chosen.candidates == seed_like.compose_now(Request(LINE, width=7)).candidates[:5]
    seed_like.close()


@pytest.mark.parametrize("other", [{"plain": True}, {"sampling": Sample()}])
def test_choosing_excludes_other_ways(other):
    with pytest.raises(RequestError, match="exclude each other"):
        Request(LINE, choosing=Rerank(), **other)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seed_is_bounded(seed):
    with pytest.raises(RequestError, match=r"Seed .* is out of range"):
        Rerank(seed)
