"""`/couplet` as members ask and see it."""

import json
import re

import pytest
from lianju.bot.engine import LocalEngine
from lianju.bot.errors import LianjuError
from lianju.bot.ui.downloads import favorites_file
from lianju.bot.verse import BundleError, Couplet, Request, Rerank, Sample
from lianju.bot.verses import Verse

from ..verse.couplets import COMMA, opposed, repeats_alike
from .commands import ask, button, english, press
from .interactions import EPHEMERAL, custom_ids, labels, slash, texts

LINE = "春花夜月"


def couplet(line=LINE, **options):
    return slash("couplet", line=line, **options)


def verses(message):
    """The couplets as they are shown, without number and remark."""
    _, *sections, _ = texts(message)
    return [
        re.fullmatch(rf"\*\*{rank}\.\*\* (.*?)(\n-# [^\n]*)?", text, re.DOTALL)[1]
        for rank, text in enumerate(sections, 1)
    ]


@pytest.fixture
def found(open_couplets):
    """The candidates for the same request."""

    def find(line=LINE, *, upper=False, search=None, **options):
        request = Request(line, Couplet(upper), search or Rerank(), **options)
        return [each.text for each in open_couplets().compose_now(request).candidates]

    return find


async def test_an_upper_line_is_answered_by_lower_ones(fake, bot, found):
    message = await ask(fake, bot, couplet(), private=False)
    assert texts(message)[0] == f"### {LINE}"
    assert verses(message) == [f"{LINE}，{answer}" for answer in found()]
    assert list(labels(message).values()) == ["♥"] * 5 + ["Another batch", "Details", "Picture"]
    assert texts(message)[-1].split("\n")[0] == "-# table 1.0.0"
    assert fake.refusals == []


async def test_a_lower_line_comes_after_its_upper_ones(fake, bot, found):
    message = await ask(fake, bot, couplet(upper=True, count=3), private=False)
    answers = found(upper=True, count=3)
    assert verses(message) == [f"{answer}，{LINE}" for answer in answers]
    assert "your line ends in the tone of the other line" in texts(message)[-1]
    (told,) = texts(await press(fake, bot, message, button(message, "Details")))
    assert "upper line of a couplet (对联)" in told
    assert f"**1.** {answers[0]}\n" in told
    assert english("details-relaxed") not in told


async def test_halves_are_on_a_row_of_their_own(fake, bot, found):
    line = "天天，夜夜"
    message = await ask(fake, bot, couplet(line), private=False)
    assert verses(message) == [f"{line}\n/ {answer}" for answer in found(line)]
    for answer in found(line):
        assert repeats_alike(line, answer)


async def test_options_reach_the_search(fake, bot, found):
    data = couplet("夜月春花", rules="loose", known="allow", mode="sampled", seed=4, count=4)
    message = await ask(fake, bot, data, private=False)
    options = {"rules": "loose", "known": "allow", "count": 4}
    answers = found("夜月春花", search=Sample(seed=4), **options)
    assert verses(message) == [f"夜月春花，{answer}" for answer in answers]
    (told,) = texts(await press(fake, bot, message, button(message, "Details")))
    assert (
        "lower line of a couplet (对联) · loose rules · lines from the corpus are allowed" in told
    )


@pytest.mark.parametrize("upper", [False, True])
async def test_another_batch_is_of_the_same_kind(upper, fake, bot, found, clock):
    message = await ask(fake, bot, couplet(upper=upper, rules="loose"), private=False)
    clock.now += 60
    payload = fake.press(message, button(message, "Another batch"))
    await bot.receive(payload)
    (other,) = fake.exchange(payload).messages
    seed = int(re.search(r"seed (\d+)", texts(other)[-1])[1])
    answers = found(upper=upper, search=Rerank(seed), rules="loose")
    assert verses(other) == [
        f"{answer}，{LINE}" if upper else f"{LINE}，{answer}" for answer in answers
    ]
    assert verses(other) != verses(message)
    assert texts(other)[0] == texts(message)[0]


