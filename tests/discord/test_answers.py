"""The buttons of an answer."""

import asyncio
import gc
import logging
import re
import sqlite3

import pytest
from lianju.bot.cogs import answers
from lianju.bot.rate_limit import RequestLimiter
from lianju.bot.resources import Resources
from lianju.bot.settings import Settings
from lianju.bot.store import StoreBusyError, open_store
from lianju.bot.ui import replies
from lianju.bot.verse import Request, Rerank, Sample
from lianju.bot.verses import Verse

from .bots import OtherBot
from .commands import ask, button, english, press
from .interactions import EPHEMERAL, THINKING_UPDATE, UPDATE, custom_ids, labels, poem, texts

LINE = "黄河远上白云间"
TRADITIONAL = "黃河遠上白雲間"


@pytest.fixture
async def answer(fake, bot, clock):
    """An answer in server 42, asked for by member 77 and out of the cooldown."""
    message = await ask(fake, bot, poem(LINE), private=False)
    clock.now += 60
    return message


def heart(message, rank):
    (custom_id,) = custom_ids(message, f"lianju:heart:2:{rank}:")
    return custom_id


def hearts(message):
    return [labels(message)[custom_id] for custom_id in custom_ids(message, "lianju:heart:")]


def couplet(message, rank):
    line, answer = re.match(r"\*\*\d+\.\*\* (.*)，(.*)\n", texts(message)[rank]).groups()
    return Verse(line, answer)


async def kept(store, user=77):
    return [(each.verse, each.guild_id) for each in await store.favorites.all(user)]


# --- hearts ---


async def test_heart_adds_a_favorite_and_is_counted(fake, bot, store, answer):
    before = texts(answer)
    changed = await press(fake, bot, answer, heart(answer, 2))
    assert await kept(store) == [(couplet(answer, 2), 42)]
    assert hearts(changed) == ["♥", "♥ 1", "♥", "♥", "♥"]
    assert texts(changed) == before
    assert labels(changed)[button(changed, "Details")] == "Details"


async def test_second_press_removes_the_favorite(fake, bot, store, answer):
    await press(fake, bot, answer, heart(answer, 2))
    changed = await press(fake, bot, answer, heart(answer, 2))
    assert await kept(store) == []
    assert hearts(changed) == ["♥"] * 5


async def test_any_member_may_press_and_the_requester_is_the_author(fake, bot, store, answer):
    await press(fake, bot, answer, heart(answer, 1), user=78)
    changed = await press(fake, bot, answer, heart(answer, 1), user=79)
    assert hearts(changed) == ["♥ 2", "♥", "♥", "♥", "♥"]
    page = await store.leaderboard.members(42, None, 0, 10)
    assert [(member.user_id, member.hearts) for member in page.items] == [(77, 2)]


async def test_hearts_are_counted_for_each_server(fake, bot, store, answer):
    elsewhere = await ask(fake, bot, poem(LINE), private=False, guild=43)
    assert couplet(elsewhere, 1) == couplet(answer, 1)
    await press(fake, bot, answer, heart(answer, 1), user=78)
    there = await press(fake, bot, elsewhere, heart(elsewhere, 1), user=79, guild=43)
    here = await press(fake, bot, answer, heart(answer, 2), user=78)
    assert hearts(there)[:2] == ["♥ 1", "♥"]
    assert hearts(here)[:2] == ["♥ 1", "♥ 1"]


async def test_heart_in_a_direct_message(fake, bot, store):
    message = await ask(fake, bot, poem(LINE), private=False, guild=None)
    changed = await press(fake, bot, message, heart(message, 1), guild=None)
    assert hearts(changed)[0] == "♥ 1"
    assert await kept(store) == [(couplet(message, 1), None)]


async def test_buttons_work_after_a_restart_with_a_new_database(
    fake, answer, engine, tmp_path, clock
):
    store = await open_store(f"sqlite+aiosqlite:///{tmp_path}/another.sqlite3")
    resources = Resources(Settings(), engine, store, RequestLimiter(clock, clock), clock)
    async with OtherBot() as bot:
        await bot.login(fake.token)
        await bot.add_cog(answers.Answers(resources))
        bot.add_dynamic_items(*answers.Answers.items)
        changed = await press(fake, bot, answer, heart(answer, 3))
        again = fake.press(answer, button(answer, "Another batch"))
        await bot.receive(again)
        details = await press(fake, bot, answer, button(answer, "Details"))
    assert hearts(changed)[2] == "♥ 1"
    assert await kept(store) == [(couplet(answer, 3), 42)]
    assert len(fake.exchange(again).messages) == 1
    assert "toy 0.0.1" in texts(details)[0]
    await store.close()


async def test_buttons_work_after_an_update_of_the_message(fake, bot, answer):
    for rank in (1, 2):
        await press(fake, bot, answer, heart(answer, rank))
    changed = await press(fake, bot, answer, heart(answer, 1))
    assert hearts(changed)[:2] == ["♥", "♥ 1"]


