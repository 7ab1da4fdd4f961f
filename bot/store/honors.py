"""Pages of honor: the verse that is on them, and what is to be done for it."""

import math
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, and_, bindparam, case, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ..honor import EDIT_EVERY_S, LEASE_S, MAX_ATTEMPTS, Fault, Heart, HonoredVerse, retry_after
from ..verses import Verse
from .database import Database, finish_if_cancelled
from .favorites import split_writers, writers_of
from .forgotten import remember, verse_name
from .guilds import guild_part
from .postgres import Processes
from .statements import of_shards
from .tables import couplet, favorite, honor, honor_page

__all__ = ["Honors"]

DUE = 60  # verses in one turn of the clock
MAX_WITH_HEARTS = 100  # verses to choose a booklet from
DUE_IN_GUILD = 3  # of which a server has at most so many, as Discord takes its time for each


class Honors:
    """The verse on the pages of honor of all servers.

    Each step is claimed before it is done, so that of several processes one does it. What was not
    done, since the process was killed or Discord failed, is due again.

    Args:
        database: Has them.
        processes: What several processes agree on; None where the database serves one.
    """

    def __init__(self, database: Database, processes: Processes | None = None) -> None:
        self._database = database
        self._processes = processes

    async def due(self, now: float) -> list[HonoredVerse]:
        """Returns verses for which something is to be done, those that wait longest first.

        Of several processes, each has those of the shards that it has claimed.
        """
        values = {"now": math.floor(now), "most": DUE_IN_GUILD, "limit": DUE}
        statement, more = of_shards(_DUE, self._processes, honor.c.guild_id)
        statement = _ranked(statement)
        async with self._database.reader("list") as connection:
            ids = list(await connection.scalars(statement, values | more))
        return [verse for each in ids if (verse := await self.get(each)) is not None]

    async def get(self, honor_id: int) -> HonoredVerse | None:
        """Returns a verse with all of its hearts, of one moment; None if there is no such one."""
        async with self._database.reader() as connection:
            rows = (await connection.execute(_VERSE, {"id": honor_id})).all()
        return _verse(rows) if rows else None

    async def with_hearts_between(self, guild_id: int, start: int, end: int) -> list[HonoredVerse]:
        """Returns posted verses of a server that got hearts in some time, those with most first.

        Args:
            guild_id: The server.
            start: The beginning of that time, in Unix seconds.
            end: Its end.
        """
        values = {"guild_id": guild_id, "start": start, "end": end}
        async with self._database.reader("list") as connection:
            ids = list(await connection.scalars(_WITH_HEARTS_BETWEEN, values))
        return [verse for each in ids if (verse := await self.get(each)) is not None]

    @finish_if_cancelled
    async def claim(self, verse: HonoredVerse, now: float, *, posting: bool = False) -> bool:
        """Claims the next step of a verse, for `LEASE_S`.

        Args:
            verse: The verse, as it was read.
            now: The time, in Unix seconds.
            posting: Whether a message is to be sent, of which others must know if that does not
                come to its end.

        Returns:
            Whether it is claimed; if not, somebody else was first.
        """
        changes: dict[str, Any] = {"next_at": math.floor(now) + LEASE_S}
        if posting:
            changes |= {"channel_id": verse.page_channel_id, "begun_at": math.floor(now)}
            if verse.state != "unnamed":  # which it is for good
                changes["state"] = "posting"
        as_read = {"next_at": verse.next_at, "state": verse.state}
        same = (honor.c[name] == value for name, value in as_read.items())
        return bool(await self._change(verse, changes, *same))

    @finish_if_cancelled
    async def mark_posted(
        self,
        verse: HonoredVerse,
        channel_id: int,
        message_id: int,
        now: float,
        *,
        found: bool = False,
    ) -> bool:
        """Notes the message that shows a verse.

        Args:
            verse: The verse, as it was read.
            channel_id: Where the message is.
            message_id: The message.
            now: The time, in Unix seconds.
            found: Whether it was sent earlier, so that it may show another number of hearts.

        Returns:
            Whether the verse is still stored; if not, nobody will delete the message.
        """
        was_posting = honor.c.state == "posting"
        state = case((was_posting, "posted"), else_=honor.c.state)
        changes = {"channel_id": channel_id, "message_id": message_id, "begun_at": None}
        done = {"next_at": 0} if found else _done(verse, now)
        return bool(await self._change(verse, changes | {"state": state} | done))

    @finish_if_cancelled
    async def mark_edited(self, verse: HonoredVerse, now: float) -> None:
        """Notes that the message shows the verse as it was read."""
        await self._change(verse, _done(verse, now))

    @finish_if_cancelled
    async def mark_up_to_date(self, verse: HonoredVerse) -> None:
        """Notes that nothing is to be done until something changes."""
        await self._change(verse, {"shown": verse.changed, "attempts": 0})

    @finish_if_cancelled
    async def delete_unposted(self, verse: HonoredVerse) -> None:
        """Deletes a verse of which no message exists, unless it has changed since it was read.

        So this needs no claim. One that may have to be kept away stays: it waits until something
        changes.
        """
        as_read = honor.c.id == verse.id, honor.c.changed == verse.changed
        unshown = honor.c.message_id.is_(None), honor.c.begun_at.is_(None)
        done = update(honor).where(*as_read, *unshown).values(shown=verse.changed, attempts=0)
        async with self._database.write_transaction(_part(verse)) as connection:
            await connection.execute(delete(honor).where(*as_read, *unshown, _NOT_KEPT_AWAY))
            await connection.execute(done)

    @finish_if_cancelled
    async def mark_not_shown(self, verse: HonoredVerse) -> None:
        """Notes that no message shows a verse; deletes it, unless it must be kept away.

        Whoever does this has claimed the step, or else it may be posted meanwhile.
        """
        gone = {"channel_id": None, "message_id": None, "begun_at": None}
        showing = honor.c.state.in_(("posting", "posted"))
        state = case((showing, "waiting"), else_=honor.c.state)
        changes = gone | {"state": state, "shown": verse.changed, "attempts": 0, "next_at": 0}
        async with self._database.write_transaction(_part(verse)) as connection:
            await connection.execute(update(honor).where(honor.c.id == verse.id).values(**changes))
            await connection.execute(_DELETE_NOT_SHOWN, {"the_id": verse.id})

    @finish_if_cancelled
    async def mark_deleted_by_others(self, verse: HonoredVerse, now: float) -> None:
        """Notes that somebody has deleted the message: the verse does not come again."""
        changes: dict[str, Any] = {"message_id": None, "begun_at": None, "attempts": 0}
        changes |= {"state": "withdrawn", "shown": verse.changed}
        this = update(honor).where(honor.c.id == verse.id)
        async with self._database.write_transaction(_part(verse)) as connection:
            await connection.execute(this.values(**changes))
            await _keep_away(connection, verse, now)

    @finish_if_cancelled
    async def withdraw(self, verse: HonoredVerse, now: float) -> None:
        """Takes a verse off its page for good: its message is deleted next."""
        async with self._database.write_transaction(_part(verse)) as connection:
            await connection.execute(_WITHDRAW, {"the_id": verse.id})
            await _keep_away(connection, verse, now)

    @finish_if_cancelled
    async def mark_not_sent(self, verse: HonoredVerse) -> None:
        """Notes that the message that was to be sent was not: what comes next is due at once."""
        await self._change(verse, _NOT_SENT | {"next_at": 0})

    @finish_if_cancelled
    async def fail(
        self,
        verse: HonoredVerse,
        now: float,
        *,
        refused: bool = False,
        is_sent: bool | None = None,
        final: bool = False,
    ) -> None:
        """Notes that a step failed: it is tried again later.

        Args:
            verse: The verse.
            now: The time, in Unix seconds.
            refused: Whether Discord refused it, as it would again: then it is not tried for ever.
            is_sent: False if a message was to be sent and certainly was not.
            final: Whether trying again is of no use at all.
        """
        attempts = MAX_ATTEMPTS if final else verse.attempts + 1
        next_at = math.floor(now) + retry_after(attempts)
        changes: dict[str, Any] = {"attempts": attempts, "next_at": next_at}
        if final or (refused and attempts >= MAX_ATTEMPTS):
            changes["shown"] = verse.changed
        if is_sent is False:
            changes |= _NOT_SENT
        await self._change(verse, changes)

    @finish_if_cancelled
    async def set_fault(self, guild_id: int, channel_id: int, fault: Fault) -> None:
        """Notes why nothing can be posted: nothing is until the page of honor is set again.

        Args:
            guild_id: The server.
            channel_id: The channel; nothing is noted if it is that of the page no longer.
            fault: What is wrong with it.
        """
        page = honor_page.c.guild_id == guild_id, honor_page.c.channel_id == channel_id
        async with self._database.write_transaction(guild_part(guild_id)) as connection:
            await connection.execute(update(honor_page).where(*page).values(fault=fault))

    async def _change(self, verse: HonoredVerse, changes: dict[str, Any], *where: Any) -> int:
        """Changes a verse; returns how many rows that were."""
        statement = update(honor).where(honor.c.id == verse.id, *where).values(**changes)
        async with self._database.write_transaction(_part(verse)) as connection:
            changed: int = (await connection.execute(statement)).rowcount
        return changed


