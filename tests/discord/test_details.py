from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lianju.bot.i18n import Localizer
from lianju.bot.ui.answer import answer_layout
from lianju.bot.ui.details import details_layout

from .answer_messages import (
    ANSWER,
    ENGLISH,
    LANGUAGES,
    QUATRAINS,
    SAMPLED,
    answer_messages,
    payload,
)
from .interactions import texts


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "lines 3, 4 are from the corpus · relaxed: tones, repetition"),
        ("zh-CN", "第 3、4 句是前人成句 · 从宽：平仄、重字"),
        ("zh-TW", "第 3、4 句是前人成句 · 從寬：平仄、重字"),
    ],
)
def test_remarks_are_in_every_language(language, said):
    (told,) = texts(payload(details_layout(QUATRAINS, (), Localizer(language))))
    assert said in told
    assert said in texts(payload(answer_layout(QUATRAINS, Localizer(language))))[2]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "quatrain (绝句) · rhyme 尤 · loose rules · lines from the corpus are allowed"),
        ("zh-CN", "绝句 · 押“尤”韵 · 平仄从宽 · 可用前人成句"),
        ("zh-TW", "絕句 · 押「尤」韻 · 平仄從寬 · 可用前人成句"),
    ],
)
def test_details_have_the_options(language, said):
    options = replace(QUATRAINS.options, rhyme="尤", rules="loose", known="allow")
    answer = replace(QUATRAINS, options=options)
    (told,) = texts(payload(details_layout(answer, (), Localizer(language))))
    assert told.split("\n")[2] == said


def test_details_of_poems_explain_remarks():
    (told,) = texts(payload(details_layout(QUATRAINS, (), ENGLISH)))
    assert told.split("\n")[2:] == [
        "quatrain (绝句)",
        "**1.** 白日依山尽，黄河入海流。欲穷千里目，更上一层楼。",
        "-# log-probability -30.0000 · perplexity 20.1 a character · "  # exp(30 / 10)
        "line 4 is from the corpus",
        "**2.** 白日依山尽，黄河入海流。青云步水迟，空有故人期。",
        "-# log-probability -60.0000 · perplexity 403 a character · "
        "lines 3, 4 are from the corpus · relaxed: tones, repetition",
        "-# unmarked lines are new",
        "-# Under the relaxed rules no line could be found here.",
        "-# the original goes on: 欲穷千里目",
    ]


def test_details_have_the_exact_numbers():
    (text,) = texts(payload(details_layout(ANSWER, (), ENGLISH)))
    assert text.split("\n") == [
        "**tang-lstm 1.0.0**",
        "beam search, width 5",
        "**1.** 万里江山万里遥",
        "-# log-probability -14.3029 · perplexity 7.72 a character",  # exp(14.3029 / 7)
        "**2.** 万里江山万里余",
        "-# log-probability -9.0000 · perplexity 3.62 a character",  # exp(9 / 7)
    ]


def test_details_of_a_sampled_answer_have_all_parameters():
    (text,) = texts(payload(details_layout(SAMPLED, (), ENGLISH)))
    assert "temperature 0.8, top-k 100, top-p 0.9, seed 4294967295" in text


@given(answer_messages, st.sampled_from(LANGUAGES))
def test_details_keep_discords_limits(answer, language):
    payload(details_layout(answer, (), Localizer(language)))
