import asyncio
import itertools

import pytest
from lianju.bot.verse import (
    Acrostic,
    Beam,
    DeadlineError,
    NextLine,
    Poem,
    PromptError,
    Request,
    RequestError,
    Rerank,
    Sample,
    open_composer,
)
from lianju.bot.verse.composer import Composer
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.bot.verse.planning.generation import Planner
from lianju.bot.verse.planning.ranking import MIN_DISTANCE
from lianju.bot.verse.serving.scheduler import Scheduler

from .searching import run_search
from .toy import CHINESE, PROMPTS, Toy
from .toy_reranker import NEXT, POET, RELEVANCE, ByCharacters, with_reranker

LINE = "黄河远上白云间"


@pytest.fixture(scope="module")
def composer(tmp_path_factory):
    composer = open_composer(Toy().write(tmp_path_factory.mktemp("rerank") / "toy"), "cpu", 1)
    yield composer
    composer.close()


def rerank(composer, line=LINE, seed=0, width=5, **options):
    return composer.compose_now(Request(line, search=Rerank(seed, width), **options))


def log_prob(toy, before, line, ending="</l>"):
    """The log-probability of a line after others and of what ends it, by NumPy."""
    tokens = itertools.chain(["<s>"], *((*text, "</l>") for text in before))
    ids = [toy.tokens.index(token) for token in tokens]
    total = 0.0
    for token in map(toy.tokens.index, (*line, ending)):
        total += toy.log_prob(ids)[token]
        ids.append(token)
    return total


def relevance(line, prompt):
    """How much more probable a line makes the one before it, by NumPy."""
    return log_prob(Toy(), [line], prompt) - log_prob(Toy(), [], prompt)


@pytest.mark.parametrize("length", [7, 5])
def test_the_score_counts_what_the_line_tells_of_the_prompt(composer, length):
    toy = Toy()
    for candidate in rerank(composer, form=NextLine(length)).candidates:
        endings = [log_prob(toy, [LINE], candidate.text, ending) for ending in ("</l>", "<e>")]
        assert min(abs(candidate.log_prob - each) for each in endings) < 2e-3
        expected = candidate.log_prob + RELEVANCE * relevance(candidate.text, LINE)
        assert candidate.score == pytest.approx(expected, abs=2e-3)


def test_after_several_lines_the_log_probability_is_the_score(composer):
    line = "白日依山尽"
    for poem in rerank(composer, line, form=Poem("jueju")).candidates:
        expected = poem.log_prob + RELEVANCE * relevance(poem.lines[0], line)
        assert poem.score == pytest.approx(expected, abs=4e-3)
    for candidate in rerank(composer, f"{line}，{line[::-1]}").candidates:
        assert candidate.score == candidate.log_prob
    (found,) = composer.score_now(f"{line}，{line[::-1]}", [CANDIDATES[0]])
    assert (found.score, found.relevance) == (found.log_prob, None)
    for acrostic in rerank(composer, "黄河远上", form=Acrostic(), count=2).candidates:
        assert acrostic.score == acrostic.log_prob


def searched(composer, line=LINE, width=5, **options):
    """The searches for the pool of a request, the lines found and scored, and those chosen."""
    request = Request(line, search=Rerank(0, width), **options)
    job = Planner(composer.bundle).generate(composer.prepare(request))
    searches = next(job)
    model = OnnxModel(composer.bundle, "cpu", 1)
    found = [run_search(model, search) for search in searches]
    scored, alone = (run_search(model, search) for search in job.send(found))
    assert alone[0].log_prob == pytest.approx(log_prob(Toy(), [], line), abs=2e-3)
    with pytest.raises(StopIteration) as end:  # nothing more is searched for
        job.send([scored, alone])
    chosen = [poem.lines[0] for poem in end.value.value.poems]
    return searches, found, scored, chosen


def differ(one, other):
    apart = sum(a != b for a, b in zip(one, other, strict=True)) >= MIN_DISTANCE
    return apart and one[:2] != other[:2] and one[-3:] != other[-3:]