async def _keep_away(connection: AsyncConnection, verse: HonoredVerse, now: float) -> None:
    """Remembers a verse for when somebody keeps it again after nobody did."""
    if verse.verse is not None:
        await remember(connection, "page", verse_name(verse.guild_id, verse.verse), now)


def _part(verse: HonoredVerse) -> str:
    """Returns what a transaction about a verse writes."""
    return f"honor:{verse.id}"


def _done(verse: HonoredVerse, now: float) -> dict[str, Any]:
    """Returns what is noted once a message shows a verse as it was read."""
    # Whatever keeps it away has changed it: its message goes at once.
    keep_away = and_(_KEPT_AWAY, honor.c.changed != verse.changed)
    next_at = case((keep_away, 0), else_=math.floor(now) + EDIT_EVERY_S)
    return {"shown": verse.changed, "attempts": 0, "next_at": next_at}


def _verse(rows: Sequence[Row[Any]]) -> HonoredVerse:
    row = rows[0]
    works = row.page_channel_id is not None and row.fault is None
    return HonoredVerse(
        id=row.id,
        guild_id=row.guild_id,
        verse=None if row.line is None else Verse(row.line, row.answer),
        hearts=tuple(
            Heart(each.user_id, each.author_id, split_writers(each.writers), each.kept_at)
            for each in rows
            if each.user_id is not None
        ),
        state=row.state,
        channel_id=row.channel_id,
        message_id=row.message_id,
        begun_at=row.begun_at,
        page_channel_id=row.page_channel_id if works else None,
        threshold=row.threshold or 1,
        changed=row.changed,
        next_at=row.next_at,
        attempts=row.attempts,
    )


