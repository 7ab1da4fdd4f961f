"""Background work: registering items, deleting expired data, closing the resources."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

import discord
from discord.ext import commands

from ..events import ForgetEvent
from ..linked import KEPT_S
from ..resources import Resources
from ..store import DeletedData, StoreError
from ..ui.downloads import favorites_file, guesses_file, linked_file
from .base import LianjuCog
from .linked_forgotten import redraw_forgotten
from .registration import AppCommand, register, unregister

__all__ = ["HOUSEKEEPING", "Bot", "Housekeeping", "is_on_own_shard"]

HOUSEKEEPING = "Lianju housekeeping"

PURGE_EVERY_S = 60 * 60.0
RETRY_AFTER_S = 60.0
MAX_EXPORTED_LINES = 1000  # more than a user has, who has 200 at most

_log = logging.getLogger(__name__)

Bot = commands.Bot | commands.AutoShardedBot
T = TypeVar("T")


class Housekeeping(LianjuCog, name=HOUSEKEEPING):
    """Owns the resources of all cogs: added last, it is removed last and closes them.

    Args:
        bot: The bot that has the cogs.
        resources: Closed when the cog is removed.
        cogs: The other cogs, whose items it registers.
        sleep: Waits so many seconds; not discord.py's loops, which follow the system time.
        commands: The commands of these cogs, which it registers as well.
    """

    def __init__(
        self,
        bot: Bot,
        resources: Resources,
        cogs: Sequence[LianjuCog],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        commands: Sequence[AppCommand] = (),
    ) -> None:
        super().__init__(resources)
        self._sleep = sleep
        self._purging: asyncio.Task[None] | None = None
        self._bot = bot
        self._items = [item for cog in cogs for item in cog.items]
        self._commands = commands

    async def cog_load(self) -> None:
        """Registers commands and items, and starts to purge.

        Raises:
            SetupError: A command cannot be registered; then nothing is.
        """
        register(self._bot.tree, self._commands, self.resources.commands)
        self._bot.add_dynamic_items(*self._items)
        self._purging = asyncio.create_task(self._keep_purging())

    async def cog_unload(self) -> None:
        """Waits for running interactions, then closes the resources."""
        if self._purging is not None:
            self._purging.cancel()
        unregister(self._bot.tree, self._commands)
        await self.resources.finish()  # sending an answer registers its buttons
        self._bot.remove_dynamic_items(*self._items)
        await self.resources.close()

    async def reload(self) -> None:
        """Loads the bundle again; see `Resources.reload`.

        Raises:
            LianjuError: The bundle cannot be used, or the cog is being removed.
        """
        await self.resources.reload()

    async def delete_user(self, user_id: int) -> DeletedData:
        """Deletes all that is stored about a user, as the button of `/privacy` does.

        Raises:
            StoreError: It cannot be done; nothing was deleted.
        """
        deleted = await self.resources.store.delete_user(user_id, self.resources.clock())
        self._bot.dispatch(ForgetEvent.NAME, ForgetEvent(user_id))
        redraw_forgotten(self.resources, self._bot, deleted.tables)
        return deleted

    async def export_user(self, user_id: int) -> dict[str, bytes]:
        """Returns files with all that is stored about a user, by name; none if nothing is.

        Raises:
            StoreError: The database cannot be read.
        """
        store, files = self.resources.store, {}
        if favorites := await store.favorites.all(user_id):
            files["lianju-favorites.json"] = favorites_file(favorites, "json")
        since = self.resources.retained_since
        if lines := await store.recent_lines.recent(user_id, "", MAX_EXPORTED_LINES, since):
            files["lianju-recent-lines.txt"] = "".join(f"{line}\n" for line in lines).encode()
        if tables := await store.linked.of_member(user_id):
            files["lianju-linked.json"] = linked_file(tables, user_id)
        if scores := await store.guesses.scores_of(user_id):
            files["lianju-guesses.json"] = guesses_file(scores)
        return files

    async def purge(self) -> bool:
        """Deletes data that has expired; returns whether it succeeded."""
        resources = self.resources
        try:
            await resources.store.purge(resources.retained_since, resources.clock() - KEPT_S)
        except Exception as error:
            resources.count_failure("purge", error)
            return False
        return True

    @commands.Cog.listener("on_ready")
    async def delete_left_guilds(self) -> None:
        """Deletes the settings of servers that have removed the bot while it was offline.

        Called when all shards have told in which servers the bot is.
        """
        while not await self._run_to_completion(self._delete_left_guilds()):
            await self._sleep(RETRY_AFTER_S)
            if self.resources.closing.is_set():
                return

    async def _delete_left_guilds(self) -> bool:
        """Returns whether all is done that can be; the database may fail for a while."""
        bot, resources = self._bot, self.resources
        if not bot.is_ready() or not bot.intents.guilds or bot.application_id is None:
            return True  # the servers are not known
        try:
            deleted = await resources.store.delete_left_guilds(
                bot.application_id, self._is_left, resources.clock()
            )
        except StoreError as error:
            _log.warning("%s", error)
            # What belongs to another application is never deleted; a full disk is so for a while.
            return error.key == "store-application"
        except Exception as error:
            resources.count_failure("deletion of settings", error)
        else:
            if deleted:
                _log.info("settings deleted of servers=%d", deleted)
        return True

    def _is_left(self, guild_id: int) -> bool:
        """Whether the bot is not in a server of its own shards."""
        return self._bot.get_guild(guild_id) is None and is_on_own_shard(self._bot, guild_id)

    async def _keep_purging(self) -> None:
        while True:
            purged = await self._run_to_completion(self.purge())
            await self._run_to_completion(self._delete_left_guilds())
            await self._sleep(PURGE_EVERY_S if purged else RETRY_AFTER_S)

    async def _run_to_completion(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs work that closing waits for instead of cancelling it.

        A cancelled operation may leave a connection of aiosqlite that never closes.
        """
        doing = asyncio.ensure_future(work)
        self.resources.background.add(doing)
        doing.add_done_callback(self.resources.background.discard)
        return await asyncio.shield(doing)

    @commands.Cog.listener("on_guild_remove")
    async def delete_guild_settings(self, guild: discord.Guild) -> None:
        """Deletes the settings of a server that the bot has left."""
        await self._run_to_completion(self._delete_guild_settings(guild.id))

    async def _delete_guild_settings(self, guild_id: int) -> None:
        try:
            await self.resources.store.delete_guild(guild_id, self.resources.clock())
        except Exception as error:
            self.resources.count_failure("deletion of settings", error, server=guild_id)


def is_on_own_shard(bot: Bot, guild_id: int) -> bool:
    """Whether a server is with one of the shards of this process; 0 is direct messages."""
    shards = getattr(bot, "shard_ids", None)
    if shards is None and bot.shard_id is not None:
        shards = [bot.shard_id]
    # https://discord.com/developers/docs/events/gateway#sharding
    return shards is None or (guild_id >> 22) % (bot.shard_count or 1) in shards
