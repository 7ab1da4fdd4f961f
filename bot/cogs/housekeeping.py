"""Background work: registering items, deleting expired data, closing the resources."""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from typing import Any

import discord
from discord.ext import commands, tasks

from ..errors import LianjuError
from ..resources import Resources
from .base import LianjuCog

__all__ = ["Bot", "Housekeeping"]

DAY = 24 * 60 * 60  # seconds

_log = logging.getLogger(__name__)

Bot = commands.Bot | commands.AutoShardedBot


class Housekeeping(LianjuCog, name="Lianju housekeeping"):
    """Owns the resources of all cogs: added last, it is removed last and closes them.

    Args:
        bot: The bot that has the cogs.
        resources: Closed when the cog is removed.
        cogs: The other cogs, whose items and context menus it registers.
    """

    def __init__(self, bot: Bot, resources: Resources, cogs: Sequence[LianjuCog]) -> None:
        super().__init__(resources)
        self._bot = bot
        self._items = [item for cog in cogs for item in cog.items]
        self._menus = [menu for cog in cogs for menu in cog.menus]

    async def cog_load(self) -> None:
        """Registers context menus and items, and starts the daily purge."""
        for menu in self._menus:
            self._bot.tree.add_command(menu)
        self._bot.add_dynamic_items(*self._items)
        self._purge_daily.start()

    async def cog_unload(self) -> None:
        """Waits for running interactions, then closes the resources."""
        self._purge_daily.cancel()
        for menu in self._menus:
            self._bot.tree.remove_command(menu.name, type=menu.type)
        await self.resources.finish()  # sending an answer registers its buttons
        self._bot.remove_dynamic_items(*self._items)
        await self.resources.close()

    async def reload(self) -> None:
        """Loads the bundle again; see `Resources.reload`.

        Raises:
            LianjuError: The bundle cannot be used, or the cog is being removed.
        """
        await self.resources.reload()

    async def purge(self) -> None:
        """Deletes data that is older than the retention period."""
        kept_s = self.resources.settings.retention_days * DAY
        try:
            await self.resources.store.purge(self.resources.clock() - kept_s)
        except LianjuError as error:
            _log.warning("nothing was purged: %s", type(error).__name__)

    @tasks.loop(hours=24)
    async def _purge_daily(self) -> None:
        await self._run_to_completion(self.purge())

    async def _run_to_completion(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs work that closing waits for instead of cancelling it.

        A cancelled operation may leave a connection of aiosqlite that never closes.
        """
        doing = asyncio.ensure_future(work)
        self.resources.running.add(doing)
        doing.add_done_callback(self.resources.running.discard)
        await asyncio.shield(doing)

    @commands.Cog.listener("on_guild_remove")
    async def delete_guild_settings(self, guild: discord.Guild) -> None:
        """Deletes the settings of a server that the bot has left."""
        await self._run_to_completion(self._delete_guild_settings(guild.id))

    async def _delete_guild_settings(self, guild_id: int) -> None:
        try:
            await self.resources.store.delete_guild(guild_id)
        except LianjuError as error:
            _log.warning("server=%d was not forgotten: %s", guild_id, type(error).__name__)
