import json
from dataclasses import replace

import discord
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lianju.bot.store import Couplet
from lianju.bot.ui.answer import (
    AnswerTooLongError,
    Offer,
    Sheet,
    UnreadableAnswerError,
    answer_layout,
    read_sheet,
    with_hearts,
)
from lianju.bot.ui.buttons import Method, Wish
from lianju.bot.ui.details import details_layout
from lianju.bot.ui.speech import Speech
from lianju.bot.verse.composer import Sampling

from .interactions import BOT, V2, custom_ids, labels, texts
from .limits import fault
from .messages import written

LANGUAGES = ("en", "zh-CN", "zh-TW")
ENGLISH = Speech("en")

# Whatever a vocabulary may hold, Discord's markdown and our own separators above all.
verse = st.text(
    st.one_of(
        st.sampled_from("\\*_~`|<>[]#@/，。▰-1. \n♥"),
        st.characters(codec="utf-8"),
        st.sampled_from("黄河远上白云间"),
    ),
    min_size=1,
    max_size=40,
)
offers = st.builds(Offer, st.builds(Couplet, verse, verse), st.floats(max_value=0, allow_nan=False))
wishes = st.builds(
    Wish,
    st.integers(1, 2**64 - 1),
    st.integers(1, 10),
    st.sampled_from(["auto", "simplified", "traditional"]),
)
methods = st.one_of(
    st.builds(Method, st.integers(1, 64), st.integers(1, 64), st.none()),
    st.builds(
        Method,
        st.integers(1, 64),
        st.none(),
        st.builds(
            Sampling,
            st.floats(0.1, 2.0),
            st.integers(1, 1000),
            st.floats(0.05, 1.0),
            st.integers(0, 2**32 - 1),
        ),
    ),
)
models = st.text(st.characters(codec="utf-8", exclude_characters="\n"), min_size=1, max_size=50)
sheets = st.builds(
    Sheet, verse, st.lists(offers, min_size=1, max_size=10).map(tuple), wishes, methods, models
)

SHEET = Sheet(
    "黄河远上白云间",
    (
        Offer(Couplet("黄河远上白云间", "万里江山万里遥"), -14.302_897_954_883_52),
        Offer(Couplet("黄河远上白云间", "万里江山万里余"), -9.0),
    ),
    Wish(77, 2, "auto"),
    Method(7, 5, None),
    "tang-lstm 1.0.0",
)
DRAWN = replace(SHEET, method=Method(7, None, Sampling(0.8, 100, 0.9, 4_294_967_295)))


def payload(view):
    """The message that Discord stores: it numbers the components and keeps all that they say."""
    message = written("", BOT, flags=V2, components=json.loads(json.dumps(view.to_components())))
    assert fault(message) is None
    return message


def received(message):
    """The message as discord.py hands it to whoever presses one of its buttons."""
    client = discord.Client(intents=discord.Intents.none())
    return discord.Message(
        state=client._connection, channel=client.get_partial_messageable(99), data=message
    )


def posted(sheet, speech=ENGLISH):
    return received(payload(answer_layout(sheet, speech)))


@given(sheets, st.sampled_from(LANGUAGES))
def test_sheet_is_read_back_from_its_message(sheet, language):
    assert read_sheet(posted(sheet, Speech(language))) == sheet


@given(sheets, st.data())
def test_hearts_change_nothing_but_their_numbers(sheet, data):
    before = payload(answer_layout(sheet, ENGLISH))
    size = len(sheet.offers)
    hearts = data.draw(st.lists(st.integers(0, 2**31), min_size=size, max_size=size))
    after = payload(with_hearts(received(before), hearts))
    assert texts(after) == texts(before)
    assert custom_ids(after) == custom_ids(before)
    keys = custom_ids(after, "lianju:heart:")
    assert [labels(after)[key] for key in keys] == [f"♥ {n}" if n else "♥" for n in hearts]
    others = set(labels(after)) - set(keys)
    assert {key: labels(after)[key] for key in others} == {
        key: labels(before)[key] for key in others
    }
    assert read_sheet(received(after)) == sheet


def test_answer_reads_from_top_to_bottom():
    message = payload(answer_layout(SHEET, ENGLISH))
    assert texts(message) == [
        "### 黄河远上白云间",
        "**1.** 黄河远上白云间，万里江山万里遥\n-# ▰▰▰▰▱",
        "**2.** 黄河远上白云间，万里江山万里余\n-# ▰▰▰▰▰",
        "-# tang-lstm 1.0.0",
    ]
    assert list(labels(message).values()) == ["♥", "♥", "Another batch", "Details"]


def test_drawn_answer_tells_its_seed():
    message = payload(answer_layout(DRAWN, ENGLISH))
    assert texts(message)[-1] == "-# tang-lstm 1.0.0\n-# seed 4294967295"


def test_prompt_of_several_lines_is_a_heading_of_several_lines():
    message = payload(answer_layout(replace(SHEET, prompt="白日依山尽\n黄河入海流"), ENGLISH))
    assert texts(message)[0] == "### 白日依山尽\n### 黄河入海流"


def test_english_couplet_is_two_lines():
    couplet = Couplet("the boy stood on the burning deck", "whence all but he had fled / or not")
    message = payload(answer_layout(replace(SHEET, offers=(Offer(couplet, -9.0),)), ENGLISH))
    assert texts(message)[1].split("\n")[:2] == [
        "**1.** the boy stood on the burning deck",
        r"/ whence all but he had fled \/ or not",
    ]


