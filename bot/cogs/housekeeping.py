"""What no member sees: what expires is deleted, and at the end everything is closed."""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from typing import Any

import discord
from discord.ext import commands, tasks

from ..errors import LianjuError
from ..resources import Resources
from .base import LianjuCog

__all__ = ["Housekeeping"]

DAY = 24 * 60 * 60  # seconds

_log = logging.getLogger(__name__)

Bot = commands.Bot | commands.AutoShardedBot


class Housekeeping(LianjuCog, name="Lianju housekeeping"):
    """Owns the resources of all cogs: added last, it goes last, and closes them.

    Args:
        bot: Where the cogs are.
        resources: Closed when the cog is removed.
        cogs: The others, whose buttons, selects and context menus it registers.
    """

    def __init__(
        self,
        bot: Bot,
        resources: Resources,
        cogs: Sequence[LianjuCog],
    ) -> None:
        super().__init__(resources)
        self._bot = bot
        self._items = [item for cog in cogs for item in cog.items]
        self._menus = [menu for cog in cogs for menu in cog.menus]

    async def cog_load(self) -> None:
        """Makes context menus and the buttons of old messages work; tidies up once a day."""
        for menu in self._menus:
            self._bot.tree.add_command(menu)
        self._bot.add_dynamic_items(*self._items)
        self._tidy.start()

    async def cog_unload(self) -> None:
        """Lets the answers under way finish, then frees the model and closes the database."""
        self._tidy.cancel()
        for menu in self._menus:
            self._bot.tree.remove_command(menu.name, type=menu.type)
        await self.resources.finish()  # an answer registers the buttons that it has
        self._bot.remove_dynamic_items(*self._items)
        await self.resources.close()

    async def reload(self) -> None:
        """Loads the bundle anew; meanwhile, and if it cannot be used, the old one answers.

        Raises:
            LianjuError: It cannot be used, or the cog is being removed; the message says why.
        """
        await self.resources.reload()

    async def purge(self) -> None:
        """Deletes what is older than the settings allow."""
        kept_s = self.resources.settings.retention_days * DAY
        try:
            await self.resources.store.purge(self.resources.clock() - kept_s)
        except LianjuError as error:
            _log.warning("nothing was purged: %s", type(error).__name__)

    @tasks.loop(hours=24)
    async def _tidy(self) -> None:
        await self._to_the_end(self.purge())

    async def _to_the_end(self, work: Coroutine[Any, Any, None]) -> None:
        """Does what the end waits for instead of cancelling it.

        The database's driver takes cancellations badly: its connections may then never close.
        """
        doing = asyncio.ensure_future(work)
        self.resources.running.add(doing)
        doing.add_done_callback(self.resources.running.discard)
        await asyncio.shield(doing)

    @commands.Cog.listener("on_guild_remove")
    async def forget(self, guild: discord.Guild) -> None:
        """Deletes what a server that the bot has left had set."""
        await self._to_the_end(self._forget(guild.id))

    async def _forget(self, guild_id: int) -> None:
        try:
            await self.resources.store.delete_guild(guild_id)
        except LianjuError as error:
            _log.warning("server=%d was not forgotten: %s", guild_id, type(error).__name__)
