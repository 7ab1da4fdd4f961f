"""Copies that SQLite left in unused parts of the file when it moved an entry, before its deletion.

They are found by the bytes of all files, since no query shows them.
"""

import asyncio
import random
import resource
import shutil
import sqlite3
from contextlib import asynccontextmanager, closing, contextmanager

import pytest
from lianju.bot.store import StoreBusyError, StoreError, open_store
from lianju.bot.store import sqlite as sqlite_module
from lianju.bot.store.backup import back_up, restore
from lianju.bot.verses import Verse

pytestmark = pytest.mark.usefixtures("path")  # SQLite alone has a file

MEMBERS = range(271_828_182_800_000_000, 271_828_182_800_000_010)
GONE = MEMBERS[:5]
HEARTS = 1000


@pytest.fixture
def fill(path):
    """Stores hearts of all members, in random order, so that SQLite rebuilds many pages."""

    def fill():
        rng = random.Random(1)  # noqa: S311 -- nothing is secret
        with closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA secure_delete = ON")
            verses = range(1, HEARTS // 4)
            database.executemany(
                "INSERT INTO couplet VALUES (?, '行', '列' || ?)", zip(verses, verses, strict=True)
            )
            database.executemany(
                """INSERT OR IGNORE INTO favourite
                (user_id, guild_id, couplet_id, author_id, kept_at) VALUES (?, ?, ?, ?, ?)""",
                (
                    [rng.choice(MEMBERS), rng.randrange(5), rng.choice(verses), author, at]
                    for at, author in enumerate(rng.choices(MEMBERS, k=HEARTS))
                ),
            )
            database.commit()

    return fill


@pytest.fixture
def found(path):
    """Those members whose ids are in any file beside the database."""

    def found(folder=path.parent):
        content = b"".join(each.read_bytes() for each in folder.iterdir())
        return [member for member in MEMBERS if member.to_bytes(8, "big") in content]

    return found


@pytest.fixture
def is_clean(query):
    """Whether the file is marked as clean."""
    return lambda: query("PRAGMA user_version") == [(1,)]


@pytest.fixture
async def forgetful(store, fill, found):
    """A store that has deleted members whose ids are still in its files."""
    fill()
    for member in GONE:
        await store.delete_user(member, HEARTS)
    assert set(found()) & set(GONE)  # or the test would show nothing
    return store


@contextmanager
def read(path):
    """Another program, which reads the database as long as `with` lasts."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM favourite").fetchone()
        yield


async def test_purge_leaves_nothing_of_deleted_members(forgetful, found, is_clean, query):
    favorites = query("SELECT * FROM favourite")
    await forgetful.purge(0)
    assert found() == list(MEMBERS[5:])
    assert is_clean()
    assert query("SELECT * FROM favourite") == favorites
    assert query("PRAGMA integrity_check") == [("ok",)]


@pytest.mark.parametrize("kind", ["user", "guild", "guilds", "verse"])
async def test_after_every_deletion_the_file_is_rewritten(store, is_clean, kind):
    await store.favorites.toggle(1, 5, Verse("行", "列"), 2, 9)
    await store.guild_settings.change(5, beam_size=9)
    await store.delete_left_guilds(7, lambda _: True, 9)  # the first time nothing is deleted
    await store.purge(0)
    assert is_clean()
    match kind:
        case "user":
            await store.delete_user(1, 9)
        case "guild":
            await store.delete_guild(5, 9)
        case "guilds":
            assert await store.delete_left_guilds(7, lambda _: True, 9) == 1
        case "verse":
            (verse,) = await store.moderation.matching(5, "行", 9)
            await store.moderation.remove(5, verse.id, 9)
    assert not is_clean()
    await store.purge(0)
    assert is_clean()


async def test_file_is_not_rewritten_without_a_deletion(store, fill, monkeypatch):
    statements, execute = [], sqlite_module._execute_directly

    async def note(connection, statement):
        statements.append(statement)
        return await execute(connection, statement)

    await store.purge(0)
    fill()
    monkeypatch.setattr(sqlite_module, "_execute_directly", note)
    for _ in range(2):
        await store.purge(0)
    assert "VACUUM" not in statements
    for member in GONE:  # at once: the file is rewritten for all together
        await store.delete_user(member, HEARTS)
    for _ in range(2):
        await store.purge(0)
    assert statements.count("VACUUM") == 1


async def test_process_that_is_killed_before_the_purge(forgetful, found, path, tmp_path):
    killed = tmp_path / "killed"
    killed.mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(f"{path}{suffix}", killed)
    store = await open_store(f"sqlite+aiosqlite:///{killed / path.name}", busy_s=60)
    await store.purge(0)
    assert found(killed) == list(MEMBERS[5:])
    await store.close()


async def test_file_of_a_version_without_the_mark(store, fill, found, query, path):
    fill()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA secure_delete = ON")
        for member in GONE:
            database.execute("DELETE FROM favourite WHERE user_id = ?", (member,))
            database.execute("UPDATE favourite SET author_id = NULL WHERE author_id = ?", (member,))
            database.commit()
    assert set(found()) & set(GONE)
    await store.purge(0)
    assert found() == list(MEMBERS[5:])


async def test_full_disk_costs_nothing_but_time(forgetful, found, path, is_clean, query, caplog):
    """The disk takes half of the file; the deletion holds, and the next purge goes on."""
    favorites = query("SELECT * FROM favourite")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size // 2, limits[1]))
    try:
        with pytest.raises(StoreError) as error:
            await forgetful.purge(0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert error.value.key == "store-failed"
    assert str(path) in caplog.text
    assert path.with_name(f"{path.name}-wal").stat().st_size == 0  # takes no room meanwhile
    assert not is_clean()
    assert query("SELECT * FROM favourite") == favorites
    await forgetful.purge(0)
    assert found() == list(MEMBERS[5:])
    assert is_clean()


async def test_file_that_others_read_is_not_rewritten(
    forgetful, found, path, is_clean, monkeypatch
):
    """A log that cannot be emptied would get another copy of the database each time."""
    monkeypatch.setattr(sqlite_module, "TRUNCATE_S", 0.01)
    with read(path):
        await forgetful.favorites.toggle(MEMBERS[9], 5, Verse("行", "新"), None, 9)
        size = path.with_name(f"{path.name}-wal").stat().st_size
        for _ in range(2):
            with pytest.raises(StoreBusyError):
                await forgetful.purge(0)
        assert path.with_name(f"{path.name}-wal").stat().st_size == size
        assert not is_clean()
    await forgetful.purge(0)
    assert found() == list(MEMBERS[5:])


async def test_somebody_begins_to_read_meanwhile(forgetful, found, path, is_clean, monkeypatch):
    """Then the old pages are still in the file."""
    monkeypatch.setattr(sqlite_module, "TRUNCATE_S", 0.01)
    execute, reading = sqlite_module._execute_directly, read(path)

    async def read_first(connection, statement):
        if statement == "VACUUM":
            reading.__enter__()
        return await execute(connection, statement)

    with monkeypatch.context() as patched:
        patched.setattr(sqlite_module, "_execute_directly", read_first)
        with pytest.raises(StoreBusyError):
            await forgetful.purge(0)
    assert not is_clean()
    assert set(found()) & set(GONE)
    reading.__exit__(None, None, None)
    await forgetful.purge(0)
    assert found() == list(MEMBERS[5:])


async def test_members_are_answered_while_the_file_is_rewritten(forgetful, monkeypatch):
    """Others read; a heart waits, and is kept."""
    execute, hearts = sqlite_module._execute_directly, []
    verse = Verse("行", "新")

    async def press_first(connection, statement):
        if statement == "VACUUM":
            toggling = forgetful.favorites.toggle(MEMBERS[9], 5, verse, None, 9)
            hearts.append(asyncio.create_task(toggling))
            assert await forgetful.favorites.counts(5, [verse]) == [0]
        return await execute(connection, statement)

    monkeypatch.setattr(sqlite_module, "_execute_directly", press_first)
    await forgetful.purge(0)
    (heart,) = hearts
    assert await heart
    assert await forgetful.favorites.counts(5, [verse]) == [1]


async def test_restored_backup_has_nothing_of_deleted_members(url, path, fill, found, tmp_path):
    @asynccontextmanager
    async def opened():
        store = await open_store(url, busy_s=60)
        yield store
        await store.close()

    async with opened():
        fill()
    back_up(url, tmp_path / "copy")
    async with opened() as store:
        for member in GONE:
            await store.delete_user(member, HEARTS)
    restore(url, tmp_path / "copy").unlink()  # the previous one, which is kept
    assert found() == list(MEMBERS[5:])
