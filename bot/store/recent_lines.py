"""Recent prompts of each user, for autocompletion."""

import asyncio
import math
from functools import cache
from typing import Any

from sqlalchemy import Insert, bindparam, delete, select

from .database import Database, finish_if_cancelled
from .forgotten import Act, find_forgotten
from .statements import contains, insert, later
from .tables import prompt

__all__ = ["RecentLines"]

KEPT = 200  # lines of each user
PART = "recent lines"  # one transaction at a time: what arrives meanwhile goes into the next
BATCH = 5000  # rows deleted in one transaction, some 20 ms


class RecentLines:
    """The latest prompts of each user, without duplicates."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows: list[tuple[dict[str, Any], float]] = []  # and when the user acted
        self._writing: asyncio.Task[None] | None = None

    async def add(self, user_id: int, line: str, at: float, acted_at: float = math.inf) -> None:
        """Adds a line, or updates the time of its last use; the latest `KEPT` of a user are kept.

        Lines that arrive while a transaction waits for the write lock join it: with many requests
        at once, a transaction for each would keep the database busy.

        Args:
            user_id: The user; nothing is added if the user was forgotten since.
            line: The line.
            at: The time, in Unix seconds.
            acted_at: When the user did this, by Discord's clock.

        Raises:
            StoreError: The line cannot be stored.
        """
        row = {"user_id": user_id, "line": line, "asked_at": int(at)}
        self._rows.append((row, acted_at))
        if self._writing is None or len(self._rows) == 1:
            self._writing = asyncio.create_task(self._write(self._rows))
        await asyncio.shield(self._writing)

    async def _write(self, rows: list[tuple[dict[str, Any], float]]) -> None:
        try:
            async with self._database.write_transaction(PART) as connection:
                self._rows = []  # later lines start another transaction
                acts = [Act("user", row["user_id"], acted_at) for row, acted_at in rows]
                gone = await find_forgotten(connection, acts)
                kept = [row for (row, _), act in zip(rows, acts, strict=True) if act not in gone]
                if kept:
                    await connection.execute(_add(connection.dialect.name), kept)
                for user_id in {row["user_id"] for row in kept}:
                    surplus = {"user_id": user_id, "kept": KEPT, "batch": BATCH}
                    await connection.execute(_DELETE_SURPLUS, surplus)
        finally:
            if self._rows is rows:  # the transaction never began
                self._rows = []

    async def recent(
        self, user_id: int, containing: str, limit: int, since: float = 0
    ) -> list[str]:
        """Returns the user's lines that contain a text, latest first.

        Args:
            user_id: The user.
            containing: The text.
            limit: How many to return at most.
            since: Leaves out lines last used before this Unix time, which `purge` deletes later.
        """
        values = {
            "user_id": user_id,
            "kept": KEPT,
            "containing": containing,
            "since": math.ceil(since),
            "limit": limit,
        }
        async with self._database.reader("typing") as connection:
            return list(await connection.scalars(_RECENT, values))

    @finish_if_cancelled
    async def purge(self, before: float) -> int:
        """Deletes lines last used before a Unix time, in batches so that others can write.

        Returns:
            The number of deleted lines.
        """
        values, purged = {"before": math.ceil(before), "batch": BATCH}, 0
        while True:
            async with self._database.write_transaction(PART) as connection:
                batch = await connection.execute(_DELETE_OLD, values)
            purged += batch.rowcount
            if batch.rowcount < BATCH:
                return purged


# Statements, built once: building one takes longer than running it.
_latest = (
    select(prompt.c.id)
    .where(prompt.c.user_id == bindparam("user_id"))
    .order_by(prompt.c.asked_at.desc(), prompt.c.id.desc())
)
_surplus = _latest.limit(bindparam("batch")).offset(bindparam("kept"))
_old = select(prompt.c.id).where(prompt.c.asked_at < bindparam("before")).limit(bindparam("batch"))
_DELETE_SURPLUS = delete(prompt).where(prompt.c.id.in_(_surplus))
_DELETE_OLD = delete(prompt).where(prompt.c.id.in_(_old))
_RECENT = (
    select(prompt.c.line)
    .where(
        prompt.c.id.in_(_latest.limit(bindparam("kept"))),
        prompt.c.asked_at >= bindparam("since"),
        contains(prompt.c.line, bindparam("containing")),
    )
    .order_by(prompt.c.asked_at.desc(), prompt.c.id.desc())
    .limit(bindparam("limit"))
)


@cache
def _add(dialect: str) -> Insert:
    added = insert(dialect, prompt)
    return added.on_conflict_do_update(
        index_elements=["user_id", "line"],
        set_={"asked_at": later(prompt.c.asked_at, added.excluded.asked_at)},
    )
