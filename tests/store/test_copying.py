"""`lianju migrate-database`."""

import asyncio
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from lianju.bot import cli
from lianju.bot.linked import open_table
from lianju.bot.store import StoreError, open_store
from lianju.bot.store.process_lock import ProcessLock
from lianju.bot.store.tables import metadata
from lianju.bot.verses import Verse

from ..postgres import PASSWORD, QUOTED
from .conftest import ask
from .test_against_reference import wrong_tallies
from .test_guesses import NOW, another, play

# A process that copies in small steps.
COPY = """
import sys
from lianju.bot import cli
from lianju.bot.store.postgres import copying
copying.BATCH = 10
sys.exit(cli.main(["migrate-database", *sys.argv[1:]]))
"""
TABLES = sorted(metadata.tables)
OF_SEVERAL_PROCESSES = {"identified", "registered", "running"}  # which SQLite does not serve

DIALECTS = ("postgres",)


@pytest.fixture
def copy(sqlite_url, url, capsys):
    """Copies; returns the exit status, standard output and standard error."""

    def copy(source=sqlite_url, target=url):
        capsys.readouterr()
        with ThreadPoolExecutor(1) as thread:  # it runs an event loop of its own
            status = thread.submit(cli.main, ["migrate-database", source, target]).result()
        return (status, *capsys.readouterr())

    return copy


@pytest.fixture
def refused(copy):
    """The one sentence with which copying is refused."""

    def refused(**urls):
        status, out, err = copy(**urls)
        assert (status, out) == (2, "")
        assert err.startswith("lianju: ")
        assert err.count("\n") == 1
        assert PASSWORD not in err
        assert QUOTED not in err
        return err

    return refused


@pytest.fixture
async def source(sqlite_url):
    """A store with something in every table, and ids that were deleted."""
    store = await open_store(sqlite_url, busy_s=60)
    for n in range(30):
        await store.favorites.toggle(n % 4 + 1, 5, Verse("行'\\", f"列\n{n % 7}"), n % 3 or None, n)
    together = Verse("床前明月光", "疑是地上霜")
    await store.favorites.toggle(4, 5, together, None, 99, writers={1: 9.0, 2: 9.0})
    await store.guild_settings.set_honor_page(5, 3, 2, 9)
    for n in (5, 6, 7):
        await store.favorites.toggle(n, 5, Verse("行", "列"), 1, 9)
    (verse,) = await store.honors.due(9)
    await store.honors.claim(verse, 9, posting=True)
    await store.honors.mark_posted(verse, 3, 4, 9)
    await store.favorites.toggle(2**63 - 1, None, Verse("新", "𠮷"), None, 99)
    await store.favorites.toggle(2**63 - 1, None, Verse("新", "𠮷"), None, 99)  # its id is used
    await store.recent_lines.add(1, "黄河远上白云间", 9)
    await store.guild_settings.change(5, channels=frozenset({3, 4}), language="zh-TW")
    opened = open_table(1, 5, 50, 9.0, form="jueju5", order="turns", minutes=5, named=(2,))
    table = await store.linked.open(opened, 1)
    await store.linked.save(table, table.write(1, "床前明月光", 10.0), 1)
    await play(store, another(1), {1: 0, 2: 2})
    await store.guesses.begin(another(2))
    await store.guesses.choose(another(2).id, 1, 3, NOW)
    await store.delete_left_guilds(1000, lambda _: False, 9)
    await store.delete_user(3, 100)
    await store.close()
    return sqlite_url


def rows(url):
    def of(table):
        order = ", ".join(column.name for column in metadata.tables[table].primary_key)
        columns = ", ".join(column.name for column in metadata.tables[table].columns)
        return ask(url, f"SELECT {columns} FROM {table} ORDER BY {order}")  # noqa: S608

    return {table: of(table) for table in TABLES}


async def test_copy_has_every_row_and_goes_on_as_the_source(source, url, query, copy):
    before = rows(source)
    assert {table for table in TABLES if not before[table]} == OF_SEVERAL_PROCESSES
    status, out, _ = copy()
    assert status == 0
    assert rows(url) == rows(source) == before
    for table in TABLES:
        assert f"{table}: {len(before[table])} rows" in out
    assert wrong_tallies(query) == []
    stores = [await open_store(each, busy_s=60) for each in (source, url)]
    for store in stores:
        # Triggers, sequences and the memory of whom was forgotten are in force.
        assert not await store.favorites.toggle(3, 5, Verse("行", "列"), None, 200, acted_at=99)
        assert await store.favorites.toggle(9, 5, Verse("行", "新"), 1, 200)
        assert await store.favorites.counts(5, [Verse("行", "新")]) == [1]
        await store.recent_lines.add(9, "白日依山尽", 9)
    last = [(await store.favorites.all(9))[0].id for store in stores]
    assert last[0] == last[1] > max(row[0] for row in before["favourite"]) + 1
    assert rows(url) == rows(source)
    for store in stores:
        await store.close()


