"""The store as a whole: opened, closed, and what concerns more than one of its parts."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from sqlalchemy import delete, update

from .database import Database
from .errors import StoreBusyError
from .favorites import Favorites
from .guilds import GuildSettingsTable
from .leaderboard import Leaderboard
from .opening import database_path, prepare
from .recent_lines import RecentLines
from .records import Forgotten
from .tables import favorite, prompt

__all__ = ["Store", "open_store"]

# An interaction must be answered within 3 s; whoever has waited so long is told so in time.
BUSY_S = 2.0


async def open_store(url: str, busy_s: float = BUSY_S) -> Store:
    """Opens a database, which is made or migrated to this version if need be.

    Args:
        url: Such as `sqlite+aiosqlite:////srv/lianju.sqlite3`.
        busy_s: Seconds that a reader or writer waits for the database at most.

    Raises:
        StoreBusyError: Something else keeps it locked.
        StoreError: It cannot be used, and nothing in it was altered; the message says why.
    """
    path = database_path(url)
    held = await asyncio.to_thread(prepare, path, busy_s)
    return Store(Database(path, busy_s, held))


class Store:
    """What the bot keeps.

    Attributes:
        favorites: The couplets that people keep.
        leaderboard: What each server loves.
        guild_settings: What administrators have set.
        prompts: What people asked for lately.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.favorites = Favorites(database)
        self.leaderboard = Leaderboard(database)
        self.guild_settings = GuildSettingsTable(database)
        self.prompts = RecentLines(database)

    async def close(self) -> None:
        """Closes the database."""
        await self._database.close()

    async def purge(self, before: float) -> int:
        """Deletes what is kept for a while only, if it is older than this Unix time.

        Returns:
            How many prompts were deleted.
        """
        purged = await self.prompts.purge(before)
        await self._database.scrub()
        return purged

    async def forget_member(self, user_id: int) -> Forgotten:
        """Deletes all that is stored about somebody, in every server.

        What others keep stays theirs, but no longer says who asked for it.

        Raises:
            StoreError: It cannot be done, and nothing was deleted.
        """
        async with self._database.writing() as connection:
            favorites = await connection.execute(
                delete(favorite).where(favorite.c.user_id == user_id)
            )
            prompts = await connection.execute(delete(prompt).where(prompt.c.user_id == user_id))
            unlinked = await connection.execute(
                update(favorite).where(favorite.c.author_id == user_id).values(author_id=None)
            )
        with suppress(StoreBusyError):  # it is done all the same; the next purge scrubs as well
            await self._database.scrub()
        return Forgotten(favorites.rowcount, prompts.rowcount, unlinked.rowcount)

    async def forget_server(self, guild_id: int) -> None:
        """Deletes what a server has set; its members keep what they keep."""
        await self.guild_settings.reset(guild_id)
