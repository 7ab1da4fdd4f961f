"""Opening a database from its URL, or refusing it."""

import os
import shutil
import sqlite3
from contextlib import closing

import pytest
from alembic import command
from lianju.bot.store import StoreBusyError, StoreError, open_store
from lianju.bot.store import database_file as database_file_module
from lianju.bot.store.tables import APPLICATION_ID
from lianju.bot.verses import Verse
from sqlalchemy.exc import DBAPIError

pytestmark = pytest.mark.usefixtures("path")  # SQLite alone has a file

COUPLET = Verse("黄河远上白云间", "万里江山万里遥")


async def refused(url, **options):
    """Returns the key of the error with which a database is refused."""
    with pytest.raises(StoreError) as error:
        await open_store(url, **options)
    return error.value.key


@pytest.fixture
async def existing(url, path):
    """A database with one favorite in it, closed."""
    store = await open_store(url)
    await store.favorites.toggle(1, 5, COUPLET, 2, 9)
    await store.close()
    return path


async def test_favorites_survive_closing_and_opening(existing, url):
    store = await open_store(url)
    (kept,) = await store.favorites.all(1)
    await store.close()
    assert (kept.verse, kept.guild_id, kept.kept_at) == (COUPLET, 5, 9)
    assert [each.name for each in existing.parent.iterdir()] == [existing.name]


async def test_database_has_our_id_and_durable_settings(existing, store, query):
    assert query("PRAGMA application_id") == [(APPLICATION_ID,)]
    assert existing.read_bytes()[68:72] == b"LJU1"
    assert query("PRAGMA journal_mode") == [("wal",)]
    for transaction in (store._database.reader, store._database.write_transaction):
        async with transaction() as connection:
            for pragma, wanted in (("foreign_keys", 1), ("synchronous", 2), ("secure_delete", 1)):
                found = await connection.exec_driver_sql(f"PRAGMA {pragma}")
                assert (pragma, found.scalar()) == (pragma, wanted)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite+aiosqlite:///:memory:",
        "sqlite+aiosqlite://",
        "sqlite+aiosqlite:///file:x?mode=memory&uri=true",
        "sqlite+aiosqlite:///x.sqlite3?timeout=3",
        "sqlite:///x.sqlite3",
        "postgresql://localhost/x",
        "x.sqlite3",
    ],
)
async def test_url_without_a_file_is_refused(url):
    assert await refused(url) == "store-url"


async def test_damaged_files_are_refused_unchanged(existing, url):
    whole = existing.read_bytes()
    pages = b"\xa5" * 4096
    for damaged in (
        b"verse\n" * 1000,
        whole[:50],
        whole[:8192],
        whole[:100] + pages[:3996] + whole[4096:],
    ):
        existing.write_bytes(damaged)
        assert await refused(url) in ("store-damaged", "store-incomplete")
        assert existing.read_bytes() == damaged


