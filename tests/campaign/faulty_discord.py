"""The fake Discord with an unreliable network, which tells when it was answered."""

import asyncio
import re
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress

from aiohttp import web

from ..discord.fake_discord import FakeDiscord
from ..discord.interactions import EPHEMERAL, Exchange, Json

START_ROUTES = {
    "me": r"GET .*/users/@me$",
    "application": r"GET .*/oauth2/applications/@me$",
    "gateway": r"GET .*/gateway/bot$",
    "commands": r"PUT .*/commands$",
}
ROUTES = {
    "callback": r"POST .*/callback$",
    "get": r"GET .*/messages/[^/]+$",
    "edit": r"PATCH .*/messages/[^/]+$",
    "delete": r"DELETE .*/messages/[^/]+$",
    "follow-up": r"POST .*/webhooks/[^/]+/[^/]+$",
}
TROUBLES = ("429", "500", "502", "503", "cut", "lost", "slow")
SLOW_S = 1.5
PATIENCE_S = 30.0


class FaultyDiscord(FakeDiscord):
    """A Discord whose routes fail as they are told.

    Attributes:
        troubles: What happens to the next requests by route: a status; `cut` closes the connection
            before anything is done, `lost` after it, `slow` waits.
        disturbed: Tokens of interactions that met such a trouble.
        connected: Set while a session of the gateway is open.
        acknowledged: Called with an exchange when its first response has arrived.
        public: Every message in a channel by its id, however many processes ago it was sent.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seconds_to_acknowledge = PATIENCE_S  # who measures it leaves out a busy machine
        self.troubles: defaultdict[str, list[str]] = defaultdict(list)
        self.disturbed: set[str] = set()
        self.connected = asyncio.Event()
        self.acknowledged: Callable[[Exchange], None] = lambda exchange: None
        self.public: dict[str, Json] = {}
        self._beat = asyncio.Event()

    async def beat(self) -> None:
        """Asks the bot for a heartbeat and waits for it."""
        self._beat.clear()
        with suppress(ConnectionError):
            await self._shards[0].send_json({"op": 1, "d": None, "s": None, "t": None})
        async with asyncio.timeout(PATIENCE_S):
            await self._beat.wait()

    @web.middleware
    async def _guard(self, request: web.Request, handler):
        trouble = self._next_trouble(request)
        if trouble == "slow":
            await asyncio.sleep(SLOW_S)
        elif trouble == "cut":
            return _cut(request)
        elif trouble in ("429", "500", "502", "503"):
            self.failures = {request.path: [int(trouble)]}
        response = await super()._guard(request, handler)
        return _cut(request) if trouble == "lost" else response

    def _next_trouble(self, request: web.Request) -> str | None:
        line = f"{request.method} {request.path}"
        for name, pattern in (START_ROUTES | ROUTES).items():
            if self.troubles[name] and re.match(pattern, line):
                if token := request.match_info.get("token"):
                    self.disturbed.add(token)
                return self.troubles[name].pop(0)
        return None

    async def _callback(self, request: web.Request) -> web.Response:
        exchange = self._exchanges.get(request.match_info["token"])
        if exchange is not None and not exchange.acknowledged:
            self.acknowledged(exchange)
        return await super()._callback(request)

    def forget(self, exchange: Exchange) -> None:
        for message in filter(None, [exchange.original, *exchange.followups]):
            if not message["flags"] & EPHEMERAL:
                self.public[message["id"]] = message
        super().forget(exchange)

    def _posted(self, request: web.Request) -> Json:
        message = self.public.get(request.match_info["message"])
        if message is None or message["id"] in self.messages.gone:
            return super()._posted(request)
        return message

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        socket = await super()._gateway(request)
        if self._shards.get(0) is socket:
            self.connected.clear()
        return socket

    async def _hear(self, socket: web.WebSocketResponse, heard: Json) -> None:
        await super()._hear(socket, heard)
        if heard["op"] == 1:
            self._beat.set()
        elif heard["op"] in (2, 6):
            self.connected.set()


def _cut(request: web.Request) -> web.Response:
    """Ends a connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
