"""Operations that are cancelled, at any moment, leave the database free."""

import asyncio

import pytest
from lianju.bot.store import open_store
from lianju.bot.verses import Verse

COUPLET = Verse("黄河远上白云间", "万里江山万里遥")
BUSY_S = 5.0

WRITES = {
    "favorite": lambda store, n: store.favorites.toggle(n, 5, COUPLET, None, 9),
    "settings": lambda store, n: store.guild_settings.change(n + 1, beam_size=9),
    "user": lambda store, n: store.delete_user(n + 1, 5.0),
    "guild": lambda store, n: store.delete_guild(n + 1, 5.0),
    "guilds": lambda store, n: store.delete_left_guilds(7, lambda _: True, 5.0),
    "line": lambda store, n: store.recent_lines.add(1, str(n), 9),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
async def test_a_cancelled_write_does_not_keep_the_database_locked(write, url):
    store = await open_store(url, busy_s=BUSY_S)
    for turns in range(0, 400, 10):
        task = asyncio.ensure_future(write(store, turns))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        # Raises StoreBusyError where an open transaction was left.
        assert await store.favorites.toggle(1000 + turns, 6, COUPLET, None, 9)
    await store.close()
