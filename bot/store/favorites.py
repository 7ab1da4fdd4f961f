"""Verses that users keep."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from operator import itemgetter
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Insert,
    Label,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    func,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from ..honor import State
from ..places import OUTSIDE
from ..verses import Favorite, Page, Verse
from .database import Database, finish_if_cancelled
from .forgotten import Act, Kind, find_forgotten, verse_name
from .statements import Columns, contains, insert, split_total, with_total
from .tables import couplet, couplet_hearts, favorite, favorite_writer, honor, member_hearts

__all__ = ["Favorites", "split_writers", "stored_guild_id", "writers_of"]

SEARCHED = 5000  # of a user's latest favorites, while the user types
EVER = 0.0  # Unix seconds
OF_SERVERS: tuple[Kind, ...] = ("verse", "page")
NOBODY: Mapping[int, float] = MappingProxyType({})


def stored_guild_id(guild_id: int | None) -> int:
    """Returns the guild id that the tables store; 0 outside servers."""
    return OUTSIDE if guild_id is None else guild_id


class Favorites:
    """The favorites of all users; a user keeps a verse at most once in each server."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @finish_if_cancelled
    async def toggle(
        self,
        user_id: int,
        guild_id: int | None,
        verse: Verse,
        author_id: int | None,
        at: float,
        acted_at: float = math.inf,
        asked_at: float = math.inf,
        writers: Mapping[int, float] = NOBODY,
    ) -> bool:
        """Adds a favorite, or removes it if it exists; on disk when this returns.

        Nothing is added for a user who was forgotten since, and an author who was is left out. A
        verse that was removed from the server's leaderboard is kept as from outside servers. One
        that left its page of honor for good stays away from there, and one whose writers were all
        forgotten as long as nobody else is named beside it.

        Args:
            user_id: The user who keeps the verse.
            guild_id: The server; None outside servers.
            verse: The verse.
            author_id: The user who gave the line, if known.
            at: The time, in Unix seconds.
            acted_at: When the user did this, by Discord's clock.
            asked_at: When the author gave the line, by Discord's clock.
            writers: Those who wrote the verse together, in place of an author, and when each did.

        Returns:
            Whether the verse is a favorite now.

        Raises:
            StoreError: The database cannot be written; nothing has changed.
        """
        text = {"line": verse.line, "answer": verse.answer}
        name = verse_name(guild_id or OUTSIDE, verse)
        removed, withdrawn = (Act(kind, name, EVER) for kind in OF_SERVERS)
        press = Act("user", user_id, acted_at)
        request = Act("user", author_id, asked_at) if author_id else None
        wrote = [Act("user", user, when) for user, when in writers.items()]
        async with self._database.write_transaction(_part(verse)) as connection:
            acts = [removed, withdrawn, press, *filter(None, [request]), *wrote]
            gone = await find_forgotten(connection, acts)
            state: State | None = "withdrawn" if withdrawn in gone else None
            if removed in gone:
                guild_id = author_id = None
                wrote = []
            chosen = {"user_id": user_id, "guild_id": stored_guild_id(guild_id), **text}
            await _lock_tallies(connection, _LOCK_OF_VERSE, chosen)
            if (await connection.execute(_REMOVE_VERSE, chosen)).rowcount:
                return False
            if press in gone:
                return False
            if request in gone or (wrote and gone.issuperset(wrote)):
                author_id = None
                state = state or "unnamed"
            await connection.execute(_add_couplet(connection.dialect.name), text)
            if state and chosen["guild_id"] != OUTSIDE:
                keep_away = _keep_away(connection.dialect.name)
                await connection.execute(keep_away, {**chosen, "state": state})
            await connection.execute(_ADD, {**chosen, "author_id": author_id, "kept_at": int(at)})
            if rows := [
                {**chosen, "place": place, "writer_id": act.name, "kept_at": int(at)}
                for place, act in enumerate(act for act in wrote if act not in gone)
            ]:
                rows.sort(key=itemgetter("writer_id"))  # see `_lock_tallies`
                await connection.execute(_ADD_WRITER, rows)
            return True

    async def counts(self, guild_id: int | None, verses: Sequence[Verse]) -> list[int]:
        """Returns how many members of a server keep each of these verses, one or more."""
        values: dict[str, Any] = {"guild_id": stored_guild_id(guild_id)}
        for number, verse in enumerate(verses):
            values |= {f"line{number}": verse.line, f"answer{number}": verse.answer}
        async with self._database.reader() as connection:
            rows = await connection.execute(_count(len(verses)), values)
        hearts = {Verse(row.line, row.answer): row.hearts for row in rows}
        return [hearts.get(each, 0) for each in verses]

    async def page(
        self, user_id: int, offset: int, limit: int, oldest_first: bool = False
    ) -> Page[Favorite]:
        """Returns a page of a user's favorites, of all servers and outside."""
        page = _PAGE_OLDEST_FIRST if oldest_first else _PAGE
        values = {"user_id": user_id, "offset": offset, "limit": limit}
        async with self._database.reader("list") as connection:
            rows, total = split_total(await connection.execute(page, values))
        return Page([_favorite(*row) for row in rows], total)

    async def matching(self, user_id: int, containing: str, limit: int) -> list[Favorite]:
        """Returns those of a user's latest favorites that contain a text, latest first."""
        values = {"user_id": user_id, "searched": SEARCHED, "containing": containing}
        values["limit"] = limit
        async with self._database.reader("typing") as connection:
            return [_favorite(*row) for row in await connection.execute(_MATCHING, values)]

    async def one(self, user_id: int, favorite_id: int) -> Favorite | None:
        """Returns a favorite of a user; None if the user has no such one."""
        which = {"id": favorite_id, "user_id": user_id}
        async with self._database.reader() as connection:
            row = (await connection.execute(_ONE, which)).one_or_none()
        return None if row is None else _favorite(*row)

    @finish_if_cancelled
    async def remove(self, user_id: int, favorite_id: int) -> Favorite | None:
        """Removes a favorite of a user.

        Returns:
            What it was; None if the user has no such favorite.
        """
        found = await self.one(user_id, favorite_id)
        if found is None:
            return None
        async with self._database.write_transaction(_part(found.verse)) as connection:
            which = {"id": favorite_id, "user_id": user_id}
            here = {"id": favorite_id, "guild_id": stored_guild_id(found.guild_id)}
            await _lock_tallies(connection, _LOCK_OF_ONE, here)
            removed = await connection.execute(_REMOVE, which)
        return found if removed.rowcount else None

    async def all(self, user_id: int) -> list[Favorite]:
        """Returns all favorites of a user, oldest first."""
        async with self._database.reader("list") as connection:
            return [_favorite(*row) for row in await connection.execute(_ALL, {"user_id": user_id})]


