"""PostgreSQL: transactions, and the configuration of its connections."""

import logging
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager

from sqlalchemy import URL, BigInteger, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ..database import READERS, TYPING_S, Database, ReadKind
from ..errors import StoreError
from .engine import create_engine, lock_key
from .errors import converted_errors
from .schema import create_or_migrate
from .url import parse_url, server_name

__all__ = ["PostgresDatabase", "open_postgres"]

WRITERS = 4  # connections; a transaction spends most of its time waiting for the server's disk

_log = logging.getLogger(__name__)


class PostgresDatabase(Database):
    """A database of a server, which several processes may use.

    Each statement sees what others have committed by then (`READ COMMITTED`), so transactions that
    write the same rows are kept apart by advisory locks:
    those that write a part, such as a verse, lock that part; those that may write anything lock
    everything. Nobody waits for two parts, and rows that belong to several parts, such as the
    tallies of members, are written in the order of ids. So there are no deadlocks.

    Args:
        url: Names the server and the database, which `create_or_migrate` has prepared.
        busy_s: How many seconds to wait for a lock or a statement at most.
    """

    def __init__(self, url: URL, busy_s: float) -> None:
        self._server = server_name(url)
        self._readers: dict[ReadKind, AsyncEngine] = {
            kind: create_engine(
                url,
                min(busy_s, TYPING_S) if kind == "typing" else busy_s,
                read_only=True,
                pool_size=size,
                isolation_level="AUTOCOMMIT",
            )
            for kind, size in READERS.items()
        }
        self._writer = create_engine(
            url, busy_s, pool_size=WRITERS, isolation_level="READ COMMITTED"
        )

    async def close(self) -> None:
        """Closes every connection."""
        for engine in (*self._readers.values(), self._writer):
            await engine.dispose()

    @asynccontextmanager
    async def reader(self, kind: ReadKind = "lookup") -> AsyncIterator[AsyncConnection]:
        """Yields one of the connections for this kind."""
        with self._converted_errors():
            async with self._readers[kind].connect() as connection:
                yield connection

    @asynccontextmanager
    async def write_transaction(self, part: str | None = None) -> AsyncIterator[AsyncConnection]:
        """Opens a transaction that has the lock of a part, or of everything."""
        with self._converted_errors():
            async with self._writer.begin() as connection:
                if part is None:
                    await connection.execute(_LOCK_EVERYTHING)
                else:
                    await connection.execute(_LOCK_PART, {"key": lock_key(part)})
                yield connection

    def _converted_errors(self) -> AbstractContextManager[None]:
        return converted_errors(self._server, _log_and_choose)


def _log_and_choose(for_operator: StoreError, for_members: StoreError) -> StoreError:
    _log.error("%s", for_operator)
    return for_members


async def open_postgres(url: str, busy_s: float) -> PostgresDatabase:
    """Opens a database of a server; its tables are created or migrated if necessary.

    Args:
        url: Such as `postgresql+asyncpg://user:password@host/database`.
        busy_s: How many seconds to wait for locks of other processes.

    Raises:
        StoreBusyError: Another process migrates it.
        StoreError: It cannot be used; it is unchanged.
    """
    address = parse_url(url)
    await create_or_migrate(address, busy_s)
    return PostgresDatabase(address, busy_s)


_EVERYTHING = lock_key("everything")
_LOCK_EVERYTHING = select(func.pg_advisory_xact_lock(_EVERYTHING))
_LOCK_PART = select(
    func.pg_advisory_xact_lock_shared(_EVERYTHING),
    func.pg_advisory_xact_lock(bindparam("key", type_=BigInteger)),
)
