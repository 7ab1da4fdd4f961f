"""Whole poems, rhymes, rules and known lines, as members ask for them and see them."""

import math
import re

import pytest
from lianju.bot.verse import (
    Acrostic,
    NextLine,
    Poem,
    Request,
    Rerank,
    Sample,
    open_composer,
)
from lianju.bot.verses import Verse

from .bundle_with_prosody import READINGS, write_bundle_with_prosody
from .commands import ask, button, english, press
from .interactions import EPHEMERAL, MESSAGE, custom_ids, labels, poem, slash, texts

LINE, NEXT = "黄河远上白云间", "羌笛何须怨杨柳"
MOON = "床前明月光"
OLD_STYLE = "白日依山尽"  # by the toy's table it fits no scheme
HEADS = "黄河远上"
CHINESE = ("zh-CN", "zh-TW")


@pytest.fixture(scope="module")
def lines_of_the_corpus(tmp_path_factory):
    """Lines that the toy offers: the best next line, and the third of the best quatrain."""
    composer = open_composer(
        write_bundle_with_prosody(tmp_path_factory.mktemp("all") / "toy"), "cpu", 1
    )
    line = composer.compose_now(Request(LINE, search=Rerank())).candidates[0]
    quatrain = composer.compose_now(Request(MOON, Poem("jueju"), search=Rerank())).candidates[0]
    composer.close()
    return line.text, quatrain.lines[1]


@pytest.fixture
def bundle(tmp_path, lines_of_the_corpus):
    return write_bundle_with_prosody(tmp_path / "toy", [(LINE, NEXT)], lines_of_the_corpus)


def found(composer, text, form=None, search=None, **options):
    """The candidates that the composer has for the same request."""
    request = Request(text, form or NextLine(), search or Rerank(), **options)
    return composer.compose_now(request).candidates


def verses(message):
    """The candidates as they are shown, without the number and the remark."""
    _, *sections, _ = texts(message)
    return [
        re.fullmatch(rf"-# \*\*{rank}\.\*\* [▰▱]{{5}}[^\n]*\n(.*)", text, re.DOTALL)[1].split("\n")
        for rank, text in enumerate(sections, 1)
    ]


def remarks(message):
    """What stands beside the bars."""
    _, *sections, _ = texts(message)
    return [re.search(r"[▰▱]{5}(?: · (.*))?$", text, re.MULTILINE)[1] for text in sections]


async def another(fake, bot, message):
    payload = fake.press(message, button(message, "Another batch"))
    await bot.receive(payload)
    (answer,) = fake.exchange(payload).messages
    return answer, int(re.search(r"seed (\d+)", texts(answer)[-1])[1])


# --- poems ---


@pytest.mark.parametrize(("form", "size"), [("jueju", 4), ("lushi", 8)])
async def test_poem_is_shown_one_line_per_row(form, size, fake, bot, composer):
    message = await ask(fake, bot, poem(MOON, form=form), private=False)
    poems = [[MOON, *candidate.lines] for candidate in found(composer, MOON, Poem(form))]
    assert verses(message) == poems
    assert {len(lines) for lines in poems} == {size}
    assert texts(message)[0] == f"### {MOON}"
    buttons = ["Another batch", "Details", "Picture", "Revise"]
    assert list(labels(message).values()) == ["♥"] * 5 + buttons
    assert fake.refusals == []


async def test_poem_continues_several_lines_in_the_script_of_the_answer(fake, bot, composer):
    given = "白日依山尽，黄河入海流"
    data = poem(given, form="lushi", script="traditional", count=10)
    message = await ask(fake, bot, data, private=False)
    assert texts(message)[0] == "### 白日依山尽\n### 黄河入海流"  # as it was written
    assert verses(message) == [
        ["白日依山盡", "黃河入海流", *candidate.lines]
        for candidate in found(
            composer, given, Poem("lushi"), Rerank(width=10), count=10, script="traditional"
        )
    ]


@pytest.mark.parametrize("chars", [5, 7, None])
async def test_acrostic_is_shown_below_its_first_characters(chars, fake, bot, composer):
    options = {} if chars is None else {"chars": chars}
    data = slash("acrostic", heads="黄、河 远，上", **options)
    message = await ask(fake, bot, data, private=False)
    assert texts(message)[0] == f"### {HEADS}"
    candidates = found(composer, HEADS, Acrostic(chars or 7))
    shown = [[f"**{line[0]}**{line[1:]}" for line in each.lines] for each in candidates]
    assert verses(message) == shown
    assert ["".join(line[2] for line in lines) for lines in shown] == [HEADS] * 5


