"""A database that tells an observer how long its operations take."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection

from ..observer import NOBODY, Observer
from .database import Database, ReadKind
from .errors import StoreError

__all__ = ["observed"]


def observed(database: Database, observer: Observer) -> Database:
    """Returns a database that tells an observer of every operation on this one.

    The time of a transaction is that from asking for it until it is on disk or given up; of
    reading, until its connection is given back.
    """
    return database if observer is NOBODY else _Observed(database, observer)


class _Observed(Database):
    def __init__(self, database: Database, observer: Observer) -> None:
        self._database = database
        self._observer = observer

    async def close(self) -> None:
        """Closes every connection."""
        await self._database.close()

    @asynccontextmanager
    async def reader(self, kind: ReadKind = "lookup") -> AsyncIterator[AsyncConnection]:
        """Yields a connection that reads."""
        async with self._observed(kind), self._database.reader(kind) as connection:
            yield connection

    @asynccontextmanager
    async def write_transaction(self, part: str | None = None) -> AsyncIterator[AsyncConnection]:
        """Opens a transaction that may write."""
        async with self._observed("write"), self._database.write_transaction(part) as connection:
            yield connection

    async def truncate_wal(self) -> None:
        """Truncates SQLite's write-ahead log."""
        async with self._observed("clean"):
            await self._database.truncate_wal()

    async def clean(self) -> None:
        """Erases what deletions have left in unused parts of SQLite's file."""
        async with self._observed("clean"):
            await self._database.clean()

    @asynccontextmanager
    async def _observed(self, operation: str) -> AsyncIterator[None]:
        began, failed = time.perf_counter(), False
        try:
            yield
        except StoreError:
            failed = True
            raise
        finally:
            self._observer.store_used(operation, time.perf_counter() - began, failed=failed)