async def test_nothing_is_kept_in_memory_for_a_message(fake, bot, answer):
    for user in range(3):
        await press(fake, bot, answer, heart(answer, 1), user=user + 100)
    gc.collect()
    assert len(bot.get_cog(answers.NAME)._heart_counts) == 0
    assert bot._connection._view_store._views == {}


async def test_heart_is_on_disk_before_it_is_acknowledged(fake, bot, answer, tmp_path, monkeypatch):
    seen, update = [], answers.edit_message

    async def look_first(interaction, view):
        with sqlite3.connect(tmp_path / "lianju.sqlite3") as database:
            seen.append(database.execute("SELECT count(*) FROM favourite").fetchone())
        await update(interaction, view)

    monkeypatch.setattr(answers, "edit_message", look_first)
    await press(fake, bot, answer, heart(answer, 1))
    assert seen == [(1,)]


async def test_two_presses_at_once_are_both_counted(fake, bot, answer):
    payloads = [fake.press(answer, heart(answer, 1), user=user) for user in (78, 79)]
    await asyncio.gather(*[bot.begin(payload) for payload in payloads])
    assert [fake.exchange(payload).type for payload in payloads] == [UPDATE, UPDATE]
    assert hearts(answer)[0] == "♥ 2"
    assert fake.refusals == []


def hold_first_update(monkeypatch):
    """The first change of a message sets the one event, then waits for the other."""
    writing, go, update = asyncio.Event(), asyncio.Event(), answers.edit_message

    async def held(interaction, view):
        monkeypatch.setattr(answers, "edit_message", update)
        writing.set()
        await go.wait()
        await update(interaction, view)

    monkeypatch.setattr(answers, "edit_message", held)
    return writing, go


async def test_many_hearts_at_once_are_counted_and_acknowledged_without_waiting(
    fake, bot, store, answer, monkeypatch, caplog
):
    caplog.set_level(logging.INFO, "lianju")
    writing, go = hold_first_update(monkeypatch)
    all_kept, toggle, remaining = asyncio.Event(), store.favorites.toggle, list(range(200, 230))

    async def counted(*args):
        await toggle(*args)
        remaining.pop()
        if not remaining:
            all_kept.set()

    monkeypatch.setattr(store.favorites, "toggle", counted)
    payloads = [fake.press(answer, heart(answer, 1 + user % 5), user=user) for user in remaining]
    fake.requests.clear()
    pressing = [bot.begin(payload) for payload in payloads]
    await writing.wait()
    await all_kept.wait()
    go.set()
    await asyncio.gather(*pressing)
    assert hearts(answer) == ["♥ 6"] * 5
    # The second to write shows all that waited, who then need not write any more.
    types = [fake.exchange(payload).type for payload in payloads]
    assert sorted(types) == [THINKING_UPDATE] * 28 + [UPDATE] * 2
    assert len(fake.requests) == len(payloads)
    assert fake.refusals == []
    assert caplog.text.count("command=heart server=42 ") == len(payloads)
    assert caplog.text.count("outcome=answered") == len(payloads)


async def test_slow_message_update_does_not_delay_other_presses(fake, bot, answer, monkeypatch):
    """While Discord holds up one press, the others are acknowledged, and shown in the end."""
    writing, go = hold_first_update(monkeypatch)
    payloads = [fake.press(answer, heart(answer, 1), user=user) for user in (78, 79, 80)]
    first = bot.begin(payloads[0])
    await writing.wait()
    monkeypatch.setattr(replies, "DEFER_AFTER_S", 0)
    others = [bot.begin(payload) for payload in payloads[1:]]
    for payload in payloads[1:]:
        exchange = fake.exchange(payload)
        await exchange.until(lambda exchange=exchange: exchange.acknowledged)
    assert hearts(answer)[0] == "♥"
    go.set()
    await asyncio.gather(first, *others)
    assert hearts(answer)[0] == "♥ 3"
    types = [fake.exchange(payload).type for payload in payloads]
    assert types == [UPDATE, THINKING_UPDATE, THINKING_UPDATE]
    assert [fake.exchange(payload).messages for payload in payloads] == [[], [], []]
    assert fake.refusals == []


async def test_next_press_updates_the_message_after_a_failed_update(fake, bot, answer):
    fake.failures["callback"] = [400]
    first = fake.press(answer, heart(answer, 1), user=78)
    second = fake.press(answer, heart(answer, 1), user=79)
    await asyncio.gather(bot.begin(first), bot.begin(second))
    assert hearts(answer)[0] == "♥ 2"
    exchanges = [fake.exchange(first), fake.exchange(second)]
    (told,) = (message for exchange in exchanges for message in exchange.messages)
    assert told["flags"] & EPHEMERAL
    assert "report incident" in told["content"]
    assert all(exchange.acknowledged for exchange in exchanges)


async def test_busy_database_is_a_private_error(fake, bot, store, answer, monkeypatch):
    async def fail(*args):
        raise StoreBusyError

    monkeypatch.setattr(store.favorites, "toggle", fail)
    told = await press(fake, bot, answer, heart(answer, 1), locale="zh-CN")
    assert re.search("[一-鿿]", told["content"])
    assert hearts(answer) == ["♥"] * 5