async def test_a_checkpoint_that_was_cut_off_costs_nothing(existing, url, tmp_path):
    # Copied while it is open, so that the changes are in the write-ahead log alone.
    store = await open_store(url)
    for number in range(200):
        await store.favorites.toggle(1, 5, Verse(f"{number}" * 99, "万里江山万里遥"), 2, 9)
    copy = tmp_path / "copy" / existing.name
    copy.parent.mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(f"{existing}{suffix}", f"{copy}{suffix}")
    await store.close()
    # A checkpoint writes the first page, with the number of pages to come, before the others.
    content = bytearray(copy.read_bytes())
    content[28:32] = (len(content) // 4096 + 9).to_bytes(4, "big")
    copy.write_bytes(content)

    opened = await open_store(f"sqlite+aiosqlite:///{copy}")
    kept = await opened.favorites.all(1)
    await opened.close()
    assert len(kept) == 201


async def test_database_of_another_program_is_refused_unchanged(path, url):
    path.parent.mkdir()
    for identity in (0, 7):
        with closing(sqlite3.connect(path)) as other:
            other.execute("PRAGMA journal_mode = WAL")
            other.execute("CREATE TABLE IF NOT EXISTS couplet (id)")
            other.execute(f"PRAGMA application_id = {identity}")
            other.commit()
            files = {each: each.read_bytes() for each in path.parent.iterdir()}
            assert len(files) == 3  # with the log, which opening it would empty
            assert await refused(url) == "store-foreign"
            assert {each: each.read_bytes() for each in path.parent.iterdir()} == files


async def test_newer_version_is_refused_unchanged(existing, url):
    with closing(sqlite3.connect(existing)) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
        newer.commit()
    before = existing.read_bytes()
    assert await refused(url) == "store-newer"
    assert existing.read_bytes() == before


INCOMPLETE = [
    ("DROP TRIGGER favourite_removed", "trigger favourite_removed"),
    (
        "DROP TRIGGER favourite_removed;"
        "CREATE TRIGGER favourite_removed AFTER DELETE ON favourite BEGIN SELECT 1; END",
        "trigger favourite_removed",
    ),
    ("DROP INDEX prompt_by_age", "index prompt_by_age"),
    ("DROP TABLE channel", "column channel.channel_id"),
    ("DELETE FROM alembic_version", "alembic_version"),
]


@pytest.mark.parametrize(("change", "part"), INCOMPLETE)
async def test_database_that_lacks_a_part_is_refused_unchanged(existing, url, change, part):
    with closing(sqlite3.connect(existing)) as database:
        database.executescript(change)
    before = existing.read_bytes()
    with pytest.raises(StoreError) as error:
        await open_store(url)
    assert error.value.key == "store-schema"
    assert error.value.facts == {"path": str(existing), "part": part}
    assert existing.read_bytes() == before


async def test_parts_of_others_are_accepted(existing, url):
    with closing(sqlite3.connect(existing)) as database:
        database.executescript("CREATE INDEX mine ON prompt (line); ANALYZE")
    await (await open_store(url)).close()


async def test_path_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").touch()
    for place, key in (
        (f"{tmp_path}/file/lianju.sqlite3", "store-folder"),
        (f"{tmp_path}/", "store-is-folder"),
        ("/proc/lianju/lianju.sqlite3", "store-folder"),
    ):
        assert await refused(f"sqlite+aiosqlite:///{place}") == key


async def test_read_only_file_is_refused_at_once(existing, url, monkeypatch):
    connect = sqlite3.connect

    def read_only(database, *arguments, **options):  # root may write any file
        if database == existing:
            return connect(f"{existing.as_uri()}?mode=ro", *arguments, uri=True, **options)
        return connect(database, *arguments, **options)

    monkeypatch.setattr(database_file_module.sqlite3, "connect", read_only)
    assert await refused(url) == "store-read-only"


async def test_failed_migration_leaves_the_file_empty(path, url, monkeypatch):
    upgrade = command.upgrade

    def fail(config, revision):
        upgrade(config, revision)
        config.attributes["connection"].exec_driver_sql("INSERT INTO nowhere VALUES (1)")

    monkeypatch.setattr(command, "upgrade", fail)
    with pytest.raises(StoreError) as error:
        await open_store(url)
    assert error.value.key == "store-unusable"
    assert error.value.facts == {"path": str(path), "reason": "no such table: nowhere"}
    assert path.read_bytes() == b""
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    monkeypatch.undo()
    await (await open_store(url)).close()


async def test_locked_database_is_busy(existing, url):
    with closing(sqlite3.connect(existing, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusyError) as error:
            await open_store(url, busy_s=0.01)
    assert error.value.key == "store-busy"
    await (await open_store(url)).close()


async def test_only_the_owner_may_read_the_database(path, url, caplog):
    previous = os.umask(0)
    try:
        store = await open_store(url)
        await store.favorites.toggle(1, 5, COUPLET, 2, 9)
        modes = {each.name: each.stat().st_mode & 0o777 for each in path.parent.iterdir()}
        await store.close()
    finally:
        os.umask(previous)
    assert modes == dict.fromkeys([path.name, f"{path.name}-wal", f"{path.name}-shm"], 0o600)
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert caplog.text == ""


async def test_existing_files_that_others_can_read_are_reported(existing, url, caplog):
    existing.chmod(0o640)
    existing.parent.chmod(0o755)
    await (await open_store(url)).close()
    assert [record.getMessage() for record in caplog.records] == [
        str(StoreError("store-exposed", path=str(existing), mode="600")),
        str(StoreError("store-exposed", path=str(existing.parent), mode="700")),
    ]


async def test_what_is_no_regular_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name in (tmp_path / "pipe", "/dev/zero", "/dev/null"):
        assert await refused(f"sqlite+aiosqlite:///{name}") == "store-not-a-file"


@pytest.mark.parametrize("replaced", [True, False])
async def test_database_that_is_moved_under_the_bot_is_noticed(existing, url, caplog, replaced):
    store = await open_store(url)
    await store.favorites.all(1)
    moved = existing.rename(existing.with_name("moved"))
    if replaced:
        existing.touch()
    for use in (
        lambda: store.favorites.all(1),
        lambda: store.favorites.toggle(2, 5, COUPLET, 2, 9),
        lambda: store.purge(0),
    ):
        with pytest.raises(StoreError) as error:
            await use()
        assert error.value.key == "store-failed"
    assert str(StoreError("store-moved", path=str(existing))) in caplog.text
    assert existing.exists() == replaced
    assert not replaced or existing.read_bytes() == b""
    moved.replace(existing)
    assert await store.favorites.toggle(2, 5, COUPLET, 2, 9)
    await store.close()
    store = await open_store(url)
    assert len(await store.favorites.all(2)) == 1
    await store.close()


async def test_readers_cannot_write(url):
    store = await open_store(url)
    async with store._database.reader() as connection:
        with pytest.raises(DBAPIError, match="readonly"):
            await connection.exec_driver_sql("DELETE FROM favourite")
    await store.close()
