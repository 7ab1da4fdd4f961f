"""What a server loves, and whom it has to thank."""

from typing import Any

from sqlalchemy import Select, bindparam, func, select

from .database import Database
from .favorites import server_id
from .records import Couplet, LovedCouplet, LovedMember, Page
from .tables import couplet, couplet_hearts, favorite, member_hearts

__all__ = ["Leaderboard"]

SEARCHED = 1000  # of a server's best-loved couplets, for lines to suggest


class Leaderboard:
    """Rankings of one server each, in which equals stand in an order that stays.

    All time is read from the tallies, as counting 100,000 favorites takes 50 ms; a period is
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
        ranking = _COUPLETS_EVER if since is None else _COUPLETS_SINCE
        rows, total = await self._read(ranking, guild_id, since, offset, limit)
        return Page(
            [
                LovedCouplet(Couplet(line, answer), hearts, author_id)
                for line, answer, hearts, author_id in rows
            ],
            total,
        )

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
        ranking = _MEMBERS_EVER if since is None else _MEMBERS_SINCE
        rows, total = await self._read(ranking, guild_id, since, offset, limit)
        return Page([LovedMember(user_id, hearts) for user_id, hearts in rows], total)

    async def lines(self, guild_id: int | None, containing: str, limit: int) -> list[str]:
        """The best-loved lines of a server's answers that contain this text, best first.

        Poems are no lines to go on from.
        """
        values = {"guild_id": server_id(guild_id), "containing": containing, "limit": limit}
        async with self._database.reading() as connection:
            return list(await connection.scalars(_LINES, values))

    async def _read(
        self,
        ranking: tuple[Select[Any], Select[Any]],
        guild_id: int | None,
        since: float | None,
        offset: int,
        limit: int,
    ) -> tuple[list[Any], int]:
        page, total = ranking
        values = {
            "guild_id": server_id(guild_id),
            "since": since,
            "offset": offset,
            "limit": limit,
        }
        async with self._database.reading() as connection:
            rows = (await connection.execute(page, values)).all()
            return list(rows), (await connection.execute(total, values)).scalar_one()


def _couplets(ranking: Select[Any]) -> tuple[Select[Any], Select[Any]]:
    """A page of a ranking of couplets, and its length."""
    found = ranking.selected_columns
    # Chosen before anything is looked up, so that what is skipped costs little.
    top = (
        ranking.order_by(found.hearts.desc(), found.first_at, found.couplet_id)
        .limit(bindparam("limit"))
        .offset(bindparam("offset"))
        .subquery()
    )
    author = (
        select(favorite.c.author_id)
        .where(
            favorite.c.couplet_id == top.c.couplet_id,
            favorite.c.guild_id == bindparam("guild_id"),
            favorite.c.author_id.is_not(None),
        )
        .order_by(favorite.c.kept_at, favorite.c.author_id)
        .limit(1)
        .scalar_subquery()
    )
    page = (
        select(couplet.c.line, couplet.c.answer, top.c.hearts, author)
        .join(couplet, couplet.c.id == top.c.couplet_id)
        .order_by(top.c.hearts.desc(), top.c.first_at, top.c.couplet_id)
    )
    return page, _total(ranking)


def _members(ranking: Select[Any]) -> tuple[Select[Any], Select[Any]]:
    """A page of a ranking of members, and its length."""
    found = ranking.selected_columns
    page = ranking.order_by(found.hearts.desc(), found.user_id)
    return page.limit(bindparam("limit")).offset(bindparam("offset")), _total(ranking)


def _total(ranking: Select[Any]) -> Select[Any]:
    return select(func.count()).select_from(ranking.subquery())


# Made once: to put such a statement together takes longer than to read most pages.
_COUPLETS_EVER = _couplets(
    select(couplet_hearts.c.couplet_id, couplet_hearts.c.hearts, couplet_hearts.c.first_at).where(
        couplet_hearts.c.guild_id == bindparam("guild_id")
    )
)
_COUPLETS_SINCE = _couplets(
    select(
        favorite.c.couplet_id,
        func.count().label("hearts"),
        func.min(favorite.c.kept_at).label("first_at"),
    )
    .where(favorite.c.guild_id == bindparam("guild_id"), favorite.c.kept_at >= bindparam("since"))
    .group_by(favorite.c.couplet_id)
)
_MEMBERS_EVER = _members(
    select(member_hearts.c.user_id, member_hearts.c.hearts).where(
        member_hearts.c.guild_id == bindparam("guild_id")
    )
)
_MEMBERS_SINCE = _members(
    select(favorite.c.author_id.label("user_id"), func.count().label("hearts"))
    .where(
        favorite.c.guild_id == bindparam("guild_id"),
        favorite.c.kept_at >= bindparam("since"),
        favorite.c.author_id != favorite.c.user_id,
    )
    .group_by(favorite.c.author_id)
)

_best = (
    select(couplet_hearts)
    .where(couplet_hearts.c.guild_id == bindparam("guild_id"))
    .order_by(
        couplet_hearts.c.hearts.desc(), couplet_hearts.c.first_at, couplet_hearts.c.couplet_id
    )
    .limit(SEARCHED)
    .subquery()
)
_LINES = (
    select(couplet.c.answer)
    .join(_best, _best.c.couplet_id == couplet.c.id)
    .where(
        func.instr(couplet.c.answer, bindparam("containing")) > 0,
        func.instr(couplet.c.answer, "\n") == 0,
    )
    .group_by(couplet.c.answer)
    .order_by(func.max(_best.c.hearts).desc(), func.min(_best.c.first_at), couplet.c.answer)
    .limit(bindparam("limit"))
)