async def test_acrostic_is_in_the_script_of_its_characters(fake, bot, composer):
    message = await ask(fake, bot, slash("acrostic", heads="黃河遠上", seed=3), private=False)
    assert texts(message)[0] == "### 黃河遠上"
    candidates = found(composer, "黃河遠上", Acrostic(7), Rerank(3))
    assert [line.replace("**", "") for line in verses(message)[0]] == list(candidates[0].lines)
    assert candidates[0].lines[0].startswith("黃")


async def test_bar_shows_the_mean_over_all_new_characters(fake, bot, composer):
    message = await ask(fake, bot, poem(MOON, form="jueju"), private=False)
    (told,) = texts(await press(fake, bot, message, button(message, "Details")))
    best = found(composer, MOON, Poem("jueju"))[0]
    mean = math.exp(-best.log_prob / 15)
    assert f"log-probability {best.log_prob:.4f} · perplexity {mean:.3g} a character" in told
    assert "\nquatrain (绝句)\n" in told


async def test_first_characters_of_an_acrostic_are_not_scored(fake, bot, composer):
    message = await ask(fake, bot, slash("acrostic", heads=HEADS, chars=5), private=False)
    (told,) = texts(await press(fake, bot, message, button(message, "Details")))
    best = found(composer, HEADS, Acrostic(5))[0]
    assert f" · perplexity {math.exp(-best.log_prob / 16):.3g} a character" in told
    assert "\nacrostic (藏头诗)\n" in told
    assert "**1.** {}，{}。{}，{}。".format(*best.lines) in told


# --- rhymes, rules, known lines ---


@pytest.mark.parametrize("rhyme", ["阳", "平声阳", "陽", "云", "雲"])
async def test_rhyme_is_kept(rhyme, fake, bot, composer):
    message = await ask(fake, bot, poem(LINE, rhyme=rhyme), private=False)
    candidates = found(composer, LINE, rhyme="阳")
    _, *sections, _ = texts(message)
    assert [each.text for each in candidates] == [re.search("，(.*)", text)[1] for text in sections]
    assert {READINGS[each.text[-1]] for each in candidates} == {"阳"}
    told = await press(fake, bot, message, button(message, "Details"))
    assert "\nrhyme 阳\n" in texts(told)[0]


async def test_rhyme_that_is_no_text_is_refused(fake, bot):
    message = await ask(fake, bot, poem(LINE, rhyme="\ud800"))
    assert message["content"] == english("prompt-not-text")


async def test_rules_are_as_strict_as_requested(fake, bot, composer, clock):
    answers = []
    for rules in ("strict", "loose", "free"):
        clock.now += 60
        message = await ask(fake, bot, poem(LINE, form="jueju", rules=rules), private=False)
        candidates = found(composer, LINE, Poem("jueju"), rules=rules)
        assert verses(message) == [[LINE, *each.lines] for each in candidates]
        answers.append(verses(message))
    assert answers[0] != answers[1] != answers[2] != answers[0]


async def test_new_lines_are_labeled_once(fake, bot):
    message = await ask(fake, bot, poem(LINE), private=False)
    assert remarks(message) == [None] * 5
    assert texts(message)[-1].split("\n")[1] == "-# seed 0 · all lines are new"


async def test_line_of_the_corpus_is_labeled(fake, bot, lines_of_the_corpus):
    message = await ask(fake, bot, poem(LINE, known="allow"), private=False)
    known = lines_of_the_corpus[0]
    stamps = ["a line from the corpus" if known in text else None for text in texts(message)[1:-1]]
    assert remarks(message) == stamps
    assert stamps.count(None) == 4
    assert texts(message)[-1].split("\n")[1] == "-# seed 0 · unmarked lines are new"
    told = await press(fake, bot, message, button(message, "Details"))
    assert "a character · a line from the corpus\n" in texts(told)[0]
    assert "\nlines from the corpus are allowed\n" in texts(told)[0]


@pytest.mark.parametrize(
    ("locale", "stamp", "others"),
    [
        ("en-US", "line 3 is from the corpus", "unmarked lines are new"),
        ("zh-CN", "第 3 句是前人成句", "未标明的都是新句"),
        ("zh-TW", "第 3 句是前人成句", "未標明的都是新句"),
    ],
)
async def test_corpus_line_in_a_poem_is_labeled_by_its_number(locale, stamp, others, fake, bot):
    data = poem(MOON, form="jueju", known="allow")
    message = await ask(fake, bot, data, private=False, locale=locale)
    assert remarks(message)[0] == stamp
    assert others in texts(message)[-1]


