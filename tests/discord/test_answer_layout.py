from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lianju.bot.i18n import Localizer
from lianju.bot.ui.answer import (
    AnswerMessageError,
    answer_layout,
    parse_answer_message,
    with_hearts,
)
from lianju.bot.ui.answer_message import AnswerMessage, CandidateView
from lianju.bot.ui.buttons import DetailsButton, RequestOptions
from lianju.bot.ui.details import details_layout
from lianju.bot.verse import Acrostic, Beam, Rerank
from lianju.bot.verses import Verse

from .answer_messages import (
    ANSWER,
    ENGLISH,
    LANGUAGES,
    QUATRAINS,
    SAMPLED,
    SPRING,
    answer_messages,
    details,
    payload,
    posted,
    received,
)
from .interactions import BOT, custom_ids, labels, texts
from .messages import written


@given(answer_messages, st.sampled_from(LANGUAGES))
def test_an_answer_is_parsed_from_its_message(answer, language):
    assert parse_answer_message(posted(answer, Localizer(language))) == answer


@given(answer_messages, st.data())
def test_hearts_change_nothing_but_their_numbers(answer, data):
    before = payload(answer_layout(answer, ENGLISH))
    size = len(answer.candidates)
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
    assert parse_answer_message(received(after)) == answer


def rated(answer, *confidences):
    """The answer of a bundle that tells how sound its lines are."""
    candidates = zip(answer.candidates, confidences, strict=True)
    return replace(
        answer, candidates=tuple(replace(each, confidence=one) for each, one in candidates)
    )


def test_answer_reads_from_top_to_bottom():
    message = payload(answer_layout(rated(ANSWER, 0.78, 1.0), ENGLISH))
    assert texts(message) == [
        "### 黄河远上白云间",
        "**1.** 黄河远上白云间，万里江山万里遥\n-# ▰▰▰▰▱",
        "**2.** 黄河远上白云间，万里江山万里余\n-# ▰▰▰▰▰",
        "-# tang-lstm 1.0.0",
    ]
    assert list(labels(message).values()) == [
        *["♥", "♥", "Another batch", "Details", "Picture", "Revise"]
    ]


def test_without_a_confidence_there_is_no_bar():
    message = payload(answer_layout(ANSWER, ENGLISH))
    assert texts(message)[1:3] == [
        "**1.** 黄河远上白云间，万里江山万里遥",
        "**2.** 黄河远上白云间，万里江山万里余",
    ]
    poem = texts(payload(answer_layout(QUATRAINS, ENGLISH)))[1]
    assert poem.startswith("-# **1.** line 4 is from the corpus\n白日依山尽")


def test_poem_reads_from_top_to_bottom():
    message = payload(answer_layout(rated(QUATRAINS, 0.6, 0.1), ENGLISH))
    assert texts(message) == [
        "### 白日依山尽\n### 黄河入海流",
        "-# **1.** ▰▰▰▱▱ · line 4 is from the corpus\n"
        "白日依山尽\n黄河入海流\n欲穷千里目\n更上一层楼",
        "-# **2.** ▰▱▱▱▱ · lines 3, 4 are from the corpus · relaxed: tones, repetition\n"
        "白日依山尽\n黄河入海流\n青云步水迟\n空有故人期",
        "-# tang-lstm 1.0.0\n-# unmarked lines are new\n-# the original goes on: ||欲穷千里目||",
    ]
    assert parse_answer_message(received(message)) == QUATRAINS


def test_an_acrostic_has_bold_first_characters():
    answer = AnswerMessage(
        "春夏",
        (SPRING,),
        RequestOptions(77, 1, "auto", form=Acrostic(5)),
        DetailsButton(8, Beam(5)),
        "m",
    )
    message = payload(answer_layout(rated(answer, 0.6), ENGLISH))
    assert texts(message)[1] == "-# **1.** ▰▰▰▱▱\n**春**风卷帘幕\n**夏**月照窗庭"
    assert parse_answer_message(received(message)) == answer


