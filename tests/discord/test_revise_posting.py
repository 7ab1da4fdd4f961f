"""Posting a revised poem for everybody: where that is allowed, once, and without losing it."""

import asyncio

import pytest

from . import revisions
from .bundle_with_prosody import write_bundle_with_prosody
from .commands import button, english
from .interactions import (
    MANAGE_THREADS,
    MEMBER,
    SEND_IN_THREADS,
    SEND_MESSAGES,
    VIEW_CHANNEL,
    texts,
)
from .revisions import (
    LINE,
    POST,
    STRANGER,
    WRITE,
    begin,
    changed,
    note,
    open_form,
    poem_of,
    send,
    versions,
)


@pytest.fixture
def bundle(tmp_path):
    return write_bundle_with_prosody(tmp_path / "toy")


async def test_two_presses_at_once_post_once(fake, bot):
    message = await begin(fake, bot)
    await changed(fake, bot, message, WRITE, user=STRANGER)
    custom_id = button(message, POST)
    both = [fake.press(message, custom_id, user=STRANGER) for _ in range(2)]
    await asyncio.gather(*map(bot.receive, both))
    sent = [each for payload in both for each in fake.exchange(payload).messages]
    private = [each for each in sent if each["flags"] & 64]
    assert len(sent) == 2
    assert [each["content"] for each in private] == [english("revise-late")]
    assert texts(message)[0] == f"### {english('revise-posted')}"


async def test_a_press_that_comes_late_posts_nothing(fake, bot):
    message = await begin(fake, bot)
    await changed(fake, bot, message, WRITE, user=STRANGER)
    late = fake.press(message, button(message, POST), user=STRANGER)
    await revisions.press(fake, bot, message, POST, user=STRANGER)
    await bot.receive(late)
    (told,) = fake.exchange(late).messages
    assert told["content"] == english("revise-late")


async def test_a_poem_that_cannot_be_posted_is_not_lost(fake, bot):
    message = await begin(fake, bot)
    await changed(fake, bot, message, WRITE, user=STRANGER)
    before = (texts(message), versions(message))
    for status in (403, 404, 400):
        payload = fake.press(message, button(message, POST), user=STRANGER)
        fake.failures[f"/webhooks/1000/{payload['token']}"] = [status]
        await bot.receive(payload)
        told = [each["content"] for each in fake.exchange(payload).messages]
        if status == 403:
            assert told == [english("revise-no-post")]
        assert (texts(message), versions(message)) == before
    exchange = await revisions.press(fake, bot, message, POST, user=STRANGER)
    assert len(exchange.messages) == 1


async def test_poems_are_posted_only_where_the_bot_answers(fake, bot, store):
    message = await begin(fake, bot)
    await changed(fake, bot, message, WRITE, user=STRANGER)
    await store.guild_settings.change(42, channels=frozenset({98}))
    for label in (POST, WRITE):
        await changed(fake, bot, message, label, user=STRANGER)
        assert note(message) == english("poem-elsewhere", channels="<#98>")
    await store.guild_settings.change(42, channels=frozenset())
    exchange = await revisions.press(fake, bot, message, POST, user=STRANGER)
    assert len(exchange.messages) == 1


THREAD = {"channel": 98, "thread_of": 99}
PLACES = [  # of members who may look on, and the same of those who may write
    (
        {"permissions": VIEW_CHANNEL | SEND_IN_THREADS},
        {"permissions": VIEW_CHANNEL | SEND_MESSAGES},
    ),
    (
        THREAD | {"permissions": VIEW_CHANNEL | SEND_MESSAGES},
        THREAD | {"permissions": VIEW_CHANNEL | SEND_IN_THREADS},
    ),
    (
        THREAD | {"locked": True, "permissions": MEMBER},
        THREAD | {"locked": True, "permissions": MEMBER | MANAGE_THREADS},
    ),
]


@pytest.mark.parametrize(("read_only", "writable"), PLACES)
async def test_who_may_not_write_posts_nothing_but_may_revise(read_only, writable, fake, bot):
    message = await begin(fake, bot)
    opened, _ = await open_form(fake, bot, message, user=STRANGER, **read_only)
    own = f"{LINE}\n{LINE}\n{LINE}\n{LINE[:4]}？"
    await send(fake, bot, opened, own, user=STRANGER, **read_only)
    lines = poem_of(message)
    assert lines[:3] == [LINE] * 3
    await changed(fake, bot, message, POST, user=STRANGER, **read_only)
    assert note(message) == english("revise-no-right")
    assert (poem_of(message), len(versions(message))) == (lines, 2)
    exchange = await revisions.press(fake, bot, message, POST, user=STRANGER, **writable)
    (posted,) = exchange.messages
    assert texts(posted)[1].split("\n")[1:] == lines
