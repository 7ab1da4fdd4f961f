"""What people asked for lately, to suggest it again."""

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.sqlite import insert

from .database import Database
from .tables import prompt

__all__ = ["Prompts"]

BATCH = 5000  # rows deleted in one transaction, some 20 ms


class Prompts:
    """The lines that somebody asked with, each once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, user_id: int, line: str, at: float) -> None:
        """Notes a line, or that it was asked with once more.

        Raises:
            StoreError: It cannot be noted.
        """
        added = insert(prompt).values(user_id=user_id, line=line, asked_at=int(at))
        again = added.on_conflict_do_update(
            index_elements=["user_id", "line"],
            set_={"asked_at": func.max(prompt.c.asked_at, added.excluded.asked_at)},
        )
        async with self._database.writing() as connection:
            await connection.execute(again)

    async def recent(self, user_id: int, containing: str, limit: int) -> list[str]:
        """Lines of this user that contain this text, latest first."""
        lines = (
            select(prompt.c.line)
            .where(prompt.c.user_id == user_id, func.instr(prompt.c.line, containing) > 0)
            .order_by(prompt.c.asked_at.desc(), prompt.c.id.desc())
            .limit(limit)
        )
        async with self._database.reading() as connection:
            return list(await connection.scalars(lines))

    async def purge(self, before: float) -> int:
        """Deletes what was last asked before this Unix time, and lets others write in between.

        Returns:
            How many lines.
        """
        old = select(prompt.c.id).where(prompt.c.asked_at < before).limit(BATCH)
        purged = 0
        while True:
            async with self._database.writing() as connection:
                batch = await connection.execute(delete(prompt).where(prompt.c.id.in_(old)))
            purged += batch.rowcount
            if batch.rowcount < BATCH:
                return purged
