import asyncio
from dataclasses import replace

import numpy as np
import pytest
from lianju.bot.verse import (
    Acrostic,
    Beam,
    BusyError,
    DeadlineError,
    NextLine,
    PromptError,
    Request,
    Rerank,
    Sample,
    open_composer,
)
from lianju.bot.verse.model.bundle import load_bundle
from lianju.bot.verse.model.onnx_model import OnnxModel

from .controlled_model import ControlledModel
from .reference import plain_beam_search
from .toy import CHINESE, PROMPTS, SPECIALS, Toy

SEED_LIKE = tuple(token for token in CHINESE if token not in ("<s>", "</l>"))


@pytest.fixture(scope="module")
def composer(tmp_path_factory):
    composer = open_composer(Toy().write(tmp_path_factory.mktemp("toy")), "cpu", 1)
    yield composer
    composer.close()


@pytest.fixture(scope="module")
def seed_like(tmp_path_factory):
    toy = Toy(tokens=SEED_LIKE)
    composer = open_composer(toy.write(tmp_path_factory.mktemp("seed")), "cpu", 1)
    yield composer
    composer.close()


def test_answers_in_the_length_of_the_last_line(composer):
    answer = composer.compose_now(Request("黄河远上白云间，白日依山尽"))
    assert answer.line == "黄河远上白云间，白日依山尽"
    assert (answer.length, answer.request.search) == (5, Beam(5))
    assert [len(candidate.text) for candidate in answer.candidates] == [5] * 5
    assert len({candidate.text for candidate in answer.candidates}) == 5
    scores = [candidate.log_prob for candidate in answer.candidates]
    assert scores == sorted(scores, reverse=True)
    assert answer.elapsed_ms > 0
    assert (answer.bundle_name, answer.bundle_version) == ("toy", "0.0.1")


@pytest.mark.parametrize("length", [1, 3, 64])
def test_length_is_kept_exactly(composer, seed_like, length):
    for one in (composer, seed_like):
        answer = one.compose_now(Request("白日依山尽", NextLine(length)))
        assert {len(candidate.text) for candidate in answer.candidates} == {length}


def test_lines_that_differ_in_their_ending_alone_count_once(composer):
    for text in PROMPTS[:20]:
        answer = composer.compose_now(Request(text, NextLine(1), search=Beam(20), count=20))
        assert len({candidate.text for candidate in answer.candidates}) == 20


def test_the_score_counts_the_ending(composer):
    toy, vocabulary = Toy(), composer.bundle.vocabulary
    answer = composer.compose_now(Request("白日依山尽", search=Beam(20)))
    for candidate in answer.candidates:
        prefix = [vocabulary.start, *vocabulary.encode("白日依山尽"), vocabulary.line]
        score = 0.0
        for token in vocabulary.encode(candidate.text):
            score += toy.log_prob(prefix)[token]
            prefix.append(token)
        score += max(toy.log_prob(prefix)[ending] for ending in vocabulary.endings)
        assert candidate.log_prob == pytest.approx(score, abs=1e-3)


def test_line_repeats_a_character_only_if_the_prompt_does(composer):
    def has_repeats(request):
        lines = [candidate.text for candidate in composer.compose_now(request).candidates]
        return any(len(set(line)) < len(line) for line in lines)

    for text in ("黄河远上白云间", "白日依山尽"):
        assert not has_repeats(Request(text, search=Beam(20), count=20))
    doubled = composer.compose_now(Request("萧萧远上白云间", search=Beam(20), count=20)).candidates
    assert all(len(set(c.text)) == 7 - (c.text[0] == c.text[1]) for c in doubled)
    assert has_repeats(Request("黄河远上白云间", search=Beam(20, plain=True), count=20))


@pytest.mark.parametrize("search", [Beam(20), Beam(20, plain=True), Rerank(), Sample(seed=1)])
def test_unknown_characters_are_read_but_never_written(composer, search):
    answer = composer.compose_now(Request("黄河貓上白云间", search=search, script="traditional"))
    assert (answer.unknown, answer.line) == (("貓",), "黃河貓上白雲間")
    assert answer.candidates
    assert not any("<" in candidate.text for candidate in answer.candidates)
    assert composer.compose_now(Request("黄河远上白云间", search=search)).unknown == ()


def test_the_model_reads_an_unknown_character_as_unk(composer):
    toy, vocabulary = Toy(), composer.bundle.vocabulary
    prompt = (vocabulary.start, *vocabulary.encode("白日"), vocabulary.unknown, vocabulary.line)
    log_prob = toy.log_prob(prompt)
    answer = composer.compose_now(
        Request("白日猫", NextLine(1), search=Beam(3, plain=True), count=1)
    )
    (candidate,) = answer.candidates
    assert candidate.log_prob == pytest.approx(
        log_prob[vocabulary.encode(candidate.text or ["<e>"])[0]], abs=1e-3
    )


def test_different_unknown_characters_are_no_repetition(composer):
    request = Request("猫狗远上白云间", search=Beam(20), count=20)
    lines = [candidate.text for candidate in composer.compose_now(request).candidates]
    assert all(len(set(line)) == 7 for line in lines)
    repeated = replace(request, text="猫猫远上白云间")
    lines = [candidate.text for candidate in composer.compose_now(repeated).candidates]
    assert all(len(set(line)) == 7 - (line[0] == line[1]) for line in lines)


