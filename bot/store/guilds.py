"""Settings of each server."""

import dataclasses
from typing import TypedDict, Unpack

from sqlalchemy import BigInteger, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ..guild_settings import GuildSettings, HonorPage
from ..honor import Month
from ..i18n import Language
from ..verse.request import Script
from .database import Database, finish_if_cancelled
from .statements import insert as insert_or_update
from .tables import channel, honor, honor_page, server

__all__ = ["Changes", "GuildSettingsStore", "guild_part"]


class Changes(TypedDict, total=False):
    """Fields of `GuildSettings` to change."""

    beam_size: int
    candidates: int
    cooldown_s: int
    script: Script
    language: Language
    linked_tables: int
    channels: frozenset[int]


class GuildSettingsStore:
    """The settings of each server; the defaults apply where nothing was set."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, guild_id: int) -> GuildSettings:
        """Returns the settings of a server."""
        async with self._database.reader() as connection:
            return await _get(connection, guild_id)

    @finish_if_cancelled
    async def change(self, guild_id: int, **changes: Unpack[Changes]) -> GuildSettings:
        """Changes settings of a server.

        Returns:
            The settings after the change.

        Raises:
            RequestError: A value is not allowed; nothing has changed.
            StoreError: The database cannot be written; nothing has changed.
        """
        async with self._database.write_transaction(guild_part(guild_id)) as connection:
            changed = dataclasses.replace(await _get(connection, guild_id), **changes)
            await _delete(connection, guild_id)
            row = dataclasses.asdict(changed)
            del row["honor_page"]  # a table of its own has it
            channels = sorted(row.pop("channels"))
            await connection.execute(insert(server).values(guild_id=guild_id, **row))
            if channels:
                await connection.execute(
                    insert(channel),
                    [
                        {"guild_id": guild_id, "number": number, "channel_id": each}
                        for number, each in enumerate(channels, 1)
                    ],
                )
        return changed

    @finish_if_cancelled
    async def reset(self, guild_id: int) -> None:
        """Resets a server to the defaults."""
        async with self._database.write_transaction(guild_part(guild_id)) as connection:
            await _delete(connection, guild_id)
            await _delete_page(connection, guild_id)

    @finish_if_cancelled
    async def set_honor_page(
        self, guild_id: int, channel_id: int, threshold: int, at: float
    ) -> GuildSettings:
        """Gives a server a page of honor, or changes it; what has failed there is tried again.

        Args:
            guild_id: The server.
            channel_id: Where verse is posted from now on.
            threshold: How many members must keep it.
            at: The time, in Unix seconds; the first booklet is that of its month.

        Returns:
            The settings after the change.

        Raises:
            RequestError: A value is not allowed; nothing has changed.
            StoreError: The database cannot be written; nothing has changed.
        """
        page = HonorPage(channel_id, threshold)
        changed = {"channel_id": page.channel_id, "threshold": page.threshold, "fault": None}
        changed |= {"booklet_attempts": 0}
        booklet_at = Month.at(at).booklet_at
        async with self._database.write_transaction(guild_part(guild_id)) as connection:
            adding = insert_or_update(connection.dialect.name, honor_page)
            adding = adding.values(guild_id=guild_id, booklet_at=booklet_at, **changed)
            await connection.execute(
                adding.on_conflict_do_update(index_elements=["guild_id"], set_=changed)
            )
            await connection.execute(_TRY_AGAIN, {"the_guild": guild_id})
            return await _get(connection, guild_id)

    @finish_if_cancelled
    async def unset_honor_page(self, guild_id: int) -> GuildSettings:
        """Ends the page of honor of a server; what was posted there stays.

        Returns:
            The settings after the change.
        """
        async with self._database.write_transaction(guild_part(guild_id)) as connection:
            await _delete_page(connection, guild_id)
            return await _get(connection, guild_id)


def guild_part(guild_id: int) -> str:
    """Returns what a transaction about a server's settings writes."""
    return f"guild:{guild_id}"


async def _get(connection: AsyncConnection, guild_id: int) -> GuildSettings:
    rows = (await connection.execute(_SELECT, {"guild_id": guild_id})).all()
    values = {**rows[0]._mapping}
    del values["channel_id"]
    channel_id, threshold, fault = map(values.pop, ("honor_channel", "threshold", "fault"))
    page = None if channel_id is None else HonorPage(channel_id, threshold, fault)
    if values["beam_size"] is None:  # nothing else was set
        return GuildSettings(honor_page=page)
    channels = frozenset(row.channel_id for row in rows if row.channel_id is not None)
    return GuildSettings(**values, channels=channels, honor_page=page)


async def _delete(connection: AsyncConnection, guild_id: int) -> None:
    await connection.execute(delete(server).where(server.c.guild_id == guild_id))


async def _delete_page(connection: AsyncConnection, guild_id: int) -> None:
    await connection.execute(delete(honor_page).where(honor_page.c.guild_id == guild_id))
    waiting = honor.c.guild_id == guild_id, honor.c.state == "waiting"
    await connection.execute(delete(honor).where(*waiting))


# A row for each channel. Built once, as each interaction needs it.
_guild = select(bindparam("guild_id", type_=BigInteger).label("guild_id")).subquery()
_SELECT = select(
    *(column for column in server.columns if column.name != "guild_id"),
    channel.c.channel_id,
    honor_page.c.channel_id.label("honor_channel"),
    honor_page.c.threshold,
    honor_page.c.fault,
).select_from(
    _guild.outerjoin(server, server.c.guild_id == _guild.c.guild_id)
    .outerjoin(channel, channel.c.guild_id == _guild.c.guild_id)
    .outerjoin(honor_page, honor_page.c.guild_id == _guild.c.guild_id)
)
# What has failed; it may have been given up, with its end unknown.
_TRY_AGAIN = (
    update(honor)
    .where(honor.c.guild_id == bindparam("the_guild"), honor.c.attempts > 0)
    .values(changed=honor.c.changed + 1, next_at=0, attempts=0)
)