async def test_corpus_continuation_is_a_spoiler_under_the_answer(fake, bot):
    message = await ask(fake, bot, poem(LINE), private=False)
    assert texts(message)[-1].endswith(f"\n-# the original goes on: ||{NEXT}||")
    told = await press(fake, bot, message, button(message, "Details"))
    assert f"\n-# the original goes on: {NEXT}\n" in texts(told)[0]


@pytest.mark.parametrize(
    ("locale", "said"),
    [("en-US", "relaxed: tones"), ("zh-CN", "从宽：平仄"), ("zh-TW", "從寬：平仄")],
)
async def test_rule_relaxed_for_all_candidates_is_named_once(locale, said, fake, bot, composer):
    assert {each.relaxed for each in found(composer, OLD_STYLE, Poem("jueju"))} == {("tones",)}
    data = poem(OLD_STYLE, form="jueju")
    message = await ask(fake, bot, data, private=False, locale=locale)
    assert remarks(message) == [None] * 5
    assert texts(message)[-1].count(said) == 1


# --- what buttons make of it ---


async def test_heart_adds_the_whole_poem(fake, bot, store, composer, clock):
    message = await ask(fake, bot, poem(MOON, form="jueju"), private=False)
    (custom_id,) = custom_ids(message, "lianju:heart:2:2:")
    changed = await press(fake, bot, message, custom_id, user=78)
    assert labels(changed)[custom_id] == "♥ 1"
    assert verses(changed) == verses(message)
    lines = [MOON, *found(composer, MOON, Poem("jueju"))[1].lines]
    (kept,) = await store.favorites.all(78)
    assert kept.verse == Verse(MOON, "\n".join(lines[1:]))
    rows = f"{lines[0]}，{lines[1]}。\n{lines[2]}，{lines[3]}。"
    listed = await ask(fake, bot, slash("favorites list"), user=78)
    assert texts(listed)[1].startswith(f"**1.** {rows}\n-# <t:")
    assert "1 verse, newest first" in texts(listed)[-1]
    board = await ask(fake, bot, slash("leaderboard"), private=False)
    assert texts(board)[1] == f"**1.** {rows}\n-# ♥ 1 · line by <@77>"
    payload = fake.complete(slash("favorites remove", focused="verse", verse=lines[3]), user=78)
    await bot.receive(payload)
    (choice,) = fake.exchange(payload).choices
    assert choice["name"] == rows.replace("\n", "")
    given = await press(fake, bot, changed, custom_id, user=78)
    assert labels(given)[custom_id] == "♥"
    assert await store.favorites.all(78) == []


async def test_poem_is_split_at_the_same_line_for_any_number_of_given_lines(fake, bot, store):
    message = await ask(fake, bot, poem(f"{MOON}，{OLD_STYLE}", form="jueju"), private=False)
    (custom_id,) = custom_ids(message, "lianju:heart:2:1:")
    await press(fake, bot, message, custom_id)
    (kept,) = await store.favorites.all(77)
    assert (kept.verse.line, kept.verse.lines) == (MOON, tuple(verses(message)[0]))


async def test_favorite_acrostic_has_no_bold_characters(fake, bot, store, composer):
    message = await ask(fake, bot, slash("acrostic", heads=HEADS, chars=5), private=False)
    await press(fake, bot, message, custom_ids(message, "lianju:heart:2:1:")[0])
    (kept,) = await store.favorites.all(77)
    assert kept.verse.lines == found(composer, HEADS, Acrostic(5))[0].lines


@pytest.mark.parametrize(
    ("text", "options", "request_options"),
    [
        (MOON, {"form": "jueju", "rhyme": "东"}, {"form": Poem("jueju"), "rhyme": "东"}),
        (
            f"{OLD_STYLE}，{MOON}",
            {"form": "lushi", "rules": "loose", "count": 2},
            {"form": Poem("lushi"), "rules": "loose", "count": 2},
        ),
        (LINE, {"rules": "free", "known": "allow"}, {"rules": "free", "known": "allow"}),
    ],
)
async def test_another_batch_has_the_same_options(
    text, options, request_options, fake, bot, composer, clock
):
    message = await ask(fake, bot, poem(text, **options), private=False)
    clock.now += 60
    answer, seed = await another(fake, bot, message)
    assert texts(answer)[0] == texts(message)[0]
    candidates = found(composer, text, search=Rerank(seed), **request_options)
    for section, candidate in zip(texts(answer)[1:-1], candidates, strict=True):
        assert all(line in section for line in candidate.lines)
    clock.now += 60
    third, other_seed = await another(fake, bot, answer)  # which has the same button
    assert seed != other_seed
    assert button(third, "Another batch") == button(message, "Another batch")


