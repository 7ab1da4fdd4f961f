import asyncio
import re

import pytest
from lianju.bot.verse import (
    Beam,
    BusyError,
    Request,
    Rerank,
    Sample,
)

from .commands import ask, button, english, press
from .interactions import BOT, EPHEMERAL, MESSAGE, custom_ids, person, poem, texts
from .messages import written

LINE = "黄河远上白云间"
TRADITIONAL = "黃河遠上白雲間"
MENU = "Answer this line"


def hold(monkeypatch, composer):
    """Lets no answer be composed until the event that it returns is set."""
    go, compose = asyncio.Event(), composer.compose

    async def held(request, *rest):
        await go.wait()
        return await compose(request, *rest)

    monkeypatch.setattr(composer, "compose", held)
    return go


def reranked(line, seed=0, width=5, **options):
    """The request of `/poem` by default."""
    return Request(line, search=Rerank(seed, width), **options)


def couplets(message):
    """The couplets of an answer, as they are shown."""
    _, *sections, _ = texts(message)
    return [re.fullmatch(r"\*\*\d+\.\*\* (.*)\n-# [▰▱]{5}", text)[1] for text in sections]


def expected(composer, request, line=LINE):
    return [f"{line}，{candidate.text}" for candidate in composer.compose_now(request).candidates]


async def refused(fake, bot, data, **place):
    """What is told in private, before anything was promised in public."""
    payload = fake.interaction(data, **place)
    await bot.receive(payload)
    exchange = fake.exchange(payload)
    assert exchange.type == MESSAGE
    (message,) = exchange.messages
    assert message["flags"] & EPHEMERAL
    assert message["allowed_mentions"]["parse"] == []
    assert bot.tree_errors == []
    return message["content"]


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
    assert texts(message)[0] == f"### {LINE}"
    assert couplets(message) == expected(composer, reranked(LINE))
    assert len(couplets(message)) == 5
    assert texts(message)[-1] == "-# toy 0.0.1\n-# seed 0"
    assert fake.refusals == []
    assert bot.tree_errors == []


# --- what may be asked for ---


async def test_count_above_the_beam_size_widens_the_beam(fake, bot, composer):
    message = await ask(fake, bot, poem(LINE, count=8), private=False)
    assert couplets(message) == expected(composer, reranked(LINE, width=8, count=8))


async def test_count_below_the_beam_size_does_not_change_the_beam(fake, bot, composer):
    message = await ask(fake, bot, poem(LINE, count=2), private=False)
    assert couplets(message) == expected(composer, reranked(LINE, width=5, count=2))


async def test_server_settings_are_the_defaults_of_a_request(fake, bot, composer, store):
    await store.guild_settings.change(42, beam_size=9, candidates=3, script="traditional")
    message = await ask(fake, bot, poem(LINE), private=False)
    wide = reranked(LINE, width=9, count=3, script="traditional")
    assert couplets(message) == expected(composer, wide, TRADITIONAL)
    assert texts(message)[0] == f"### {LINE}"  # as it was written
    await store.guild_settings.change(42, script="simplified")
    message = await ask(fake, bot, poem(LINE), private=False, user=78)
    assert couplets(message) == expected(composer, reranked(LINE, width=9, count=3))
    elsewhere = await ask(fake, bot, poem(LINE), private=False, guild=43, user=79)
    assert len(couplets(elsewhere)) == 5


async def test_member_chooses_the_script(fake, bot, composer, store):
    await store.guild_settings.change(42, script="traditional")
    message = await ask(fake, bot, poem(LINE, script="simplified"), private=False)
    assert couplets(message) == expected(composer, reranked(LINE))


async def test_another_seed_gives_other_lines(fake, bot, composer):
    message = await ask(fake, bot, poem(LINE, seed=7), private=False)
    assert couplets(message) == expected(composer, reranked(LINE, seed=7))
    assert couplets(message) != expected(composer, reranked(LINE))
    assert texts(message)[-1] == "-# toy 0.0.1\n-# seed 7"


async def test_beam_mode_gives_the_most_probable_lines(fake, bot, composer):
    message = await ask(fake, bot, poem(LINE, mode="beam", count=8), private=False)
    assert couplets(message) == expected(composer, Request(LINE, search=Beam(8), count=8))
    assert texts(message)[-1] == "-# toy 0.0.1"


async def test_seed_repeats_sampled_lines(fake, bot, composer):
    message = await ask(fake, bot, poem(LINE, seed=7, mode="sampled"), private=False)
    drawn = Request(LINE, search=Sample(seed=7), count=5)
    assert couplets(message) == expected(composer, drawn)
    assert texts(message)[-1] == "-# toy 0.0.1\n-# seed 7"


