from types import SimpleNamespace

import discord
import pytest
from fluent.runtime import FluentBundle, FluentResource
from lianju.bot import i18n as module
from lianju.bot.i18n import Localizer, Markdown, localizer_for, messages
from lianju.bot.verse.errors import PromptError


@pytest.mark.parametrize(
    ("chosen", "user", "guild", "language"),
    [
        ("auto", "en-GB", "zh-CN", "en"),
        ("auto", "zh-CN", "en-US", "zh-CN"),
        ("auto", "zh-TW", "zh-CN", "zh-TW"),
        ("auto", "zh-HK", None, "zh-TW"),
        ("auto", "de", "zh-TW", "zh-TW"),
        ("auto", "de", "fr", "en"),
        ("auto", "de", None, "en"),
        ("zh-TW", "en-US", "en-US", "zh-TW"),
        ("en", "zh-CN", "zh-CN", "en"),
    ],
)
def test_language_is_that_of_server_setting_then_user_then_server_locale(
    chosen, user, guild, language
):
    interaction = SimpleNamespace(
        locale=discord.enums.try_enum(discord.Locale, user),
        guild_locale=guild and discord.enums.try_enum(discord.Locale, guild),
    )
    assert localizer_for(interaction, chosen) == Localizer(language)


@pytest.fixture
def _sparse(monkeypatch):
    """English with two messages, Chinese with one."""
    bundles = {}
    for language, text in {
        "en": "one = One { $fact }\ntwo = Two { $fact }\nbare =\n    .attribute = x\n",
        "zh-CN": "one = 一{ $fact }\n",
    }.items():
        bundles[language] = FluentBundle([language], use_isolating=False)
        bundles[language].add_resource(FluentResource(text))
    monkeypatch.setattr(module, "messages", bundles.__getitem__)


@pytest.mark.usefixtures("_sparse")
def test_message_missing_in_a_language_is_in_english():
    assert Localizer("zh-CN").format("one", fact="x") == "一x"
    assert Localizer("zh-CN").format("two", fact="x") == "Two x"


@pytest.mark.parametrize("key", ["three", "bare"])
@pytest.mark.usefixtures("_sparse")
def test_unknown_message_raises_key_error(key):
    with pytest.raises(KeyError, match=key):
        Localizer("zh-CN").format(key)


@pytest.mark.usefixtures("_sparse")
def test_missing_fact_is_logged_without_the_other_facts(monkeypatch):
    told = []
    monkeypatch.setattr(module._log, "error", lambda *words: told.append(words[0] % words[1:]))
    assert Localizer("en").format("one", other="secret") == "One fact"
    assert told == ["message=one language=en faults=1"]


def test_error_message_escapes_facts_that_are_not_markdown():
    error = PromptError("prompt-unknown", named="*", more=0)
    assert "\\*" in Localizer("zh-CN").format_error(error)
    error = PromptError("prompt-unknown", named=Markdown("<#5>"), more=0)
    assert "<#5>" in Localizer("zh-CN").format_error(error)


def test_facts_have_no_isolation_marks():
    assert not {"\u2068", "\u2069"} & set(Localizer("en").format("incident", incident="ab"))
    assert messages("en") is messages("en")


@pytest.mark.parametrize(
    ("key", "facts"),
    [
        ("prompt-couplet-size", {"low": 4, "high": 12}),
        ("linked-line-length", {"length": 5}),
        ("fault", {"kind": "length", "length": 5}),
    ],
)
def test_one_character_is_singular(key, facts):
    text = Localizer("en").format(key, size=1, **facts)
    assert "1 character" in text
    assert "1 characters" not in text


def test_a_long_fact_is_cut_short():
    told = Localizer("en").format("cli-not-utf8", path="a" * 5000)
    assert told == Localizer("en").format("cli-not-utf8", path="a" * 2000)
    assert "a" * 2000 in told


def test_halves_of_surrogate_pairs_are_replaced():
    told = Localizer("en").format("unknown-choice", value="a\ud800", choices="b")
    assert told == Localizer("en").format("unknown-choice", value="a\ufffd", choices="b")
    told.encode("utf-8")
