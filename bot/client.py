"""The bot that `lianju serve` runs."""

import asyncio
import logging

import aiohttp
import discord
import yarl
from discord.ext import commands
from discord.gateway import DiscordWebSocket

from .cogs import add_cogs
from .errors import LianjuError
from .resources import Resources
from .settings import Settings
from .translator import LianjuTranslator

__all__ = ["LianjuBot", "StartError"]

_log = logging.getLogger(__name__)


class StartError(LianjuError):
    """The bot cannot go online; the message says what the operator can do."""


class LianjuBot(commands.AutoShardedBot):
    """A bot with nothing but Lianju in it.

    It knows its servers, but sees neither members nor messages.
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
        self._resources: Resources | None = None
        self._opened = asyncio.Event()
        self._gateway = None if settings.gateway is None else yarl.URL(settings.gateway)
        if self._gateway is not None:
            _redirect(self.http, self._gateway)

    @property
    def is_set_up(self) -> bool:
        """Whether the model and the database are open and every cog is there."""
        return self._resources is not None

    async def opened(self) -> Resources:
        """Waits until the model and the database are open."""
        await self._opened.wait()
        if self._resources is None:
            raise AssertionError("they are what was opened")
        return self._resources

    async def setup_hook(self) -> None:
        """Opens what the cogs need and registers the commands, everywhere or with one server.

        Raises:
            LianjuError: The bundle or the database cannot be used.
            StartError: The bot is not in the test server.
        """
        opening = asyncio.ensure_future(add_cogs(self, self._settings))
        try:
            self._resources = await asyncio.shield(opening)
        except asyncio.CancelledError:
            self._resources = await opening  # what is open half-way could not be closed
            raise
        self._opened.set()
        await self.tree.set_translator(LianjuTranslator())
        if self._settings.test_guild is None:
            await self.tree.sync()
            return
        guild = discord.Object(self._settings.test_guild)
        self.tree.copy_global_to(guild=guild)
        try:
            await self.tree.sync(guild=guild)
        except discord.Forbidden:
            raise StartError("start-test-guild", guild=str(guild.id)) from None

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
                address = str(self._gateway or gateway)
                raise StartError("start-gateway-unreachable", address=address) from None
            await socket.close()
            # Later connections go where Discord, or the proxy before it, sent this one.
            DiscordWebSocket.DEFAULT_GATEWAY = gateway
        await super().launch_shard(gateway, shard_id, initial=initial)

    async def close(self) -> None:
        """Refuses new requests, lets those under way finish, goes offline and frees everything."""
        if self._resources is not None:
            await self._resources.finish()
        for shard in self.shards.values():
            # Before the cogs go, or a command that still came in would be unknown.
            await shard.disconnect()
        await super().close()

    async def on_ready(self) -> None:
        """Notes that every shard is online."""
        _log.info("online shards=%s servers=%d", self.shard_count, len(self.guilds))


def _redirect(http: discord.http.HTTPClient, gateway: yarl.URL) -> None:
    """Lets every connection to a gateway, new or resumed, go to this one.

    discord.py connects to where REST sends it, resumes where READY told it to, and otherwise goes
    to Discord's own address; all of that passes through `ws_connect`.
    """
    connect = http.ws_connect

    async def ws_connect(url: str, *, compress: int = 0) -> aiohttp.ClientWebSocketResponse:
        query = yarl.URL(url).query
        return await connect(str(gateway.with_query(query)), compress=compress)

    http.ws_connect = ws_connect  # type: ignore[method-assign]
