"""The store as a whole: opening, closing, and deletions across tables."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import insert, select, text, union
from sqlalchemy.ext.asyncio import AsyncConnection

from ..observer import NOBODY, Observer
from .booklets import Booklets
from .database import Database, finish_if_cancelled
from .database_file import create_folder, create_or_migrate, database_path
from .errors import StoreBusyError, StoreError
from .favorites import Favorites
from .forgotten import DELETIONS, remember
from .guesses import Guesses
from .guilds import GuildSettingsStore, guild_part
from .honors import Honors
from .leaderboard import Leaderboard
from .linked import LinkedTables, ShownTable, shown_of
from .moderation import Moderation
from .observed import observed
from .postgres import Processes, is_postgres, open_postgres, parse_url, server_name
from .process_lock import ProcessLock
from .recent_lines import RecentLines
from .sqlite import SQLiteDatabase
from .tables import application, guess_round, guess_score, honor, honor_page, linked_table, server

__all__ = ["DeletedData", "Store", "name_of", "open_store"]

BUSY_S = 2.0  # what a terminal command waits; the bot waits as long as an answer may take


@dataclass(frozen=True)
class DeletedData:
    """What stored data of a user was deleted.

    Attributes:
        favorites: Number of favorites of the user.
        recent_lines: Number of recent lines of the user.
        unlinked: Number of others' favorites that no longer name the user as their author.
        linked_lines: Number of lines of linked verse that were deleted, or no longer name the user.
        guess_scores: In how many servers the user's guesses were counted.
        tables: The tables of linked verse whose messages may name the user, newest first; some were
            deleted.
    """

    favorites: int
    recent_lines: int
    unlinked: int
    linked_lines: int = 0
    guess_scores: int = 0
    tables: tuple[ShownTable, ...] = ()


class Store:
    """The bot's stored data.

    Attributes:
        favorites: Verses that users keep.
        leaderboard: Rankings of each server.
        moderation: Removal of verses from a leaderboard.
        guild_settings: Settings of each server.
        recent_lines: Recent prompts of each user.
        linked: Tables of linked verse.
        guesses: Rounds of `/guess` and their scores.
        honors: Pages of honor: what is to be posted, edited or deleted there.
        booklets: Their monthly booklets.
        processes: What several processes agree on; None where the database serves one.
    """

    def __init__(
        self,
        database: Database,
        lock: ProcessLock | None = None,
        processes: Processes | None = None,
    ) -> None:
        self._lock = lock
        self.processes = processes
        self._database = database
        self.favorites = Favorites(database)
        self.leaderboard = Leaderboard(database)
        self.moderation = Moderation(database)
        self.guild_settings = GuildSettingsStore(database)
        self.recent_lines = RecentLines(database)
        self.linked = LinkedTables(database, processes)
        self.guesses = Guesses(database)
        self.honors = Honors(database, processes)
        self.booklets = Booklets(database, processes)

    async def close(self) -> None:
        """Closes the database."""
        try:
            await self._database.close()
            if self.processes is not None:
                await self.processes.close()
        finally:
            if self._lock is not None:
                self._lock.release()

    async def check(self) -> None:
        """Reads something.

        Raises:
            StoreError: The database cannot be used now.
        """
        async with self._database.reader() as connection:
            await connection.execute(select(application.c.id))

    @finish_if_cancelled
    async def purge(self, before: float, closed_before: float = 0.0) -> int:
        """Deletes what has expired.

        What earlier deletions have left in the files goes as well. To be called now and then.

        Args:
            before: Recent lines that were last used before this Unix time go.
            closed_before: Tables of linked verse that were closed before this one go.

        Returns:
            The number of deleted lines and tables.

        Raises:
            StoreBusyError: Something else reads or writes the database.
            StoreError: It fails; nothing else is lost. In both cases the next call does the rest.
        """
        purged = await self.recent_lines.purge(before)
        purged += await self.linked.purge(closed_before)
        await self._database.clean()
        if self.processes is not None:
            await self.processes.purge()
        return purged

    @finish_if_cancelled
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
            tables = await shown_of(connection, user_id)
            deleted = {
                what: (await connection.execute(text(statement), {"id": user_id})).rowcount
                for what, statement in DELETIONS["user"].items()
            }
            await remember(connection, "user", user_id, at)
        await self._truncate_wal()
        return DeletedData(
            favorites=deleted["favorites"],
            recent_lines=deleted["recent_lines"],
            unlinked=deleted["unlinked"],
            linked_lines=deleted["linked_lines"] + deleted["own_lines"],
            guess_scores=deleted["guess_scores"],
            tables=tuple(tables),
        )

    @finish_if_cancelled
    async def delete_guild(self, guild_id: int, at: float) -> None:
        """Deletes what belongs to a server, such as its settings; members keep their favorites.

        Args:
            guild_id: The server.
            at: When the bot left it, in Unix seconds.

        Raises:
            StoreError: It cannot be done; nothing was deleted.
        """
        async with self._database.write_transaction(guild_part(guild_id)) as connection:
            await _delete_guild(connection, guild_id, at)
        await self._truncate_wal()

    @finish_if_cancelled
    async def delete_left_guilds(
        self, application_id: int, is_left: Callable[[int], bool], at: float
    ) -> int:
        """Deletes the settings of servers that the bot has left.

        Nothing is deleted when an application uses the database for the first time, so that the
        token of another bot, used by mistake, costs nothing.

        Args:
            application_id: The bot's application.
            is_left: Whether it is no longer in the server with an id.
            at: The time, in Unix seconds.

        Returns:
            The number of servers.

        Raises:
            StoreError: The settings belong to another application, or it cannot be done.
        """
        async with self._database.reader("list") as connection:
            owner = await connection.scalar(select(application.c.id))
            guilds = list(await connection.scalars(_GUILDS))
        if owner == application_id and not any(map(is_left, guilds)):
            return 0
        async with self._database.write_transaction() as connection:
            owner = await connection.scalar(select(application.c.id))
            if owner is None:
                await connection.execute(insert(application).values(id=application_id))
                return 0
            if owner != application_id:
                raise StoreError(
                    "store-application", owner=str(owner), application=str(application_id)
                )
            left = [guild_id for guild_id in guilds if is_left(guild_id)]
            for guild_id in left:
                await _delete_guild(connection, guild_id, at)
        if left:
            await self._truncate_wal()
        return len(left)

    async def _truncate_wal(self) -> None:
        with suppress(StoreBusyError):  # the rows are deleted; the next purge truncates it as well
            await self._database.truncate_wal()


# Servers of which anything is stored that is theirs.
_GUILDS = union(
    select(server.c.guild_id),
    select(honor_page.c.guild_id),
    select(honor.c.guild_id),
    *(
        select(table.c.guild_id).where(table.c.guild_id > 0)
        for table in (linked_table, guess_round, guess_score)
    ),
)


async def _delete_guild(connection: AsyncConnection, guild_id: int, at: float) -> None:
    for statement in DELETIONS["guild"].values():
        await connection.execute(text(statement), {"id": guild_id})
    await remember(connection, "guild", guild_id, at)


async def open_store(
    url: str, busy_s: float = BUSY_S, *, alone: bool = False, observer: Observer = NOBODY
) -> Store:
    """Opens a database, which is created or migrated if necessary.

    Args:
        url: Such as `sqlite+aiosqlite:////srv/lianju.sqlite3`, or
            `postgresql+asyncpg://user:password@host/database`.
        busy_s: Seconds that a reader or writer waits for the database at most.
        alone: Whether to refuse a file that another bot uses, and to keep others away.
        observer: Is told of every operation.

    Raises:
        StoreBusyError: Something else keeps the database locked.
        StoreError: The database cannot be used; it is unchanged.
    """
    if is_postgres(url):
        database = observed(await open_postgres(url, busy_s), observer)
        return Store(database, processes=Processes(parse_url(url), busy_s))
    path = database_path(url)
    lock = await asyncio.to_thread(_lock, path) if alone else None
    try:
        guard = await asyncio.to_thread(create_or_migrate, path, busy_s)
    except BaseException:
        if lock is not None:
            lock.release()
        raise
    return Store(observed(SQLiteDatabase(path, busy_s, guard), observer), lock)


def name_of(url: str) -> str:
    """Returns what names a database in messages: its file, or server and database."""
    return server_name(parse_url(url)) if is_postgres(url) else str(database_path(url))


def _lock(path: Path) -> ProcessLock:
    create_folder(path)
    return ProcessLock(path)
