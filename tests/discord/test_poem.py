import asyncio
import logging
import re
import time

import pytest
from lianju.bot.cogs.poem import MAX_TYPED, Poem
from lianju.bot.desk import Desk
from lianju.bot.resources import Resources
from lianju.bot.settings import Settings
from lianju.bot.verse.bundle import load_bundle
from lianju.bot.verse.composer import Composer, Request
from lianju.bot.verse.errors import BusyError, DeadlineError, SearchError
from lianju.bot.verse.scheduler import Scheduler
from lianju.bot.verse.step_model import StepModel

from ..verse.toy import SPECIALS, Toy
from .hosts import OtherBot
from .interactions import EPHEMERAL, poem

LINE = "黄河远上白云间"


def make_compose_raise(monkeypatch, composer, error):
    async def compose(request, deadline_s):
        raise error

    monkeypatch.setattr(composer, "compose", compose)


@pytest.mark.parametrize(
    "place",
    [
        pytest.param({"guild": 42}, id="server"),
        pytest.param({"guild": None}, id="direct-message"),
        pytest.param({"guild": 43, "installed_by_user": True}, id="user-installed-in-a-server"),
        pytest.param({"guild": None, "installed_by_user": True}, id="user-installed-elsewhere"),
    ],
)
async def test_line_is_acknowledged_then_answered_once(place, fake, bot, composer):
    payload = fake.interaction(poem(LINE), **place)
    await bot.receive(payload)
    exchange = fake.exchange(payload)
    assert exchange.type == 5
    (message,) = exchange.messages
    assert not message["flags"] & EPHEMERAL
    assert message["allowed_mentions"]["parse"] == []
    (embed,) = message["embeds"]
    assert embed["title"] == LINE
    expected = composer.compose_now(Request(LINE)).candidates
    assert embed["description"].splitlines() == [
        f"{rank}. {candidate.text} `{candidate.log_prob:.2f}`"
        for rank, candidate in enumerate(expected, 1)
    ]
    assert len(expected) == 5
    assert fake.refusals == []
    assert bot.tree_errors == []


async def test_acknowledgement_does_not_wait_for_the_model(fake, bot, composer, monkeypatch):
    go, compose = asyncio.Event(), composer.compose

    async def held(request, deadline_s):
        await go.wait()
        return await compose(request, deadline_s)

    monkeypatch.setattr(composer, "compose", held)
    payloads = [fake.interaction(poem(LINE)) for _ in range(3)]
    tasks = [bot.begin(payload) for payload in payloads]
    exchanges = [fake.exchange(payload) for payload in payloads]
    for exchange in exchanges:
        await exchange.until(lambda exchange=exchange: exchange.acknowledged)
    assert [exchange.messages for exchange in exchanges] == [[], [], []]
    go.set()
    await asyncio.gather(*tasks)
    assert [len(exchange.messages) for exchange in exchanges] == [1, 1, 1]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("。", "The prompt is empty: write a line of verse."),
        ("once upon a time", "This model reads Chinese verse"),
        ("黄河龘上白云间", "This model does not know 龘: write the line without."),
        ("，".join("黄" * 5), "The prompt has 5 lines: write at most 4."),
        ("黄" * 65, "The prompt has 65 characters: write at most 64."),
        ("黄" * (MAX_TYPED + 1), "The prompt has 257 characters: write at most 64."),
    ],
    ids=["empty", "english", "unknown", "five-lines", "long", "longer-than-the-option"],
)
async def test_bad_line_is_refused_in_private(line, sentence, fake, bot):
    payload = fake.interaction(poem(line))
    await bot.receive(payload)
    exchange = fake.exchange(payload)
    assert exchange.type == 4
    (message,) = exchange.messages
    assert message["flags"] & EPHEMERAL
    assert message["content"].startswith(sentence)
    assert bot.tree_errors == []


@pytest.mark.parametrize(
    "error",
    [BusyError("Come back."), DeadlineError("Too slow."), SearchError("Nothing fits.")],
    ids=lambda error: type(error).__name__,
)
async def test_late_refusal_turns_private(error, fake, bot, composer, monkeypatch):
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


async def test_fault_is_one_sentence_with_an_incident_of_the_log(
    fake, bot, composer, monkeypatch, caplog
):
    caplog.set_level(logging.DEBUG, "lianju")
    make_compose_raise(monkeypatch, composer, KeyError(f"what the user wrote: {LINE}"))
    payload = fake.interaction(poem(LINE))
    await bot.receive(payload)
    (message,) = fake.exchange(payload).messages
    assert message["flags"] & EPHEMERAL
    sentence = r"Something went wrong here: if it happens again, report incident ([0-9a-f]{8})\."
    incident = re.fullmatch(sentence, message["content"])[1]
    (fault,) = (record for record in caplog.records if record.levelno == logging.ERROR)
    assert f"incident={incident}" in fault.getMessage()
    assert "in compose\n" in fault.getMessage()
    assert "builtins.KeyError" in fault.getMessage()
    assert LINE not in caplog.text
    assert bot.tree_errors == []


