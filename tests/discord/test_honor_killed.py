"""A process that is killed between posting on a page of honor and learning of it."""

import asyncio
import signal
import sqlite3
from contextlib import closing

import pytest
from lianju.bot.store import open_store

from .honor_pages import CHANNEL, FANS, GUILD, love
from .process import serving


@pytest.mark.slow
async def test_kill_9_neither_loses_nor_doubles_a_verse(fake, settings, tmp_path):
    file = tmp_path / "lianju.sqlite3"
    fake.receipts.clear()
    async with serving(**settings) as served:
        await served.online(fake.ready)
        store = await open_store(f"sqlite+aiosqlite:///{file}")
        await store.guild_settings.set_honor_page(GUILD, CHANNEL, 3, 1_000_000_000)
        await love(store, *FANS[:3], at=1_000_000_000)
        await store.close()
        await asyncio.wait_for(fake.arrived.wait(), 120)
        await served.stop(signal.SIGKILL)
    (message,) = fake.posted[str(CHANNEL)]
    fake.receipts.set()
    fake.nonces.clear()  # a while later
    with closing(sqlite3.connect(file)) as database:
        at = "SELECT state, message_id, next_at > 0 FROM honor"
        assert database.execute(at).fetchall() == [("posting", None, 1)]
        database.execute("UPDATE honor SET next_at = 0")
        database.execute("UPDATE honor_page SET booklet_at = 9999999999")
        database.commit()
    fake.ready.clear()
    edit = f"messages/{message['id']}"  # what the bot does once it has found it
    fake.gates[edit] = fake.receipts
    async with serving(**settings) as served:
        await served.online(fake.ready)
        await asyncio.wait_for(fake.reached[edit].wait(), 120)
        await served.stop()
    assert fake.posted[str(CHANNEL)] == [message]
    with closing(sqlite3.connect(file)) as database:
        ids = database.execute("SELECT message_id FROM honor").fetchall()
    assert ids == [(int(message["id"]),)]