@pytest.mark.parametrize("upper", [False, True])
async def test_a_heart_keeps_both_lines_in_their_order(upper, fake, bot, found, store):
    message = await ask(fake, bot, couplet(upper=upper), private=False)
    (answer, *_) = found(upper=upper)
    first, second = (answer, LINE) if upper else (LINE, answer)
    after = await press(fake, bot, message, custom_ids(message, "lianju:heart:")[0], user=78)
    assert next(iter(labels(after).values())) == "♥ 1"
    assert [each.verse for each in await store.favorites.all(78)] == [Verse(first, second)]
    shown = await ask(fake, bot, slash("favorites list"), user=78)
    assert any(f"{first}，{second}" in text for text in texts(shown))
    board = await ask(fake, bot, slash("leaderboard"), private=False, user=79)
    assert any(f"{first}，{second}" in text and "<@77>" in text for text in texts(board))
    await press(fake, bot, after, custom_ids(message, "lianju:heart:")[0], user=78)
    assert await store.favorites.all(78) == []


async def test_halves_are_listed_with_a_semicolon(fake, bot, found):
    line = "天天，夜夜"
    message = await ask(fake, bot, couplet(line), private=False)
    await press(fake, bot, message, custom_ids(message, "lianju:heart:")[0])
    shown = await ask(fake, bot, slash("favorites list"))
    assert any(f"{line}；{found(line)[0]}" in text for text in texts(shown))


@pytest.mark.parametrize(
    ("line", "key", "facts"),
    [
        ("hello world", "prompt-not-chinese", {}),
        ("春花月", "prompt-couplet-size", {"size": 3, "low": 4, "high": 12}),
        ("春花三，月水", "prompt-couplet-uneven", {"first": 3, "second": 2}),
        ("春花，三月，夜雨", "prompt-couplet-parts", {"parts": 3}),
        ("饕餮魑魅", "prompt-unknown", {"named": "饕 餮 魑 魅", "more": 0}),
    ],
)
async def test_bad_lines_are_refused_in_private(line, key, facts, fake, bot):
    message = await ask(fake, bot, couplet(line))
    assert message["content"] == english(key, **facts)
    assert message["flags"] & EPHEMERAL


async def test_seed_of_a_beam_is_refused(fake, bot):
    message = await ask(fake, bot, couplet(mode="beam", seed=3))
    assert message["content"] == english("poem-seed")


class TestWithADamagedBundle:
    @pytest.fixture
    def engine(self, composer):
        def fail(poems):
            raise BundleError("bundle-checksum", path="/srv/secret/step.onnx")

        return LocalEngine(composer, open_again=None, open_couplets=fail)

    async def test_members_see_no_path_and_the_log_does(self, fake, bot, caplog):
        message = await ask(fake, bot, couplet())
        assert message["content"] == english("couplets-unusable")
        error = LianjuError("bundle-checksum", path="/srv/secret/step.onnx")
        assert f"bundle for couplets not loaded: {error}" in caplog.text


async def test_an_export_has_couplets(fake, bot, found, store):
    message = await ask(fake, bot, couplet("天天，夜夜"), private=False)
    await press(fake, bot, message, custom_ids(message, "lianju:heart:")[1])
    kept = await store.favorites.all(77)
    answer = found("天天，夜夜")[1]
    assert favorites_file(kept, "txt").decode() == f"天天，夜夜；{answer}\n"
    (entry,) = json.loads(favorites_file(kept, "json"))["couplets"]
    assert (entry["line"], entry["answer"]) == ("天天，夜夜", answer)


async def test_answers_keep_the_rules(fake, bot):
    message = await ask(fake, bot, couplet("山山水水看花"), private=False)
    for verse in verses(message):
        given, answer = verse.split(COMMA)
        assert opposed(given, answer)
        assert repeats_alike(given, answer)