@pytest.mark.parametrize(
    ("line", "guild", "outcome"),
    [
        (LINE, 42, r"answered"),
        (LINE, None, r"answered"),
        ("黄河龘上白云间", 42, r"refused:PromptError"),
    ],
)
async def test_log_has_one_line_a_request_without_its_text(line, guild, outcome, fake, bot, caplog):
    caplog.set_level(logging.INFO)
    await bot.receive(fake.interaction(poem(line), guild=guild))
    (record,) = (record for record in caplog.records if record.name.startswith("lianju"))
    pattern = rf"command=poem server={guild or 'none'} width=5 ms=\d+ outcome={outcome}"
    assert re.fullmatch(pattern, record.getMessage())
    assert not set(line) & set(caplog.text)


async def test_answer_refused_by_discord_is_told_once(fake, bot):
    fake.failures["@original"] = [400]
    payload = fake.interaction(poem(LINE))
    await bot.receive(payload)
    (message,) = fake.exchange(payload).messages
    assert "report incident" in message["content"]
    assert bot.tree_errors == []


async def test_message_deleted_meanwhile_is_let_go(fake, bot, composer, monkeypatch, caplog):
    caplog.set_level(logging.INFO, "lianju")
    compose = composer.compose

    async def compose_meanwhile(request, deadline_s):
        fake.exchange(payload).deleted = True
        return await compose(request, deadline_s)

    monkeypatch.setattr(composer, "compose", compose_meanwhile)
    payload = fake.interaction(poem(LINE))
    await bot.receive(payload)
    assert fake.exchange(payload).messages == []
    assert "outcome=gone" in caplog.text
    assert bot.tree_errors == []


async def test_late_acknowledgement_spares_the_model(fake, bot, composer, monkeypatch, caplog):
    caplog.set_level(logging.INFO, "lianju")
    make_compose_raise(monkeypatch, composer, AssertionError("composed for nobody"))
    payload = fake.interaction(poem(LINE))
    fake.exchange(payload).sent_at -= 4
    await bot.receive(payload)
    assert [status for status, _ in fake.refusals] == [404]
    assert "outcome=gone" in caplog.text
    assert bot.tree_errors == []


@pytest.mark.parametrize("line", [LINE, "黄河龘上白云间"], ids=["answered", "refused"])
async def test_lost_receipt_does_not_answer_twice(line, fake, bot):
    fake.losses = {"callback"}
    payload = fake.interaction(poem(line))
    await bot.receive(payload)
    assert [status for status, _ in fake.refusals] == [500, 400]
    assert len(fake.exchange(payload).messages) == 1
    assert bot.tree_errors == []


async def test_discord_gone_for_good_is_no_crash(fake, bot, composer, monkeypatch, caplog):
    caplog.set_level(logging.INFO, "lianju")
    fake.failures["callback"] = [403, 403]
    payload = fake.interaction(poem(LINE))
    await bot.receive(payload)
    assert fake.exchange(payload).messages == []
    assert "untold:Forbidden" in caplog.text
    assert bot.tree_errors == []


async def test_outdated_registration_is_answered_once(fake, bot):
    bot.tree.error(quiet)  # this failure comes before the command's own code
    payload = fake.interaction(poem(LINE) | {"options": []})
    await bot.receive(payload)
    (message,) = fake.exchange(payload).messages
    assert message["flags"] & EPHEMERAL
    assert "report incident" in message["content"]


async def quiet(interaction, error):
    pass


async def test_user_text_does_nothing_but_stand_there(fake, store, tmp_path):
    """A model that knows every character lets mentions, links and markdown through to us."""
    letters = (*SPECIALS, *map(chr, range(33, 127)))
    bundle = load_bundle(Toy(tokens=letters).write(tmp_path / "latin"))
    model = StepModel(bundle, "cpu", threads=1)
    composer = Composer(bundle, model, Scheduler(model))
    line = "@everyone<@77>**b**[l](https://x.y)||s||`c`"
    async with OtherBot() as host:
        await host.login(fake.token)
        await host.add_cog(Poem(Resources(Settings(), composer, store, Desk(time.time))))
        payload = fake.interaction(poem(line))
        await host.receive(payload)
    composer.close()
    (message,) = fake.exchange(payload).messages
    assert message["content"] == ""
    assert message["allowed_mentions"]["parse"] == []
    title = message["embeds"][0]["title"]
    assert re.sub(r"\\(.)", r"\1", title) == line
    assert not re.search(r"(?<!\\)[*_~`|<>\[\]@]|https?://", title)
