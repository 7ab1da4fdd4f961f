"""Transactions on the database file, and what SQLite is told before the first one."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from .errors import StoreBusyError, explain

__all__ = ["Database"]

READERS = 4  # each a connection with a thread of its own

_log = logging.getLogger(__name__)


class Database:
    """A database file that `opening.prepare` has made ready.

    One connection writes, for one at a time and in the order of asking: SQLite itself would let
    those who wait sleep and retry, and the unlucky wait longest.

    Args:
        path: The file.
        busy_s: How long to wait for others, at most.
        held: What `prepare` returned; as long as it is open, no restore can replace the file.
    """

    def __init__(self, path: Path, busy_s: float, held: sqlite3.Connection) -> None:
        self._path = path
        self._held = held
        self._busy_s = busy_s
        self._turn = asyncio.Lock()
        self._readers = _engine(path, busy_s, READERS, "BEGIN")
        self._writer = _engine(path, busy_s, 1, "BEGIN IMMEDIATE")

    async def close(self) -> None:
        """Closes every connection."""
        await self._readers.dispose()
        await self._writer.dispose()
        await asyncio.to_thread(self._held.close)  # the last one writes the log into the database

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that sees one state of the database throughout.

        Raises:
            StoreBusyError: The database stays locked.
            StoreError: It fails.
        """
        with self._explained():
            async with self._readers.begin() as connection:
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that may write; it is on disk once this is left without an error.

        Raises:
            StoreBusyError: The database stays locked; nothing was written.
            StoreError: It fails; nothing was written.
        """
        async with self._alone() as connection, connection.begin():
            yield connection

    async def scrub(self) -> None:
        """Empties the write-ahead log, the last place where deleted rows could be read."""
        async with self._alone() as connection:
            # Whoever reads at the moment keeps the log; the next time will do.
            await _outside_transaction(connection, "PRAGMA busy_timeout = 0")
            await _outside_transaction(connection, "PRAGMA wal_checkpoint(TRUNCATE)")

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[AsyncConnection]:
        """The connection that writes, once it is free; it waits no longer than is left."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._busy_s
        try:
            async with asyncio.timeout_at(deadline):
                await self._turn.acquire()
        except TimeoutError:
            raise StoreBusyError from None
        try:
            left_ms = max(0, round((deadline - clock()) * 1e3))
            with self._explained():
                async with self._writer.connect() as connection:
                    await _outside_transaction(connection, f"PRAGMA busy_timeout = {left_ms}")
                    yield connection
        finally:
            self._turn.release()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except PoolTimeoutError:
            raise StoreBusyError from None
        except (DBAPIError, sqlite3.Error) as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            # A broken constraint is a fault of ours, which deserves its traceback.
            if not isinstance(cause, sqlite3.Error) or isinstance(cause, sqlite3.IntegrityError):
                raise
            explained = explain(self._path, cause)
            _log.error("%s", explained)
            raise explained from None


def _engine(path: Path, busy_s: float, size: int, begin: str) -> AsyncEngine:
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(path)),
        connect_args={"timeout": busy_s},
        pool_size=size,
        max_overflow=0,
        pool_use_lifo=True,  # the one used last has the most in its cache
        pool_timeout=busy_s,
        hide_parameters=True,  # what users wrote stays out of tracebacks
    )
    event.listen(engine.sync_engine, "connect", _configure)

    @event.listens_for(engine.sync_engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


async def _outside_transaction(connection: AsyncConnection, statement: str) -> None:
    driver: Any = (await connection.get_raw_connection()).driver_connection
    await driver.execute_fetchall(statement)


def _configure(connection: DBAPIConnection, _: object) -> None:
    # As SQLAlchemy's manual has it: Python's sqlite3 begins late, and not at all for a SELECT.
    connection.isolation_level = None
    cursor = connection.cursor()
    for setting in ("foreign_keys = ON", "synchronous = FULL", "secure_delete = ON"):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()