async def test_heart_whose_acknowledgement_fails_is_counted_once(fake, bot, store, answer):
    fake.losses = {"callback"}
    changed = await press(fake, bot, answer, heart(answer, 1))
    assert [status for status, _ in fake.refusals] == [500, 400]
    assert hearts(changed)[0] == "♥ 1"
    assert len(await kept(store)) == 1


async def test_press_on_a_deleted_message_is_answered_in_private(fake, bot, store, answer):
    pressed = heart(answer, 1)
    before = fake.press(answer, pressed), fake.press(answer, pressed)
    fake.delete(answer)
    for payload, sentence, kept_now in zip(
        before, ("but you keep the verse", "you no longer keep"), (1, 0), strict=True
    ):
        await bot.receive(payload)
        (told,) = fake.exchange(payload).messages
        assert told["flags"] & EPHEMERAL
        assert sentence in told["content"]
        assert len(await kept(store)) == kept_now


@pytest.mark.parametrize(
    "custom_id",
    [
        "lianju:heart:3:1:-9.0::",
        "lianju:heart:2:1:-9.0",
        "lianju:heart:1:1:-9.0:more",
        "lianju:heart:2:9:-9.0::",
        "lianju:heart:",
    ],
)
async def test_button_of_another_layout_is_a_private_error(custom_id, fake, bot, store, answer):
    answer["components"][0]["components"][1]["accessory"]["custom_id"] = custom_id
    for pressed in custom_ids(answer):
        told = await press(fake, bot, answer, pressed)
        assert told["flags"] & EPHEMERAL
        assert told["content"] == english("answer-unreadable")
    assert await kept(store) == []


# --- another batch ---


async def test_another_batch_is_posted_in_public(fake, bot, composer, answer):
    payload = fake.press(answer, button(answer, "Another batch"))
    before = texts(answer)
    await bot.receive(payload)
    exchange = fake.exchange(payload)
    assert exchange.type == 5
    (message,) = exchange.messages
    assert not message["flags"] & EPHEMERAL
    assert message["id"] != answer["id"]
    assert texts(answer) == before
    assert texts(message)[0] == texts(answer)[0]
    seed = int(re.search(r"seed (\d+)$", texts(message)[-1])[1])
    drawn = composer.compose_now(Request(LINE, search=Rerank(seed), count=5))
    assert [couplet(message, rank).answer for rank in range(1, 6)] == [
        candidate.text for candidate in drawn.candidates
    ]


async def test_another_batch_of_sampled_lines_is_sampled(fake, bot, composer, clock):
    first = await ask(fake, bot, poem(LINE, mode="sampled", count=3), private=False)
    clock.now += 60
    payload = fake.press(first, button(first, "Another batch"))
    await bot.receive(payload)
    (message,) = fake.exchange(payload).messages
    seed = int(re.search(r"seed (\d+)$", texts(message)[-1])[1])
    drawn = composer.compose_now(Request(LINE, search=Sample(seed=seed), count=3))
    assert [couplet(message, rank).answer for rank in range(1, 4)] == [
        candidate.text for candidate in drawn.candidates
    ]


async def test_every_batch_is_different(fake, bot, answer, clock):
    seeds = set()
    for _ in range(3):
        payload = fake.press(answer, button(answer, "Another batch"))
        await bot.receive(payload)
        (message,) = fake.exchange(payload).messages
        seeds.add(texts(message)[-1])
        answer = message  # which has the same button
        clock.now += 60
    assert len(seeds) == 3


async def test_another_batch_is_of_the_same_size_and_script(fake, bot, clock):
    data = poem(f"{LINE}，白日依山尽", count=3, script="traditional")
    first = await ask(fake, bot, data, private=False)
    clock.now += 60
    payload = fake.press(first, button(first, "Another batch"))
    await bot.receive(payload)
    (message,) = fake.exchange(payload).messages
    assert texts(message)[0] == texts(first)[0] == f"### {LINE}\n### 白日依山尽"
    assert len(custom_ids(message, "lianju:heart:")) == 3
    assert couplet(message, 1).line == "白日依山盡"


async def test_only_the_requester_can_request_another_batch(fake, bot, answer):
    told = await press(fake, bot, answer, button(answer, "Another batch"), user=78)
    assert told["flags"] & EPHEMERAL
    assert "/poem" in told["content"]


async def test_another_batch_waits_for_the_cooldown(fake, bot, clock):
    message = await ask(fake, bot, poem(LINE), private=False)
    told = await press(fake, bot, message, button(message, "Another batch"))
    assert told["content"] == english("limit-cooldown", retry_at=str(int(clock.now) + 5))


async def test_another_batch_is_refused_outside_the_allowed_channels(fake, bot, store, answer):
    await store.guild_settings.change(42, channels=frozenset({98}))
    told = await press(fake, bot, answer, button(answer, "Another batch"))
    assert told["content"] == english("poem-elsewhere", channels="<#98>")
