"""Expired lines and deleted users leave nothing on the disk."""

import asyncio
import hmac
from contextlib import closing

import pytest
from lianju.bot.store import DeletedData
from lianju.bot.store import recent_lines as prompts_module
from lianju.bot.store import sqlite as sqlite_module
from lianju.bot.store.database_file import create_or_migrate
from lianju.bot.verses import Verse

SECRET = "床前明月光"  # noqa: S105 -- of a member, not of a machine
OTHER = "疑是地上霜"


@pytest.fixture
def on_disk(path):
    """Whether a text is to be found in any file of the database."""

    def on_disk(text):
        return any(text.encode() in each.read_bytes() for each in path.parent.iterdir())

    return on_disk


async def test_recent_lines_are_the_users_own_latest_first_without_duplicates(store):
    for user, line, at in [(1, "甲", 5), (1, "乙", 6), (2, "丙", 7), (1, "甲", 8), (1, "丁%", 8.9)]:
        await store.recent_lines.add(user, line, at)
    assert await store.recent_lines.recent(1, "", 25) == ["丁%", "甲", "乙"]
    assert await store.recent_lines.recent(1, "", 2) == ["丁%", "甲"]
    assert await store.recent_lines.recent(1, "%", 25) == ["丁%"]
    assert await store.recent_lines.recent(3, "", 25) == []
    await store.recent_lines.add(1, "甲", 2)  # a clock that was set back makes nothing older
    assert await store.recent_lines.recent(1, "甲", 1) == ["甲"]
    assert await store.purge(8) == 2
    assert await store.recent_lines.recent(1, "", 25) == ["丁%", "甲"]


async def test_old_lines_are_deleted_and_leave_the_disk(store, on_disk, query, monkeypatch):
    monkeypatch.setattr(prompts_module, "BATCH", 4)
    for number in range(11):
        await store.recent_lines.add(1, f"{SECRET}{number}", number)
    assert on_disk(SECRET)
    assert await store.purge(0) == 0
    assert await store.purge(8) == 8
    assert await store.purge(8) == 0
    assert query("SELECT min(asked_at), count(*) FROM prompt") == [(8, 3)]
    assert await store.purge(99) == 3
    assert not on_disk(SECRET)


async def test_deleted_user_leaves_no_trace(store, query, on_disk):
    ours, theirs = Verse(SECRET, "甲"), Verse(OTHER, "乙")
    for guild in (5, 6, None):
        await store.favorites.toggle(1, guild, ours, 2, 9)  # mine alone: its text goes as well
        await store.favorites.toggle(1, guild, theirs, 1, 10)
        await store.favorites.toggle(2, guild, theirs, 1, 11)  # I asked for it, 2 keeps it
        await store.favorites.toggle(3, guild, theirs, 4, 12)
    await store.recent_lines.add(1, SECRET, 9)
    await store.recent_lines.add(2, OTHER, 9)
    assert await store.delete_user(1, 99) == DeletedData(favorites=6, recent_lines=1, unlinked=3)
    assert await store.delete_user(1, 99) == DeletedData(favorites=0, recent_lines=0, unlinked=0)
    tables = query("SELECT name FROM sqlite_master WHERE type = 'table'")
    for (table,) in tables:
        columns = [name for _, name, *_ in query(f"PRAGMA table_info({table})")]
        for column in {"user_id", "author_id"} & set(columns):
            assert query(f"SELECT count(*) FROM {table} WHERE {column} = 1") == [(0,)]  # noqa: S608
    assert not on_disk(SECRET)
    assert on_disk(OTHER)
    for guild in (5, 6, None):
        (loved,) = (await store.leaderboard.verses(guild, None, 0, 9)).items
        assert (loved.verse, loved.hearts, loved.author_id) == (theirs, 2, 4)
        members = (await store.leaderboard.members(guild, None, 0, 9)).items
        assert [(each.user_id, each.hearts) for each in members] == [(4, 1)]
    assert await store.recent_lines.recent(2, "", 9) == [OTHER]


