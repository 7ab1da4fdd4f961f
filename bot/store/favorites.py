"""Verses that users keep."""

import math
from collections.abc import Sequence

from sqlalchemy import and_, delete, func, or_, select

from ..verses import Favorite, Page, Verse
from .database import Database, to_the_end
from .forgotten import Act, find_forgotten, verse_name
from .statements import contains, insert
from .tables import couplet, couplet_hearts, favorite

__all__ = ["Favorites", "stored_guild_id"]

SEARCHED = 5000  # of a user's latest favorites, while the user types
EVER = 0.0  # Unix seconds
OUTSIDE = 0  # the guild id of what was kept outside servers

_SELECT_FAVORITES = select(
    favorite.c.id,
    couplet.c.line,
    couplet.c.answer,
    favorite.c.kept_at,
    favorite.c.guild_id,
).join(couplet)
_BY_AGE = (favorite.c.kept_at, favorite.c.id)


def stored_guild_id(guild_id: int | None) -> int:
    """Returns the guild id that the tables store; 0 outside servers."""
    return OUTSIDE if guild_id is None else guild_id


class Favorites:
    """The favorites of all users; a user keeps a verse at most once in each server."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @to_the_end
    async def toggle(
        self,
        user_id: int,
        guild_id: int | None,
        verse: Verse,
        author_id: int | None,
        at: float,
        acted_at: float = math.inf,
        asked_at: float = math.inf,
    ) -> bool:
        """Adds a favorite, or removes it if it exists; on disk when this returns.

        Nothing is added for a user who was forgotten since, and an author who was is left out. A
        verse that was removed from the server's leaderboard is kept as from outside servers.

        Args:
            user_id: The user who keeps the verse.
            guild_id: The server; None outside servers.
            verse: The verse.
            author_id: The user who gave the line, if known.
            at: The time, in Unix seconds.
            acted_at: When the user did this, by Discord's clock.
            asked_at: When the author gave the line, by Discord's clock.

        Returns:
            Whether the verse is a favorite now.

        Raises:
            StoreError: The database cannot be written; nothing has changed.
        """
        text = {"line": verse.line, "answer": verse.answer}
        couplet_id = select(couplet.c.id).filter_by(**text).scalar_subquery()
        removed = Act("verse", verse_name(guild_id, verse), EVER) if guild_id else None
        press = Act("user", user_id, acted_at)
        request = Act("user", author_id, asked_at) if author_id else None
        async with self._database.write_transaction(_part(verse)) as connection:
            gone = await find_forgotten(connection, [*filter(None, (removed, press, request))])
            if removed in gone:
                guild_id = author_id = None
            user_and_guild = {"user_id": user_id, "guild_id": stored_guild_id(guild_id)}
            removal = delete(favorite).filter_by(**user_and_guild, couplet_id=couplet_id)
            if (await connection.execute(removal)).rowcount:
                return False
            if press in gone:
                return False
            if request in gone:
                author_id = None
            added = insert(connection, couplet).values(text)
            await connection.execute(added.on_conflict_do_nothing())
            await connection.execute(
                insert(connection, favorite).values(
                    **user_and_guild, couplet_id=couplet_id, author_id=author_id, kept_at=int(at)
                )
            )
            return True

    async def counts(self, guild_id: int | None, verses: Sequence[Verse]) -> list[int]:
        """Returns how many members of a server keep each of these verses, one or more."""
        # Not `(line, answer) IN …`, for which SQLite would scan every couplet.
        these = or_(
            *(and_(couplet.c.line == each.line, couplet.c.answer == each.answer) for each in verses)
        )
        kept = (
            select(couplet.c.line, couplet.c.answer, couplet_hearts.c.hearts)
            .join(couplet_hearts, couplet_hearts.c.couplet_id == couplet.c.id)
            .where(
                couplet_hearts.c.guild_id == stored_guild_id(guild_id),
                couplet_hearts.c.couplet_id.in_(select(couplet.c.id).where(these)),
            )
        )
        async with self._database.read_transaction() as connection:
            rows = await connection.execute(kept)
        hearts = {Verse(row.line, row.answer): row.hearts for row in rows}
        return [hearts.get(each, 0) for each in verses]

    async def page(
        self, user_id: int, offset: int, limit: int, oldest_first: bool = False
    ) -> Page[Favorite]:
        """Returns a page of a user's favorites, of all servers and outside."""
        order = _BY_AGE if oldest_first else tuple(column.desc() for column in _BY_AGE)
        mine = favorite.c.user_id == user_id
        # Selected from the index alone, so that skipped rows are never read.
        chosen = select(favorite.c.id).where(mine).order_by(*order).limit(limit).offset(offset)
        page = _SELECT_FAVORITES.where(favorite.c.id.in_(chosen)).order_by(*order)
        total = select(func.count()).select_from(favorite).where(mine)
        async with self._database.read_transaction("list") as connection:
            rows = await connection.execute(page)
            count = await connection.scalar(total)
        return Page([_favorite(*row) for row in rows], count or 0)

    async def matching(self, user_id: int, containing: str, limit: int) -> list[Favorite]:
        """Returns those of a user's latest favorites that contain a text, latest first."""
        latest_first = tuple(column.desc() for column in _BY_AGE)
        latest = (
            select(favorite.c.id)
            .where(favorite.c.user_id == user_id)
            .order_by(*latest_first)
            .limit(SEARCHED)
        )
        found = (
            _SELECT_FAVORITES.where(
                favorite.c.id.in_(latest),
                or_(
                    contains(couplet.c.line, containing),
                    contains(couplet.c.answer, containing),
                ),
            )
            .order_by(*latest_first)
            .limit(limit)
        )
        async with self._database.read_transaction("typing") as connection:
            return [_favorite(*row) for row in await connection.execute(found)]

    @to_the_end
    async def remove(self, user_id: int, favorite_id: int) -> Favorite | None:
        """Removes a favorite of a user.

        Returns:
            What it was; None if the user has no such favorite.
        """
        which = (favorite.c.id == favorite_id, favorite.c.user_id == user_id)
        async with self._database.read_transaction() as connection:
            row = (await connection.execute(_SELECT_FAVORITES.where(*which))).one_or_none()
        if row is None:
            return None
        found = _favorite(*row)
        async with self._database.write_transaction(_part(found.verse)) as connection:
            removed = await connection.execute(delete(favorite).where(*which))
        return found if removed.rowcount else None

    async def all(self, user_id: int) -> list[Favorite]:
        """Returns all favorites of a user, oldest first."""
        mine = _SELECT_FAVORITES.where(favorite.c.user_id == user_id).order_by(*_BY_AGE)
        async with self._database.read_transaction("list") as connection:
            return [_favorite(*row) for row in await connection.execute(mine)]


def _part(verse: Verse) -> str:
    """Returns what a transaction about a verse writes: its favorites and tallies."""
    return f"verse:{verse.line}\n{verse.answer}"


def _favorite(id_: int, line: str, answer: str, kept_at: int, guild_id: int) -> Favorite:
    return Favorite(id_, Verse(line, answer), kept_at, None if guild_id == OUTSIDE else guild_id)
