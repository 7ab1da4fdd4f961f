"""Recent prompts of each user, for autocompletion."""

import asyncio
import math
from typing import Any

from sqlalchemy import Select, delete, select

from .database import Database, to_the_end
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
                    added = insert(connection, prompt)
                    again = added.on_conflict_do_update(
                        index_elements=["user_id", "line"],
                        set_={"asked_at": later(prompt.c.asked_at, added.excluded.asked_at)},
                    )
                    await connection.execute(again, kept)
                for user_id in {row["user_id"] for row in kept}:
                    surplus = _latest(user_id).limit(BATCH).offset(KEPT)
                    await connection.execute(delete(prompt).where(prompt.c.id.in_(surplus)))
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
        lines = (
            select(prompt.c.line)
            .where(
                prompt.c.id.in_(_latest(user_id).limit(KEPT)),
                prompt.c.asked_at >= math.ceil(since),
                contains(prompt.c.line, containing),
            )
            .order_by(prompt.c.asked_at.desc(), prompt.c.id.desc())
            .limit(limit)
        )
        async with self._database.read_transaction("typing") as connection:
            return list(await connection.scalars(lines))

    @to_the_end
    async def purge(self, before: float) -> int:
        """Deletes lines last used before a Unix time, in batches so that others can write.

        Returns:
            The number of deleted lines.
        """
        old = select(prompt.c.id).where(prompt.c.asked_at < math.ceil(before)).limit(BATCH)
        purged = 0
        while True:
            async with self._database.write_transaction(PART) as connection:
                batch = await connection.execute(delete(prompt).where(prompt.c.id.in_(old)))
            purged += batch.rowcount
            if batch.rowcount < BATCH:
                return purged


def _latest(user_id: int) -> Select[tuple[int]]:
    """Returns the query for the ids of a user's lines, latest first."""
    return (
        select(prompt.c.id)
        .where(prompt.c.user_id == user_id)
        .order_by(prompt.c.asked_at.desc(), prompt.c.id.desc())
    )