async def test_sampled_answer_shows_a_seed_that_repeats_it(fake, bot):
    sampled = poem(LINE, mode="sampled", count=4)
    first = await ask(fake, bot, sampled, private=False)
    seed = int(re.search(r"seed (\d+)$", texts(first)[-1])[1])
    replay = poem(LINE, mode="sampled", seed=seed, count=4)
    again = await ask(fake, bot, replay, private=False, user=78)
    assert texts(again) == texts(first)


async def test_seed_for_a_beam_is_refused(fake, bot):
    assert await refused(fake, bot, poem(LINE, seed=7, mode="beam")) == (
        "Beam search takes no seed: leave the seed out, or choose another mode."
    )


# --- who may ask, when and where ---


async def test_acknowledgement_does_not_wait_for_the_model(fake, bot, composer, monkeypatch):
    go = hold(monkeypatch, composer)
    payloads = [fake.interaction(poem(LINE), user=user) for user in (77, 78, 79)]
    tasks = [bot.begin(payload) for payload in payloads]
    exchanges = [fake.exchange(payload) for payload in payloads]
    for exchange in exchanges:
        await exchange.until(lambda exchange=exchange: exchange.acknowledged)
    assert [exchange.messages for exchange in exchanges] == [[], [], []]
    go.set()
    await asyncio.gather(*tasks)
    assert [len(exchange.messages) for exchange in exchanges] == [1, 1, 1]


async def test_member_has_one_request_at_a_time(fake, bot, composer, monkeypatch):
    go = hold(monkeypatch, composer)
    payload = fake.interaction(poem(LINE))
    running = bot.begin(payload)
    await fake.exchange(payload).until(lambda: fake.exchange(payload).acknowledged)
    assert await refused(fake, bot, poem(LINE), guild=43) == english("limit-running")
    go.set()
    await running
    assert len(fake.exchange(payload).messages) == 1


async def test_cooldown_says_when_to_ask_again(fake, bot, store, clock):
    await store.guild_settings.change(42, cooldown_s=60)
    await ask(fake, bot, poem(LINE), private=False)
    clock.now += 59
    sentence = await refused(fake, bot, poem(LINE))
    assert sentence == english("limit-cooldown", retry_at=str(int(clock.now) + 1))
    clock.now += 1
    await ask(fake, bot, poem(LINE), private=False)


@pytest.mark.parametrize(
    "data",
    [
        poem("。"),
        poem(LINE, mode="beam", seed=1),
        poem("黄河远", form="jueju"),
        poem(LINE, count=11),
    ],
    ids=["line", "options", "form", "bounds"],
)
async def test_refused_request_costs_a_short_cooldown(data, fake, bot, store, clock):
    await store.guild_settings.change(42, cooldown_s=3600)
    await ask(fake, bot, data)
    told = await ask(fake, bot, poem(LINE))
    assert told["content"] == english("limit-cooldown", retry_at=str(int(clock.now) + 2))
    clock.now += 2
    await ask(fake, bot, poem(LINE), private=False)


async def test_text_is_not_read_before_the_cooldown_is_over(fake, bot, composer, monkeypatch):
    """However much a text costs to read, a member can have it read once in a while only."""
    await ask(fake, bot, poem(LINE), private=False)
    for name in ("remove_markdown", "request_for"):
        monkeypatch.setattr(f"lianju.bot.cogs.poem.{name}", None)
    monkeypatch.setattr(composer, "prepare", None)
    for payload in (
        fake.interaction(poem(LINE)),
        fake.menu(MENU, written(LINE, person(78))),
        fake.menu(MENU, written("", person(78))),
    ):
        await bot.receive(payload)
        (told,) = fake.exchange(payload).messages
        assert told["content"].startswith("One line at a time")


async def test_failed_answer_costs_no_cooldown(fake, bot, composer, monkeypatch):
    async def compose(request, *rest):
        raise BusyError("busy-full")

    with monkeypatch.context() as patch:
        patch.setattr(composer, "compose", compose)
        await ask(fake, bot, poem(LINE))
    await ask(fake, bot, poem(LINE), private=False)


async def test_wide_beams_cannot_be_asked_for_without_a_pause(fake, bot, store, clock):
    await store.guild_settings.change(42, beam_size=64, cooldown_s=0)
    await ask(fake, bot, poem(LINE), private=False)
    clock.now += 7
    told = await ask(fake, bot, poem(LINE))
    assert told["content"] == english("limit-cooldown", retry_at=str(int(clock.now) + 1))
    clock.now += 1
    await ask(fake, bot, poem(LINE), private=False)


