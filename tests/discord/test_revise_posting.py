"""Posting a revised poem for everybody: where that is allowed, once, and without losing it."""

import asyncio

import pytest

from . import revisions
from .bundle_with_prosody import write_bundle_with_prosody
from .commands import button, english
from .interactions import (
    HANGS_S,
    MANAGE_THREADS,
    MEMBER,
    SEND_IN_THREADS,
    SEND_MESSAGES,
    VIEW_CHANNEL,
    custom_ids,
    texts,
)
from .linked_verse import restarted
from .revisions import (
    LINE,
    POST,
    STRANGER,
    UNDO,
    WRITE,
    begin,
    changed,
    menu,
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


async def held(fake, bot, message):
    """Has the poem posted, by a request that waits; returns its task, payload and gate."""
    payload = fake.press(message, button(message, POST), user=STRANGER)
    sending = f"/webhooks/1000/{payload['token']}"
    gate = fake.gates[sending] = asyncio.Event()
    running = bot.begin(payload)
    async with asyncio.timeout(HANGS_S):
        await fake.reached[sending].wait()
    return running, payload, gate


async def test_nothing_else_is_done_while_a_poem_is_being_posted(fake, bot):
    message = await begin(fake, bot)
    await changed(fake, bot, message, WRITE, user=STRANGER)
    running, payload, gate = await held(fake, bot, message)
    assert note(message) == english("revise-posting")
    for label in (POST, UNDO):
        exchange = await revisions.press(fake, bot, message, label, user=STRANGER)
        assert [each["content"] for each in exchange.messages] == [english("revise-late")]
    late = fake.press(message, button(message, POST), user=STRANGER)
    gate.set()
    await running
    assert len(fake.exchange(payload).messages) == 1
    assert texts(message)[0] == f"### {english('revise-posted')}"
    assert custom_ids(message) == []
    await bot.receive(late)
    (told,) = fake.exchange(late).messages
    assert told["content"] == english("revise-late")


async def test_a_bot_killed_before_a_poem_is_posted_has_not_posted_it(
    fake, bot, engine, store, clock
):
    message = await begin(fake, bot)
    await changed(fake, bot, message, WRITE, user=STRANGER)
    before = (poem_of(message), versions(message))
    running, payload, _ = await held(fake, bot, message)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await bot.close()
    assert fake.exchange(payload).messages == []
    assert note(message) == english("revise-posting")
    async with restarted(fake, engine, store, clock) as (reborn, _):
        await changed(fake, reborn, message, UNDO, user=STRANGER)
        option = menu(message, "version")["options"][1]["value"]
        await changed(fake, reborn, message, "version", [option], user=STRANGER)
        assert (poem_of(message), versions(message)) == before
        exchange = await revisions.press(fake, reborn, message, POST, user=STRANGER)
        (posted,) = exchange.messages
        assert texts(posted)[1].split("\n")[1:] == before[0]


@pytest.mark.parametrize(
    ("path", "failing", "posted"), [("", [400, 400], False), ("/messages/@original", [400], True)]
)
async def test_a_poem_is_not_lost_while_discord_is_away(path, failing, posted, fake, bot):
    message = await begin(fake, bot)
    await changed(fake, bot, message, WRITE, user=STRANGER)
    before = (poem_of(message), versions(message))
    payload = fake.press(message, button(message, POST), user=STRANGER)
    fake.failures[f"/webhooks/1000/{payload['token']}{path}"] = failing  # edits as well as posts
    await bot.receive(payload)
    sent = [not each["flags"] & 64 for each in fake.exchange(payload).messages]
    assert sent == [True, False] if posted else [False]  # an incident, which is told in private
    assert note(message) == english("revise-posting")
    assert (poem_of(message), versions(message)) == before
    exchange = await revisions.press(fake, bot, message, POST, user=STRANGER)
    assert len(exchange.messages) == 1
    assert custom_ids(message) == []


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
    assert note(message) == english("post-no-right")
    assert (poem_of(message), len(versions(message))) == (lines, 2)
    exchange = await revisions.press(fake, bot, message, POST, user=STRANGER, **writable)
    (posted,) = exchange.messages
    assert texts(posted)[1].split("\n")[1:] == lines
