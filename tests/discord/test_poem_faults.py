"""`/poem` when the line, the model or Discord is at fault."""

import logging
import re
from dataclasses import replace

import pytest
from lianju.bot.cogs.answers import Answers
from lianju.bot.cogs.poem import MAX_TYPED, PoemCog
from lianju.bot.engine import LocalEngine
from lianju.bot.rate_limit import RequestLimiter
from lianju.bot.resources import Resources
from lianju.bot.settings import Settings
from lianju.bot.verse import (
    BusyError,
    Composer,
    DeadlineError,
    SearchError,
)
from lianju.bot.verse.model.bundle import load_bundle
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.bot.verse.serving.scheduler import Scheduler

from ..verse.toy import SPECIALS, Toy
from .bots import OtherBot
from .commands import ask, button, english, press
from .interactions import EPHEMERAL, MESSAGE, custom_ids, poem, texts

LINE = "黄河远上白云间"


def make_compose_raise(monkeypatch, composer, error):
    async def compose(request, *rest):
        raise error

    monkeypatch.setattr(composer, "compose", compose)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("。", "The line is empty: write a line of verse."),
        ("once upon a time", "I read Chinese verse"),
        ("龘上龘", "I do not know “龘”, which is most of it: write another line."),
        ("，".join("黄" * 8), "That is 8 lines: write at most 7."),
        ("黄" * 65, "That is 65 characters: write at most 64."),
        ("黄" * (MAX_TYPED + 1), "That is 257 characters: write at most 64."),
    ],
    ids=["empty", "english", "unknown", "eight-lines", "long", "longer-than-the-option"],
)
async def test_invalid_line_is_refused_in_private(line, sentence, fake, bot):
    payload = fake.interaction(poem(line))
    await bot.receive(payload)
    exchange = fake.exchange(payload)
    assert exchange.type == MESSAGE  # nothing was promised in public
    (message,) = exchange.messages
    assert message["flags"] & EPHEMERAL
    assert message["content"].startswith(sentence)
    assert bot.tree_errors == []


async def test_refusal_is_in_the_users_language(fake, bot, store, clock):
    message = await ask(fake, bot, poem("。"), locale="zh-TW")
    assert message["content"] == "詩句是空的：請寫一句詩。"
    clock.now += 60
    await store.guild_settings.change(42, language="zh-CN")
    message = await ask(fake, bot, poem("。"), locale="en-US")
    assert message["content"] == "诗句是空的：请写一句诗。"


