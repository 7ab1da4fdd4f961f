"""The bot that `lianju serve` runs."""

import logging

import aiohttp
import discord
import yarl
from discord.ext import commands
from discord.gateway import DiscordWebSocket

from .cogs import add_cogs
from .settings import Settings
from .verse.errors import LianjuError

__all__ = ["LianjuBot", "StartError"]

_log = logging.getLogger(__name__)


class StartError(LianjuError):
    """The bot cannot go online; the message says what the operator can do."""


class LianjuBot(commands.AutoShardedBot):
    """A bot with nothing but Lianju in it.

    `setup_hook` opens what it needs and registers the commands; `close` removes the cogs, which
    finish their answers and free what they hold. It knows its servers, but sees neither members
    nor messages.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
        )
        self._settings = settings

    async def setup_hook(self) -> None:
        """Opens the model and registers the commands, globally or with the test server alone.

        Raises:
            LianjuError: The bundle cannot be used.
            StartError: The bot is not in the test server.
        """
        await add_cogs(self, self._settings)
        if self._settings.test_guild is None:
            await self.tree.sync()
            return
        guild = discord.Object(self._settings.test_guild)
        self.tree.copy_global_to(guild=guild)
        try:
            await self.tree.sync(guild=guild)
        except discord.Forbidden:
            raise StartError(
                f"LIANJU_TEST_GUILD is {guild.id}, a server that this bot is not in: "
                "invite it there, or unset the variable."
            ) from None

    async def launch_shard(
        self, gateway: yarl.URL, shard_id: int, *, initial: bool = False
    ) -> None:
        """Connects one shard; discord.py retries for ever, so the first one is tried out before.

        Raises:
            StartError: The gateway cannot be reached.
        """
        if initial:
            try:
                socket = await self.http.ws_connect(str(gateway))
            except (aiohttp.ClientError, TimeoutError):
                raise StartError(
                    f"Discord's gateway cannot be reached at {gateway}: check the network."
                ) from None
            await socket.close()
            # Later connections go where Discord, or the proxy before it, sent this one.
            DiscordWebSocket.DEFAULT_GATEWAY = gateway
        await super().launch_shard(gateway, shard_id, initial=initial)

    async def on_ready(self) -> None:
        """Notes that every shard is online."""
        _log.info("online shards=%s servers=%d", self.shard_count, len(self.guilds))