async def test_another_batch_of_an_acrostic_has_the_same_characters(fake, bot, composer, clock):
    data = slash("acrostic", heads="黃河遠上", chars=5, rhyme="阳", rules="loose", count=2)
    message = await ask(fake, bot, data, private=False)
    clock.now += 60
    answer, seed = await another(fake, bot, message)
    assert texts(answer)[0] == "### 黃河遠上"
    options = {"rhyme": "阳", "rules": "loose", "count": 2}
    candidates = found(composer, "黃河遠上", Acrostic(5), Rerank(seed), **options)
    assert [[line.replace("**", "") for line in lines] for lines in verses(answer)] == [
        list(each.lines) for each in candidates
    ]


async def test_another_batch_of_sampled_poems_is_sampled(fake, bot, composer, clock):
    data = poem(MOON, form="jueju", mode="sampled", count=2)
    message = await ask(fake, bot, data, private=False)
    clock.now += 60
    answer, seed = await another(fake, bot, message)
    request = Request(MOON, Poem("jueju"), search=Sample(seed=seed), count=2)
    assert verses(answer) == [
        [MOON, *each.lines] for each in composer.compose_now(request).candidates
    ]


# --- bad input ---


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (poem(LINE, rhyme="猫"), "There is no rhyme group “猫”: give the name of one, such as"),
        (poem(LINE, rhyme="东", rules="free"), "A rhyme cannot be kept where the rules are free"),
        (
            poem("黄河入海，白日依山尽", form="jueju"),
            "Each line of a quatrain (绝句) has 5 or 7 characters, and yours have 4, 5:",
        ),
        (
            poem("黄河远", form="lushi"),
            "Each line of a regulated poem (律诗) has 5 or 7 characters",
        ),
        (
            poem("，".join([MOON] * 4), form="jueju"),
            "A quatrain (绝句) has 4 lines, and you gave 4: give fewer",
        ),
        (slash("acrostic", heads="黄"), "An acrostic has 2 to 8 lines, and you gave 1 character:"),
        (slash("acrostic", heads=LINE + "河上"), "and you gave 9 characters: give one for each"),
        (slash("acrostic", heads="黄龘龘"), "I do not know “龘”"),
        (slash("acrostic", heads="、"), "An acrostic begins"),
        (slash("acrostic", heads=HEADS, chars=6), "has 5 or 7 characters, not 6."),
        (slash("acrostic", heads=HEADS, rhyme="猫"), "There is no rhyme group “猫”"),
        (poem(LINE, form="ode"), "ode is not known: choose from next, jueju, lushi."),
        (poem(LINE, rules="none"), "none is not known: choose from strict, loose, free."),
        (poem(LINE, known="some"), "some is not known: choose from exclude, allow."),
        (poem(LINE, script="seal"), "seal is not known: choose from auto,"),
    ],
)
async def test_invalid_options_are_refused_in_private_in_every_language(
    data, sentence, fake, bot, clock
):
    told = {}
    for locale in ("en-US", *CHINESE):
        payload = fake.interaction(data, locale=locale)
        await bot.receive(payload)
        clock.now += 60
        exchange = fake.exchange(payload)
        assert exchange.type == MESSAGE
        (message,) = exchange.messages
        assert message["flags"] & EPHEMERAL
        told[locale] = message["content"]
    assert sentence in told["en-US"].replace("\\", "")
    assert len(set(told.values())) == 3
    for locale in CHINESE:
        values = "next|jueju|lushi|exclude|allow|strict|loose|free|auto|simplified|traditional"
        assert re.fullmatch(rf"(?:[^a-z]|{values}|ode|none|some|seal)*。", told[locale])
    assert bot.tree_errors == []


async def test_log_has_the_form_but_no_verse(fake, bot, caplog):
    caplog.set_level("INFO", "lianju")
    await bot.receive(fake.interaction(poem(MOON, form="jueju")))
    await bot.receive(fake.interaction(slash("acrostic", heads=HEADS), user=78))
    lines = [record.getMessage() for record in caplog.records]
    assert [line[: line.index(" ms=")] for line in lines] == [
        "command=poem server=42 form=jueju width=5 lines=5",
        "command=acrostic server=42 form=next width=5 lines=5",
    ]
    assert not set(MOON + HEADS) & set(caplog.text)