@pytest.mark.parametrize(
    "error",
    [
        BusyError("busy-full"),
        DeadlineError(),
        SearchError("search-nothing"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_late_refusal_is_private(error, fake, bot, composer, monkeypatch):
    make_compose_raise(monkeypatch, composer, error)
    payload = fake.interaction(poem(LINE))
    await bot.receive(payload)
    exchange = fake.exchange(payload)
    assert exchange.type == 5
    assert exchange.deleted
    (message,) = exchange.messages
    assert message["flags"] & EPHEMERAL
    assert message["content"] == str(error)
    assert bot.tree_errors == []


async def test_unexpected_error_shows_an_incident_id_of_the_log(
    fake, bot, composer, monkeypatch, caplog
):
    caplog.set_level(logging.DEBUG, "lianju")
    make_compose_raise(monkeypatch, composer, KeyError(f"what the user wrote: {LINE}"))
    payload = fake.interaction(poem(LINE))
    await bot.receive(payload)
    (message,) = fake.exchange(payload).messages
    assert message["flags"] & EPHEMERAL
    sentence = (
        r"Something went wrong here: if it happens again, report incident `?([0-9a-f]{8})`?\."
    )
    incident = re.fullmatch(sentence, message["content"])[1]
    (fault,) = (record for record in caplog.records if record.levelno == logging.ERROR)
    assert f"incident={incident}" in fault.getMessage()
    assert "in compose\n" in fault.getMessage()
    assert "builtins.KeyError" in fault.getMessage()
    assert LINE not in caplog.text
    assert bot.tree_errors == []


@pytest.mark.parametrize(
    ("line", "guild", "figures"),
    [
        (LINE, 42, r"form=next width=5 lines=5 ms=\d+ outcome=answered"),
        (LINE, None, r"form=next width=5 lines=5 ms=\d+ outcome=answered"),
        ("龘龘上龘", 42, r"form=next width=5 lines=5 ms=\d+ outcome=refused:PromptError"),
    ],
)
async def test_log_has_one_line_per_request_without_its_text(
    line, guild, figures, fake, bot, caplog
):
    caplog.set_level(logging.INFO)
    await bot.receive(fake.interaction(poem(line), guild=guild))
    (record,) = (record for record in caplog.records if record.name.startswith("lianju"))
    assert re.fullmatch(rf"command=poem server={guild or 'none'} {figures}", record.getMessage())
    assert not set(line) & set(caplog.text)


async def test_answer_refused_by_discord_is_reported_once(fake, bot):
    fake.failures["@original"] = [400]
    payload = fake.interaction(poem(LINE))
    await bot.receive(payload)
    (message,) = fake.exchange(payload).messages
    assert "report incident" in message["content"]
    assert bot.tree_errors == []


async def test_answer_that_was_cut_short_says_so_and_is_logged(
    fake, bot, composer, monkeypatch, caplog
):
    caplog.set_level(logging.INFO, "lianju")
    compose = composer.compose

    async def compose_in_haste(request, *rest):
        return replace(await compose(request, *rest), complete=False)

    monkeypatch.setattr(composer, "compose", compose_in_haste)
    message = await ask(fake, bot, poem(LINE), private=False)
    assert "time ran out: these are the best lines so far" in texts(message)[-1]
    assert "outcome=cut-short" in caplog.text
    details = await press(fake, bot, message, button(message, "Details"))
    assert "-# time ran out: these are the best lines so far" in texts(details)[0].split("\n")


async def test_deleted_message_is_ignored(fake, bot, composer, monkeypatch, caplog):
    caplog.set_level(logging.INFO, "lianju")
    compose = composer.compose

    async def compose_meanwhile(request, *rest):
        fake.exchange(payload).deleted = True
        return await compose(request, *rest)

    monkeypatch.setattr(composer, "compose", compose_meanwhile)
    payload = fake.interaction(poem(LINE))
    await bot.receive(payload)
    assert fake.exchange(payload).messages == []
    assert "outcome=gone" in caplog.text
    assert bot.tree_errors == []


async def test_request_acknowledged_too_late_is_not_computed(
    fake, bot, composer, monkeypatch, caplog
):
    caplog.set_level(logging.INFO, "lianju")
    make_compose_raise(monkeypatch, composer, AssertionError("composed for nobody"))
    payload = fake.interaction(poem(LINE))
    fake.exchange(payload).sent_at -= fake.seconds_to_acknowledge + 1
    await bot.receive(payload)
    assert [status for status, _ in fake.refusals] == [404]
    assert "outcome=gone" in caplog.text
    assert bot.tree_errors == []


@pytest.mark.parametrize("line", [LINE, "龘龘上龘"], ids=["answered", "refused"])
async def test_lost_acknowledgement_does_not_answer_twice(line, fake, bot):
    fake.losses = {"callback"}
    payload = fake.interaction(poem(line))
    await bot.receive(payload)
    assert [status for status, _ in fake.refusals] == [500, 400]
    assert len(fake.exchange(payload).messages) == 1
    assert bot.tree_errors == []


async def test_unreachable_discord_is_handled(fake, bot, caplog):
    caplog.set_level(logging.INFO, "lianju")
    fake.failures["callback"] = [403, 403]
    payload = fake.interaction(poem(LINE))
    await bot.receive(payload)
    assert fake.exchange(payload).messages == []
    assert "report_failed:Forbidden" in caplog.text
    assert bot.tree_errors == []


async def test_outdated_registration_is_answered_once(fake, bot):
    bot.tree.error(quiet)  # this failure comes before the command's own code
    payload = fake.interaction(poem(LINE) | {"options": []})
    await bot.receive(payload)
    (message,) = fake.exchange(payload).messages
    assert message["flags"] & EPHEMERAL


async def quiet(interaction, error):
    pass


ODD = "@everyone<@77>**b**[l](https://x.y)||s||`c`"


@pytest.fixture
async def open_minded(fake, store, tmp_path, clock):
    """A bot whose model knows every character, and so lets mentions, links and markdown through."""
    letters = (*SPECIALS, *map(chr, range(33, 127)))
    bundle = load_bundle(Toy(tokens=letters).write(tmp_path / "latin"))
    model = OnnxModel(bundle, "cpu", threads=1)
    composer = Composer(bundle, model, Scheduler(model))
    engine = LocalEngine(composer, open_again=None, open_couplets=None)
    resources = Resources(Settings(), engine, store, RequestLimiter(clock, clock), clock)
    async with OtherBot() as bot:
        await bot.login(fake.token)
        for cog in (PoemCog(resources), Answers(resources)):
            await bot.add_cog(cog)
            bot.add_dynamic_items(*cog.items)
        yield bot
    composer.close()


async def test_user_text_is_shown_without_markdown_or_mentions(fake, open_minded):
    message = await ask(fake, open_minded, poem(ODD), private=False)
    assert message["content"] == ""
    heading, *shown, _ = texts(message)
    assert re.sub(r"\\(.)", r"\1", heading) == f"### {ODD}"
    rows = [row for text in (heading, *shown) for row in text.split("\n")]
    ours = re.compile(r"^(### |\*\*\d+\.\*\* |/ |-# [▰▱]+$)")
    for row in rows:
        assert ours.match(row)
        assert not re.search(r"(?<!\\)(\\\\)*[*_~`|<>\[\]@#/]", ours.sub("", row))


async def test_buttons_parse_user_text_unchanged(fake, open_minded, store, clock):
    message = await ask(fake, open_minded, poem(ODD), private=False)
    await press(fake, open_minded, message, custom_ids(message, "lianju:heart:2:1:")[0])
    (favorite,) = await store.favorites.all(77)
    assert favorite.verse.line == ODD
    assert len(favorite.verse.answer) == len(ODD)
    clock.now += 60
    payload = fake.press(message, button(message, "Another batch"))
    await open_minded.receive(payload)
    (another,) = fake.exchange(payload).messages
    assert texts(another)[0] == texts(message)[0]


async def test_character_model_refuses_poems(fake, open_minded):
    told = await ask(fake, open_minded, poem("abcde", form="jueju"))
    assert told["content"] == english("request-form-language")


@pytest.mark.parametrize(
    ("locale", "sentence"),
    [
        ("en-US", "The model that runs here has no table of rhymes: leave the rhyme out."),
        ("zh-CN", "这里运行的模型没有韵表：请不填韵部。"),
        ("zh-TW", "這裡執行的模型沒有韻表：請不填韻部。"),
    ],
)
async def test_model_without_rhymes_says_so(locale, sentence, fake, bot):
    told = await ask(fake, bot, poem(LINE, rhyme="东"), locale=locale)
    assert told["content"] == sentence
