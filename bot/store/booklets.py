"""The monthly booklets of pages of honor: which are due."""

import math
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select, update

from ..honor import BOOKLET_LEASE_S, MAX_ATTEMPTS, Month, retry_after
from .database import Database, finish_if_cancelled
from .guilds import guild_part
from .postgres import Processes
from .statements import of_shards
from .tables import honor_page

__all__ = ["Booklets", "DueBooklet"]

DUE = 60  # at a time


@dataclass(frozen=True)
class DueBooklet:
    """A server whose booklet of the last month is due.

    Attributes:
        guild_id: The server.
        channel_id: Where it is posted.
        due_at: When it was due, in Unix seconds.
        begun_at: When posting it was begun, unless it is known how that ended.
        attempts: How often that has failed.
    """

    guild_id: int
    channel_id: int
    due_at: int
    begun_at: int | None
    attempts: int


class Booklets:
    """When each server gets its next booklet.

    Args:
        database: Has it.
        processes: What several processes agree on; None where the database serves one.
    """

    def __init__(self, database: Database, processes: Processes | None = None) -> None:
        self._database = database
        self._processes = processes

    async def due(self, now: float) -> list[DueBooklet]:
        """Returns servers whose booklet is due; each process has those of its shards."""
        statement, more = of_shards(_DUE, self._processes, honor_page.c.guild_id)
        values = {"now": math.floor(now), "limit": DUE} | more
        async with self._database.reader("list") as connection:
            return [DueBooklet(*row) for row in await connection.execute(statement, values)]

    @finish_if_cancelled
    async def claim(self, booklet: DueBooklet, now: float) -> bool:
        """Claims a booklet for `BOOKLET_LEASE_S`; returns whether nobody else was first."""
        begun_at = booklet.begun_at or math.floor(now)
        changes = {"booklet_at": math.floor(now) + BOOKLET_LEASE_S, "booklet_begun_at": begun_at}
        return bool(await self._change(booklet, changes, honor_page.c.booklet_at == booklet.due_at))

    @finish_if_cancelled
    async def begin(self, booklet: DueBooklet, now: float) -> None:
        """Notes that posting it is begun anew, as it was not posted before."""
        await self._change(booklet, {"booklet_begun_at": math.floor(now)})

    @finish_if_cancelled
    async def finish(self, booklet: DueBooklet, now: float) -> None:
        """Notes that the booklet was posted, or that there is none: the next is that of a month."""
        done = {
            "booklet_at": Month.at(now).booklet_at,
            "booklet_begun_at": None,
            "booklet_attempts": 0,
        }
        await self._change(booklet, done)

    @finish_if_cancelled
    async def fail(self, booklet: DueBooklet, now: float, *, refused: bool, is_sent: bool) -> None:
        """Notes that it could not be posted: it is tried again later.

        Args:
            booklet: The booklet.
            now: The time, in Unix seconds.
            refused: Whether Discord refused it, as it would again: then it is not tried for ever.
            is_sent: Whether it may have been sent all the same.
        """
        attempts = booklet.attempts + 1
        if refused and attempts >= MAX_ATTEMPTS:
            await self.finish(booklet, now)
            return
        wait_s = retry_after(attempts)
        changes: dict[str, Any] = {
            "booklet_at": math.floor(now) + wait_s,
            "booklet_attempts": attempts,
        }
        if not is_sent:
            changes["booklet_begun_at"] = None
        await self._change(booklet, changes)

    async def _change(self, booklet: DueBooklet, changes: dict[str, Any], *where: Any) -> int:
        statement = update(honor_page).where(honor_page.c.guild_id == booklet.guild_id, *where)
        part = guild_part(booklet.guild_id)
        async with self._database.write_transaction(part) as connection:
            changed: int = (await connection.execute(statement.values(**changes))).rowcount
        return changed


_DUE = (
    select(
        honor_page.c.guild_id,
        honor_page.c.channel_id,
        honor_page.c.booklet_at,
        honor_page.c.booklet_begun_at,
        honor_page.c.booklet_attempts,
    )
    .where(honor_page.c.booklet_at <= bindparam("now"), honor_page.c.fault.is_(None))
    .order_by(honor_page.c.booklet_at, honor_page.c.guild_id)
    .limit(bindparam("limit"))
)
