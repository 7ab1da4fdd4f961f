"""The store as a whole: opening, closing, and deletions across tables."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import text

from .database import Database
from .database_file import create_or_migrate, database_path
from .errors import StoreBusyError
from .favorites import Favorites
from .forgotten import DELETIONS, remember
from .guilds import GuildSettingsStore
from .leaderboard import Leaderboard
from .recent_lines import RecentLines

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

    async def delete_user(self, user_id: int, at: float) -> DeletedData:
        """Deletes all that is stored about a user, in every server.

        Favorites of others stay, but no longer name the user as their author. Nothing that the user
        did before can be stored later.

        Args:
            user_id: The user.
            at: When the user asked for it, by Discord's clock, in Unix seconds.

        Raises:
            StoreError: It cannot be done; nothing was deleted.
        """
        async with self._database.write_transaction() as connection:
            deleted = {
                what: (await connection.execute(text(statement), {"id": user_id})).rowcount
                for what, statement in DELETIONS["user"].items()
            }
            await remember(connection, "user", user_id, at)
        await self._truncate_wal()
        return DeletedData(**deleted)

    async def delete_guild(self, guild_id: int, at: float) -> None:
        """Deletes the settings of a server; its members keep their favorites.

        Args:
            guild_id: The server.
            at: When the bot left it, in Unix seconds.

        Raises:
            StoreError: It cannot be done; nothing was deleted.
        """
        async with self._database.write_transaction() as connection:
            for statement in DELETIONS["guild"].values():
                await connection.execute(text(statement), {"id": guild_id})
            await remember(connection, "guild", guild_id, at)
        await self._truncate_wal()

    async def _truncate_wal(self) -> None:
        with suppress(StoreBusyError):  # the rows are deleted; the next purge truncates it as well
            await self._database.truncate_wal()


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