def _part(verse: Verse) -> str:
    """Returns what a transaction about a verse writes: its favorites and tallies."""
    return f"verse:{verse.line}\n{verse.answer}"


async def _lock_tallies(
    connection: AsyncConnection, statement: Select[Any], values: Mapping[str, Any]
) -> None:
    """Locks the tallies of those who wrote a favorite together, before it is removed.

    They may have written another verse as well, in another order. So everybody takes tallies in the
    order of ids, or two transactions could wait for each other. In SQLite nobody else writes.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(statement, values)


def _favorite(
    id_: int,
    line: str,
    answer: str,
    kept_at: int,
    guild_id: int,
    author_id: int | None,
    writers: str | None,
) -> Favorite:
    kept_in = None if guild_id == OUTSIDE else guild_id
    return Favorite(id_, Verse(line, answer), kept_at, kept_in, split_writers(writers), author_id)


def writers_of(favorite_id: ColumnElement[Any]) -> Label[Any]:
    """Returns a column with the ids of those who wrote a favorite together, for `split_writers`."""
    place, user_id = (cast(favorite_writer.c[name], Text) for name in ("place", "user_id"))
    ids = select(func.aggregate_strings(place + ":" + user_id, " "))  # in whatever order
    mine = ids.where(favorite_writer.c.favourite_id == favorite_id)
    return mine.scalar_subquery().label("writers")


def split_writers(ids: str | None) -> tuple[int, ...]:
    """Returns what a column of `writers_of` holds."""
    pairs = (each.split(":") for each in (ids or "").split())
    return tuple(int(user_id) for _, user_id in sorted(pairs, key=lambda pair: int(pair[0])))


# Statements, built once: building one takes longer than running it.
_MINE = favorite.c.user_id == bindparam("user_id")
_FAVORITES = select(
    favorite.c.id,
    couplet.c.line,
    couplet.c.answer,
    favorite.c.kept_at,
    favorite.c.guild_id,
    favorite.c.author_id,
    writers_of(favorite.c.id),
).join(couplet)
_ONE = _FAVORITES.where(_MINE, favorite.c.id == bindparam("id"))
_REMOVE = delete(favorite).where(_MINE, favorite.c.id == bindparam("id"))


def _oldest_first(columns: Columns) -> Columns:
    return columns.kept_at, columns.id


def _latest_first(columns: Columns) -> Columns:
    return columns.kept_at.desc(), columns.id.desc()


def _page(order: Callable[[Columns], Columns]) -> Select[Any]:
    # Selected from the index alone, so that skipped rows are never read.
    ids = select(favorite.c.id).where(_MINE).order_by(*order(favorite.c))
    ids = ids.limit(bindparam("limit")).offset(bindparam("offset"))
    total = select(func.count()).select_from(favorite).where(_MINE)
    return with_total(_FAVORITES.where(favorite.c.id.in_(ids)), total, order)


_ALL = _FAVORITES.where(_MINE).order_by(*_oldest_first(favorite.c))
_PAGE, _PAGE_OLDEST_FIRST = _page(_latest_first), _page(_oldest_first)

_latest = select(favorite.c.id).where(_MINE).order_by(*_latest_first(favorite.c))
_MATCHING = (
    _FAVORITES.where(
        favorite.c.id.in_(_latest.limit(bindparam("searched"))),
        or_(
            contains(couplet.c.line, bindparam("containing")),
            contains(couplet.c.answer, bindparam("containing")),
        ),
    )
    .order_by(*_latest_first(favorite.c))
    .limit(bindparam("limit"))
)

_COUPLET_ID = (
    select(couplet.c.id)
    .where(couplet.c.line == bindparam("line"), couplet.c.answer == bindparam("answer"))
    .scalar_subquery()
)
_REMOVE_VERSE = delete(favorite).where(
    _MINE,
    favorite.c.guild_id == bindparam("guild_id"),
    favorite.c.couplet_id == _COUPLET_ID,
)
_ADD = favorite.insert().values(couplet_id=_COUPLET_ID).inline()
_KEPT_ID = (
    select(favorite.c.id)
    .where(
        _MINE,
        favorite.c.guild_id == bindparam("guild_id"),
        favorite.c.couplet_id == _COUPLET_ID,
    )
    .scalar_subquery()
)


def _lock(favorite_id: ColumnElement[Any]) -> Select[Any]:
    writers = select(favorite_writer.c.user_id).where(favorite_writer.c.favourite_id == favorite_id)
    theirs = member_hearts.c.user_id.in_(writers)
    tallies = select(member_hearts.c.user_id).where(
        member_hearts.c.guild_id == bindparam("guild_id"), theirs
    )
    return tallies.order_by(member_hearts.c.user_id).with_for_update()


_LOCK_OF_VERSE, _LOCK_OF_ONE = _lock(_KEPT_ID), _lock(bindparam("id"))
_ADD_WRITER = (
    favorite_writer.insert()
    .values(
        favourite_id=_KEPT_ID,
        place=bindparam("place"),
        user_id=bindparam("writer_id"),
        guild_id=bindparam("guild_id"),
        keeper_id=bindparam("user_id"),
        kept_at=bindparam("kept_at"),
    )
    .inline()
)


@cache
def _add_couplet(dialect: str) -> Insert:
    return insert(dialect, couplet).on_conflict_do_nothing().inline()


@cache
def _keep_away(dialect: str) -> Insert:
    adding = insert(dialect, honor).values(
        guild_id=bindparam("guild_id"),
        couplet_id=_COUPLET_ID,
        state=bindparam("state"),
        changed=0,
        shown=0,
        next_at=0,
        attempts=0,
    )
    return adding.on_conflict_do_update(
        index_elements=["couplet_id", "guild_id"],
        set_={"state": adding.excluded.state},
        where=honor.c.state == "waiting",
    ).inline()


@cache
def _count(verses: int) -> Select[Any]:
    # Not `(line, answer) IN …`, for which SQLite would scan every couplet.
    these = or_(
        *(
            and_(
                couplet.c.line == bindparam(f"line{number}"),
                couplet.c.answer == bindparam(f"answer{number}"),
            )
            for number in range(verses)
        )
    )
    return (
        select(couplet.c.line, couplet.c.answer, couplet_hearts.c.hearts)
        .join(couplet_hearts, couplet_hearts.c.couplet_id == couplet.c.id)
        .where(
            couplet_hearts.c.guild_id == bindparam("guild_id"),
            couplet_hearts.c.couplet_id.in_(select(couplet.c.id).where(these)),
        )
    )