def killed_while_copying(table, *urls):
    """Kills a process that copies after its first step with a table; returns its status."""
    with subprocess.Popen(
        [sys.executable, "-c", COPY, *urls],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        for line in process.stderr:
            if f"{table}: " in line:
                break
        process.kill()
    return process.returncode


async def test_killed_copy_goes_on(source, url, query, copy, refused):
    with closing(sqlite3.connect(source.partition("///")[2])) as database, database:
        ((couplet,),) = database.execute("SELECT min(id) FROM couplet")
        database.executemany(
            "INSERT INTO favourite (user_id, guild_id, couplet_id, kept_at) VALUES (?, ?, ?, ?)",
            ((n % 50 + 10, n, couplet, n) for n in range(5000, 9000)),
        )
    assert killed_while_copying("favourite", source, url) == -9
    (kept,) = query("SELECT count(*) FROM favourite")[0]
    assert 0 < kept < 4000
    with pytest.raises(StoreError) as error:
        await open_store(url)
    assert error.value.key == "store-half-copied"
    status, _, err = copy()
    assert status == 0
    assert rows(url) == rows(source)
    assert wrong_tallies(query) == []
    assert "couplet: " not in err  # which was copied before
    await (await open_store(url)).close()
    assert "empty" in refused()


async def interrupt(source, url, monkeypatch):
    """Leaves an unfinished copy."""
    from lianju.bot.store.postgres import copying

    def fail(table, _done, _total):
        if table == "favourite":
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await asyncio.to_thread(copying.copy_database, source, url, fail)


async def test_source_that_changed_since_is_copied_anew(source, url, copy, monkeypatch):
    await interrupt(source, url, monkeypatch)
    store = await open_store(source, busy_s=60)
    await store.favorites.toggle(1, 5, Verse("新", "句"), None, 300)
    await store.delete_user(2, 300)
    await store.close()
    assert copy()[0] == 0
    assert rows(url) == rows(source)


async def test_copy_of_another_source_is_not_touched(source, url, refused, monkeypatch, tmp_path):
    await interrupt(source, url, monkeypatch)
    other = f"sqlite+aiosqlite:///{tmp_path}/other.sqlite3"
    await (await open_store(other)).close()
    before = rows(url)
    assert "another database" in refused(source=other)
    assert rows(url) == before


async def test_damage_on_the_way_is_noticed(source, url, query, copy, refused, monkeypatch):
    await interrupt(source, url, monkeypatch)
    query("UPDATE couplet SET answer = 'forged' WHERE id = (SELECT min(id) FROM couplet)")
    status, _, err = copy()
    assert status == 2
    assert "The table couplet differs" in err
    with pytest.raises(StoreError):
        await open_store(url)


async def test_database_with_rows_is_refused(source, url, refused):
    store = await open_store(url)
    await store.recent_lines.add(1, "行", 9)
    await store.close()
    before = rows(url)
    assert "rows already" in refused()
    assert rows(url) == before


async def test_bot_that_runs_is_noticed_on_either_side(source, url, refused):
    lock = ProcessLock(Path(source.partition("///")[2]))
    assert "Another bot or command uses the database" in refused()
    lock.release()
    store = await open_store(url)
    await store.favorites.all(1)
    assert "A bot uses the database" in refused()
    await store.close()


async def test_wrong_addresses_are_one_sentence_each(source, url, refused, tmp_path, postgres):
    assert "FROM is not" in refused(source=url)
    assert "FROM is not" in refused(source="lianju.sqlite3")
    missing = tmp_path / "missing.sqlite3"
    assert "There is no database" in refused(source=f"sqlite+aiosqlite:///{missing}")
    assert not missing.exists()
    assert "no address of a PostgreSQL" in refused(target=source)
    assert "no database" in refused(target=postgres.url("missing"))
    assert "refuses user or password" in refused(target=url.replace(QUOTED, "wrong"))
    (tmp_path / "text").write_text("no database")
    assert "is not a database" in refused(source=f"sqlite+aiosqlite:///{tmp_path}/text")


async def test_zero_byte_is_refused_by_name(source, copy):
    store = await open_store(source)
    await store.recent_lines.add(1, "行\0", 9)
    await store.close()
    status, _, err = copy()
    assert status == 2
    assert "table prompt" in err.splitlines()[-1]
