"""Rankings of verses and members, for each server."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import (
    FromClause,
    Select,
    bindparam,
    func,
    not_,
    select,
    union_all,
)

from ..verses import Page, RankedMember, RankedVerse, Verse
from .database import Database
from .favorites import split_writers, stored_guild_id, writers_of
from .statements import Columns, contains, split_total, with_total
from .tables import couplet, couplet_hearts, favorite, favorite_writer, member_hearts

__all__ = ["Leaderboard"]

SEARCHED = 1000  # of a server's top verses, for lines to suggest


class Leaderboard:
    """Rankings of each server, with a stable order among equals.

    All-time rankings are read from tally tables, as counting 100,000 favorites takes 50 ms. A
    period is counted from its favorites.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def verses(
        self, guild_id: int | None, since: float | None, offset: int, limit: int
    ) -> Page[RankedVerse]:
        """Returns verses by how many members keep them; among equals, the first kept comes first.

        Args:
            guild_id: The server; None outside servers.
            since: Counts only favorites from this Unix time on.
            offset: How many verses to skip.
            limit: How many to return at most.
        """
        ranking = _VERSES_EVER if since is None else _VERSES_SINCE
        rows, total = await self._read(ranking, guild_id, since, offset, limit)
        return Page(
            [
                RankedVerse(Verse(line, answer), hearts, author_id, split_writers(writers))
                for line, answer, hearts, author_id, writers, *_ in rows
            ],
            total,
        )

    async def members(
        self, guild_id: int | None, since: float | None, offset: int, limit: int
    ) -> Page[RankedMember]:
        """Returns members by hearts from others for their verses; among equals, the lower id.

        Args:
            guild_id: The server; None outside servers.
            since: Counts only hearts given from this Unix time on.
            offset: How many members to skip.
            limit: How many to return at most.
        """
        ranking = _MEMBERS_EVER if since is None else _MEMBERS_SINCE
        rows, total = await self._read(ranking, guild_id, since, offset, limit)
        return Page([RankedMember(user_id, hearts) for user_id, hearts in rows], total)

    async def lines(self, guild_id: int | None, containing: str, limit: int) -> list[str]:
        """Returns the top answers of a server that contain a text, best first.

        Poems are left out, since they cannot be a prompt.
        """
        values = {"guild_id": stored_guild_id(guild_id), "containing": containing, "limit": limit}
        async with self._database.reader("typing") as connection:
            return list(await connection.scalars(_LINES, values))

    async def _read(
        self,
        page: Select[Any],
        guild_id: int | None,
        since: float | None,
        offset: int,
        limit: int,
    ) -> tuple[list[Sequence[Any]], int]:
        values = {
            "guild_id": stored_guild_id(guild_id),
            "since": None if since is None else math.ceil(since),  # times are whole seconds
            "offset": offset,
            "limit": limit,
        }
        async with self._database.reader("list") as connection:
            return split_total(await connection.execute(page, values))


def _page(ranking: FromClause, order: Callable[[Columns], Columns]) -> Select[Any]:
    page = select(ranking).order_by(*order(ranking.c))
    return page.limit(bindparam("limit")).offset(bindparam("offset"))


def _total(ranking: FromClause) -> Select[Any]:
    return select(func.count()).select_from(ranking)


def _rank_verses(ranking: FromClause) -> Select[Any]:
    """Returns the query for a page of a ranking of verses and for its length."""

    def order(columns: Columns) -> Columns:
        return columns.hearts.desc(), columns.first_at, columns.couplet_id

    # Limited before the joins, so that skipped rows cost little.
    top = _page(ranking, order).subquery()
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
        .label("author_id")
    )
    # Of the favorite that names most of them, since all name the same but those who were deleted.
    row = favorite_writer
    of_one = (
        select(row.c.favourite_id)
        .join(favorite, favorite.c.id == row.c.favourite_id)
        .where(
            favorite.c.couplet_id == top.c.couplet_id,
            favorite.c.guild_id == bindparam("guild_id"),
        )
        .group_by(row.c.favourite_id)
        .order_by(func.count().desc(), row.c.favourite_id)
        .limit(1)
        .correlate(top)  # which is two levels up, where SQLAlchemy does not look by itself
        .scalar_subquery()
    )
    writers = writers_of(of_one)
    page = select(
        couplet.c.line,
        couplet.c.answer,
        top.c.hearts,
        author,
        writers,
        top.c.first_at,
        top.c.couplet_id,
    ).join(top, couplet.c.id == top.c.couplet_id)
    return with_total(page, _total(ranking), order)


def _rank_members(ranking: FromClause) -> Select[Any]:
    """Returns the query for a page of a ranking of members and for its length."""

    def order(columns: Columns) -> Columns:
        return columns.hearts.desc(), columns.user_id

    return with_total(_page(ranking, order), _total(ranking), order)


# Built once: building such a statement takes longer than most queries. What is counted from
# favorites is a common table expression, so that page and total are counted together.
_VERSES_EVER = _rank_verses(
    select(couplet_hearts.c.couplet_id, couplet_hearts.c.hearts, couplet_hearts.c.first_at)
    .where(couplet_hearts.c.guild_id == bindparam("guild_id"))
    .subquery()
)
_VERSES_SINCE = _rank_verses(
    select(
        favorite.c.couplet_id,
        func.count().label("hearts"),
        func.min(favorite.c.kept_at).label("first_at"),
    )
    .where(favorite.c.guild_id == bindparam("guild_id"), favorite.c.kept_at >= bindparam("since"))
    .group_by(favorite.c.couplet_id)
    .cte()
)
_MEMBERS_EVER = _rank_members(
    select(member_hearts.c.user_id, member_hearts.c.hearts)
    .where(member_hearts.c.guild_id == bindparam("guild_id"))
    .subquery()
)
_hearts = union_all(
    select(favorite.c.author_id.label("user_id")).where(
        favorite.c.guild_id == bindparam("guild_id"),
        favorite.c.kept_at >= bindparam("since"),
        favorite.c.author_id != favorite.c.user_id,
    ),
    select(favorite_writer.c.user_id).where(
        favorite_writer.c.guild_id == bindparam("guild_id"),
        favorite_writer.c.kept_at >= bindparam("since"),
        favorite_writer.c.user_id != favorite_writer.c.keeper_id,
    ),
).subquery()
_MEMBERS_SINCE = _rank_members(
    select(_hearts.c.user_id, func.count().label("hearts")).group_by(_hearts.c.user_id).cte()
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
        contains(couplet.c.answer, bindparam("containing")),
        not_(contains(couplet.c.answer, "\n")),
    )
    .group_by(couplet.c.answer)
    .order_by(func.max(_best.c.hearts).desc(), func.min(_best.c.first_at), couplet.c.answer)
    .limit(bindparam("limit"))
)
