"""The couplets that people keep."""

from collections.abc import Sequence

from sqlalchemy import and_, delete, func, or_, select
from sqlalchemy.dialects.sqlite import insert

from .database import Database
from .records import Couplet, Favorite, Page
from .tables import couplet as couplet_table
from .tables import couplet_hearts, favorite

__all__ = ["Favorites", "server_id"]

OUTSIDE = 0  # the id of no server

_favourites = select(
    favorite.c.id,
    couplet_table.c.line,
    couplet_table.c.answer,
    favorite.c.kept_at,
    favorite.c.guild_id,
).join(couplet_table)
_BY_AGE = (favorite.c.kept_at, favorite.c.id)


def server_id(guild_id: int | None) -> int:
    """How the tables name a server, or the lack of one."""
    return OUTSIDE if guild_id is None else guild_id


class Favorites:
    """Who keeps what; a member keeps a couplet at most once in each server."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def toggle(
        self,
        user_id: int,
        guild_id: int | None,
        couplet: Couplet,
        author_id: int | None,
        at: float,
    ) -> bool:
        """Keeps a couplet, or gives it up if it is kept; on disk when this returns.

        Args:
            user_id: Who keeps it.
            guild_id: Where; None is outside servers.
            couplet: What is kept.
            author_id: Who asked for it, if that is known.
            at: The time, in Unix seconds.

        Returns:
            Whether it is kept now.

        Raises:
            StoreError: It cannot be done, and nothing has changed.
        """
        text = {"line": couplet.line, "answer": couplet.answer}
        who_and_where = {"user_id": user_id, "guild_id": server_id(guild_id)}
        couplet_id = select(couplet_table.c.id).filter_by(**text).scalar_subquery()
        give_up = delete(favorite).filter_by(**who_and_where, couplet_id=couplet_id)
        async with self._database.writing() as connection:
            if (await connection.execute(give_up)).rowcount:
                return False
            await connection.execute(insert(couplet_table).values(text).on_conflict_do_nothing())
            await connection.execute(
                insert(favorite).values(
                    **who_and_where, couplet_id=couplet_id, author_id=author_id, kept_at=int(at)
                )
            )
            return True

    async def counts(self, guild_id: int | None, couplets: Sequence[Couplet]) -> list[int]:
        """How many members of a server keep each of these couplets, one or more."""
        # Not `(line, answer) IN …`, for which SQLite would go through every couplet.
        these = or_(
            *(
                and_(couplet_table.c.line == each.line, couplet_table.c.answer == each.answer)
                for each in couplets
            )
        )
        kept = (
            select(couplet_table.c.line, couplet_table.c.answer, couplet_hearts.c.hearts)
            .join(couplet_hearts, couplet_hearts.c.couplet_id == couplet_table.c.id)
            .where(
                couplet_hearts.c.guild_id == server_id(guild_id),
                couplet_hearts.c.couplet_id.in_(select(couplet_table.c.id).where(these)),
            )
        )
        async with self._database.reading() as connection:
            rows = await connection.execute(kept)
        hearts = {Couplet(row.line, row.answer): row.hearts for row in rows}
        return [hearts.get(each, 0) for each in couplets]

    async def page(
        self, user_id: int, offset: int, limit: int, oldest_first: bool = False
    ) -> Page[Favorite]:
        """A page of what somebody keeps, in every server and outside."""
        order = _BY_AGE if oldest_first else tuple(column.desc() for column in _BY_AGE)
        mine = favorite.c.user_id == user_id
        # Chosen from the index alone, so that what is skipped is never looked up.
        chosen = select(favorite.c.id).where(mine).order_by(*order).limit(limit).offset(offset)
        page = _favourites.where(favorite.c.id.in_(chosen)).order_by(*order)
        total = select(func.count()).select_from(favorite).where(mine)
        async with self._database.reading() as connection:
            rows = await connection.execute(page)
            count = await connection.scalar(total)
        return Page([_favorite(*row) for row in rows], count or 0)

    async def matching(self, user_id: int, containing: str, limit: int) -> list[Favorite]:
        """What somebody keeps that contains this text, latest first."""
        found = (
            _favourites.where(
                favorite.c.user_id == user_id,
                or_(
                    func.instr(couplet_table.c.line, containing) > 0,
                    func.instr(couplet_table.c.answer, containing) > 0,
                ),
            )
            .order_by(*(column.desc() for column in _BY_AGE))
            .limit(limit)
        )
        async with self._database.reading() as connection:
            return [_favorite(*row) for row in await connection.execute(found)]

    async def remove(self, user_id: int, favorite_id: int) -> Couplet | None:
        """Gives up a favorite of this user.

        Returns:
            The couplet that it was; None if the user has no such favorite.
        """
        which = (favorite.c.id == favorite_id, favorite.c.user_id == user_id)
        async with self._database.writing() as connection:
            row = (await connection.execute(_favourites.where(*which))).one_or_none()
            if row is None:
                return None
            await connection.execute(delete(favorite).where(*which))
        return _favorite(*row).couplet

    async def everything(self, user_id: int) -> list[Favorite]:
        """All that somebody keeps, oldest first."""
        mine = _favourites.where(favorite.c.user_id == user_id).order_by(*_BY_AGE)
        async with self._database.reading() as connection:
            return [_favorite(*row) for row in await connection.execute(mine)]


def _favorite(id_: int, line: str, answer: str, kept_at: int, guild_id: int) -> Favorite:
    return Favorite(id_, Couplet(line, answer), kept_at, None if guild_id == OUTSIDE else guild_id)
