"""A Discord on loopback: as much of REST and gateway as the bot meets, with Discord's own rules."""

import asyncio
import itertools
from collections import defaultdict
from contextlib import asynccontextmanager

from aiohttp import web

from .fake_channels import FakeChannels
from .fake_gateway import FakeGateway
from .fake_interactions import FakeInteractions
from .interactions import APPLICATION_ID, BOT, USER, Json, person
from .messages import BAD_FORM, MAX_UPLOAD, Messages, Refusal, json_response, read_body
from .registration import registration_fault

TOKEN = "MTAwMA.fake.token-of-the-tests"  # noqa: S105 -- opens nothing; 1000 in its first part
CHANNEL_MESSAGE = "/api/v10/channels/{channel}/messages/{message}"

# Ids tell when they were made, in milliseconds from 2015 on: one each, from 2027 on.
NEXT_ID = 1 << 22
FIRST_ID = (1_800_000_000_000 - 1_420_070_400_000) * NEXT_ID


class FakeDiscord(FakeChannels, FakeInteractions, FakeGateway):
    """A server for one bot.

    Attributes:
        commands: Registered commands by scope, `global` or a server's id.
        messages: Every message and file.
        requests: Method and path of every REST request.
        refusals: What was answered with an error status, as (status, path).
        failures: The next answers to requests whose path holds the key: statuses, used up in
            turn.
        retry_after: Seconds that an injected 429 asks the bot to wait.
        gates: Requests whose path holds the key wait for the event before anything happens.
        reached: Set, by such a key, when the first one waits.
        losses: Ends of paths whose next request is carried out and then answered with 500.
        gateway_url: Where `/gateway/bot` sends the bot; None is this server.
        shards: How many it advises.
        hidden_channels: Ids of channels that the bot may not see.
        left: Ids of members who have left their servers.
        nicks: What members are called, by their ids.
    """

    token = TOKEN

    def __init__(self) -> None:
        super().__init__()
        self.commands: dict[str, list[Json]] = {}
        self.requests: list[tuple[str, str]] = []
        self.refusals: list[tuple[int, str]] = []
        self.failures: dict[str, list[int]] = {}
        self.retry_after = 0.0
        self.gates: dict[str, asyncio.Event] = {}
        self.reached: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.losses: set[str] = set()
        self.gateway_url: str | None = None
        self.shards = 1
        self.hidden_channels: set[str] = set()
        self.left: set[str] = set()
        self.nicks: dict[str, str] = {}
        self._ids = itertools.count(FIRST_ID, NEXT_ID)
        self.messages = Messages(self._ids)

    @classmethod
    @asynccontextmanager
    async def running(cls):
        fake = cls()
        app = web.Application(middlewares=[fake._guard], client_max_size=2 * MAX_UPLOAD)
        app.add_routes(
            [
                web.get("/api/v10/users/@me", fake._me),
                web.get("/api/v10/oauth2/applications/@me", fake._application),
                web.get("/api/v10/gateway/bot", fake._gateway_bot),
                web.put("/api/v10/applications/{app}/commands", fake._register),
                web.put("/api/v10/applications/{app}/guilds/{guild}/commands", fake._register),
                *fake.interaction_routes(),
                web.get("/api/v10/guilds/{guild}/members/{user}", fake._member),
                web.get(CHANNEL_MESSAGE, fake._get_posted),
                web.patch(CHANNEL_MESSAGE, fake._edit_posted),
                web.delete(CHANNEL_MESSAGE, fake._delete_posted),
                *fake.channel_routes(),
                web.get("/gateway/", fake._gateway),
                web.get("/proxy/", fake._gateway),
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
            for gate in fake.gates.values():
                gate.set()
            await runner.cleanup()

    @property
    def rest_base(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v10"

    def skip_to(self, at: float) -> None:
        """Gives ids from a Unix time on, which no earlier one may have reached."""
        first = (round(at * 1000) - 1_420_070_400_000) * NEXT_ID
        self._ids = self.messages.ids = itertools.count(first, NEXT_ID)

    def delete(self, message: Json) -> None:
        """Deletes a message, as a moderator might."""
        self.messages.gone.add(message["id"])

    # --- REST ---

    @web.middleware
    async def _guard(self, request: web.Request, handler):
        self.requests.append((request.method, request.path))
        for key in [key for key in self.gates if key in request.path]:
            self.reached[key].set()
            await self.gates[key].wait()
        try:
            self._admit(request)
            response = await handler(request)
            self._maybe_lose(request)
        except Refusal as refusal:
            self.refusals.append((refusal.status, request.path))
            body = {"code": refusal.code, "message": refusal.message}
            if refusal.status == 429:
                body |= {"retry_after": self.retry_after, "global": False}
            return json_response(body, status=refusal.status)
        return response

    def _admit(self, request: web.Request) -> None:
        for key, statuses in self.failures.items():
            if key in request.path and statuses:
                raise Refusal(statuses.pop(0), 0, "injected")
        free = ("/gateway", "/proxy", "/api/v10/interactions", "/api/v10/webhooks")
        authorized = request.headers.get("Authorization") == f"Bot {TOKEN}"
        if not request.path.startswith(free) and not authorized:
            raise Refusal(401, 0, "401: Unauthorized")

    def _maybe_lose(self, request: web.Request) -> None:
        for key in self.losses & {request.path.rpartition("/")[2]}:
            self.losses.remove(key)
            raise Refusal(500, 0, "done, but the receipt is lost")

    async def _me(self, request: web.Request) -> web.Response:
        return json_response(BOT)

    async def _application(self, request: web.Request) -> web.Response:
        return json_response(
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
        limit = {"total": 1000, "remaining": 999, "reset_after": 0}
        limit["max_concurrency"] = self.max_concurrency
        url = self.gateway_url or self.gateway
        return json_response({"url": url, "shards": self.shards, "session_start_limit": limit})

    async def _register(self, request: web.Request) -> web.Response:
        guild = request.match_info.get("guild")
        if guild is not None and guild not in self.guilds:
            raise Refusal(403, 50001, "Missing Access")
        payload = await request.json()
        if fault := registration_fault(payload):
            raise Refusal(400, BAD_FORM, fault)
        self.commands[guild or "global"] = payload
        unsaid = {"default_member_permissions": None, "description": ""}
        added = {"application_id": str(APPLICATION_ID), "version": "1", "guild_id": guild}
        return json_response(
            [{**unsaid, **c, **added, "id": str(next(self._ids))} for c in payload]
        )

    async def _member(self, request: web.Request) -> web.Response:
        user = request.match_info["user"]
        if user in self.left:
            raise Refusal(404, 10007, "Unknown Member")
        since = {"joined_at": "2024-01-01T00:00:00+00:00", "roles": [], "flags": 0}
        member = since | {
            "deaf": False,
            "mute": False,
            "nick": self.nicks.get(user, f"member {user}"),
        }
        return json_response(member | {"user": person(int(user))})

    async def _get_posted(self, request: web.Request) -> web.Response:
        return json_response(self._posted(request))

    async def _edit_posted(self, request: web.Request) -> web.Response:
        """The bot edits a message of its own, without an interaction."""
        body, uploads = await read_body(request)
        message = self.messages.edit(self._posted(request), body, uploads)
        return json_response(message)

    async def _delete_posted(self, request: web.Request) -> web.Response:
        self.delete(self._posted(request))
        return web.Response(status=204)

    def _posted(self, request: web.Request) -> Json:
        """A message of the bot's in a channel that it may see."""
        channel, wanted = self._channel(request), request.match_info["message"]
        for message in self.standing(int(channel)):
            if message["id"] == wanted:
                return message
        for exchange in self._exchanges.values():
            for message in filter(None, [exchange.original, *exchange.followups]):
                if message["id"] == request.match_info["message"]:
                    if message["id"] in self.messages.gone:
                        break
                    return message
        raise Refusal(404, 10008, "Unknown Message")
