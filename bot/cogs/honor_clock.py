"""The clock of pages of honor: it posts, edits and deletes what is due."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence

from ..errors import LianjuError
from ..honor import HonoredVerse
from ..resources import Resources
from .base import LianjuCog
from .honor_booklets import HonorBooklets
from .honor_posts import HonorPosts
from .housekeeping import Bot, is_on_own_shard
from .ticking import Sleep, keep_ticking

__all__ = ["HonorClock"]

EVERY_S = 5.0
BOOKLETS_EVERY_S = 60.0
SERVERS = 4  # at a time: each may have to wait for Discord
BOOKLETS = 3  # likewise


class HonorClock(LianjuCog, name="Lianju clock of pages of honor"):
    """Looks for what is due every few seconds; all it needs is in the database.

    So nothing is lost by a restart. Of several processes, each looks after the servers that are
    with its shards.

    Args:
        bot: The bot, whose messages they are.
        resources: Has the pages of honor.
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
        self._posts = HonorPosts(bot, resources)
        self._monthly = HonorBooklets(bot, resources, self._posts)
        self._servers = asyncio.Semaphore(SERVERS)
        self._ticking: list[asyncio.Task[None]] = []

    async def cog_load(self) -> None:
        """Starts the clock."""
        resources, sleep = self.resources, self._sleep
        self._ticking = [
            asyncio.create_task(keep_ticking(resources, self.tick, EVERY_S, sleep)),
            asyncio.create_task(
                keep_ticking(resources, self.tick_booklets, BOOKLETS_EVERY_S, sleep)
            ),
        ]

    async def cog_unload(self) -> None:
        """Stops it."""
        for ticking in self._ticking:
            ticking.cancel()

    async def tick(self) -> None:
        """Does what is due, in several servers at a time, one thing after the other in each."""
        try:
            due = await self.resources.store.honors.due(self.resources.clock())
        except Exception as error:
            self.resources.count_failure("clock of pages of honor", error)
            return
        servers: defaultdict[int, list[HonoredVerse]] = defaultdict(list)
        for verse in due:
            if is_on_own_shard(self._bot, verse.guild_id):
                servers[verse.guild_id].append(verse)
        await asyncio.gather(*map(self._serve, servers.values()))

    async def _serve(self, verses: Sequence[HonoredVerse]) -> None:
        async with self._servers:
            for verse in verses:
                if self.resources.closing.is_set():
                    return
                try:
                    await self._posts.act(verse, self.resources.clock())
                except LianjuError as error:
                    self.resources.count_failure("page of honor", error, server=verse.guild_id)
                    return  # what it is about is not of one verse
                except Exception as error:
                    self.resources.count_failure("page of honor", error, server=verse.guild_id)

    async def tick_booklets(self) -> None:
        """Posts all booklets that are due, some at a time: Discord may have one wait for long."""
        tried: set[int] = set()
        await asyncio.gather(*(self._post_booklets(tried) for _ in range(BOOKLETS)))

    async def _post_booklets(self, tried: set[int]) -> None:
        """Posts one booklet after the other, of servers with none of which this was tried."""
        while not self.resources.closing.is_set():
            try:
                due = await self.resources.store.booklets.due(self.resources.clock())
            except Exception as error:
                self.resources.count_failure("clock of pages of honor", error)
                return
            left = (each for each in due if each.guild_id not in tried)
            booklet = next(
                (each for each in left if is_on_own_shard(self._bot, each.guild_id)), None
            )
            if booklet is None:
                return
            tried.add(booklet.guild_id)
            try:
                await self._monthly.act(booklet, self.resources.clock())
            except Exception as error:
                self.resources.count_failure("booklet of a month", error, server=booklet.guild_id)
