import asyncio
import itertools

import pytest
from lianju.bot.verse.composer import Choosing, Request, Sampling, open_composer
from lianju.bot.verse.composition import DIFFERENT, PRIOR_WEIGHT
from lianju.bot.verse.errors import RequestError

from .toy import PROMPTS, Toy

LINE = "黄河远上白云间"


@pytest.fixture(scope="module")
def composer(tmp_path_factory):
    composer = open_composer(Toy().write(tmp_path_factory.mktemp("choosing") / "toy"), "cpu", 1)
    yield composer
    composer.close()


def choose(composer, line=LINE, count=5, **settings):
    return composer.compose_now(Request(line, count=count, choosing=Choosing(**settings)))


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
    # Whoever asks for the whole pool sees the same first line.
    alike = choose(composer, "白日依山尽", count=1, pool=20).candidates[0]
    everything = choose(composer, "白日依山尽", count=20, pool=20).candidates
    assert everything[0] == alike
    assert max(candidate.objective for candidate in everything) == alike.objective


def test_too_few_that_differ_enough_may_differ_less(composer):
    answer = composer.compose_now(Request("白日", length=1, choosing=Choosing(pool=20)))
    assert len({candidate.text for candidate in answer.candidates}) == 5


def test_same_seed_same_lines(composer):
    assert choose(composer).candidates == choose(composer, seed=0).candidates
    assert choose(composer, seed=1).candidates != choose(composer).candidates
    assert (choose(composer, seed=7).seed, choose(composer, pool=30).width) == (7, 30)


async def test_company_changes_nothing(composer):
    requests = [Request(line, choosing=Choosing(pool=30)) for line in PROMPTS[:6]]
    requests[1:1] = [Request(PROMPTS[7], width=9), Request(PROMPTS[8], sampling=Sampling(seed=1))]
    together = await asyncio.gather(*(composer.compose(each, 60) for each in requests))
    for request, answer in zip(requests, together, strict=True):
        assert answer.candidates == composer.compose_now(request).candidates


def test_a_model_without_line_tokens_searches_with_a_beam(tmp_path):
    toy = Toy(tokens=("<unk>", "<e>", *Toy().tokens[4:]))
    seed_like = open_composer(toy.write(tmp_path / "toy"), "cpu", 1)
    chosen = choose(seed_like)
    assert (chosen.width, chosen.choosing, chosen.seed) == (5, None, None)
    assert chosen.candidates == seed_like.compose_now(Request(LINE)).candidates
    seed_like.close()


@pytest.mark.parametrize("other", [{"width": 5}, {"plain": True}, {"sampling": Sampling()}])
def test_choosing_excludes_other_ways(other):
    with pytest.raises(RequestError, match="exclude each other"):
        Request(LINE, choosing=Choosing(), **other)


@pytest.mark.parametrize("settings", [{"pool": 19}, {"pool": 401}, {"seed": -1}])
def test_bounds(settings):
    with pytest.raises(RequestError, match="is out of range"):
        Choosing(**settings)