@pytest.mark.parametrize(("width", "count"), [(5, 5), (5, 1), (20, 20)])
def test_the_best_lines_of_the_pool_that_differ_are_chosen(composer, width, count):
    passed = 0
    for line in PROMPTS[:4]:
        _, found, scored, chosen = searched(composer, line, width, count=count)
        pool = {}
        for path in itertools.chain.from_iterable(found):
            pool[path.tokens] = max(path.log_prob, pool.get(path.tokens, path.log_prob))
        vocabulary = composer.bundle.vocabulary
        prompt = tuple(vocabulary.encode(line))
        for path in scored:
            own = path.tokens[: -len(prompt) - 1]
            assert path.tokens == (*own, vocabulary.line, *prompt)
            pool[own] += RELEVANCE * path.log_prob
        assert len(scored) == len(pool)
        expected = []
        for each in sorted(pool, key=pool.get, reverse=True):
            if len(expected) < count:
                alike = not all(differ(each, other) for other in expected)
                expected += [] if alike else [each]
                passed += alike
        assert len(expected) == count < len(pool)
        assert chosen == expected
    assert passed or count == 1


def test_the_best_line_of_a_beam_is_in_the_pool(composer):
    drawn = 0
    for line in PROMPTS[:8]:
        _, found, _, _ = searched(composer, line)
        beam = composer.compose_now(Request(line, search=Beam(10))).candidates[0]
        best = tuple(map(composer.bundle.vocabulary.tokens.index, beam.text))
        assert best in {path.tokens for path in itertools.chain.from_iterable(found)}
        drawn += best in [path.tokens for path in found[0]]
    assert drawn < 8  # most are not drawn


def test_best_of_the_pool_comes_first_and_all_differ(composer):
    for line in PROMPTS[:8]:
        answer = rerank(composer, line)
        scores = [candidate.score for candidate in answer.candidates]
        assert scores == sorted(scores, reverse=True)
        texts = [candidate.text for candidate in answer.candidates]
        assert len(texts) == 5
        assert all(differ(one, other) for one, other in itertools.combinations(texts, 2))


@pytest.fixture(scope="module")
def reranked(composer):
    """A composer whose bundle has a re-ranker."""
    model = OnnxModel(composer.bundle, "cpu", 1)
    bundle = with_reranker(composer.bundle)
    reranked = Composer(bundle, model, Scheduler(model), ByCharacters())
    yield reranked
    reranked.close()


def by_characters(composer, *lines):
    """What the re-ranker adds to the score of lines."""
    index = composer.bundle.vocabulary.tokens.index
    return sum((POET * index(line[0]) + NEXT * index(line[-1])) / 100 for line in lines)


def test_a_reranker_adds_its_logits(composer, reranked):
    for line in PROMPTS[:8]:
        answer = rerank(reranked, line)
        texts = [candidate.text for candidate in answer.candidates]
        for candidate, found in zip(
            answer.candidates, composer.score_now(line, texts), strict=True
        ):
            added = RELEVANCE * found.relevance + by_characters(composer, candidate.text)
            assert candidate.score == pytest.approx(candidate.log_prob + added, abs=1e-4)
        scores = [candidate.score for candidate in answer.candidates]
        assert scores == sorted(scores, reverse=True)
        for candidate in rerank(composer, line).candidates:  # from the same pool
            assert scores[0] >= candidate.score + by_characters(composer, candidate.text) - 1e-4
    for found in reranked.score_now(LINE, CANDIDATES):
        added = RELEVANCE * found.relevance + by_characters(composer, *found.lines)
        assert found.score == pytest.approx(found.log_prob + added)


def test_a_reranker_does_not_judge_the_first_line_of_an_acrostic(composer, reranked):
    request = Request("黄河远上", Acrostic(), Rerank(), count=2)
    for candidate in reranked.compose_now(request).candidates:
        # It sees the lines with their given characters.
        added = by_characters(composer, *candidate.lines[1:])
        assert candidate.score == pytest.approx(candidate.log_prob + added, abs=4e-3)


