"""`lianju migrate-database`: copies a SQLite store into a PostgreSQL database."""

import asyncio
import hashlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import closing
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import URL, Table, func, select

from ..database_file import create_or_migrate as open_file
from ..database_file import database_path
from ..errors import StoreError
from ..process_lock import ProcessLock
from ..tables import favorite, favorite_writer, forgetting_key, metadata
from .engine import BOT, connect, lock_key
from .errors import converted_errors
from .schema import COPYING, create_or_migrate
from .url import parse_url, server_name

__all__ = ["Copied", "copy_database"]

BUSY_S = 30.0
BATCH = 20_000  # rows in one transaction; after a kill, the copy goes on with the next one
TALLIED = (favorite, favorite_writer)
TABLES = metadata.sorted_tables  # those that others refer to come first

# Bots of another user of the server would show without a name.
OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = $1
"""
# Its name is that of `COPYING`.
MARK = (
    "CREATE TABLE unfinished_copy (name text PRIMARY KEY, rows bigint, checksum text, done bigint)"
)
SEQUENCE = """
SELECT pg_get_serial_sequence($1, column_name) FROM information_schema.columns
WHERE table_schema = current_schema() AND table_name = $1
AND pg_get_serial_sequence($1, column_name) IS NOT NULL
"""


class Copied(NamedTuple):
    """A table and what it holds.

    Attributes:
        rows: How many rows.
        checksum: SHA-256 of all rows, in the order of the primary key.
    """

    rows: int
    checksum: str


class _Checksum:
    """Counts and hashes rows."""

    def __init__(self) -> None:
        self._rows = 0
        self._hash = hashlib.sha256()

    def add(self, row: Iterable[Any]) -> None:
        self._rows += 1
        self._hash.update(repr(tuple(row)).encode())

    def result(self) -> Copied:
        return Copied(self._rows, self._hash.hexdigest())


def copy_database(
    source: str, target: str, tell: Callable[[str, int, int], None]
) -> dict[str, Copied]:
    """Copies everything, or goes on with a copy that was interrupted.

    Args:
        source: URL of a SQLite database that no bot uses.
        target: URL of a PostgreSQL database without rows.
        tell: Called after each transaction with the name of a table, how many of its rows are
            copied, and how many there are.

    Returns:
        What each table holds, in both databases.

    Raises:
        StoreError: One of them cannot be used, or they differ in the end; the source is unchanged,
            and no bot can use the target until a copy has come to its end.
    """
    try:
        path = database_path(source)
    except StoreError:
        raise StoreError("copy-source") from None
    address = parse_url(target)
    if not path.exists():
        raise StoreError("copy-no-source", path=str(path))
    lock = ProcessLock(path)
    try:
        with closing(open_file(path, BUSY_S)) as database:
            return asyncio.run(_copy(database, address, tell))
    finally:
        lock.release()


async def _copy(
    database: sqlite3.Connection, url: URL, tell: Callable[[str, int, int], None]
) -> dict[str, Copied]:
    server = server_name(url)
    await create_or_migrate(url, BUSY_S, copying=True)
    with converted_errors(server):
        connection = await connect(url, BUSY_S, "lianju migrate-database")
        try:
            if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", lock_key("copy")):
                raise StoreError("copy-running", path=server)
            if await connection.fetchval(OTHERS, BOT):
                raise StoreError("copy-target-in-use", path=server)
            database.execute("BEGIN")  # all of it sees one state
            wanted = {table.name: _checksum(_rows(database, table)) for table in TABLES}
            await _begin(connection, wanted, server)
            for table in TABLES:
                await _copy_table(connection, database, table, wanted[table.name].rows, tell)
            for table in TABLES:
                if await _checksum_there(connection, table) != wanted[table.name]:
                    raise StoreError("copy-differs", table=table.name)
            await _finish(connection, database)
        finally:
            await connection.close()
    return wanted


async def _begin(connection: Any, wanted: dict[str, Copied], server: str) -> None:
    """Marks the target as unfinished, so that no bot uses it; empties what is out of date."""
    keys = forgetting_key.name
    async with connection.transaction():
        if await connection.fetchval("SELECT to_regclass($1)", COPYING) is None:
            rows = {
                table.name: await connection.fetchval(str(select(func.count()).select_from(table)))
                for table in TABLES
            }
            rows[keys] -= 1  # each database is made with a key
            if any(rows.values()):
                raise StoreError("copy-not-empty", path=server)
            await connection.execute(MARK)
        else:
            found = {
                name: Copied(rows, checksum)
                for name, rows, checksum in await connection.fetch(
                    "SELECT name, rows, checksum FROM unfinished_copy"
                )
            }
            if found == wanted:
                return
            if found[keys] != wanted[keys]:  # they are random: each store has its own
                raise StoreError("copy-other-source", path=server)
        await connection.execute(f"TRUNCATE {COPYING}, {', '.join(each.name for each in TABLES)}")
        await connection.executemany(
            "INSERT INTO unfinished_copy VALUES ($1, $2, $3, 0)",
            [(name, *copied) for name, copied in wanted.items()],
        )


async def _copy_table(
    connection: Any,
    database: sqlite3.Connection,
    table: Table,
    total: int,
    tell: Callable[[str, int, int], None],
) -> None:
    progress = "SELECT done FROM unfinished_copy WHERE name = $1"
    done = await connection.fetchval(progress, table.name)
    rows = islice(_rows(database, table), done, None)
    while batch := list(islice(rows, BATCH)):
        if any("\0" in each for row in batch for each in row if isinstance(each, str)):
            raise StoreError("copy-zero-byte", table=table.name)
        async with connection.transaction():
            if table in TALLIED:  # the tallies are copied as well
                await connection.execute(f"ALTER TABLE {table.name} DISABLE TRIGGER USER")
            columns = [column.name for column in table.columns]
            await connection.copy_records_to_table(table.name, records=batch, columns=columns)
            if table in TALLIED:
                await connection.execute(f"ALTER TABLE {table.name} ENABLE TRIGGER USER")
            done += len(batch)
            await connection.execute(
                "UPDATE unfinished_copy SET done = $1 WHERE name = $2", done, table.name
            )
        tell(table.name, done, total)


async def _finish(connection: Any, database: sqlite3.Connection) -> None:
    """Continues the ids after those of the source, and opens the target to bots."""
    # Ids of deleted favorites are never used again.
    last = dict(database.execute("SELECT name, seq FROM sqlite_sequence"))
    async with connection.transaction():
        for table in TABLES:
            sequence = await connection.fetchval(SEQUENCE, table.name)
            if sequence is not None:
                ((used,),) = database.execute(str(select(func.max(table.c.id))))
                used = max(used or 0, last.get(table.name, 0))
                values = sequence, max(used, 1), used > 0
                await connection.execute("SELECT setval($1::regclass, $2, $3)", *values)
        await connection.execute("DROP TABLE unfinished_copy")
    await connection.execute(f"VACUUM ANALYZE {', '.join(table.name for table in TABLES)}")


def _query(table: Table) -> str:
    return str(select(table).order_by(*table.primary_key))


def _rows(database: sqlite3.Connection, table: Table) -> Iterator[tuple[Any, ...]]:
    return database.execute(_query(table))


def _checksum(rows: Iterator[tuple[Any, ...]]) -> Copied:
    checksum = _Checksum()
    for row in rows:
        checksum.add(row)
    return checksum.result()


async def _checksum_there(connection: Any, table: Table) -> Copied:
    checksum = _Checksum()
    async with connection.transaction(readonly=True):
        rows: AsyncIterator[Any] = connection.cursor(_query(table), prefetch=BATCH)
        async for row in rows:
            checksum.add(row)
    return checksum.result()
