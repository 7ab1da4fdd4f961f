"""Settings of each server."""

import dataclasses
from typing import TypedDict, Unpack

from sqlalchemy import delete, insert, select
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
    channels: frozenset[int]


class GuildSettingsStore:
    """The settings of each server; the defaults apply where nothing was set."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, guild_id: int) -> GuildSettings:
        """Returns the settings of a server."""
        async with self._database.read_transaction() as connection:
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
    row = (
        await connection.execute(select(server).where(server.c.guild_id == guild_id))
    ).one_or_none()
    if row is None:
        return GuildSettings()
    channels = await connection.scalars(
        select(channel.c.channel_id).where(channel.c.guild_id == guild_id)
    )
    values = {**row._mapping, "channels": frozenset(channels)}
    del values["guild_id"]
    return GuildSettings(**values)


async def _delete(connection: AsyncConnection, guild_id: int) -> None:
    await connection.execute(delete(server).where(server.c.guild_id == guild_id))