# A message that was certainly not sent.
_NOT_SENT: dict[str, Any] = {
    "begun_at": None,
    "channel_id": None,
    "state": case((honor.c.state == "posting", "waiting"), else_=honor.c.state),
}
_in_page = honor_page.c.guild_id == honor.c.guild_id
_KEPT_AWAY = honor.c.state.in_(("withdrawn", "unnamed"))
# Where nothing can be posted, it waits.
_DUE = (
    select(
        honor.c.id,
        honor.c.next_at,
        func.row_number()
        .over(partition_by=honor.c.guild_id, order_by=(honor.c.next_at, honor.c.id))
        .label("place"),
    )
    .outerjoin(honor_page, _in_page)
    .where(
        honor.c.changed != honor.c.shown,
        honor.c.next_at <= bindparam("now"),
        or_(
            honor.c.message_id.is_not(None),
            honor.c.begun_at.is_not(None),
            honor.c.couplet_id.is_(None),
            and_(
                honor_page.c.fault.is_(None),
                or_(honor_page.c.guild_id.is_not(None), _KEPT_AWAY),
            ),
        ),
    )
)


def _ranked(due: Select[Any]) -> Select[Any]:
    ranked = due.subquery()
    return (
        select(ranked.c.id)
        .where(ranked.c.place <= bindparam("most"))
        .order_by(ranked.c.next_at, ranked.c.id)
        .limit(bindparam("limit"))
    )


_VERSE = (
    select(
        honor,
        couplet.c.line,
        couplet.c.answer,
        honor_page.c.channel_id.label("page_channel_id"),
        honor_page.c.threshold,
        honor_page.c.fault,
        favorite.c.user_id,
        favorite.c.author_id,
        favorite.c.kept_at,
        writers_of(favorite.c.id),
    )
    .outerjoin(couplet, couplet.c.id == honor.c.couplet_id)
    .outerjoin(honor_page, _in_page)
    .outerjoin(
        favorite,
        and_(
            favorite.c.couplet_id == honor.c.couplet_id,
            # Not by an index: SQLite would read all favorites of the server.
            favorite.c.guild_id + 0 == honor.c.guild_id,
        ),
    )
    .where(honor.c.id == bindparam("id"))
)
_WITH_HEARTS_BETWEEN = (
    select(honor.c.id)
    .join(
        favorite,
        and_(
            favorite.c.couplet_id == honor.c.couplet_id,
            favorite.c.guild_id == honor.c.guild_id,
        ),
    )
    .where(
        honor.c.guild_id == bindparam("guild_id"),
        honor.c.message_id.is_not(None),
        favorite.c.kept_at >= bindparam("start"),
        favorite.c.kept_at < bindparam("end"),
    )
    .group_by(honor.c.id)
    .order_by(func.count().desc(), honor.c.id)
    .limit(MAX_WITH_HEARTS)
)
_NOT_KEPT_AWAY = or_(honor.c.couplet_id.is_(None), honor.c.state == "waiting")
_DELETE_NOT_SHOWN = delete(honor).where(
    honor.c.id == bindparam("the_id"),
    honor.c.message_id.is_(None),
    honor.c.changed == honor.c.shown,
    _NOT_KEPT_AWAY,
)
_WITHDRAW = (
    update(honor)
    .where(honor.c.id == bindparam("the_id"))
    .values(state="withdrawn", changed=honor.c.changed + 1, next_at=0, attempts=0)
)
