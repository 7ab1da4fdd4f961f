"""What the store needs of a database: transactions, whichever program keeps it."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from functools import wraps
from typing import Any, Literal, ParamSpec, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ["READERS", "TYPING_S", "Database", "ReadKind", "finish_if_cancelled"]

P = ParamSpec("P")
T = TypeVar("T")

ReadKind = Literal["lookup", "list", "typing"]
"""What is read: single rows that interactions wait for, pages and exports, autocompletes."""

# Connections. A kind has its own, so that none waits for another.
READERS: dict[ReadKind, int] = {"lookup": 2, "list": 2, "typing": 2}
TYPING_S = 2.0  # Discord gives up an autocomplete after three seconds


class Database(ABC):
    """An open database."""

    @abstractmethod
    async def close(self) -> None:
        """Closes every connection."""

    @abstractmethod
    def reader(self, kind: ReadKind = "lookup") -> AbstractAsyncContextManager[AsyncConnection]:
        """Yields a connection that reads, without a transaction.

        What must be of one moment is read by one statement: beginning and ending a transaction
        takes longer than most of them.

        Args:
            kind: What is read; each kind waits for its own connections.

        Raises:
            StoreBusyError: The database stays locked.
            StoreError: It fails.
        """

    @abstractmethod
    def write_transaction(
        self, part: str | None = None
    ) -> AbstractAsyncContextManager[AsyncConnection]:
        """Opens a transaction that may write; it is on disk once the block ends without an error.

        Args:
            part: Names what is written, so that other transactions may write other parts at the
                same time, in this process and in others. None keeps all others waiting.

        Raises:
            StoreBusyError: The database stays locked; nothing was written.
            StoreError: It fails; nothing was written.
        """

    async def truncate_wal(self) -> None:  # noqa: B027 -- there may be none
        """Truncates SQLite's write-ahead log, which still has deleted rows.

        It does nothing on PostgreSQL, whose log is the server's.

        Raises:
            StoreBusyError: Somebody reads or writes for too long.
            StoreError: It fails.
        """

    async def clean(self) -> None:  # noqa: B027 -- it may be the server's work
        """Erases what deletions have left in unused parts of SQLite's file.

        It does nothing on PostgreSQL, whose server does that (autovacuum).

        Raises:
            StoreBusyError: Somebody reads or writes for too long.
            StoreError: It fails; nothing is lost.
        """


def finish_if_cancelled(
    method: Callable[P, Coroutine[Any, Any, T]],
) -> Callable[P, Coroutine[Any, Any, T]]:
    """Decorates a method that writes: if it is cancelled, it is finished first.

    Then `CancelledError` is raised. Otherwise a cancelled operation might leave a connection of
    aiosqlite with an open transaction, which would keep the database locked.
    """

    @wraps(method)
    async def run(*args: P.args, **kwargs: P.kwargs) -> T:
        doing = asyncio.ensure_future(method(*args, **kwargs))
        try:
            return await asyncio.shield(doing)
        except asyncio.CancelledError:
            await asyncio.gather(asyncio.shield(doing), return_exceptions=True)
            raise

    return run
