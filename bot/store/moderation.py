"""Removal of verses from a server's leaderboard."""

from typing import Any

from sqlalchemy import Select, or_, select, text

from ..verses import BoardVerse, Verse
from .database import Database, finish_if_cancelled
from .forgotten import DELETIONS, remember, verse_name
from .statements import contains
from .tables import couplet, couplet_hearts

__all__ = ["Moderation"]

SEARCHED = 1000  # of a server's top verses


class Moderation:
    """What moderators do with the verses of a server."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def matching(self, guild_id: int, containing: str, limit: int) -> list[BoardVerse]:
        """Returns verses of a server's leaderboard that contain a text, best first."""
        best = (
            select(couplet_hearts.c.couplet_id)
            .where(couplet_hearts.c.guild_id == guild_id)
            .order_by(
                couplet_hearts.c.hearts.desc(),
                couplet_hearts.c.first_at,
                couplet_hearts.c.couplet_id,
            )
            .limit(SEARCHED)
        )
        found = (
            _verses(guild_id)
            .where(
                couplet.c.id.in_(best),
                or_(
                    contains(couplet.c.line, containing),
                    contains(couplet.c.answer, containing),
                ),
            )
            .order_by(
                couplet_hearts.c.hearts.desc(),
                couplet_hearts.c.first_at,
                couplet_hearts.c.couplet_id,
            )
            .limit(limit)
        )
        async with self._database.reader("typing") as connection:
            return [_board_verse(*row) for row in await connection.execute(found)]

    @finish_if_cancelled
    async def remove(self, guild_id: int, verse_id: int, at: float) -> BoardVerse | None:
        """Removes a verse from a server's leaderboard for good.

        Members keep it among their own favorites; nobody is named beside it any more.

        Args:
            guild_id: The server.
            verse_id: The verse, as `matching` returned it.
            at: The time, in Unix seconds.

        Returns:
            The verse; None if the leaderboard has no such verse.

        Raises:
            StoreError: The database cannot be written; nothing has changed.
        """
        wanted = _verses(guild_id).where(couplet.c.id == verse_id)
        async with self._database.write_transaction() as connection:
            row = (await connection.execute(wanted)).one_or_none()
            if row is None:
                return None
            removed = _board_verse(*row)
            for deletion in DELETIONS["verse"].values():
                await connection.execute(
                    text(deletion), {"guild_id": guild_id, "couplet_id": verse_id}
                )
            await remember(connection, "verse", verse_name(guild_id, removed.verse), at)
        return removed


def _verses(guild_id: int) -> Select[Any]:
    return (
        select(couplet.c.id, couplet.c.line, couplet.c.answer, couplet_hearts.c.hearts)
        .join(couplet_hearts, couplet_hearts.c.couplet_id == couplet.c.id)
        .where(couplet_hearts.c.guild_id == guild_id)
    )


def _board_verse(id_: int, line: str, answer: str, hearts: int) -> BoardVerse:
    return BoardVerse(id_, Verse(line, answer), hearts)