def test_a_sampled_answer_shows_its_seed():
    message = payload(answer_layout(SAMPLED, ENGLISH))
    assert texts(message)[-1] == "-# tang-lstm 1.0.0\n-# seed 4294967295"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "time ran out: these are the best lines so far"),
        ("zh-CN", "时间已到：这些是目前最好的句子"),
        ("zh-TW", "時間已到：這些是目前最好的句子"),
    ],
)
@pytest.mark.parametrize(
    "button", [DetailsButton(7, Beam(5)), DetailsButton(7, Rerank(9)), SAMPLED.details]
)
def test_answer_that_was_cut_short_says_so(button, language, said):
    answer, localizer = (
        replace(ANSWER, details=replace(button, complete=False)),
        Localizer(language),
    )
    message = payload(answer_layout(answer, localizer))
    assert texts(message)[-1].endswith(said)
    assert parse_answer_message(received(message)) == answer
    (text,) = texts(payload(details_layout(parse_answer_message(received(message)), (), localizer)))
    assert f"-# {said}" in text.split("\n")
    whole = payload(answer_layout(replace(answer, details=button), localizer))
    assert said not in texts(whole)[-1]


def test_prompt_of_several_lines_is_a_heading_of_several_lines():
    message = payload(answer_layout(replace(ANSWER, prompt="白日依山尽\n黄河入海流"), ENGLISH))
    assert texts(message)[0] == "### 白日依山尽\n### 黄河入海流"


def test_english_verse_is_two_lines():
    couplet = Verse("the boy stood on the burning deck", "whence all but he had fled / or not")
    message = payload(
        answer_layout(replace(ANSWER, candidates=(CandidateView(couplet, -9.0),)), ENGLISH)
    )
    assert texts(message)[1].split("\n")[:2] == [
        "**1.** the boy stood on the burning deck",
        r"/ whence all but he had fled \/ or not",
    ]


