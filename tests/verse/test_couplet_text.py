"""Lines of couplets as users write them."""

import pytest
from lianju.bot.verse import Beam, Couplet, PromptError, Request, RequestError
from lianju.bot.verse.planning.prepared import prepare
from lianju.bot.verse.text.couplet import read_couplet_line

from .couplets import COMMA, TOKENS, couplet_bundle, vocabulary_of

VOCABULARY = vocabulary_of()


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("春花三月", "春花三月"),
        ("春花三月。", "春花三月"),
        (" 春 花 三 月 ", "春花三月"),
        ("春花，三月", "春花，三月"),
        ("春花,三月!", "春花，三月"),
        ("春花、三月", "春花，三月"),
        ("春花\n三月", "春花，三月"),
        ("春花 三月", "春花，三月"),
        ("天山春花三月水夜雨一看中", "天山春花三月水夜雨一看中"),
        ("天山春花三月，水夜雨一看中", "天山春花三月，水夜雨一看中"),
    ],
)
def test_a_line_is_read_with_its_comma(text, read):
    prompt = read_couplet_line(text, VOCABULARY)
    assert prompt.lines == (tuple(read),)
    assert prompt.written == prompt.shown == (read,)
    assert prompt.encode(VOCABULARY) == (tuple(map(TOKENS.index, read)),)


@pytest.mark.parametrize(
    ("text", "key", "facts"),
    [
        ("", "prompt-empty", {}),
        ("。", "prompt-empty", {}),
        ("hello world", "prompt-not-chinese", {}),
        ("abc", "prompt-not-chinese", {}),
        ("春花月", "prompt-couplet-size", {"size": 3, "low": 4, "high": 12}),
        ("春，花月", "prompt-couplet-size", {"size": 3}),
        ("天山春花三月水夜雨一看中天", "prompt-couplet-size", {"size": 13}),
        ("春" * 65, "prompt-couplet-size", {"size": 65}),
        ("，".join(["春花三月天"] * 8), "prompt-couplet-size", {"size": 40}),
        ("春花三，月水", "prompt-couplet-uneven", {"first": 3, "second": 2}),
        ("春花，三月，水夜", "prompt-couplet-parts", {"parts": 3}),
        ("春花饕餮魑", "prompt-unknown", {"named": "饕 餮 魑", "more": 0}),
        ("春花\ud800月", "prompt-not-text", {}),
    ],
)
def test_what_cannot_be_answered_is_refused(text, key, facts):
    with pytest.raises(PromptError) as caught:
        read_couplet_line(text, VOCABULARY)
    assert caught.value.key == key
    assert caught.value.facts.items() >= facts.items()


def test_a_character_that_the_model_lacks_is_read_as_unknown():
    prompt = read_couplet_line("春花饕月", VOCABULARY)
    assert prompt.unknown == ("饕",)
    assert prompt.encode(VOCABULARY)[0][2] == VOCABULARY.unknown


def test_a_traditional_line_is_answered_in_its_script():
    tokens = (*TOKENS, "云")
    prompt = read_couplet_line("春雲，三月", vocabulary_of(tokens))
    assert (prompt.lines[0], prompt.shown) == (tuple("春云，三月"), ("春雲，三月",))
    assert prompt.traditional


def test_a_model_that_knows_no_comma_says_so():
    vocabulary = vocabulary_of(tuple(token for token in TOKENS if token != COMMA))
    assert read_couplet_line("春花三月", vocabulary).lines == (tuple("春花三月"),)
    with pytest.raises(PromptError) as caught:
        read_couplet_line("春花，三月", vocabulary)
    assert caught.value.key == "prompt-couplet-comma"


def test_an_insult_is_not_answered():
    bundle = couplet_bundle(tokens=(*TOKENS, *"白痴"))
    with pytest.raises(PromptError) as caught:
        prepare(Request("春花白痴", Couplet()), bundle)
    assert caught.value.key == "prompt-couplet-blocked"


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"search": Beam(plain=True)}, "request-plain"),
        ({"rhyme": "东"}, "request-couplet-rhyme"),
    ],
)
def test_options_of_poems_are_refused(options, key):
    with pytest.raises(RequestError) as caught:
        Request("春花三月", Couplet(), **options)
    assert caught.value.key == key


def test_each_bundle_answers_what_it_can():
    couplets = couplet_bundle()
    poems = couplet_bundle()
    object.__setattr__(poems, "manifest", poems.manifest.model_copy(update={"encoder": None}))
    lower_only = couplet_bundle(tokens=tuple(name for name in TOKENS if name != "<upper>"))
    for request, bundle, key in (
        (Request("春花三月", Couplet()), poems, "request-no-couplets"),
        (Request("春花三月"), couplets, "request-couplets-only"),
        (Request("春花三月", Couplet(upper=True)), lower_only, "request-lower-only"),
    ):
        with pytest.raises(RequestError) as caught:
            prepare(request, bundle)
        assert caught.value.key == key
    assert prepare(Request("春花三月", Couplet()), lower_only).given
    assert prepare(Request("春花三月", Couplet(upper=True)), couplets).length == 4
