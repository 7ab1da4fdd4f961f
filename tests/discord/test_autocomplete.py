"""What `/poem` offers while its line is typed."""

import logging

import pytest
from lianju.bot.store import StoreBusyError
from lianju.bot.verses import Verse

from .interactions import poem, slash

LINE = "黄河远上白云间"
OTHERS = ("白日依山尽", "床前明月光")


async def offered(fake, bot, typed, **place):
    payload = fake.complete(slash("poem", focused="line", line=typed), **place)
    await bot.receive(payload)
    exchange = fake.exchange(payload)
    assert exchange.type == 8
    assert [choice["name"] for choice in exchange.choices] == [
        choice["value"] for choice in exchange.choices
    ]
    return [choice["value"] for choice in exchange.choices]


async def test_the_users_newest_line_comes_first(fake, bot, clock):
    for line in (LINE, *OTHERS, LINE):
        await bot.receive(fake.interaction(poem(f" {line} ")))
        clock.now += 10
    assert await offered(fake, bot, "") == [LINE, OTHERS[1], OTHERS[0]]
    assert await offered(fake, bot, "明月") == [OTHERS[1]]
    assert await offered(fake, bot, "", guild=None) == [LINE, OTHERS[1], OTHERS[0]]
    assert await offered(fake, bot, "", user=78) == []


async def test_lines_with_the_most_hearts_in_the_server_follow(fake, bot, store):
    await store.recent_lines.add(77, OTHERS[0], 1)
    for user in (1, 2):
        await store.favorites.toggle(user, 42, Verse("x", OTHERS[1]), 9, 1)
    await store.favorites.toggle(1, 42, Verse("x", LINE), 9, 1)
    await store.favorites.toggle(1, 42, Verse("x", OTHERS[0]), 9, 1)  # offered once
    assert await offered(fake, bot, "") == [OTHERS[0], OTHERS[1], LINE]
    assert await offered(fake, bot, "", guild=43) == [OTHERS[0]]
    assert await offered(fake, bot, "", guild=None) == [OTHERS[0]]


async def test_poems_are_not_suggested(fake, bot, store):
    await store.favorites.toggle(1, 42, Verse.of(LINE, *OTHERS), 9, 1)
    await store.favorites.toggle(1, 42, Verse(LINE, OTHERS[1]), 9, 1)
    assert await offered(fake, bot, "") == [OTHERS[1]]


async def test_suggestions_keep_discords_limits(fake, bot, store):
    for number in range(40):
        await store.recent_lines.add(77, f"诗{number}", number)
    await store.favorites.toggle(1, 42, Verse("x", "长" * 101), 9, 1)
    await store.favorites.toggle(1, 42, Verse("x", "长" * 100), 9, 1)
    assert len(await offered(fake, bot, "")) == 25
    assert await offered(fake, bot, "长") == ["长" * 100]


async def test_line_too_long_to_be_suggested_is_not_stored(fake, bot, store):
    await bot.receive(fake.interaction(poem(LINE + "，" * 120)))
    assert await store.recent_lines.recent(77, "", 25) == []


@pytest.mark.parametrize("line", ["。", "龘"])
async def test_line_that_was_refused_is_not_stored(line, fake, bot, store):
    await bot.receive(fake.interaction(poem(line)))
    assert await store.recent_lines.recent(77, "", 25) == []


@pytest.mark.parametrize("error", [StoreBusyError(), RuntimeError(LINE)])
async def test_store_error_gives_no_suggestions(error, fake, bot, store, monkeypatch, caplog):
    async def fail(*args):
        raise error

    caplog.set_level(logging.INFO)
    monkeypatch.setattr(store.recent_lines, "recent", fail)
    assert await offered(fake, bot, LINE) == []
    assert LINE not in caplog.text


@pytest.mark.parametrize("error", [StoreBusyError(), RuntimeError(LINE)])
async def test_failure_to_store_a_line_does_not_fail_the_answer(
    error, fake, bot, store, monkeypatch, caplog
):
    async def fail(*args):
        raise error

    caplog.set_level(logging.INFO)
    monkeypatch.setattr(store.recent_lines, "add", fail)
    payload = fake.interaction(poem(LINE))
    await bot.receive(payload)
    (message,) = fake.exchange(payload).messages
    assert message["components"]
    assert "outcome=answered" in caplog.text
    assert LINE not in caplog.text
