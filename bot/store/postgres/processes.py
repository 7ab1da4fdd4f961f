"""What the processes of one bot agree on, by the database that they share."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import URL, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.pool import NullPool

from ..errors import StoreError
from .engine import connect, create_engine, lock_key
from .errors import converted_errors
from .url import server_name

__all__ = ["Processes"]

# Times are those of the server, in milliseconds: the clocks of the processes may differ.
SINCE_IDENTIFIED_MS = text(
    "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint - at"
    " FROM identified WHERE bucket = :bucket"
)
IDENTIFIED = text(
    "INSERT INTO identified"
    " VALUES (:bucket, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)"
    " ON CONFLICT (bucket) DO UPDATE SET at = excluded.at"
)
REGISTERED = text("SELECT digest FROM registered WHERE scope = :scope")
REGISTER = text(
    "INSERT INTO registered VALUES (:scope, :digest)"
    " ON CONFLICT (scope) DO UPDATE SET digest = excluded.digest"
)
# Nothing is returned where a request of the user is running.
BEGIN = text(
    "INSERT INTO running AS old"
    " VALUES (:user_id, (extract(epoch FROM clock_timestamp()) * 1000)::bigint + :most_ms)"
    " ON CONFLICT (user_id) DO UPDATE SET ends_by = excluded.ends_by"
    " WHERE old.ends_by <= (extract(epoch FROM clock_timestamp()) * 1000)::bigint"
    " RETURNING ends_by"
)
END = text("DELETE FROM running WHERE user_id = :user_id AND ends_by = :ends_by")
PURGE = text(
    "DELETE FROM running WHERE ends_by <= (extract(epoch FROM clock_timestamp()) * 1000)::bigint"
)


class Processes:
    """What the processes of one bot agree on.

    Args:
        url: Names the server and the database.
        busy_s: How many seconds to wait for a statement at most.

    Attributes:
        claimed: The shards of this process, None for all of them, and how many there are.
    """

    def __init__(self, url: URL, busy_s: float) -> None:
        self._url = url
        self._busy_s = busy_s
        self._server = server_name(url)
        # For locks that are waited for as long as it takes, some seconds for each process.
        self._patient = create_engine(url, 0, statement_s=0, idle_s=0, poolclass=NullPool)
        self._requests = create_engine(url, busy_s, pool_size=2, isolation_level="AUTOCOMMIT")
        self._claims: Any = None
        self.claimed: tuple[Sequence[int] | None, int | None] = None, None

    async def close(self) -> None:
        """Gives back what was claimed, and closes every connection."""
        await self._requests.dispose()
        if self._claims is not None:
            self._claims.terminate()  # whether or not the connection is lost

    async def claim(self, shards: Sequence[int] | None, count: int | None) -> None:
        """Claims shards until the process ends; None claims all of them.

        Raises:
            StoreError: Another process has one of them.
        """
        self.claimed = shards, count
        with converted_errors(self._server):
            self._claims = await connect(self._url, self._busy_s)
            everything = lock_key("shards")
            lock = "pg_try_advisory_lock" if shards is None else "pg_try_advisory_lock_shared"
            if not await self._try(lock, everything):
                raise await self._refusal("store-other-process")
            for shard in shards or ():
                if not await self._try("pg_try_advisory_lock", lock_key(f"shard {shard}/{count}")):
                    facts = {"shard": str(shard), "count": str(count)}
                    raise await self._refusal("store-shard-taken", **facts)

    async def _refusal(self, key: str, **facts: str) -> StoreError:
        """Gives back what was claimed."""
        await self._claims.close()
        return StoreError(key, path=self._server, **facts)

    async def _try(self, lock: str, key: int) -> bool:
        return bool(await self._claims.fetchval(f"SELECT {lock}($1)", key))

    @asynccontextmanager
    async def identify_turn(self, bucket: int, every_s: float) -> AsyncIterator[None]:
        """Waits until no process has identified in this bucket for so many seconds.

        The block identifies; others wait meanwhile, and `every_s` from its end on.

        Raises:
            StoreError: The database cannot be reached.
        """
        async with self._alone(f"identify {bucket}") as connection:
            since_ms = await connection.scalar(SINCE_IDENTIFIED_MS, {"bucket": bucket})
            if since_ms is not None:  # not longer, if somebody has set the server's clock
                await asyncio.sleep(min(every_s, every_s - since_ms / 1e3))
            yield
            await connection.execute(IDENTIFIED, {"bucket": bucket})

    async def register_once(
        self, scope: str, digest: bytes, register: Callable[[], Awaitable[object]]
    ) -> bool:
        """Registers commands, unless a process has registered the same ones.

        Args:
            scope: Of which application, and where.
            digest: Tells the commands from others.
            register: Registers them.

        Returns:
            Whether they were registered now.

        Raises:
            StoreError: The database cannot be reached.
        """
        failure: Exception | None = None
        async with self._alone(f"commands {scope}") as connection:
            if await connection.scalar(REGISTERED, {"scope": scope}) == digest:
                return False
            try:
                await register()
            except Exception as error:  # whatever it is, it is none of the database
                failure = error
            else:
                await connection.execute(REGISTER, {"scope": scope, "digest": digest})
        if failure is not None:
            raise failure
        return True

    async def begin_request(self, user_id: int, most_s: float) -> int | None:
        """Notes that a request of a user runs.

        Args:
            user_id: The user.
            most_s: How long it counts as running if its process is killed.

        Returns:
            What `end_request` takes; None if a request of the user is running somewhere.
        """
        values = {"user_id": user_id, "most_ms": round(most_s * 1e3)}
        with converted_errors(self._server):
            async with self._requests.connect() as connection:
                ends_by: int | None = await connection.scalar(BEGIN, values)
                return ends_by

    async def end_request(self, user_id: int, ends_by: int) -> None:
        """Notes that a request of a user has ended."""
        with converted_errors(self._server):
            async with self._requests.connect() as connection:
                await connection.execute(END, {"user_id": user_id, "ends_by": ends_by})

    async def purge(self) -> None:
        """Deletes requests of processes that were killed; claims again what the server forgot.

        Raises:
            StoreError: The database cannot be reached, or another process has one of the shards.
        """
        if self._claims is not None and self._claims.is_closed():  # the server was restarted
            await self.claim(*self.claimed)
        with converted_errors(self._server):
            async with self._requests.connect() as connection:
                await connection.execute(PURGE)

    @asynccontextmanager
    async def _alone(self, what: str) -> AsyncIterator[AsyncConnection]:
        """Opens a transaction that no other process has at the same time."""
        with converted_errors(self._server):
            async with self._patient.begin() as connection:
                await connection.execute(select(func.pg_advisory_xact_lock(lock_key(what))))
                yield connection
