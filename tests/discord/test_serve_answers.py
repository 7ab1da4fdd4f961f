"""Answers and their buttons in a process of its own, which may die at any moment."""

import pytest

from .commands import button
from .fake_discord import TOKEN
from .interactions import custom_ids, labels, poem, slash, texts
from .process import serving

LINE = "黄河远上白云间"


@pytest.fixture
def settings(fake, bundle):
    return {
        "DISCORD_TOKEN": TOKEN,
        "LIANJU_REST_BASE": fake.rest_base,
        "LIANJU_BUNDLE": bundle,
        "LIANJU_PROVIDER": "cpu",
        "LIANJU_THREADS": 1,
    }


async def press_heart(fake, message, user):
    heart = custom_ids(message, "lianju:heart:2:1:")[0]
    exchange = await fake.send(fake.press(message, heart, user=user))
    return labels(await exchange.updated())[heart]


async def test_acknowledged_heart_survives_a_kill_and_counts_once(fake, settings):
    async with serving(**settings) as served:
        await served.online(fake.ready)
        asked = await fake.send(fake.interaction(poem(LINE)))
        message = await asked.answered()
        assert await press_heart(fake, message, 78) == "♥ 1"
        served.kill()
        await served.ended()
    fake.ready.clear()
    async with serving(**settings) as served:
        await served.online(fake.ready)
        assert await press_heart(fake, message, 79) == "♥ 2"
        assert await press_heart(fake, message, 78) == "♥ 1"  # taken back
        assert (await served.stop()).status == 0
    assert fake.refusals == []


async def test_everything_under_an_answer_works_after_a_dropped_gateway(fake, settings):
    async with serving(**settings) as served:
        await served.online(fake.ready)
        answered = await (await fake.send(fake.interaction(poem(LINE)))).answered()
        await fake.drop_gateway()
        await served.online(fake.back)
        assert await press_heart(fake, answered, 78) == "♥ 1"
        details = await fake.send(fake.press(answered, button(answered, "Details")))
        assert "toy 0.0.1" in texts(await details.answered())[0]
        typed = await fake.send(fake.complete(slash("poem", focused="line", line="黄")))
        await typed.until(lambda: typed.acknowledged)
        assert [choice["value"] for choice in typed.choices] == [LINE]
        stranger = fake.press(answered, button(answered, "Another batch"), user=78)
        assert "/poem" in (await (await fake.send(stranger)).answered())["content"]
        ended = await served.stop()
    assert ended.status == 0
    assert fake.refusals == []
    assert not set(LINE) & set(ended.log)
