"""What a server loves, and whom it has to thank."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select

from .database import Database
from .favourites import server_id
from .records import Couplet, LovedCouplet, LovedMember, Page
from .tables import couplet, couplet_hearts, favourite, member_hearts

__all__ = ["Leaderboard"]

SEARCHED = 1000  # of a server's best-loved couplets, for lines to suggest


class Leaderboard:
    """Rankings of one server each, in which equals stand in an order that stays.

    All time is read from the tallies, as counting 100,000 favourites takes 50 ms; a period is
    counted from what was kept in it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def couplets(
        self, guild_id: int | None, since: float | None, offset: int, limit: int
    ) -> Page[LovedCouplet]:
        """Couplets by the number of members who keep them; of equals the first kept comes first.

        Args:
            guild_id: The server; None is outside servers.
            since: Counts only what was kept from this Unix time on.
            offset: How many couplets to skip.
            limit: How many to give at most.
        """
        here = server_id(guild_id)
        if since is None:
            ranking = select(
                couplet_hearts.c.couplet_id, couplet_hearts.c.hearts, couplet_hearts.c.first_at
            ).where(couplet_hearts.c.guild_id == here)
        else:
            ranking = (
                select(
                    favourite.c.couplet_id,
                    func.count().label("hearts"),
                    func.min(favourite.c.kept_at).label("first_at"),
                )
                .where(favourite.c.guild_id == here, favourite.c.kept_at >= since)
                .group_by(favourite.c.couplet_id)
            )
        found = ranking.selected_columns
        order = (found.hearts.desc(), found.first_at, found.couplet_id)
        # Chosen before anything is looked up, so that what is skipped costs little.
        top = ranking.order_by(*order).limit(limit).offset(offset).subquery()
        author = (
            select(favourite.c.author_id)
            .where(
                favourite.c.couplet_id == top.c.couplet_id,
                favourite.c.guild_id == here,
                favourite.c.author_id.is_not(None),
            )
            .order_by(favourite.c.kept_at, favourite.c.author_id)
            .limit(1)
            .scalar_subquery()
        )
        page = (
            select(couplet.c.line, couplet.c.answer, top.c.hearts, author.label("author"))
            .join(couplet, couplet.c.id == top.c.couplet_id)
            .order_by(top.c.hearts.desc(), top.c.first_at, top.c.couplet_id)
        )
        rows, total = await self._read(page, ranking)
        loved = [
            LovedCouplet(Couplet(row.line, row.answer), row.hearts, row.author) for row in rows
        ]
        return Page(loved, total)

    async def members(
        self, guild_id: int | None, since: float | None, offset: int, limit: int
    ) -> Page[LovedMember]:
        """Members by the hearts that others gave to what they asked for; of equals the lower id.

        Args:
            guild_id: The server; None is outside servers.
            since: Counts only hearts given from this Unix time on.
            offset: How many members to skip.
            limit: How many to give at most.
        """
        here = server_id(guild_id)
        if since is None:
            ranking = select(member_hearts.c.user_id, member_hearts.c.hearts).where(
                member_hearts.c.guild_id == here
            )
        else:
            ranking = (
                select(favourite.c.author_id.label("user_id"), func.count().label("hearts"))
                .where(
                    favourite.c.guild_id == here,
                    favourite.c.kept_at >= since,
                    favourite.c.author_id != favourite.c.user_id,
                )
                .group_by(favourite.c.author_id)
            )
        found = ranking.selected_columns
        page = ranking.order_by(found.hearts.desc(), found.user_id).limit(limit).offset(offset)
        rows, total = await self._read(page, ranking)
        return Page([LovedMember(row.user_id, row.hearts) for row in rows], total)

    async def lines(self, guild_id: int | None, containing: str, limit: int) -> list[str]:
        """The best-loved answers of a server that contain this text, best first."""
        best = (
            select(couplet_hearts.c.couplet_id, couplet_hearts.c.hearts, couplet_hearts.c.first_at)
            .where(couplet_hearts.c.guild_id == server_id(guild_id))
            .order_by(
                couplet_hearts.c.hearts.desc(),
                couplet_hearts.c.first_at,
                couplet_hearts.c.couplet_id,
            )
            .limit(SEARCHED)
            .subquery()
        )
        answers = (
            select(couplet.c.answer)
            .join(best, best.c.couplet_id == couplet.c.id)
            .where(func.instr(couplet.c.answer, containing) > 0)
            .group_by(couplet.c.answer)
            .order_by(func.max(best.c.hearts).desc(), func.min(best.c.first_at), couplet.c.answer)
            .limit(limit)
        )
        async with self._database.reading() as connection:
            return list(await connection.scalars(answers))

    async def _read(self, page: Select[Any], ranking: Select[Any]) -> tuple[Sequence[Any], int]:
        total = select(func.count()).select_from(ranking.subquery())
        async with self._database.reading() as connection:
            rows = (await connection.execute(page)).all()
            return rows, await connection.scalar(total) or 0