@given(st.integers(1, 64), st.integers(1, 40), st.integers(1, 10), st.sampled_from("a黄*"), methods)
@settings(max_examples=60)
def test_whatever_the_bundle_the_message_keeps_discords_limits(words, letters, count, of, method):
    """A prompt of four lines, as many words as the composer takes, and lines as long."""
    line = " ".join([of * letters] * (words // 4 or 1))
    offer = Offer(Couplet(line, " ".join([of * letters] * words)), -9.0)
    sheet = Sheet("\n".join([line] * 4), (offer,) * count, Wish(2**64 - 1, 10, "auto"), method, "m")
    for language in LANGUAGES:
        speech = Speech(language)
        try:
            message = payload(answer_layout(sheet, speech))
        except AnswerTooLongError:
            assert 4 * len(line) + len(line) + len(offer.couplet.answer) > 1500
            continue
        shown = read_sheet(received(message)).offers
        assert shown == sheet.offers[: len(shown)]
        if len(shown) < count:
            assert str(count - len(shown)) in texts(message)[-1] or "One more" in texts(message)[-1]
        payload(details_layout(sheet, speech))
        payload(with_hearts(received(message), [10**9] * len(shown)))


def test_message_may_be_filled_to_the_last_character():
    def filled(letters):
        return replace(SHEET, offers=(Offer(Couplet("a" * letters, "b"), -9.0),))

    room = 4000 - sum(map(len, texts(payload(answer_layout(filled(1), ENGLISH)))))
    assert read_sheet(posted(filled(1 + room))) == filled(1 + room)
    with pytest.raises(AnswerTooLongError):
        answer_layout(filled(2 + room), ENGLISH)


@pytest.mark.parametrize(
    "couplet",
    [
        Couplet("黄河，远上", "白云，间"),
        Couplet("黄河远上", "白云，间"),
        Couplet("黄河\n/ 远上", "白云\n/ 间"),
        Couplet("one, two", "three，four"),
    ],
)
def test_separators_inside_a_couplet_part_nothing(couplet):
    sheet = replace(SHEET, offers=(Offer(couplet, -9.0),))
    assert read_sheet(posted(sheet)) == sheet


def test_offers_that_find_no_room_are_counted():
    long = Couplet("a" * 900, "b" * 900)
    sheet = replace(SHEET, offers=(Offer(long, -9.0),) * 5)
    message = payload(answer_layout(sheet, ENGLISH))
    assert len(custom_ids(message, "lianju:heart:")) == 2
    assert texts(message)[-1].endswith("\n-# 3 more lines are too long to show here.")


def test_answer_without_room_is_refused():
    sheet = replace(SHEET, offers=(Offer(Couplet("a" * 2000, "b" * 2000), -9.0),))
    with pytest.raises(AnswerTooLongError):
        answer_layout(sheet, ENGLISH)


def test_ten_candidates_fit():
    sheet = replace(DRAWN, offers=SHEET.offers * 5)
    assert len(read_sheet(posted(sheet)).offers) == 10


def spoilt(change):
    message = payload(answer_layout(SHEET, ENGLISH))
    change(message["components"][0]["components"])
    return received(message)


@pytest.mark.parametrize(
    "change",
    [
        lambda parts: parts.pop(0),
        lambda parts: parts.pop(),
        lambda parts: parts[1].update(accessory={"type": 11, "media": {"url": "https://x.y/z"}}),
        lambda parts: parts[1]["accessory"].update(custom_id="lianju:heart:2:1:-9.0"),
        lambda parts: parts[1]["accessory"].update(custom_id="lianju:heart:1:2:-9.0"),
        lambda parts: parts[1]["components"][0].update(content="1. 黄河"),
        lambda parts: parts[1]["components"][0].update(content="**1.** 黄河\n-# ▰▱▱▱▱"),
        lambda parts: parts[3]["components"].pop(),
        lambda parts: parts[3]["components"][0].update(custom_id="lianju:again:2:77"),
        lambda parts: parts[3]["components"][1].update(custom_id="lianju:details:1:7:9:9:9:9"),
    ],
)
def test_layout_of_another_version_is_refused(change):
    with pytest.raises(UnreadableAnswerError):
        read_sheet(spoilt(change))


def test_message_that_is_no_answer_is_refused():
    with pytest.raises(UnreadableAnswerError):
        read_sheet(received(written("黄河远上白云间", BOT)))


def test_details_have_the_exact_numbers():
    (text,) = texts(payload(details_layout(SHEET, ENGLISH)))
    assert text.split("\n") == [
        "**tang-lstm 1.0.0**",
        "beam search, width 5",
        "**1.** 万里江山万里遥",
        "-# log-probability -14.3029 · perplexity 7.72 a character",  # exp(14.3029 / 7)
        "**2.** 万里江山万里余",
        "-# log-probability -9.0000 · perplexity 3.62 a character",  # exp(9 / 7)
        "-# The bars show the mean log-probability a character, from −5.5 to −1: "
        "the fuller, the surer the model.",
    ]


def test_details_of_a_drawn_answer_draw_it_again():
    (text,) = texts(payload(details_layout(DRAWN, ENGLISH)))
    assert "temperature 0.8, top-k 100, top-p 0.9, seed 4294967295" in text


@given(sheets, st.sampled_from(LANGUAGES))
def test_details_keep_discords_limits(sheet, language):
    payload(details_layout(sheet, Speech(language)))
