"""Settings of each server."""

import dataclasses
from typing import TypedDict, Unpack

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ..guild_settings import GuildSettings
from ..i18n import Language
from ..verse.request import Script
from .database import Database, to_the_end
from .tables import channel, server

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

    @to_the_end
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

    @to_the_end
    async def reset(self, guild_id: int) -> None:
        """Resets a server to the defaults."""
        async with self._database.write_transaction(guild_part(guild_id)) as connection:
            await _delete(connection, guild_id)


def guild_part(guild_id: int) -> str:
    """Returns what a transaction about a server's settings writes."""
    return f"guild:{guild_id}"


async def _get(connection: AsyncConnection, guild_id: int) -> GuildSettings:
    rows = (await connection.execute(_SELECT, {"guild_id": guild_id})).all()
    if not rows:
        return GuildSettings()
    values = {**rows[0]._mapping}
    del values["guild_id"], values["channel_id"]
    channels = frozenset(row.channel_id for row in rows if row.channel_id is not None)
    return GuildSettings(**values, channels=channels)


async def _delete(connection: AsyncConnection, guild_id: int) -> None:
    await connection.execute(delete(server).where(server.c.guild_id == guild_id))


# A row for each channel. Built once, as each interaction needs it.
_SELECT = (
    select(server, channel.c.channel_id)
    .outerjoin(channel)
    .where(server.c.guild_id == bindparam("guild_id"))
)