async def test_what_a_forgotten_member_did_before_is_not_stored(store, query):
    """Presses and lines that were on their way, and hearts of others on older answers."""
    verse, other = Verse(SECRET, "甲"), Verse(OTHER, "乙")
    await store.delete_user(1, 100.5)
    assert not await store.favorites.toggle(1, 5, verse, 2, 200, acted_at=100.5)
    await store.recent_lines.add(1, SECRET, 200, acted_at=99)
    assert await store.favorites.toggle(2, 5, other, 1, 200, acted_at=200, asked_at=100.5)
    assert query("SELECT user_id, author_id FROM favourite") == [(2, None)]
    assert query("SELECT count(*) FROM member_hearts") == [(0,)]
    assert query("SELECT count(*) FROM prompt") == [(0,)]
    assert not await store.favorites.toggle(2, 5, other, 1, 200, acted_at=200, asked_at=100.5)


async def test_member_who_comes_back_is_stored_for_what_is_new(store, query):
    await store.delete_user(1, 100)
    assert await store.favorites.toggle(1, 5, Verse(SECRET, "甲"), 1, 200, 100.001, 100.001)
    await store.recent_lines.add(1, SECRET, 200, acted_at=101)
    assert query("SELECT user_id, author_id FROM favourite") == [(1, 1)]
    assert query("SELECT user_id, line FROM prompt") == [(1, SECRET)]
    await store.delete_user(1, 50)  # a press that was delayed makes nothing older
    assert not await store.favorites.toggle(1, 5, Verse(SECRET, "甲"), 1, 200, acted_at=99)


async def test_others_of_the_same_batch_of_lines_are_stored(store, query):
    await store.delete_user(1, 100)
    async with store._database.write_transaction():
        adding = [
            asyncio.create_task(store.recent_lines.add(user, SECRET, 9, acted_at=90))
            for user in (1, 2)
        ]
        await asyncio.sleep(0)
    await asyncio.gather(*adding)
    assert query("SELECT user_id FROM prompt") == [(2,)]


async def test_forgotten_member_is_a_hash_that_nothing_else_has(store, query, url):
    member = 271_828_182_845_904_523
    await store.favorites.toggle(member, 5, Verse(SECRET, "甲"), member, 9)
    await store.delete_user(member, 100)
    await store.delete_guild(member, 100)  # a server of the same number has another hash
    await store.close()
    (key,) = query("SELECT key FROM forgetting_key")[0]
    digests = {digest for (digest,) in query("SELECT digest FROM forgotten")}
    assert digests == {
        hmac.digest(key, f"{kind}:{member}".encode(), "sha256") for kind in ("user", "guild")
    }
    for table in ("favourite", "prompt", "member_hearts", "server"):
        assert query(f"SELECT count(*) FROM {table}") == [(0,)]  # noqa: S608


def test_every_database_has_a_key_of_its_own(tmp_path):
    keys = set()
    for name in "ab":
        with closing(create_or_migrate(tmp_path / name, 1)) as database:
            keys |= set(database.execute("SELECT key FROM forgetting_key"))
    assert len(keys) == 2


async def test_id_of_a_forgotten_member_is_nowhere_in_the_files(store, path):
    member = 271_828_182_845_904_523
    for guild in (5, 6):
        await store.favorites.toggle(member, guild, Verse(SECRET, "甲"), member, 9)
        await store.favorites.toggle(2, guild, Verse(SECRET, "甲"), member, 9)
    await store.recent_lines.add(member, SECRET, 9)
    await store.delete_user(member, 100)
    stored = member.to_bytes(8, "big")
    assert not any(stored in each.read_bytes() for each in path.parent.iterdir())
    await store.favorites.toggle(member, 5, Verse(SECRET, "甲"), member, 9)
    assert any(stored in each.read_bytes() for each in path.parent.iterdir())


async def test_deleted_text_leaves_the_log_though_somebody_reads(store, on_disk, monkeypatch):
    """The deletion waits for whoever reads at this moment."""
    truncating, execute = asyncio.Event(), sqlite_module._execute_directly

    async def note(connection, statement):
        if "wal_checkpoint" in statement:
            truncating.set()
        return await execute(connection, statement)

    monkeypatch.setattr(sqlite_module, "_execute_directly", note)
    monkeypatch.setattr(sqlite_module, "TRUNCATE_S", 60)
    await store.recent_lines.add(1, SECRET, 9)
    async with store._database.reader() as connection:
        await connection.exec_driver_sql("BEGIN")
        await connection.exec_driver_sql("SELECT count(*) FROM prompt")
        deleting = asyncio.create_task(store.delete_user(1, 99))
        await truncating.wait()
        assert on_disk(SECRET)
        await connection.exec_driver_sql("COMMIT")
    await deleting
    assert not on_disk(SECRET)
