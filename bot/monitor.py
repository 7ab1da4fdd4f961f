"""`LIANJU_MONITOR`: health and metrics of a bot over HTTP, in the bot's own event loop."""

import asyncio
import logging
import math
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from starlette.applications import Starlette

from .client import LianjuBot, StartError
from .metrics import Metrics
from .resources import Resources
from .web.health import Check, Facts, NotReadyError, check_engine, health_routes

__all__ = ["Metrics", "Watch", "monitoring"]

CLOSE_S = 1.5  # of the four seconds that the process has after the deadline

_log = logging.getLogger(__name__)


@asynccontextmanager
async def monitoring(address: str, bot: LianjuBot, metrics: Metrics) -> AsyncIterator[None]:
    """Serves `/healthz`, `/readyz` and `/metrics` while the block runs.

    Args:
        address: The address and port to listen at.
        bot: The bot, which need not be online.
        metrics: What the bot counts in.

    Raises:
        StartError: The address cannot be used.
    """
    listener = _listen(address)
    watch = Watch(bot)
    metrics.add(watch.metrics)
    bot.add_listener(watch.count_disconnect, "on_shard_disconnect")
    routes = health_routes(watch.checks(), metrics)
    server = _Server(
        uvicorn.Config(
            Starlette(routes=routes),
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=1,  # second, for responses in progress
        )
    )
    serving = asyncio.create_task(server.serve([listener]))
    serving.add_done_callback(_log_failure)
    _log.info("monitor address=%s", address)
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.wait({serving}, timeout=CLOSE_S)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        listener.close()


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves the signals to the bot."""
        yield


def _listen(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, int(port)), family=family)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else type(error).__name__
        raise StartError("monitor-address", address=address, reason=reason) from None


def _log_failure(serving: "asyncio.Task[None]") -> None:
    if not serving.cancelled() and (error := serving.exception()) is not None:
        _log.error("monitor failed", exc_info=error)


class Watch:
    """Looks at a bot from outside.

    Args:
        bot: The bot, at any time between its start and its end.
    """

    def __init__(self, bot: LianjuBot) -> None:
        self._bot = bot
        self._disconnects: dict[int, int] = {}

    def checks(self) -> dict[str, Check]:
        """The checks of `/readyz`."""
        return {
            "bot": self._check_bot,
            "model": self._check_model,
            "gateway": self._check_gateway,
            "database": self._check_database,
        }

    async def _check_bot(self) -> Facts:
        if self._resources().closing.is_set():
            raise NotReadyError(state="closing")
        return {"state": "running"}

    async def _check_model(self) -> Facts:
        return await check_engine(self._resources().engine)

    async def _check_gateway(self) -> Facts:
        connected = self._connected()
        missing = [shard for shard, is_connected in connected.items() if not is_connected]
        facts = {"shards": len(connected), "missing": missing}
        if missing or not self._bot.is_ready():
            raise NotReadyError(**facts)
        return facts

    async def _check_database(self) -> Facts:
        await self._resources().store.check()
        return {}

    def _resources(self) -> Resources:
        resources = self._bot.resources
        if resources is None:
            raise NotReadyError(state="starting")
        return resources

    def _connected(self) -> dict[int, bool]:
        """Whether each of the bot's own shards is connected."""
        bot = self._bot
        shards = bot.shards
        return {
            shard: shard in shards and not shards[shard].is_closed()
            for shard in bot.shard_ids or range(bot.shard_count or 0)
        }

    async def count_disconnect(self, shard: int) -> None:
        """Listens to discord.py."""
        self._disconnects[shard] = self._disconnects.get(shard, 0) + 1

    def metrics(self) -> Iterator[Metric]:
        """Collects the state of the bot and of its connections to Discord."""
        bot = self._bot
        connected = GaugeMetricFamily(
            "lianju_gateway_connected", "Whether a shard is connected.", labels=["shard"]
        )
        latency = GaugeMetricFamily(
            "lianju_gateway_latency_seconds", "Round trip of the last heartbeat.", labels=["shard"]
        )
        disconnects = CounterMetricFamily(
            "lianju_gateway_disconnects", "Connections that a shard has lost.", labels=["shard"]
        )
        for shard, is_connected in self._connected().items():
            connected.add_metric([str(shard)], is_connected)
            disconnects.add_metric([str(shard)], self._disconnects.get(shard, 0))
            if is_connected and math.isfinite(seconds := bot.shards[shard].latency):
                latency.add_metric([str(shard)], seconds)
        yield from (connected, latency, disconnects)
        yield GaugeMetricFamily("lianju_servers", "Servers that the bot is in.", len(bot.guilds))
        yield GaugeMetricFamily(
            "lianju_interactions_running", "Interactions that are not answered yet.", bot.running
        )
