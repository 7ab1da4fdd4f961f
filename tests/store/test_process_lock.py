"""One bot for each database."""

import sqlite3
import subprocess
import sys

import pytest
from lianju.bot.store import StoreError, open_store
from lianju.bot.store import process_lock as module
from lianju.bot.store.process_lock import ProcessLock

pytestmark = pytest.mark.usefixtures("path")  # SQLite alone has a file

HOLD = """
import asyncio, sys
from lianju.bot.store import open_store
async def main():
    store = await open_store(sys.argv[1], alone=True)
    print("open", flush=True)
    sys.stdin.read()
    await store.close()
asyncio.run(main())
"""


@pytest.fixture
def other(url):
    """A process that has the database alone until its input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdout.readline() == "open\n"
        yield process
        process.kill()


async def refused(url, path):
    with pytest.raises(StoreError) as error:
        await open_store(url, alone=True)
    assert (error.value.key, error.value.facts) == ("store-in-use", {"path": str(path)})


async def test_second_process_is_refused_until_the_first_has_ended(other, url, path):
    await refused(url, path)
    await (await open_store(url)).close()  # a check, which serves nobody
    await refused(url, path)
    other.stdin.close()
    assert other.wait() == 0
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    store = await open_store(url, alone=True)
    await refused(url, path)
    await store.close()
    assert [each.name for each in path.parent.iterdir()] == [path.name]


async def test_killed_process_locks_nobody_out(other, url, path):
    other.kill()
    other.wait()
    assert path.with_name(f"{path.name}.lock").stat().st_size == 0
    store = await open_store(url, alone=True)
    await refused(url, path)
    await store.close()
    assert [each.name for each in path.parent.iterdir()] == [path.name]


async def test_database_that_is_refused_is_not_locked(path, url):
    path.parent.mkdir()
    path.write_text("verse\n" * 1000)
    for _ in range(2):
        with pytest.raises(StoreError) as error:
            await open_store(url, alone=True)
        assert error.value.key == "store-damaged"
    path.unlink()
    await (await open_store(url, alone=True)).close()


@pytest.mark.parametrize("replaced", [True, False])
def test_file_that_is_deleted_before_it_is_locked_is_locked_anew(tmp_path, monkeypatch, replaced):
    opened, connect = [], sqlite3.connect

    def connect_late(file, **options):
        connection = connect(file, **options)
        opened.append(connection)
        if len(opened) == 1:  # another process releases the lock
            file.unlink()
            if replaced:
                file.touch()
        return connection

    monkeypatch.setattr(module.sqlite3, "connect", connect_late)
    lock = ProcessLock(tmp_path / "x")
    assert len(opened) == 2
    with pytest.raises(StoreError) as error:
        ProcessLock(tmp_path / "x")
    assert error.value.key == "store-in-use"
    lock.release()
    lock.release()
    assert [*tmp_path.iterdir()] == []


def test_folder_that_cannot_be_written_is_one_sentence():
    with pytest.raises(StoreError) as error:
        ProcessLock(module.Path("/proc/lianju"))
    assert error.value.key == "store-read-only"