def test_the_first_is_the_best_of_the_pool(composer):
    # Whoever asks for more lines sees the same first one.
    alike = rerank(composer, "白日依山尽", width=20, count=1).candidates[0]
    more = rerank(composer, "白日依山尽", width=20, count=5).candidates
    assert more[0] == alike
    assert max(candidate.score for candidate in more) == alike.score


@pytest.mark.parametrize(("width", "rows"), [(1, [12, 2]), (16, [192, 32]), (64, [768, 64])])
def test_the_pool_grows_with_the_width(composer, width, rows):
    searches, *_ = searched(composer, width=width, count=1)
    assert [search.max_rows for search in searches] == rows


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


def score_by_numpy(before, candidate):
    """The log-probability of a candidate's lines after others, by NumPy."""
    toy, given, total = Toy(), [before], 0.0
    for text in candidate.split("，"):
        total += log_prob(toy, given, text)
        given.append(text)
    return total


CANDIDATES = ("白日依山尽", "举头望明月", "床前明月光，白日依山尽", "黄河远上白云间")


def test_candidates_of_a_user_are_scored_as_answers_are(composer):
    found = composer.score_now("白日依山尽", CANDIDATES)
    assert [each.lines for each in found] == [tuple(text.split("，")) for text in CANDIDATES]
    for each, text in zip(found, CANDIDATES, strict=True):
        told = relevance(text.split("，")[0], "白日依山尽")
        assert each.log_prob == pytest.approx(score_by_numpy("白日依山尽", text), abs=4e-3)
        assert each.relevance == pytest.approx(told, abs=4e-3)
        assert each.score == pytest.approx(each.log_prob + RELEVANCE * each.relevance)
        assert (each.poet, each.next) == (None, None)
    together = {each.lines: each.score for each in found}
    for text in reversed(CANDIDATES):
        (alone,) = composer.score_now("白日依山尽", [text])
        assert alone.score == pytest.approx(together[alone.lines], abs=1e-4)


def test_an_answer_has_the_score_that_its_lines_have(composer):
    for line in PROMPTS[:3]:
        candidates = rerank(composer, line, width=20, count=20).candidates
        found = composer.score_now(line, [each.text for each in candidates])
        # A toy line may end with the poem; a trained model ends the line first.
        alike = [
            (each.score, own.score)
            for each, own in zip(candidates, found, strict=True)
            if each.log_prob == pytest.approx(own.log_prob, abs=1e-4)
        ]
        assert alike
        for score, own in alike:
            assert own == pytest.approx(score, abs=1e-3)


def test_scoring_waits_for_its_turn_and_keeps_deadlines(composer):
    async def run():
        scores, answer = await asyncio.gather(
            composer.score("白日依山尽", CANDIDATES, 30),
            composer.compose(Request(LINE, search=Rerank()), 30),
        )
        with pytest.raises(DeadlineError):
            await composer.score("白日依山尽", CANDIDATES, 0)
        return scores, answer

    scores, answer = asyncio.run(run())
    assert scores == composer.score_now("白日依山尽", CANDIDATES)
    assert [each.text for each in answer.candidates] == [
        each.text for each in rerank(composer).candidates
    ]


def test_a_character_that_the_model_lacks_is_named(composer):
    known, unknown = composer.score_now(LINE, ["白日依山尽", "白日依鑫尽"])
    assert (known.unknown, unknown.unknown) == ((), ("鑫",))


@pytest.mark.parametrize(
    ("line", "candidates"), [("", ["白日依山尽"]), (LINE, [""]), (LINE, ["鑫鑫鑫"])]
)
def test_texts_that_cannot_be_read_are_not_scored(composer, line, candidates):
    with pytest.raises(PromptError):
        composer.score_now(line, candidates)


def test_a_model_without_line_tokens_cannot_score(tmp_path):
    tokens = tuple(token for token in CHINESE if token not in ("<s>", "</l>"))
    composer = open_composer(Toy(tokens).write(tmp_path / "toy"), "cpu", 1)
    with pytest.raises(RequestError) as error:
        composer.score_now(LINE, CANDIDATES)
    composer.close()
    assert error.value.key == "score-no-lines"
