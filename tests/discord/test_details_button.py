"""The button *Details* of an answer."""

from dataclasses import replace

import pytest
from lianju.bot.verse import DeadlineError, NextLine, Poem, Request, Rerank
from lianju.bot.verse.planning.generation import Planner, make_scorer

from ..verse.toy_reranker import ByCharacters, with_reranker
from .commands import ask, button, english, press
from .interactions import EPHEMERAL, poem, texts

LINE = "黄河远上白云间"


@pytest.fixture
async def answer(fake, bot):
    """An answer in server 42, asked for by member 77."""
    return await ask(fake, bot, poem(LINE), private=False)


async def test_details_are_private_and_exact(fake, bot, composer, answer):
    told = await press(fake, bot, answer, button(answer, "Details"), user=78)
    assert told["flags"] & EPHEMERAL
    (text,) = texts(told)
    how = english("details-reranked", width="5", seed="0")
    assert text.startswith(f"**toy 0.0.1**\n{how}\n")
    for candidate in composer.compose_now(Request(LINE, search=Rerank())).candidates:
        assert f"{candidate.text}\n-# log-probability {candidate.log_prob:.4f} · " in text


@pytest.fixture
def reranked(composer, monkeypatch):
    """Puts a re-ranker into the bundle that answers."""
    bundle, reranker = with_reranker(composer.bundle), ByCharacters()
    monkeypatch.setattr(composer, "bundle", bundle)
    monkeypatch.setattr(composer, "_planner", Planner(bundle, reranker))
    monkeypatch.setattr(composer, "_scorer", make_scorer(bundle, reranker))


@pytest.mark.usefixtures("reranked")
async def test_details_have_the_parts_of_the_scores(fake, bot, composer, answer):
    (text,) = texts(await press(fake, bot, answer, button(answer, "Details"), user=78))
    index = composer.bundle.vocabulary.tokens.index
    for candidate in composer.compose_now(Request(LINE, search=Rerank())).candidates:
        (found,) = composer.score_now(LINE, [candidate.text])
        poet, following = (index(candidate.text[place]) / 100 for place in (0, -1))
        told = english("details-logits", poet=f"{poet:.2f}", next=f"{following:.2f}")
        rows = text[text.index(candidate.text) :].splitlines()
        assert rows[2] == f"{in_parts(found)} · {told}"


def in_parts(found):
    """What the details say of a score without a re-ranker."""
    confidence = english("details-confidence", percent=f"{100 * found.confidence:.0f}")
    score = english("details-ranked", score=f"{found.score:.2f}")
    relevance = english("details-relevance", relevance=f"{found.relevance:.2f}")
    return f"-# {confidence} · {score} · {relevance}"


@pytest.mark.parametrize("form", ["couplet", "jueju"])
async def test_details_have_the_confidence_in_percent(fake, bot, composer, form):
    options = {} if form == "couplet" else {"form": form}
    answer = await ask(fake, bot, poem(LINE, **options), private=False)
    (text,) = texts(await press(fake, bot, answer, button(answer, "Details"), user=78))
    wanted = Request(LINE, Poem(form) if options else NextLine(), Rerank())
    for candidate in composer.compose_now(wanted).candidates:
        (found,) = composer.score_now(LINE, [candidate.text])
        percent = f"{100 + 10 * found.log_prob / len(''.join(candidate.lines)):.0f}"
        rows = text[text.index(candidate.lines[0]) :].splitlines()
        assert rows[2].startswith(f"-# {english('details-confidence', percent=percent)}")
    assert english("details-scale") in text
    assert any("▰" in part for part in texts(answer))


async def test_details_without_a_reranker_have_one_part_less(fake, bot, composer, answer):
    (text,) = texts(await press(fake, bot, answer, button(answer, "Details"), user=78))
    candidates = composer.compose_now(Request(LINE, search=Rerank())).candidates
    for candidate in candidates:
        (found,) = composer.score_now(LINE, [candidate.text])
        rows = text[text.index(candidate.text) :].splitlines()
        assert rows[1].startswith("-# log-probability")
        assert rows[2] == in_parts(found)
    assert english("details-order") in text


async def test_details_after_the_engine_failed_have_no_parts(
    fake, bot, composer, answer, monkeypatch
):
    async def fail(*given):
        raise DeadlineError

    monkeypatch.setattr(composer, "score", fail)
    (text,) = texts(await press(fake, bot, answer, button(answer, "Details"), user=78))
    assert "log-probability" in text
    assert english("details-order") not in text


async def test_details_of_an_answer_that_was_cut_short_have_no_parts(
    fake, bot, composer, monkeypatch
):
    compose = composer.compose

    async def cut_short(*given, **options):
        return replace(await compose(*given, **options), complete=False)

    monkeypatch.setattr(composer, "compose", cut_short)
    answer = await ask(fake, bot, poem(LINE), private=False)
    (text,) = texts(await press(fake, bot, answer, button(answer, "Details"), user=78))
    best = composer.compose_now(Request(LINE, search=Rerank())).candidates[0]
    (found,) = composer.score_now(LINE, [best.text])
    assert best.text in text
    assert in_parts(found) not in text
    assert english("details-order") not in text


async def test_details_claim_no_order_that_the_scores_do_not_have(
    fake, bot, composer, answer, monkeypatch
):
    score = composer.score

    async def upside_down(*given, **options):
        return (await score(*given, **options))[::-1]

    monkeypatch.setattr(composer, "score", upside_down)
    (text,) = texts(await press(fake, bot, answer, button(answer, "Details"), user=78))
    worst = composer.compose_now(Request(LINE, search=Rerank())).candidates[-1]
    (found,) = composer.score_now(LINE, [worst.text])
    assert in_parts(found) in text
    assert english("details-order") not in text


async def test_details_of_another_model_have_no_parts(fake, bot, composer, answer, monkeypatch):
    manifest = composer.bundle.manifest.model_copy(update={"version": "9.9.9"})
    monkeypatch.setattr(composer, "bundle", replace(composer.bundle, manifest=manifest))
    (text,) = texts(await press(fake, bot, answer, button(answer, "Details"), user=78))
    assert "log-probability" in text
    assert english("details-order") not in text


async def test_details_are_in_the_language_of_the_user_who_presses(fake, bot, answer):
    told = await press(fake, bot, answer, button(answer, "Details"), user=78, locale="zh-TW")
    assert "對數機率" in texts(told)[0]
