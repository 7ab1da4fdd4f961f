"""The store as a whole: opening, closing, and deletions across tables."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import delete, update

from .database import Database
from .database_file import create_or_migrate, database_path
from .errors import StoreBusyError
from .favorites import Favorites
from .guilds import GuildSettingsStore
from .leaderboard import Leaderboard
from .recent_lines import RecentLines
from .tables import favorite, prompt

__all__ = ["DeletedData", "Store", "open_store"]

BUSY_S = 2.0  # what a terminal command waits; the bot waits as long as an answer may take


@dataclass(frozen=True)
class DeletedData:
    """How much stored data of a user was deleted.

    Attributes:
        favorites: Number of favorites of the user.
        recent_lines: Number of recent lines of the user.
        unlinked: Number of others' favorites that no longer name the user as their author.
    """

    favorites: int
    recent_lines: int
    unlinked: int


class Store:
    """The bot's stored data.

    Attributes:
        favorites: Verses that users keep.
        leaderboard: Rankings of each server.
        guild_settings: Settings of each server.
        recent_lines: Recent prompts of each user.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.favorites = Favorites(database)
        self.leaderboard = Leaderboard(database)
        self.guild_settings = GuildSettingsStore(database)
        self.recent_lines = RecentLines(database)

    async def close(self) -> None:
        """Closes the database."""
        await self._database.close()

    async def purge(self, before: float) -> int:
        """Deletes recent lines that were last used before this Unix time.

        Returns:
            The number of deleted lines.
        """
        purged = await self.recent_lines.purge(before)
        await self._database.truncate_wal()
        return purged

    async def delete_user(self, user_id: int) -> DeletedData:
        """Deletes all that is stored about a user, in every server.

        Favorites of others stay, but no longer name the user as their author.

        Raises:
            StoreError: It cannot be done; nothing was deleted.
        """
        async with self._database.write_transaction() as connection:
            favorites = await connection.execute(
                delete(favorite).where(favorite.c.user_id == user_id)
            )
            lines = await connection.execute(delete(prompt).where(prompt.c.user_id == user_id))
            unlinked = await connection.execute(
                update(favorite).where(favorite.c.author_id == user_id).values(author_id=None)
            )
        with suppress(StoreBusyError):  # the rows are deleted; the next purge truncates it as well
            await self._database.truncate_wal()
        return DeletedData(favorites.rowcount, lines.rowcount, unlinked.rowcount)

    async def delete_guild(self, guild_id: int) -> None:
        """Deletes the settings of a server; its members keep their favorites."""
        await self.guild_settings.reset(guild_id)


async def open_store(url: str, busy_s: float = BUSY_S) -> Store:
    """Opens a database, which is created or migrated if necessary.

    Args:
        url: Such as `sqlite+aiosqlite:////srv/lianju.sqlite3`.
        busy_s: Seconds that a reader or writer waits for the database at most.

    Raises:
        StoreBusyError: Something else keeps the database locked.
        StoreError: The database cannot be used; it is unchanged.
    """
    path = database_path(url)
    guard = await asyncio.to_thread(create_or_migrate, path, busy_s)
    return Store(Database(path, busy_s, guard))
