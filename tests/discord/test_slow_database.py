"""An interaction that waits for the database is deferred in time, and answered in the end."""

from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from lianju.bot.store.database import READERS
from lianju.bot.ui import replies
from lianju.bot.verses import Verse

from .interactions import (
    ADMIN,
    EPHEMERAL,
    THINKING,
    THINKING_UPDATE,
    custom_ids,
    labels,
    poem,
    slash,
    texts,
)

LINE = "黄河远上白云间"


@asynccontextmanager
async def no_free_reader(store):
    """Every connection that reads is in use."""
    async with AsyncExitStack() as stack:
        for kind, readers in READERS.items():
            for _ in range(readers):
                await stack.enter_async_context(store._database.reader(kind))
        yield


@pytest.fixture
def answer_late(fake, bot, store, monkeypatch):
    """Sends an interaction while no connection is free, until it is deferred; then frees them."""

    async def answer(payload):
        monkeypatch.setattr(replies, "DEFER_AFTER_S", 0)
        exchange = fake.exchange(payload)
        async with no_free_reader(store):
            answering = bot.begin(payload)
            await exchange.until(lambda: exchange.acknowledged)
            assert exchange.messages == []
        await answering
        return exchange

    return answer


@pytest.mark.parametrize(
    ("command", "private"),
    [
        (poem(LINE), False),
        (slash("leaderboard"), False),
        (slash("favorites list"), True),
        (slash("favorites export", format="txt"), True),
        (slash("settings show"), True),
        (slash("settings beam-size", width=9), True),
        (slash("settings channels"), True),
        (slash("privacy"), True),
        (slash("about"), True),
    ],
    ids=lambda value: value["name"] if isinstance(value, dict) else "",
)
async def test_late_command_is_deferred_then_answered_once(
    command, private, fake, store, answer_late
):
    await store.favorites.toggle(77, 42, Verse(LINE, "一片孤城万仞山"), 77, 1)
    payload = fake.interaction(command, permissions=ADMIN)
    exchange = await answer_late(payload)
    (message,) = exchange.messages
    assert exchange.type == THINKING
    assert bool(message["flags"] & EPHEMERAL) is private
    assert message["components"] or message["attachments"]
    assert fake.refusals == []


async def test_late_command_in_a_closed_channel_is_still_answered_in_private(
    fake, store, answer_late
):
    await store.guild_settings.change(42, channels=frozenset({1}))
    exchange = await answer_late(fake.interaction(slash("leaderboard")))
    (message,) = exchange.messages
    assert message["flags"] & EPHEMERAL


async def test_late_refusal_is_private(fake, answer_late):
    exchange = await answer_late(fake.interaction(poem("")))
    (message,) = exchange.messages
    assert message["flags"] & EPHEMERAL
    assert exchange.deleted  # the deferred reply that everybody saw


@pytest.mark.parametrize(
    ("button", "type_"), [("heart", THINKING_UPDATE), ("details", THINKING), ("again", THINKING)]
)
async def test_late_button_of_an_answer(button, type_, fake, bot, clock, answer_late):
    asked = fake.interaction(poem(LINE))
    await bot.receive(asked)
    clock.now += 60
    answer = fake.exchange(asked).original
    pressed = custom_ids(answer, f"lianju:{button}:")[0]
    exchange = await answer_late(fake.press(answer, pressed))
    assert exchange.type == type_
    assert labels(answer)[custom_ids(answer, "lianju:heart:")[0]] == (
        "♥ 1" if button == "heart" else "♥"
    )
    assert len(exchange.messages) == (button != "heart")
    assert fake.refusals == []


async def test_late_page_of_favorites_is_shown_in_place(fake, bot, store, answer_late):
    for number in range(11):
        await store.favorites.toggle(77, 42, Verse(LINE, f"答{number}"), 77, number)
    listed = fake.interaction(slash("favorites list"))
    await bot.receive(listed)
    page = fake.exchange(listed).original
    pressed = custom_ids(page, "lianju:favourites:")[1]
    exchange = await answer_late(fake.press(page, pressed))
    assert exchange.messages == []
    assert "答0" in "".join(texts(page))
