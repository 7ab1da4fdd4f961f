"""SQLite: transactions on the database file."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from .database import READERS, TYPING_S, Database, ReadKind
from .errors import StoreBusyError, StoreError, convert_error
from .private_files import identify
from .sqlite_connection import connect
from .tables import CLEAN

__all__ = ["SQLiteDatabase"]

TRUNCATE_S = 1.0
BUSY_MS = "busy_timeout"  # key of Connection.info

_log = logging.getLogger(__name__)


class SQLiteDatabase(Database):
    """A database file that `create_or_migrate` has prepared.

    One connection writes, for one transaction at a time and in order of arrival. SQLite alone
    would let waiting connections sleep and retry, without any order.

    Args:
        path: The file.
        busy_s: How many seconds to wait for a lock at most.
        guard: The connection from `create_or_migrate`; while it is open, no restore can replace
            the file.
    """

    def __init__(self, path: Path, busy_s: float, guard: sqlite3.Connection) -> None:
        self._path = path
        self._identity = identify(path)
        self._guard = guard
        self._busy_s = busy_s
        self._write_lock = asyncio.Lock()
        self._readers: dict[ReadKind, AsyncEngine] = {
            kind: _engine(path, min(busy_s, TYPING_S) if kind == "typing" else busy_s, size)
            for kind, size in READERS.items()
        }
        self._writer = _engine(path, busy_s, 1, "BEGIN IMMEDIATE")

    async def close(self) -> None:
        """Closes every connection."""
        for readers in self._readers.values():
            await readers.dispose()
        await self._writer.dispose()
        await asyncio.to_thread(self._guard.close)  # the last to close checkpoints the log

    @asynccontextmanager
    async def reader(self, kind: ReadKind = "lookup") -> AsyncIterator[AsyncConnection]:
        """Yields one of the connections for this kind."""
        with self._converted_errors():
            async with self._readers[kind].connect() as connection:
                yield connection

    @asynccontextmanager
    async def write_transaction(self, part: str | None = None) -> AsyncIterator[AsyncConnection]:
        """Opens a transaction that keeps all others waiting, whatever part it is about."""
        async with self._write_connection() as connection, connection.begin():
            yield connection

    async def truncate_wal(self) -> None:
        """Truncates the write-ahead log, where deleted rows could be read.

        Raises:
            StoreBusyError: Somebody reads or writes for longer than `TRUNCATE_S`.
            StoreError: It fails.
        """
        async with self._write_connection() as connection:
            await _truncate_wal(connection)

    async def clean(self) -> None:
        """Truncates the write-ahead log; rewrites the file if it is not marked as clean.

        SQLite overwrites what is deleted, but not the copies that it left in unused parts of pages
        when it moved entries before.

        Raises:
            StoreBusyError: Somebody reads or writes for longer than `TRUNCATE_S`.
            StoreError: It fails, such as for want of room on the disk; nothing is lost.
        """
        async with self._write_connection() as connection:
            await _truncate_wal(connection)  # or else it would grow by the size of the file
            ((version,),) = await _execute_directly(connection, "PRAGMA user_version")
            if version == CLEAN:
                return
            try:
                await _execute_directly(connection, "VACUUM")
            finally:  # if it failed as well: the log may have filled the disk
                await _truncate_wal(connection)
            await _execute_directly(connection, f"PRAGMA user_version = {CLEAN}")

    @asynccontextmanager
    async def _write_connection(self) -> AsyncIterator[AsyncConnection]:
        """Yields the connection that writes, once it is free, or gives up after `busy_s`."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._busy_s
        try:
            async with asyncio.timeout_at(deadline):
                await self._write_lock.acquire()
        except TimeoutError:
            raise StoreBusyError from None
        try:
            left_ms = max(0, round((deadline - clock()) * 1e3))
            with self._converted_errors():
                async with self._writer.connect() as connection:
                    await _set_busy_timeout(connection, left_ms)
                    yield connection
        finally:
            self._write_lock.release()

    @contextmanager
    def _converted_errors(self) -> Iterator[None]:
        self._check_identity()
        try:
            yield
        except PoolTimeoutError:
            raise StoreBusyError from None
        except (DBAPIError, sqlite3.Error) as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            # A violated constraint is a bug, which deserves its traceback.
            if not isinstance(cause, sqlite3.Error) or isinstance(cause, sqlite3.IntegrityError):
                raise
            converted = convert_error(self._path, cause)
            _log.error("%s", converted)
            if isinstance(converted, StoreBusyError):
                raise converted from None
            raise StoreError("store-failed") from None  # users need not know the path

    def _check_identity(self) -> None:
        """Checks that the file is still at its path.

        Connections that are open would go on with a file that was moved, and its write-ahead log
        would be lost; new ones would open another file.
        """
        if identify(self._path) != self._identity:
            _log.error("%s", StoreError("store-moved", path=str(self._path)))
            raise StoreError("store-failed")


def _engine(path: Path, busy_s: float, size: int, begin: str | None = None) -> AsyncEngine:
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(path)),  # chooses the kind of pool
        async_creator=partial(connect, path, busy_s, read_only=begin is None),
        pool_size=size,
        max_overflow=0,
        pool_use_lifo=True,  # the last one used has the warmest page cache
        pool_timeout=busy_s,
        hide_parameters=True,  # keeps what users wrote out of tracebacks
    )
    if begin is not None:

        @event.listens_for(engine.sync_engine, "begin")
        def begin_transaction(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

    return engine


async def _truncate_wal(connection: AsyncConnection) -> None:
    await _set_busy_timeout(connection, round(TRUNCATE_S * 1e3))
    checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)"
    ((is_busy, _, _),) = await _execute_directly(connection, checkpoint)
    if is_busy:
        raise StoreBusyError


async def _set_busy_timeout(connection: AsyncConnection, limit_ms: int) -> None:
    info = connection.info
    if info.get(BUSY_MS) != limit_ms:
        await _execute_directly(connection, f"PRAGMA busy_timeout = {limit_ms}")
        info[BUSY_MS] = limit_ms


async def _execute_directly(connection: AsyncConnection, statement: str) -> list[Any]:
    driver: Any = (await connection.get_raw_connection()).driver_connection
    try:
        return list(await driver.execute_fetchall(statement))
    except asyncio.CancelledError:  # the statement goes on, and the connection is not free yet
        await connection.invalidate()
        raise
