import asyncio

import pytest
from lianju.bot.guild_settings import (
    BEAM_SIZE,
    CANDIDATES,
    CHANNELS,
    COOLDOWN,
    GuildSettings,
)
from lianju.bot.store import open_store
from lianju.bot.verse import RequestError
from lianju.bot.verses import Verse


@pytest.mark.parametrize(
    ("fields", "key", "facts"),
    [
        (
            {"beam_size": 0},
            "request-range",
            {"name": "beam_size", "value": 0, "low": 1, "high": 64},
        ),
        ({"beam_size": 65}, "request-range", {"name": "beam_size", "value": 65}),
        ({"candidates": 11, "beam_size": 64}, "request-range", {"value": 11, "low": 1, "high": 10}),
        ({"cooldown_s": -1}, "request-range", {"name": "cooldown_s", "value": -1, "high": 3600}),
        ({"cooldown_s": 3601}, "request-range", {"value": 3601}),
        ({"candidates": 6}, "settings-candidates", {"beam_size": 5, "candidates": 6}),
        ({"beam_size": 4}, "settings-candidates", {"beam_size": 4, "candidates": 5}),
        ({"script": "roman"}, "unknown-choice", {"value": "roman"}),
        ({"language": "fr"}, "unknown-choice", {"value": "fr"}),
        ({"channels": frozenset(range(1, 27))}, "request-range", {"name": "channels", "value": 26}),
        ({"channels": frozenset({0})}, "request-range", {"name": "channel", "value": 0}),
    ],
)
async def test_value_out_of_range_is_refused_with_value_and_range(store, fields, key, facts):
    with pytest.raises(RequestError) as caught:
        GuildSettings(**fields)
    assert caught.value.key == key
    assert caught.value.facts.items() >= facts.items()
    await store.guild_settings.change(5, language="zh-TW")
    with pytest.raises(RequestError):
        await store.guild_settings.change(5, **fields)
    assert await store.guild_settings.get(5) == GuildSettings(language="zh-TW")


async def test_bounds_are_allowed_and_stored(store, url):
    low = GuildSettings(BEAM_SIZE.low, CANDIDATES.low, COOLDOWN.low, "simplified", "zh-CN")
    high = GuildSettings(
        BEAM_SIZE.high,
        CANDIDATES.high,
        COOLDOWN.high,
        "traditional",
        "en",
        frozenset(range(2**62, 2**62 + CHANNELS.high)),
    )
    for guild, wanted in ((5, low), (6, high)):
        assert await store.guild_settings.change(guild, **vars(wanted)) == wanted
    again = await open_store(url)
    assert [await again.guild_settings.get(guild) for guild in (5, 6)] == [low, high]
    await again.close()


async def test_change_affects_only_the_named_field_of_this_server(store):
    await store.guild_settings.change(5, beam_size=8, channels=frozenset({3, 4}))
    await store.guild_settings.change(5, candidates=8)
    await store.guild_settings.change(6, cooldown_s=0)
    assert await store.guild_settings.get(5) == GuildSettings(8, 8, channels=frozenset({3, 4}))
    assert await store.guild_settings.change(5, channels=frozenset()) == GuildSettings(8, 8)
    assert await store.guild_settings.get(6) == GuildSettings(cooldown_s=0)
    await store.guild_settings.reset(5)
    assert await store.guild_settings.get(5) == GuildSettings()
    assert await store.guild_settings.get(6) == GuildSettings(cooldown_s=0)


async def test_concurrent_changes_are_both_applied(store):
    await asyncio.gather(
        store.guild_settings.change(5, cooldown_s=0), store.guild_settings.change(5, language="en")
    )
    assert await store.guild_settings.get(5) == GuildSettings(cooldown_s=0, language="en")


async def test_deleting_a_guild_deletes_its_settings_and_nothing_else(store, query):
    await store.favorites.toggle(1, 5, Verse("a", "b"), 2, 9)
    for guild in (5, 6):
        await store.guild_settings.change(guild, channels=frozenset({3}))
    await store.delete_guild(5, 9)
    await store.delete_guild(7, 9)
    assert await store.guild_settings.get(5) == GuildSettings()
    assert query("SELECT guild_id FROM server UNION ALL SELECT guild_id FROM channel") == [
        (6,),
        (6,),
    ]
    assert len(await store.favorites.all(1)) == 1