@given(st.integers(1, 64), st.integers(1, 40), st.integers(1, 10), st.sampled_from("a黄*"), details)
@settings(max_examples=60)
def test_message_keeps_discords_limits_for_any_bundle(words, letters, count, of, button):
    """A prompt of four lines, as many words as the composer takes, and lines as long."""
    line = " ".join([of * letters] * (words // 4 or 1))
    answered = " ".join([of * letters] * words)
    candidates = (CandidateView(Verse(line, answered), -9.0),) * count
    options = RequestOptions(2**64 - 1, 10, "auto")
    prompt = "\n".join([line] * 4)
    answer = AnswerMessage(prompt, candidates, options, button, "m", answered)
    for language in LANGUAGES:
        localizer = Localizer(language)
        try:
            message = payload(answer_layout(answer, localizer))
        except AnswerMessageError:
            assert 4 * len(line) + len(line) + len(answered) > 1500
            continue
        shown = parse_answer_message(received(message)).candidates
        assert shown == answer.candidates[: len(shown)]
        if len(shown) < count:
            assert str(count - len(shown)) in texts(message)[-1] or "One more" in texts(message)[-1]
        payload(details_layout(answer, (), localizer))
        payload(with_hearts(received(message), [10**9] * len(shown)))


def test_message_may_be_filled_to_the_last_character():
    def filled(letters):
        return replace(ANSWER, candidates=(CandidateView(Verse("a" * letters, "b"), -9.0),))

    room = 4000 - sum(map(len, texts(payload(answer_layout(filled(1), ENGLISH)))))
    assert parse_answer_message(posted(filled(1 + room))) == filled(1 + room)
    with pytest.raises(AnswerMessageError) as caught:
        answer_layout(filled(2 + room), ENGLISH)
    assert caught.value.key == "answer-too-long"


@pytest.mark.parametrize(
    "couplet",
    [
        Verse("黄河，远上", "白云，间"),
        Verse("黄河远上", "白云，间"),
        Verse("黄河\n/ 远上", "白云\n/ 间"),
        Verse("one, two", "three，four"),
    ],
)
def test_separators_inside_a_line_do_not_split_it(couplet):
    answer = replace(ANSWER, candidates=(CandidateView(couplet, -9.0),))
    assert parse_answer_message(posted(answer)) == answer


def test_candidates_without_room_are_counted():
    long = Verse("a" * 900, "b" * 900)
    answer = replace(ANSWER, candidates=(CandidateView(long, -9.0),) * 5)
    message = payload(answer_layout(answer, ENGLISH))
    assert len(custom_ids(message, "lianju:heart:")) == 2
    assert texts(message)[-1].endswith("\n-# 3 more answers are too long to show here.")


def test_answer_without_room_is_refused():
    answer = replace(ANSWER, candidates=(CandidateView(Verse("a" * 2000, "b" * 2000), -9.0),))
    with pytest.raises(AnswerMessageError) as caught:
        answer_layout(answer, ENGLISH)
    assert caught.value.key == "answer-too-long"


def test_ten_candidates_fit():
    answer = replace(SAMPLED, candidates=ANSWER.candidates * 5)
    assert len(parse_answer_message(posted(answer)).candidates) == 10


def changed(change):
    message = payload(answer_layout(ANSWER, ENGLISH))
    change(message["components"][0]["components"])
    return received(message)


@pytest.mark.parametrize(
    "change",
    [
        lambda parts: parts.pop(0),
        lambda parts: parts.pop(),
        lambda parts: parts[1].update(accessory={"type": 11, "media": {"url": "https://x.y/z"}}),
        lambda parts: parts[1]["accessory"].update(custom_id="lianju:heart:3:1:-9.0::"),
        lambda parts: parts[1]["accessory"].update(custom_id="lianju:heart:2:2:-9.0::"),
        lambda parts: parts[1]["components"][0].update(content="1. 黄河"),
        lambda parts: parts[1]["components"][0].update(content="**1.** 黄河\n-# ▰▱▱▱▱"),
        lambda parts: parts[3]["components"].__delitem__(slice(1, None)),
        lambda parts: parts[3]["components"][0].update(custom_id="lianju:again:2:77"),
        lambda parts: parts[3]["components"][0].update(
            custom_id="lianju:again:2:77:5:auto:chosen:jueju:::strict:exclude"
        ),
        lambda parts: parts[3]["components"][0].update(
            custom_id="lianju:again:2:77:5:auto:chosen:next:7::strict:exclude"
        ),
        lambda parts: parts[3]["components"][1].update(custom_id="lianju:details:1:7:9:9:9:9"),
        lambda parts: parts[3]["components"][1].update(custom_id="lianju:details:2:0:5"),
    ],
)
def test_layout_of_another_version_is_refused(change):
    with pytest.raises(AnswerMessageError) as caught:
        parse_answer_message(changed(change))
    assert caught.value.key == "answer-unreadable"


def test_message_that_is_not_an_answer_is_refused():
    with pytest.raises(AnswerMessageError) as caught:
        parse_answer_message(received(written("黄河远上白云间", BOT)))
    assert caught.value.key == "answer-unreadable"


@pytest.mark.parametrize("language", ["en", "zh-CN", "zh-TW"])
def test_fewer_candidates_than_requested_are_explained(language):
    fewer = replace(ANSWER, options=replace(ANSWER.options, count=5))
    localizer = Localizer(language)
    message = payload(answer_layout(fewer, localizer))
    said = localizer.format("answer-fewer", count=2, wanted=5)
    assert texts(message)[-1].split("\n")[-1] == f"-# {said}"
    assert parse_answer_message(received(message)) == fewer
    cut_short = replace(fewer, details=replace(fewer.details, complete=False))
    assert said not in texts(payload(answer_layout(cut_short, localizer)))[-1]
