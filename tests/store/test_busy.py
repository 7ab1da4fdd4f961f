"""A database that another process keeps locked, and disk errors."""

import asyncio
import sqlite3
from contextlib import closing

import pytest
from lianju.bot.store import StoreBusyError, StoreError, open_store
from lianju.bot.store.errors import convert_error
from lianju.bot.verses import Verse
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError

COUPLET = Verse("a", "b")
BUSY_S = 0.1


@pytest.fixture
async def impatient(url):
    """A store that does not wait for long."""
    store = await open_store(url, busy_s=BUSY_S)
    yield store
    await store.close()


@pytest.fixture
def lock(path):
    """Another connection, which has the write lock as long as `with` lasts."""

    class Lock(closing):
        def __enter__(self):
            self.thing.execute("BEGIN IMMEDIATE")

    return lambda: Lock(sqlite3.connect(path, timeout=0, isolation_level=None))


def writes(store):
    return [
        store.favorites.toggle(1, 5, COUPLET, 2, 9),
        store.favorites.remove(1, 1),
        store.guild_settings.change(5, cooldown_s=0),
        store.guild_settings.reset(5),
        store.recent_lines.add(1, "a", 9),
        store.purge(10),
        store.delete_user(1, 9),
        store.delete_guild(5, 9),
    ]


async def test_writes_to_a_locked_database_fail_in_time_and_change_nothing(impatient, lock, query):
    await impatient.favorites.toggle(1, 5, COUPLET, 2, 9)
    clock = asyncio.get_running_loop().time
    with lock():
        began = clock()
        # All wait at once, and none longer than if it were alone.
        answers = await asyncio.gather(
            *writes(impatient), *writes(impatient), return_exceptions=True
        )
        assert clock() - began < 8 * BUSY_S
        assert {type(answer) for answer in answers} == {StoreBusyError}
        assert {answer.key for answer in answers} == {"store-busy"}
        # Who only reads does not even notice.
        assert await impatient.favorites.counts(5, [COUPLET]) == [1]
    assert query("SELECT user_id FROM favourite") == [(1,)]
    assert not await impatient.favorites.toggle(1, 5, COUPLET, 2, 9)


async def test_lines_that_wait_together_share_a_transaction(store, query):
    commits = []
    event.listen(store._database._writer.sync_engine, "commit", commits.append)
    async with store._database.write_transaction():
        adding = [asyncio.create_task(store.recent_lines.add(user, "a", 9)) for user in range(50)]
        await asyncio.sleep(0)  # each has come by now
        assert query("SELECT count(*) FROM prompt") == [(0,)]
    await asyncio.gather(*adding)
    assert query("SELECT count(DISTINCT user_id) FROM prompt") == [(50,)]
    assert len(commits) == 2


async def test_lines_that_failed_together_can_be_added_later(impatient, lock, query):
    with lock():
        adding = [impatient.recent_lines.add(user, "a", 9) for user in (1, 2)]
        answers = await asyncio.gather(*adding, return_exceptions=True)
        assert {type(answer) for answer in answers} == {StoreBusyError}
    await impatient.recent_lines.add(3, "a", 9)
    assert query("SELECT user_id FROM prompt") == [(3,)]


async def test_write_transaction_has_the_lock_from_the_beginning(store, lock):
    """One who reads first and then writes would else fail when another wrote in between."""
    async with store._database.write_transaction():
        with pytest.raises(sqlite3.OperationalError, match="locked"), lock():
            pass


@pytest.mark.usefixtures("path")
async def test_wait_for_the_write_lock_counts_toward_the_limit(store):
    clock = asyncio.get_running_loop().time
    database = store._database

    async def busy_ms():
        async with database.write_transaction() as connection:
            return (await connection.exec_driver_sql("PRAGMA busy_timeout")).scalar()

    async with database.write_transaction():
        waiting = asyncio.ensure_future(busy_ms())
        await asyncio.sleep(0)
        began = clock()
        for _ in range(10):  # some milliseconds
            await store.favorites.counts(5, [COUPLET])
        waited_ms = (clock() - began) * 1e3
    assert 0 < await waiting <= round(60_000 - waited_ms) < 60_000


async def test_write_succeeds_when_the_lock_is_released_in_time(store, lock):
    with lock():
        task = asyncio.ensure_future(store.favorites.toggle(1, 5, COUPLET, 2, 9))
        await store.favorites.counts(5, [COUPLET])
        assert not task.done()
    assert await task
    assert await store.favorites.counts(5, [COUPLET]) == [1]


async def test_other_sqlite_error_is_one_sentence_without_user_text(store, path, caplog):
    await store.favorites.toggle(1, 5, COUPLET, 2, 9)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("DROP TABLE couplet_hearts")
    with pytest.raises(StoreError) as error:
        await store.favorites.toggle(2, 5, Verse("床前明月光", "疑是地上霜"), 2, 9)
    assert error.value.key == "store-failed"
    assert str(path) in caplog.text
    assert str(path) not in str(error.value)  # shown to users
    assert "couplet_hearts" in caplog.text
    assert "床前" not in caplog.text + str(error.value)


async def test_violated_constraint_has_a_traceback_without_user_text(store):
    with pytest.raises(IntegrityError) as error:
        await store.favorites.toggle(1, -5, Verse("床前明月光", "疑是地上霜"), 2, 9)
    assert "床前" not in str(error.value)
    assert await store.favorites.all(1) == []


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("SQLITE_BUSY", "store-busy"),
        ("SQLITE_BUSY_SNAPSHOT", "store-busy"),
        ("SQLITE_LOCKED", "store-busy"),
        ("SQLITE_FULL", "store-disk-full"),
        ("SQLITE_READONLY_DBMOVED", "store-read-only"),
        ("SQLITE_CANTOPEN", "store-read-only"),
        ("SQLITE_CORRUPT_INDEX", "store-damaged"),
        ("SQLITE_IOERR_FSYNC", "store-unusable"),
        (None, "store-unusable"),
    ],
)
def test_each_sqlite_error_has_a_message(path, name, key):
    error = sqlite3.OperationalError("disk I/O error")
    if name:
        error.sqlite_errorname = name
    converted = convert_error(path, error)
    assert converted.key == key
    assert isinstance(converted, StoreBusyError) == (key == "store-busy")
    assert ("disk I/O error" in str(converted)) == (key == "store-unusable")
