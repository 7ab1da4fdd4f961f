"""A Discord on loopback: as much of REST and gateway as the bot meets, with Discord's own rules."""

import asyncio
import itertools
import json
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import WSMsgType, web

from .interactions import (
    APPLICATION_ID,
    BOT,
    EPHEMERAL,
    USER,
    Exchange,
    Json,
    embed_fault,
    interaction_payload,
)

RESUMABLE_CLOSE = 4000  # a close code after which Discord takes a RESUME
TOKEN = "MTA.fake.token-of-the-tests"  # noqa: S105 -- opens nothing


class FakeDiscord:
    """A server for one bot.

    Attributes:
        commands: Registered commands by scope, `global` or a server's id.
        guilds: The servers that the bot is in; elsewhere it may register nothing.
        identified: The payload of every IDENTIFY.
        resumed: The payload of every RESUME.
        requests: Method and path of every REST request.
        refusals: What was answered with an error status, as (status, path).
        failures: The next answers to requests whose path holds the key: statuses, used up in
            turn.
        losses: Ends of paths whose next request is carried out and then answered with 500.
        gateway_url: Where `/gateway/bot` sends the bot; None is this server.
        shards: How many it advises.
        refuse_identify_with: A close code for whoever identifies.
        closed_with: The close codes of connections that the bot ended after a session.
        ready: Set at every session's beginning.
        back: Set at every resumption.
    """

    def __init__(self) -> None:
        self.commands: dict[str, list[Json]] = {}
        self.guilds = {"42"}
        self.identified: list[Json] = []
        self.resumed: list[Json] = []
        self.requests: list[tuple[str, str]] = []
        self.refusals: list[tuple[int, str]] = []
        self.failures: dict[str, list[int]] = {}
        self.losses: set[str] = set()
        self.gateway_url: str | None = None
        self.shards = 1
        self.refuse_identify_with: int | None = None
        self.closed_with: list[int | None] = []
        self.ready = asyncio.Event()
        self.back = asyncio.Event()
        self._ids = itertools.count(5000)
        self._exchanges: dict[str, Exchange] = {}
        self._sockets: list[web.WebSocketResponse] = []
        self._sequence = itertools.count(1)

    @classmethod
    @asynccontextmanager
    async def running(cls):
        fake = cls()
        app = web.Application(middlewares=[fake._guard])
        app.add_routes(
            [
                web.get("/api/v10/users/@me", fake._me),
                web.get("/api/v10/oauth2/applications/@me", fake._application),
                web.get("/api/v10/gateway/bot", fake._gateway_bot),
                web.put("/api/v10/applications/{app}/commands", fake._register),
                web.put("/api/v10/applications/{app}/guilds/{guild}/commands", fake._register),
                web.post("/api/v10/interactions/{id}/{token}/callback", fake._callback),
                web.patch("/api/v10/webhooks/{app}/{token}/messages/@original", fake._edit),
                web.delete("/api/v10/webhooks/{app}/{token}/messages/@original", fake._delete),
                web.post("/api/v10/webhooks/{app}/{token}", fake._follow_up),
                web.get("/gateway/", fake._gateway),
            ]
        )
        runner = web.AppRunner(app, shutdown_timeout=0)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        fake.port = runner.addresses[0][1]
        try:
            yield fake
        finally:
            await runner.cleanup()

    token = TOKEN

    @property
    def rest_base(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v10"

    def interaction(self, data: Json, **place: Any) -> Json:
        """The payload of a new interaction; `place` is as for `interaction_payload`."""
        number = str(next(self._ids))
        exchange = Exchange(number, f"token-{number}", asyncio.get_running_loop().time())
        self._exchanges[exchange.token] = exchange
        return interaction_payload(exchange, data, **place)

    def exchange(self, payload: Json) -> Exchange:
        return self._exchanges[payload["token"]]

    async def send(self, payload: Json) -> Exchange:
        """Sends an interaction through the gateway."""
        exchange = self.exchange(payload)
        exchange.sent_at = asyncio.get_running_loop().time()
        await self._dispatch(self._sockets[-1], "INTERACTION_CREATE", payload)
        return exchange

    async def drop_gateway(self) -> None:
        """Closes the newest connection in a way that may be resumed."""
        await self._sockets[-1].close(code=RESUMABLE_CLOSE)

    async def forget_session(self) -> None:
        """Tells the newest connection that its session is over and cannot be resumed."""
        await self._sockets[-1].send_json({"op": 9, "d": False, "s": None, "t": None})

    # --- REST ---

    @web.middleware
    async def _guard(self, request: web.Request, handler):
        self.requests.append((request.method, request.path))
        for key, statuses in self.failures.items():
            if key in request.path and statuses:
                return self._refuse(request, statuses.pop(0), 0, "injected")
        if (
            request.path.startswith("/api")
            and not request.path.startswith(("/api/v10/interactions", "/api/v10/webhooks"))
            and request.headers.get("Authorization") != f"Bot {TOKEN}"
        ):
            return self._refuse(request, 401, 0, "401: Unauthorized")
        response = await handler(request)
        for key in self.losses & {request.path.rpartition("/")[2]}:
            self.losses.remove(key)
            return self._refuse(request, 500, 0, "done, but the receipt is lost")
        return response

    def _refuse(self, request: web.Request, status: int, code: int, message: str) -> web.Response:
        self.refusals.append((status, request.path))
        return _json({"code": code, "message": message}, status=status)

    async def _me(self, request: web.Request) -> web.Response:
        return _json(BOT)

    async def _application(self, request: web.Request) -> web.Response:
        return _json(
            {
                "id": str(APPLICATION_ID),
                "name": "Lianju",
                "description": "",
                "icon": None,
                "bot_public": True,
                "bot_require_code_grant": False,
                "verify_key": "",
                "flags": 0,
                "owner": USER,
                "team": None,
            }
        )

    async def _gateway_bot(self, request: web.Request) -> web.Response:
        limit = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}
        return _json(
            {
                "url": self.gateway_url or f"ws://127.0.0.1:{self.port}/gateway/",
                "shards": self.shards,
                "session_start_limit": limit,
            }
        )

    async def _register(self, request: web.Request) -> web.Response:
        guild = request.match_info.get("guild")
        if guild is not None and guild not in self.guilds:
            return self._refuse(request, 403, 50001, "Missing Access")
        payload = await request.json()
        self.commands[guild or "global"] = payload
        added = {"application_id": str(APPLICATION_ID), "version": "1", "guild_id": guild}
        return _json(
            [
                {"default_member_permissions": None, **c, **added, "id": str(next(self._ids))}
                for c in payload
            ]
        )

    async def _callback(self, request: web.Request) -> web.Response:
        exchange = self._exchanges.get(request.match_info["token"])
        late = exchange and asyncio.get_running_loop().time() - exchange.sent_at > 3
        if exchange is None or exchange.id != request.match_info["id"] or late:
            return self._refuse(request, 404, 10062, "Unknown interaction")
        if exchange.acknowledged:
            return self._refuse(request, 400, 40060, "Interaction has already been acknowledged.")
        body = await request.json()
        async with exchange.changed:
            exchange.type = body["type"]
            if exchange.type == 4:
                exchange.original = self._message(body["data"])
            exchange.changed.notify_all()
        interaction = {"id": exchange.id, "type": 2, "response_message_loading": exchange.type == 5}
        return _json({"interaction": interaction})

    async def _edit(self, request: web.Request) -> web.Response:
        exchange = self._open(request)
        if exchange is None:
            return self._refuse(request, 404, 10015, "Unknown Webhook")
        if exchange.deleted:
            return self._refuse(request, 404, 10008, "Unknown Message")
        body = await request.json()
        if fault := embed_fault(body):
            return self._refuse(request, 400, 50035, fault)
        async with exchange.changed:
            exchange.original = self._message(body)
            exchange.changed.notify_all()
        return _json(exchange.original)

    async def _delete(self, request: web.Request) -> web.Response:
        exchange = self._open(request)
        if exchange is None or exchange.deleted:
            return self._refuse(request, 404, 10008, "Unknown Message")
        async with exchange.changed:
            exchange.deleted = True
            exchange.changed.notify_all()
        return web.Response(status=204)

    async def _follow_up(self, request: web.Request) -> web.Response:
        exchange = self._open(request)
        if exchange is None:
            return self._refuse(request, 404, 10015, "Unknown Webhook")
        message = self._message(await request.json())
        async with exchange.changed:
            if exchange.type == 5 and exchange.original is None and not exchange.deleted:
                # The first follow-up fills the promised message and is as public as that.
                exchange.original = message | {"flags": message["flags"] & ~EPHEMERAL}
            else:
                exchange.followups.append(message)
            exchange.changed.notify_all()
        return _json(message)

    def _open(self, request: web.Request) -> Exchange | None:
        exchange = self._exchanges.get(request.match_info["token"])
        return exchange if exchange and exchange.acknowledged else None

    def _message(self, body: Json) -> Json:
        return {
            "id": str(next(self._ids)),
            "channel_id": "99",
            "type": 0,
            "content": "",
            "embeds": [],
            "attachments": [],
            "mentions": [],
            "mention_roles": [],
            "mention_everyone": False,
            "pinned": False,
            "tts": False,
            "edited_timestamp": None,
            "timestamp": "2026-01-01T00:00:00+00:00",
            "author": BOT,
            "flags": 0,
            **body,
        }

    # --- gateway ---

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.append(socket)
        await socket.send_json({"op": 10, "d": {"heartbeat_interval": 41250}, "s": None, "t": None})
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await self._hear(socket, json.loads(message.data))
        if self.identified:
            self.closed_with.append(socket.close_code)
        return socket

    async def _hear(self, socket: web.WebSocketResponse, heard: Json) -> None:
        if heard["op"] == 1:
            await socket.send_json({"op": 11, "d": None, "s": None, "t": None})
        elif heard["op"] == 2:
            self.identified.append(heard["d"])
            if self.refuse_identify_with:
                await socket.close(code=self.refuse_identify_with)
                return
            url = f"ws://127.0.0.1:{self.port}/gateway/"
            ready = {
                "v": 10,
                "user": BOT,
                "guilds": [],
                "session_id": "s",
                "resume_gateway_url": url,
            }
            ready["application"] = {"id": str(APPLICATION_ID), "flags": 0}
            await self._dispatch(socket, "READY", ready | {"shard": heard["d"]["shard"]})
            self.ready.set()
        elif heard["op"] == 6:
            self.resumed.append(heard["d"])
            await self._dispatch(socket, "RESUMED", {})
            self.back.set()

    async def _dispatch(self, socket: web.WebSocketResponse, event: str, data: Json) -> None:
        await socket.send_json({"op": 0, "s": next(self._sequence), "t": event, "d": data})


def _json(body: Any, status: int = 200) -> web.Response:
    # Without a charset, as Discord does; discord.py knows no other JSON.
    headers = {"Content-Type": "application/json"}
    return web.Response(body=json.dumps(body).encode(), status=status, headers=headers)
