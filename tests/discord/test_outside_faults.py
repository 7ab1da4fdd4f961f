"""A bot in its own process, with faults of Discord, the disk and impatient members.

Each interaction is acknowledged in time and answered exactly once.
"""

import asyncio
import sqlite3

import pytest

from .interactions import EPHEMERAL, custom_ids, labels, poem
from .process import serving

LINE = "黄河远上白云间"
HEART = "lianju:heart:2:1:"


@pytest.fixture
async def served(fake, settings):
    async with serving(**settings) as process:
        await process.online(fake.ready)
        yield process


@pytest.fixture
async def message(fake, served):
    """An answer to press hearts on."""
    return await (await fake.send(fake.interaction(poem(LINE)))).answered()


def heart(message):
    return custom_ids(message, HEART)[0]


async def press(fake, message, user):
    """Presses the first heart, and returns what that user sees on it, or the private answer."""
    exchange = await fake.send(fake.press(message, heart(message), user=user))
    await exchange.until(lambda: exchange.acknowledged)
    return labels(await exchange.updated())[heart(message)]


async def test_two_people_at_once_are_both_counted(fake, served, message):
    presses = [fake.press(message, heart(message), user=user) for user in range(100, 108)]
    exchanges = [await fake.send(payload) for payload in presses]
    for exchange in exchanges:
        await exchange.until(lambda exchange=exchange: exchange.acknowledged)
    assert (await served.stop()).status == 0  # what was still to be shown has been
    assert labels(message)[heart(message)] == "♥ 8"
    assert [exchange.messages for exchange in exchanges] == [[]] * 8
    assert fake.refusals == []


async def test_two_presses_of_one_user_cancel_out(fake, served, message):
    presses = [fake.press(message, heart(message), user=78) for _ in range(2)]
    exchanges = [await fake.send(payload) for payload in presses]
    for exchange in exchanges:
        await exchange.until(lambda exchange=exchange: exchange.acknowledged)
    assert await press(fake, message, 79) == "♥ 1"


async def test_locked_database_delays_only_hearts(fake, served, message, tmp_path):
    with sqlite3.connect(tmp_path / "lianju.sqlite3", isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        exchange = await fake.send(fake.press(message, heart(message), user=78))
        await exchange.until(lambda: exchange.acknowledged)  # in time, without the number
        assert labels(message)[heart(message)] == "♥"
        composed = await fake.send(fake.interaction(poem(LINE), user=79))
        assert (await composed.answered())["components"]
        other.execute("ROLLBACK")
    other.close()
    assert labels(await exchange.updated())[heart(message)] == "♥ 1"
    assert (await served.stop()).status == 0
    assert exchange.messages == []
    assert len(composed.messages) == 1
    assert fake.refusals == []


@pytest.mark.parametrize("status", [429, 500])
@pytest.mark.parametrize("request_", ["callback", "@original"])
async def test_short_outage_of_discord_is_retried(status, request_, fake, served):
    fake.failures[request_] = [status]
    exchange = await fake.send(fake.interaction(poem(LINE)))
    assert (await exchange.answered())["components"]
    assert (await served.stop()).status == 0
    assert [refused for refused, _ in fake.refusals] == [status]
    assert len(exchange.messages) == 1


async def test_heart_whose_acknowledgement_is_lost_is_counted_once(fake, served, message):
    fake.losses = {"callback"}
    exchange = await fake.send(fake.press(message, heart(message), user=78))
    await exchange.updated()
    assert await press(fake, message, 79) == "♥ 2"
    assert (await served.stop()).status == 0
    assert exchange.messages == []
    assert message["id"] not in fake.messages.gone
    assert [status for status, _ in fake.refusals] == [500, 400]  # and 400: done already


async def test_heart_on_a_deleted_message_is_answered_in_private(fake, served, message):
    payload = fake.press(message, heart(message), user=78)
    fake.delete(message)
    exchange = await fake.send(payload)
    told = await exchange.answered()
    assert told["flags"] & EPHEMERAL
    assert "you keep the verse" in told["content"]
    ended = await served.stop()
    assert ended.status == 0
    assert "Traceback" not in ended.log
    assert len(exchange.messages) == 1


async def test_answer_deleted_during_composition(fake, served):
    fake.gates["@original"] = asyncio.Event()
    exchange = await fake.send(fake.interaction(poem(LINE)))
    await fake.reached["@original"].wait()
    exchange.deleted = True
    fake.gates["@original"].set()
    await served.logs("outcome=gone")
    assert (await served.stop()).status == 0
    assert exchange.messages == []


async def test_second_request_of_a_member_is_told_to_wait(fake, served):
    fake.gates["@original"] = asyncio.Event()
    first = await fake.send(fake.interaction(poem(LINE)))
    await fake.reached["@original"].wait()
    second = await fake.send(fake.interaction(poem(LINE)))
    refusal = await second.answered()
    assert refusal["flags"] & EPHEMERAL
    fake.gates["@original"].set()
    assert (await first.answered())["components"]
    third = await fake.send(fake.interaction(poem(LINE)))
    assert "<t:" in (await third.answered())["content"]  # when to ask again
