"""Tables of linked verse (联句): here a table is a game; SQL has it in `linked_table`."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from ..errors import NotAllowedError, NotFoundError
from ..linked import Line, Table
from ..places import OUTSIDE
from .database import Database, finish_if_cancelled
from .favorites import stored_guild_id
from .forgotten import Act, find_forgotten
from .postgres import Processes
from .statements import of_shards
from .tables import linked_line, linked_player, linked_table

__all__ = ["LinkedTables", "ShownTable", "shown_of"]

DUE = 50  # tables that time out in one turn of the clock
BATCH = 100  # tables that one transaction deletes


class ShownTable(NamedTuple):
    """A table that has a message, or had one until it was deleted."""

    id: int
    channel_id: int
    message_id: int


class LinkedTables:
    """The tables, which are games, of all servers; those that are closed too.

    Args:
        database: Has them.
        processes: What several processes agree on; None where the database serves one.
    """

    def __init__(self, database: Database, processes: Processes | None = None) -> None:
        self._database = database
        self._processes = processes

    @finish_if_cancelled
    async def open(self, table: Table, most: int, acted_at: float = math.inf) -> Table:
        """Stores a new table.

        Args:
            table: The table.
            most: How many its channel may have open at a time.
            acted_at: When the host did this, by Discord's clock.

        Returns:
            The table with its number.

        Raises:
            NotAllowedError: The channel has as many as it may have.
            NotFoundError: The host or the server was forgotten since. Others have no place then.
            StoreError: It cannot be stored; nothing has changed.
        """
        here = {"channel_id": table.channel_id}
        async with self._database.write_transaction(_part(table)) as connection:
            await _check_forgotten(connection, table, table.host_id, acted_at)
            acts = {player: Act("user", player, acted_at) for player in table.players}
            gone = await find_forgotten(connection, acts.values())
            players = tuple(player for player, act in acts.items() if act not in gone)
            table = replace(table, players=players)
            if (await connection.scalar(_COUNT_OPEN, here) or 0) >= most:
                raise NotAllowedError("linked-channel-full", most=most)
            adding = insert(linked_table).values(**_row(table), version=0)
            (number,) = await connection.scalars(adding.returning(linked_table.c.id))
            stored = replace(table, id=number)
            await _write_players(connection, stored, 0)
            await _write_lines(connection, stored, 0)
        return stored

    async def get(self, table_id: int) -> Table:
        """Returns a table.

        Raises:
            NotFoundError: There is no such table any more.
        """
        async with self._database.reader() as connection:
            return await _get(connection, table_id)

    async def shown_in(self, channel_id: int) -> list[Table]:
        """Returns the open tables of a channel, oldest first."""
        async with self._database.reader() as connection:
            ids = await connection.scalars(_OPEN_IN_CHANNEL, {"channel_id": channel_id})
            return [await _get(connection, table_id) for table_id in list(ids)]

    @finish_if_cancelled
    async def save(
        self,
        before: Table,
        after: Table,
        user_id: int | None = None,
        acted_at: float = math.inf,
    ) -> Table | None:
        """Stores what has become of a table, unless it was changed since it was read.

        Of two who change it at once, one succeeds.

        Args:
            before: The table as it was read.
            after: What it is now.
            user_id: Who did this; None if it was the clock.
            acted_at: When, by Discord's clock.

        Returns:
            The stored table; None if somebody else was first, and nothing was stored.

        Raises:
            NotFoundError: There is no such table any more, or the member was forgotten since.
            StoreError: It cannot be stored; nothing has changed.
        """
        key = {"the_id": before.id, "the_version": before.version}
        async with self._database.write_transaction(_part(before)) as connection:
            await _check_forgotten(connection, before, user_id, acted_at)
            row = {name: value for name, value in _row(after).items() if name in CHANGING}
            changed = await connection.execute(_change(), {**key, **row})
            if not changed.rowcount:
                await _get(connection, before.id)  # or there is none
                return None
            same = _same(before.lines, after.lines)
            if same < len(before.lines):
                await connection.execute(_DELETE_LINES, {"id": before.id, "same": same})
            await _write_lines(connection, after, same)
            await _write_players(connection, after, len(before.players))
        return replace(after, id=before.id, version=before.version + 1)

    @finish_if_cancelled
    async def post(self, table_id: int, message_id: int) -> None:
        """Stores which message shows a table."""
        values = {"the_id": table_id, "the_message": message_id}
        async with self._database.write_transaction(f"linked:{table_id}") as connection:
            await connection.execute(_POST, values)

    async def due(self, now: float) -> list[Table]:
        """Returns open tables of which something has timed out, the longest overdue first.

        Of several processes, each has those of the shards that it has claimed.
        """
        statement, more = of_shards(_DUE, self._processes, linked_table.c.guild_id)
        values = {"now": math.floor(now), "limit": DUE} | more
        async with self._database.reader("list") as connection:
            ids = await connection.scalars(statement, values)
            return [await _get(connection, table_id) for table_id in list(ids)]

    @finish_if_cancelled
    async def purge(self, before: float) -> int:
        """Deletes tables closed before a Unix time, in batches so that others can write.

        Returns:
            The number of deleted tables.
        """
        values, purged = {"before": math.ceil(before), "batch": BATCH}, 0
        while True:
            async with self._database.write_transaction("linked:closed") as connection:
                batch = await connection.execute(_DELETE_CLOSED, values)
            purged += batch.rowcount
            if batch.rowcount < BATCH:
                return purged

    async def of_member(self, user_id: int) -> list[Table]:
        """Returns the tables that a member started, plays at or wrote at, oldest first."""
        async with self._database.reader("list") as connection:
            ids = await connection.scalars(_OF_MEMBER, {"user_id": user_id})
            return [await _get(connection, table_id) for table_id in list(ids)]


async def shown_of(connection: AsyncConnection, user_id: int) -> list[ShownTable]:
    """Returns the tables with a message that a member has to do with, newest first."""
    rows = await connection.execute(_SHOWN_OF, {"user_id": user_id})
    return [ShownTable(*row) for row in rows]


def _part(table: Table) -> str:
    """Returns what a transaction about a table writes: the tables of its channel."""
    return f"linked:{table.channel_id}"


async def _check_forgotten(
    connection: AsyncConnection, table: Table, user_id: int | None, acted_at: float
) -> None:
    acts = [Act("user", user_id, acted_at)] if user_id is not None else []
    if table.guild_id is not None:
        acts.append(Act("guild", table.guild_id, acted_at))
    if await find_forgotten(connection, acts):
        raise NotFoundError("linked-gone")


async def _get(connection: AsyncConnection, table_id: int) -> Table:
    """Returns a table; its rows are of one moment, as one statement reads them."""
    rows = (await connection.execute(_TABLE, {"id": table_id})).all()
    if not rows:
        raise NotFoundError("linked-gone")
    return _table(rows)


def _table(rows: Sequence[Row[Any]]) -> Table:
    row = rows[0]
    players = {each.player_number: each.player_id for each in rows if each.player_id is not None}
    lines = {
        each.line_number: Line(
            each.text, each.writer, each.line_user_id, each.written_at, each.source
        )
        for each in rows
        if each.text is not None
    }
    places = max(1, len(players))  # the last one may have been deleted in his turn
    return Table(
        guild_id=None if row.guild_id == OUTSIDE else row.guild_id,
        channel_id=row.channel_id,
        host_id=row.host_id,
        form=row.form,
        rules=row.rules,
        order=row.turn_order,
        named=bool(row.named),
        language=row.language,
        minutes=row.minutes,
        players=tuple(players[number] for number in sorted(players)),
        touched_at=row.touched_at,
        lines=tuple(lines[number] for number in sorted(lines)),
        turn=row.turn % places,
        missed=row.missed,
        turn_ends_at=row.turn_ends_at,
        state=row.state,
        message_id=row.message_id,
        id=row.id,
        version=row.version,
    )


def _row(table: Table) -> dict[str, Any]:
    ends_at, due_at = table.turn_ends_at, table.due_at
    return {
        "guild_id": stored_guild_id(table.guild_id),
        "channel_id": table.channel_id,
        "message_id": table.message_id,
        "host_id": table.host_id,
        "form": table.form,
        "rules": table.rules,
        "turn_order": table.order,
        "named": int(table.named),
        "language": table.language,
        "minutes": table.minutes,
        "turn": table.turn,
        "missed": table.missed,
        "turn_ends_at": None if ends_at is None else math.ceil(ends_at),
        "touched_at": int(table.touched_at),
        "due_at": None if due_at == math.inf else math.ceil(due_at),
        "state": table.state,
    }


def _same(before: Sequence[Line], after: Sequence[Line]) -> int:
    """Returns how many first lines are the same."""
    pairs = enumerate(zip(before, after, strict=False))
    shorter = min(len(before), len(after))
    return next((number for number, (one, other) in pairs if one != other), shorter)


async def _write_lines(connection: AsyncConnection, table: Table, first: int) -> None:
    rows = [
        {
            "table_id": table.id,
            "number": number,
            "text": line.text,
            "writer": line.by,
            "user_id": line.user_id,
            "written_at": int(line.written_at),
            "source": line.source,
        }
        for number, line in enumerate(table.lines)
        if number >= first
    ]
    if rows:
        await connection.execute(insert(linked_line), rows)


async def _write_players(connection: AsyncConnection, table: Table, before: int) -> None:
    """Adds players; those that were deleted have left gaps among the numbers."""
    last = await connection.scalar(_LAST_PLAYER, {"id": table.id})
    first = 0 if last is None else last + 1
    rows = [
        {"table_id": table.id, "number": number, "user_id": user_id}
        for number, user_id in enumerate(table.players[before:], first)
    ]
    if rows:
        await connection.execute(insert(linked_player), rows)


# Statements, built once.
CHANGING = ("turn", "missed", "turn_ends_at", "touched_at", "due_at", "state")


@cache
def _change() -> Any:
    changed: dict[str, Any] = {name: bindparam(name) for name in CHANGING}
    return (
        update(linked_table)
        .where(
            linked_table.c.id == bindparam("the_id"),
            linked_table.c.version == bindparam("the_version"),
        )
        .values(**changed, version=linked_table.c.version + 1)
    )


_TABLE: Select[Any] = (
    select(
        linked_table,
        linked_player.c.number.label("player_number"),
        linked_player.c.user_id.label("player_id"),
        linked_line.c.number.label("line_number"),
        linked_line.c.text,
        linked_line.c.writer,
        linked_line.c.user_id.label("line_user_id"),
        linked_line.c.written_at,
        linked_line.c.source,
    )
    .outerjoin(linked_player, linked_player.c.table_id == linked_table.c.id)
    .outerjoin(linked_line, linked_line.c.table_id == linked_table.c.id)
    .where(linked_table.c.id == bindparam("id"))
)
_OPEN = (linked_table.c.channel_id == bindparam("channel_id"), linked_table.c.state == "open")
_COUNT_OPEN = select(func.count()).select_from(linked_table).where(*_OPEN)
_OPEN_IN_CHANNEL = select(linked_table.c.id).where(*_OPEN).order_by(linked_table.c.id)
_POST = (
    update(linked_table)
    .where(linked_table.c.id == bindparam("the_id"))
    .values(message_id=bindparam("the_message"))
)
_DUE = (
    select(linked_table.c.id)
    .where(linked_table.c.due_at <= bindparam("now"))
    .order_by(linked_table.c.due_at, linked_table.c.id)
    .limit(bindparam("limit"))
)
_closed = (
    select(linked_table.c.id)
    .where(linked_table.c.state != "open", linked_table.c.touched_at < bindparam("before"))
    .limit(bindparam("batch"))
)
_DELETE_CLOSED = delete(linked_table).where(linked_table.c.id.in_(_closed))
_DELETE_LINES = delete(linked_line).where(
    linked_line.c.table_id == bindparam("id"), linked_line.c.number >= bindparam("same")
)
_LAST_PLAYER = select(func.max(linked_player.c.number)).where(
    linked_player.c.table_id == bindparam("id")
)
_mine: ColumnElement[int] = bindparam("user_id")
_of_member = or_(
    linked_table.c.host_id == _mine,
    linked_table.c.id.in_(select(linked_player.c.table_id).where(linked_player.c.user_id == _mine)),
    linked_table.c.id.in_(select(linked_line.c.table_id).where(linked_line.c.user_id == _mine)),
)
_OF_MEMBER = select(linked_table.c.id).where(_of_member).order_by(linked_table.c.id)
_SHOWN_OF = (
    select(linked_table.c.id, linked_table.c.channel_id, linked_table.c.message_id)
    .where(_of_member, linked_table.c.message_id.is_not(None))
    .order_by(linked_table.c.id.desc())
)
