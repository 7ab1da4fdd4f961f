"""The clock of linked verse: it ends turns and tables that have taken too long."""

import asyncio

import discord

from ..errors import LianjuError, NotFoundError
from ..linked import Table
from ..places import OUTSIDE
from ..resources import Resources
from .housekeeping import Bot, is_on_own_shard
from .linked_base import LinkedCog
from .ticking import Sleep, keep_ticking

__all__ = ["LinkedClock"]

EVERY_S = 5.0


class LinkedClock(LinkedCog, name="Lianju clock of linked verse"):
    """Looks for what has timed out every few seconds; all it needs is in the database.

    So nothing is lost by a restart. Of several processes, each looks after the tables of the
    servers that are with its shards.

    Args:
        bot: The bot, whose messages it edits.
        resources: Has the tables.
        sleep: Waits so many seconds.
    """

    def __init__(
        self,
        bot: Bot,
        resources: Resources,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        super().__init__(resources)
        self._bot = bot
        self._sleep = sleep
        self._ticking: asyncio.Task[None] | None = None
        self._unshown: set[int] = set()  # tables that could not be drawn

    async def cog_load(self) -> None:
        """Starts the clock."""
        self._ticking = asyncio.create_task(
            keep_ticking(self.resources, self.tick, EVERY_S, self._sleep)
        )

    async def cog_unload(self) -> None:
        """Stops it."""
        if self._ticking is not None:
            self._ticking.cancel()

    async def tick(self) -> None:
        """Times out what is due, and shows it, and what could not be shown before."""
        await asyncio.gather(*map(self._show, tuple(self._unshown)))
        now = self.resources.clock()
        try:
            due = await self.resources.store.linked.due(now)
        except Exception as error:
            self.resources.count_failure("clock of linked verse", error)
            return
        for table in due:
            if is_on_own_shard(self._bot, table.guild_id or OUTSIDE):
                await self._time_out(table, now)

    async def _time_out(self, table: Table, now: float) -> None:
        try:
            saved = await self.resources.store.linked.save(table, table.time_out(now))
        except NotFoundError:
            return  # it was deleted meanwhile
        except Exception as error:
            self.resources.count_failure("clock of linked verse", error)
            return
        if saved is not None:
            await self._show(table.id)

    async def _show(self, table_id: int) -> None:
        """Shows a table; while the engine or the database fails, each tick tries again."""
        try:
            await self.redraw(self._bot, table_id)
        except NotFoundError:
            pass  # it was deleted meanwhile, or its message was: it closes after a day
        except LianjuError as error:
            if table_id not in self._unshown:  # counted once
                self.resources.count_failure("message of a table", error)
            self._unshown.add(table_id)
            return
        except (discord.HTTPException, OSError) as error:
            self.resources.count_failure("message of a table", error)
        except Exception as error:
            self.resources.count_failure("clock of linked verse", error)
        self._unshown.discard(table_id)