async def test_request_takes_the_share_of_its_server(fake, bot, composer, monkeypatch):
    """Direct messages together have the share of one server."""
    groups = []

    async def compose(request, deadline_s, group):
        groups.append(group)
        raise BusyError("busy-group")

    monkeypatch.setattr(composer, "compose", compose)
    for user, guild in enumerate([42, 43, None, None], 100):
        told = await ask(fake, bot, poem(LINE), user=user, guild=guild)
        assert told["content"] == english("busy-group")
    assert groups[2] == groups[3]
    assert len({*groups, None}) == 4


@pytest.mark.parametrize("data", [poem(LINE), None], ids=["command", "menu"])
async def test_other_channels_get_a_private_hint(data, fake, bot, store):
    await store.guild_settings.change(42, channels=frozenset({98, 101}))
    message = written(LINE, person(78))
    payload = fake.menu(MENU, message) if data is None else fake.interaction(data)
    await bot.receive(payload)
    (hint,) = fake.exchange(payload).messages
    assert hint["flags"] & EPHEMERAL
    assert hint["content"] == english("poem-elsewhere", channels="<#98> <#101>")
    assert hint["allowed_mentions"]["parse"] == []


@pytest.mark.parametrize(
    "place",
    [
        {"channel": 99},
        {"channel": 500, "thread_of": 99},
        {"channel": 500, "guild": 43},
        {"channel": 500, "guild": None},
    ],
    ids=["channel", "its-thread", "another-server", "direct-message"],
)
async def test_allowed_channels_are_answered(place, fake, bot, store):
    await store.guild_settings.change(42, channels=frozenset({99}))
    await ask(fake, bot, poem(LINE), private=False, **place)


# --- the context menu ---


async def test_line_of_a_message_is_answered_in_public(fake, bot, composer):
    payload = fake.menu(MENU, written(f"**{LINE}**。", person(78)))
    await bot.receive(payload)
    exchange = fake.exchange(payload)
    assert exchange.type == 5
    (message,) = exchange.messages
    assert not message["flags"] & EPHEMERAL
    assert texts(message)[0] == f"### {LINE}"
    assert couplets(message) == expected(composer, reranked(LINE))
    assert custom_ids(message, "lianju:again:2:77:")  # whoever asked, not whoever wrote
    assert bot.tree_errors == []


async def test_lines_of_other_users_are_not_stored(fake, bot, store):
    await bot.receive(fake.menu(MENU, written(LINE, person(78))))
    for user in (77, 78):
        assert await store.recent_lines.recent(user, "", 25) == []


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (written("", person(78)), "There is no text in this message"),
        (written("@everyone look", person(78)), "I read Chinese verse"),
        (written("黄" * 4000, person(78)), "That is 4,000 characters"),
        (written("[" * 2000 + "](" * 1000, person(78)), "That is 4,000 characters"),
        (written("", BOT), "This is an answer of mine already"),
    ],
    ids=["empty", "prose", "long", "brackets", "own-answer"],
)
async def test_message_without_a_line_is_refused_in_private(message, sentence, fake, bot):
    payload = fake.menu(MENU, message)
    await bot.receive(payload)
    (answer,) = fake.exchange(payload).messages
    assert answer["flags"] & EPHEMERAL
    assert answer["content"].startswith(sentence)
    assert bot.tree_errors == []


# --- what no client of Discord would send ---


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"count": 0}, "Count 0 is out of range: choose from 1 to 10."),
        ({"count": 11}, "Count 11 is out of range: choose from 1 to 10."),
        ({"seed": 2**32}, "Seed 4,294,967,296 is out of range: choose from 0 to 4,294,967,295."),
        ({"mode": "zzz"}, "zzz is not known: choose from chosen, beam, sampled."),
    ],
)
async def test_values_out_of_range_are_refused_by_the_bot_too(options, sentence, fake, bot):
    assert await refused(fake, bot, poem(LINE, **options)) == sentence


async def test_an_unknown_character_is_named_beside_the_answer(fake, bot):
    message = await ask(fake, bot, poem("黄河龘上白云间"), private=False)
    said = english("answer-unknown", unknown="**龘**", count=1)
    assert texts(message)[0] == "### 黄河龘上白云间"
    assert said in texts(message)[-1]
    (told,) = texts(await press(fake, bot, message, button(message, "Details")))
    assert said in told