def test_an_acrostic_begins_with_the_character_that_the_model_does_not_know(composer):
    request = Request("黄貓河", Acrostic(5), search=Rerank(), script="simplified")
    answer = composer.compose_now(request)
    assert answer.unknown == ("貓",)
    for candidate in answer.candidates:
        assert [line[0] for line in candidate.lines] == ["黄", "猫", "河"]
        assert [len(line) for line in candidate.lines] == [5, 5, 5]


def assert_plain(composer, toy, text, width, length):
    """Compares a plain answer with the reference search; returns its texts."""
    vocabulary = composer.bundle.vocabulary
    expected = plain_beam_search(
        lambda prefixes: map(toy.log_prob, prefixes),
        (vocabulary.start, *vocabulary.encode(text), vocabulary.line),
        width,
        length,
        vocabulary.endings,
        vocabulary.unknown,
    )
    request = Request(text, NextLine(length), search=Beam(width, plain=True), count=width)
    found = composer.compose_now(request).candidates
    assert [candidate.text for candidate in found] == [
        "".join(vocabulary.tokens[token] for token in tokens if token not in vocabulary.endings)
        for tokens, _ in expected
    ]
    assert [candidate.log_prob for candidate in found] == pytest.approx(
        [score for _, score in expected], abs=1e-3
    )
    return [candidate.text for candidate in found]


def test_plain_is_the_reference_search(composer):
    for text in PROMPTS[:20]:
        assert_plain(composer, Toy(), text, width=4, length=len(text))


def test_plain_keeps_lines_that_differ_in_their_ending_alone(tmp_path):
    toy = Toy(tokens=(*SPECIALS, "山", "水"), hidden=2)
    composer = open_composer(toy.write(tmp_path), "cpu", 1)
    texts = [assert_plain(composer, toy, "山水", width, length=3) for width in range(1, 9)]
    assert any(len(set(found)) < len(found) for found in texts)


def test_prompt_of_a_model_without_line_tokens(seed_like):
    toy, vocabulary = Toy(tokens=SEED_LIKE), seed_like.bundle.vocabulary
    answer = seed_like.compose_now(Request("白日，依山", NextLine(1), search=Beam(1), count=1))
    row = toy.log_prob(vocabulary.encode("白日依山"))
    row[[vocabulary.unknown, vocabulary.end]] = -np.inf
    assert answer.candidates[0].text == vocabulary.tokens[int(np.argmax(row))]
    assert answer.candidates[0].log_prob == pytest.approx(row.max(), abs=1e-4)


def test_a_traditional_prompt_has_a_traditional_answer(composer):
    simplified = composer.compose_now(Request("黄河远上白云间"))
    traditional = composer.compose_now(Request("黃河遠上白雲間"))
    forced = composer.compose_now(Request("黄河远上白云间", script="traditional"))
    assert traditional.line == forced.line == "黃河遠上白雲間"
    assert traditional.candidates == forced.candidates
    assert traditional.candidates != simplified.candidates
    assert [c.log_prob for c in traditional.candidates] == [
        c.log_prob for c in simplified.candidates
    ]


async def test_answers_do_not_depend_on_concurrent_requests(composer):
    requests = [
        Request(text, search=Beam(1 + n % 8, plain=n % 2 == 0), count=min(5, 1 + n % 8))
        for n, text in enumerate(PROMPTS)
    ]
    answers = await asyncio.gather(*(composer.compose(r, 3600) for r in requests[:40]))
    for request, answer in zip(requests, answers, strict=False):
        alone = composer.compose_now(request)
        assert [c.text for c in answer.candidates] == [c.text for c in alone.candidates]
        assert [c.log_prob for c in answer.candidates] == pytest.approx(
            [c.log_prob for c in alone.candidates], abs=1e-4
        )


async def test_an_invalid_prompt_is_refused_before_the_scheduler(composer):
    with pytest.raises(PromptError):
        await composer.compose(Request("hello"), 3600)


async def test_deadline_and_capacity_reach_the_engine(tmp_path, monkeypatch):
    directory = Toy().write(tmp_path)
    gate = ControlledModel(OnnxModel(load_bundle(directory), "cpu", 1))
    monkeypatch.setattr("lianju.bot.verse.composer.OnnxModel", lambda *arguments: gate)
    composer = open_composer(directory, "cpu", 1, capacity=1)
    with pytest.raises(DeadlineError):
        await composer.compose(Request("白日"), 0)
    asked = asyncio.create_task(composer.compose(Request("白日"), 3600))
    await gate.begun()
    async with asyncio.timeout(30):
        with pytest.raises(BusyError) as caught:
            await composer.compose(Request("白日"), 3600)
    assert caught.value.key == "busy-full"
    gate.let(1000)
    assert (await asked).candidates
    composer.close()
    with pytest.raises(BusyError) as caught:
        await composer.compose(Request("白日"), 3600)
    assert caught.value.key == "busy-closing"
