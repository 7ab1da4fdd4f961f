"""How many recent lines are kept, and that what reads them keeps nobody else waiting."""

import asyncio
import sqlite3
from contextlib import AsyncExitStack, closing

import pytest
from lianju.bot.store import recent_lines as recent_lines_module
from lianju.bot.store.database import READERS
from lianju.bot.store.recent_lines import KEPT
from lianju.bot.verses import Verse

COUPLET = Verse("黄河远上白云间", "一片孤城万仞山")
PATIENCE_S = 60  # a test that fails may take so long


async def test_latest_lines_of_each_user_are_kept(store, query, monkeypatch):
    monkeypatch.setattr(recent_lines_module, "KEPT", 3)
    for n in range(5):
        await store.recent_lines.add(1, f"行{n}", n)
    await store.recent_lines.add(2, "行0", 0)
    await store.recent_lines.add(1, "行2", 9)  # used again
    await store.recent_lines.add(1, "行5", 5)
    assert await store.recent_lines.recent(1, "", 25) == ["行2", "行5", "行4"]
    assert await store.recent_lines.recent(2, "", 25) == ["行0"]
    assert query("SELECT count(*) FROM prompt") == [(4,)]


async def test_lines_of_a_database_without_the_limit_are_deleted_in_batches(
    store, path, query, monkeypatch
):
    monkeypatch.setattr(recent_lines_module, "BATCH", 400)
    with closing(sqlite3.connect(path)) as database, database:
        rows = [(1, f"行{n}", n) for n in range(1000)]
        database.executemany("INSERT INTO prompt (user_id, line, asked_at) VALUES (?, ?, ?)", rows)
    sizes = []
    for n in range(3):
        await store.recent_lines.add(1, f"新{n}", 2000 + n)
        sizes += query("SELECT count(*) FROM prompt WHERE user_id = 1")[0]
    assert sizes == [601, KEPT + 2, KEPT]
    latest = await store.recent_lines.recent(1, "", 4)
    assert latest == ["新2", "新1", "新0", "行999"]


@pytest.mark.parametrize("kind", READERS)
async def test_kinds_of_reading_do_not_wait_for_each_other(kind, store):
    await store.recent_lines.add(1, COUPLET.line, 9)
    reads = {
        "lookup": lambda: store.guild_settings.get(5),
        "list": lambda: store.leaderboard.verses(5, None, 0, 10),
        "typing": lambda: store.recent_lines.recent(1, "", 25),
    }
    async with AsyncExitStack() as held, asyncio.timeout(PATIENCE_S):
        for _ in range(READERS[kind]):
            await held.enter_async_context(store._database.reader(kind))
        for other in set(READERS) - {kind}:
            await reads[other]()
        await store.favorites.toggle(1, 5, COUPLET, 1, 9)
        waiting = asyncio.ensure_future(reads[kind]())
        await asyncio.sleep(0)
        assert not waiting.done()
        await held.aclose()
        await waiting
