"""The bot that `lianju serve` runs."""

import asyncio
import gc
import logging
from typing import Any

import aiohttp
import discord
import yarl
from discord.ext import commands
from discord.gateway import DiscordWebSocket

from .characters import printable
from .cogs import add_cogs
from .errors import LianjuError
from .observer import NOBODY, Observer
from .resources import Resources
from .settings import Settings, hides_token, parse_shards
from .sharding import register_once, take_turn
from .store.postgres import Processes
from .translator import LianjuTranslator

__all__ = ["LianjuBot", "StartError"]

_log = logging.getLogger(__name__)


class StartError(LianjuError):
    """The bot cannot go online."""


class LianjuBot(commands.AutoShardedBot):
    """A bot with Lianju's commands only.

    Its one intent is `guilds`: it sees neither members nor messages.

    Args:
        settings: The operator's settings.
        observer: Is told what happens, for metrics.
    """

    def __init__(self, settings: Settings, observer: Observer = NOBODY) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            **_shard_options(settings),
        )
        self._settings = settings
        self._observer = observer
        self._resources: Resources | None = None
        self._opened = asyncio.Event()
        self._max_concurrency = 1
        self._gateway = None if settings.gateway is None else yarl.URL(settings.gateway)
        if self._gateway is not None:
            _redirect(self.http, self._gateway)
        elif not settings.allow_plaintext:
            _require_encryption(self.http)

    @property
    def is_set_up(self) -> bool:
        """Whether the model and the database are open and every cog is loaded."""
        return self._resources is not None

    @property
    def resources(self) -> Resources | None:
        """The model and the database, once they are open."""
        return self._resources

    @property
    def running(self) -> int:
        """How many interactions are running."""
        return 0 if self._resources is None else len(self._resources.running)

    async def opened(self) -> Resources:
        """Waits until the model and the database are open."""
        await self._opened.wait()
        if self._resources is None:
            raise AssertionError("set before the event")
        return self._resources

    async def setup_hook(self) -> None:
        """Loads the cogs and registers the commands, globally or with the test server.

        Raises:
            LianjuError: The bundle or the database cannot be used.
            StartError: The bot is not in the test server.
        """
        gc.freeze()  # what is imported stays: each full collection would take 0.1 s to look at it
        opening = asyncio.ensure_future(add_cogs(self, self._settings, observer=self._observer))
        try:
            self._resources = await asyncio.shield(opening)
        except asyncio.CancelledError:
            self._resources = await opening  # resources that are half open cannot be closed
            raise
        self._opened.set()
        await self.tree.set_translator(LianjuTranslator())
        if self._resources.store.processes is not None:
            await self._resources.store.processes.claim(self.shard_ids, self.shard_count)
        if self._settings.test_guild is None:
            await self._register()
            return
        guild = discord.Object(self._settings.test_guild)
        self.tree.copy_global_to(guild=guild)
        try:
            await self._register(guild)
        except discord.Forbidden:
            raise StartError("start-test-guild", guild=str(guild.id)) from None

    async def _register(self, guild: discord.Object | None = None) -> None:
        """Registers the commands; of several processes, the first one does."""
        if self._processes is None:
            await self.tree.sync(guild=guild)
        elif await register_once(self._processes, self.tree, guild):
            _log.info("commands registered")

    @property
    def _processes(self) -> Processes | None:
        """What this process agrees on with others; None if it has all shards."""
        if self._resources is None or not self._settings.shards:
            return None
        return self._resources.store.processes

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Waits until Discord lets a shard identify: one every five seconds in each bucket."""
        if self._processes is None:
            await super().before_identify_hook(shard_id, initial=initial)
            return
        await take_turn(self._processes, (shard_id or 0) % self._max_concurrency)

    async def launch_shards(self) -> None:
        """Connects all shards.

        Raises:
            StartError: REST names a gateway whose address is malformed.
        """
        get_bot_gateway = self.http.get_bot_gateway

        async def get_valid_gateway() -> tuple[int, str, Any]:
            shards, address, limits = await get_bot_gateway()
            try:
                yarl.URL(address)
            except ValueError:
                key = "start-gateway-unreachable"
                raise StartError(key, address=printable(address)) from None
            self._max_concurrency = limits["max_concurrency"]
            return shards, address, limits

        self.http.get_bot_gateway = get_valid_gateway  # type: ignore[method-assign]
        if self.shard_count is not None:  # then discord.py does not ask
            _, address, _ = await get_valid_gateway()
            DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(address)
        await super().launch_shards()

    async def launch_shard(
        self, gateway: yarl.URL, shard_id: int, *, initial: bool = False
    ) -> None:
        """Connects one shard.

        discord.py retries an unreachable gateway forever, so the first connection is tried before.

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
            # A lost session begins anew at this constant: at Discord's own address, even where a
            # proxy for REST named another. discord.py 2.7 has no setting for it.
            DiscordWebSocket.DEFAULT_GATEWAY = gateway
        await super().launch_shard(gateway, shard_id, initial=initial)

    async def close(self) -> None:
        """Refuses new requests, waits for running ones, goes offline and frees the resources."""
        if self._resources is not None:
            await self._resources.finish()
        for shard in self.shards.values():
            # Before the cogs are removed: a command that still arrived would be unknown.
            await shard.disconnect()
        await super().close()

    async def on_ready(self) -> None:
        """Logs that every shard is online."""
        shards = self._settings.shards or self.shard_count
        _log.info("online shards=%s servers=%d", shards, len(self.guilds))


def _shard_options(settings: Settings) -> dict[str, Any]:
    if settings.shards is None:
        return {}
    shards, count = parse_shards(settings.shards)
    return {"shard_ids": list(shards), "shard_count": count}


def _require_encryption(http: discord.http.HTTPClient) -> None:
    """Refuses addresses, which REST and READY name, where others could read the token."""
    connect = http.ws_connect

    async def ws_connect(url: str, *, compress: int = 0) -> aiohttp.ClientWebSocketResponse:
        if not hides_token(url):
            address = str(yarl.URL(url).with_query(None))
            raise StartError("start-gateway-plaintext", address=address)
        return await connect(url, compress=compress)

    http.ws_connect = ws_connect  # type: ignore[method-assign]


def _redirect(http: discord.http.HTTPClient, gateway: yarl.URL) -> None:
    """Sends every connection to this gateway.

    discord.py 2.7 has no setting for it: it connects to the address that REST names and resumes at
    the one that READY names. Both pass through `ws_connect`.
    """
    connect = http.ws_connect

    async def ws_connect(url: str, *, compress: int = 0) -> aiohttp.ClientWebSocketResponse:
        query = yarl.URL(url).query
        return await connect(str(gateway.with_query(query)), compress=compress)

    http.ws_connect = ws_connect  # type: ignore[method-assign]
