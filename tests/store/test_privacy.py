"""Expired lines and deleted users leave nothing on the disk."""

import pytest
from lianju.bot.store import DeletedData
from lianju.bot.store import recent_lines as prompts_module
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
    assert await store.delete_user(1) == DeletedData(favorites=6, recent_lines=1, unlinked=3)
    assert await store.delete_user(1) == DeletedData(favorites=0, recent_lines=0, unlinked=0)
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
