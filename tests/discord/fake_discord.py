"""A Discord on loopback: as much of REST and gateway as the bot meets, with Discord's own rules."""

import asyncio
import itertools
import json
from collections import defaultdict
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from .fake_channels import FakeChannels
from .fake_gateway import FakeGateway
from .interactions import (
    APPLICATION_ID,
    AUTOCOMPLETE,
    BOT,
    CHOICES,
    COMMAND,
    COMPONENT,
    EPHEMERAL,
    MESSAGE,
    MODAL,
    SUBMIT,
    THINKING,
    THINKING_UPDATE,
    UPDATE,
    USER,
    Exchange,
    Json,
    component_data,
    form_data,
    interaction_payload,
    on_message,
    person,
)
from .limits import form_fault
from .messages import BAD_FORM, MAX_UPLOAD, Messages, Refusal, read_body
from .registration import registration_fault

TOKEN = "MTAwMA.fake.token-of-the-tests"  # noqa: S105 -- opens nothing; 1000 in its first part
SECONDS_TO_ANSWER = 15 * 60
CHANNEL_MESSAGE = "/api/v10/channels/{channel}/messages/{message}"
MAX_FOLLOWUPS_ELSEWHERE = 5  # where only a user has installed the app

# https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-callback-type
CALLBACKS = {
    COMMAND: {MESSAGE, THINKING, MODAL},
    COMPONENT: {MESSAGE, THINKING, THINKING_UPDATE, UPDATE, MODAL},
    AUTOCOMPLETE: {CHOICES},
    SUBMIT: {MESSAGE, THINKING, THINKING_UPDATE, UPDATE},
}

# Ids tell when they were made, in milliseconds from 2015 on: one each, from 2027 on.
NEXT_ID = 1 << 22
FIRST_ID = (1_800_000_000_000 - 1_420_070_400_000) * NEXT_ID


class FakeDiscord(FakeChannels, FakeGateway):
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
        seconds_to_acknowledge: How long it waits for the response to an interaction.
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
        self.seconds_to_acknowledge = 3.0
        self.hidden_channels: set[str] = set()
        self.left: set[str] = set()
        self.nicks: dict[str, str] = {}
        self._ids = itertools.count(FIRST_ID, NEXT_ID)
        self.messages = Messages(self._ids)
        self._exchanges: dict[str, Exchange] = {}

    @classmethod
    @asynccontextmanager
    async def running(cls):
        fake = cls()
        app = web.Application(middlewares=[fake._guard], client_max_size=2 * MAX_UPLOAD)
        hook = "/api/v10/webhooks/{app}/{token}"
        app.add_routes(
            [
                web.get("/api/v10/users/@me", fake._me),
                web.get("/api/v10/oauth2/applications/@me", fake._application),
                web.get("/api/v10/gateway/bot", fake._gateway_bot),
                web.put("/api/v10/applications/{app}/commands", fake._register),
                web.put("/api/v10/applications/{app}/guilds/{guild}/commands", fake._register),
                web.post("/api/v10/interactions/{id}/{token}/callback", fake._callback),
                web.get(hook + "/messages/{message}", fake._get),
                web.patch(hook + "/messages/{message}", fake._edit),
                web.delete(hook + "/messages/{message}", fake._delete),
                web.post(hook, fake._follow_up),
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

    # --- what members do; `place` is as for `interaction_payload` ---

    def interaction(self, data: Json, **place: Any) -> Json:
        """The payload of a new command."""
        return self._begin(COMMAND, data, None, place)

    def press(
        self,
        where: Exchange | Json,
        custom_id: str,
        values: list[Any] | None = None,
        **place: Any,
    ) -> Json:
        """The payload of a button pressed, or of choices made in a select.

        Args:
            where: A message, or what brought it.
            custom_id: Of the button or select.
            values: The choices; channels by their ids.
        """
        message = where
        if isinstance(where, Exchange):
            message = where.original or where.followups[0]
        return self._begin(COMPONENT, component_data(message, custom_id, values), message, place)

    def submit(self, opened: Exchange, values: dict[str, str], **place: Any) -> Json:
        """The payload of a form that is sent.

        Args:
            opened: What opened it.
            values: What stands in its fields, by their custom ids.
        """
        return self._begin(SUBMIT, form_data(opened.form, values), opened.source, place)

    def complete(self, data: Json, **place: Any) -> Json:
        """The payload of an autocomplete; `data` has a focused option."""
        return self._begin(AUTOCOMPLETE, data, None, place)

    def menu(self, name: str, message: Json, **place: Any) -> Json:
        """The payload of an entry of a message's context menu."""
        return self._begin(COMMAND, on_message(name, message), None, place)

    def _begin(self, kind: int, data: Json, source: Json | None, place: Json) -> Json:
        number = str(next(self._ids))
        now = asyncio.get_running_loop().time()
        exchange = Exchange(number, f"token-{number}", now, kind, source=source)
        self._exchanges[exchange.token] = exchange
        return interaction_payload(exchange, data, **place)

    def exchange(self, payload: Json) -> Exchange:
        return self._exchanges[payload["token"]]

    def forget(self, exchange: Exchange) -> None:
        """Drops what is kept of an exchange that is over, and of all requests so far."""
        del self._exchanges[exchange.token]
        self.requests.clear()

    async def send(self, payload: Json) -> Exchange:
        """Sends an interaction through the gateway."""
        exchange = self.exchange(payload)
        exchange.sent_at = asyncio.get_running_loop().time()
        await self.tell(int(payload.get("guild_id", 0)), "INTERACTION_CREATE", payload)
        return exchange

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
            return _json(body, status=refusal.status)
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
        limit = {"total": 1000, "remaining": 999, "reset_after": 0}
        limit["max_concurrency"] = self.max_concurrency
        url = self.gateway_url or self.gateway
        return _json({"url": url, "shards": self.shards, "session_start_limit": limit})

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
        return _json([{**unsaid, **c, **added, "id": str(next(self._ids))} for c in payload])

    async def _callback(self, request: web.Request) -> web.Response:
        exchange = self._exchanges.get(request.match_info["token"])
        if (
            exchange is None
            or exchange.id != request.match_info["id"]
            or _age(exchange) > self.seconds_to_acknowledge
        ):
            raise Refusal(404, 10062, "Unknown interaction")
        if exchange.acknowledged:
            raise Refusal(400, 40060, "Interaction has already been acknowledged.")
        body, uploads = await read_body(request)
        callback, data = body["type"], body.get("data") or {}
        if callback not in CALLBACKS[exchange.kind]:
            raise Refusal(400, BAD_FORM, f"type: Value must be in {CALLBACKS[exchange.kind]}.")
        if callback == MESSAGE:
            exchange.original = self.messages.create(data, uploads, exchange)
        elif callback == UPDATE:
            exchange.original = self.messages.edit(exchange.source, data, uploads)
        elif callback == THINKING_UPDATE:
            exchange.original = exchange.source
        elif callback == CHOICES:
            exchange.choices = _checked_choices(data["choices"])
        elif callback == MODAL:
            if wrong := form_fault(data):
                raise Refusal(400, BAD_FORM, wrong)
            exchange.form = data
        async with exchange.changed:
            exchange.type = callback
            exchange.ephemeral = bool((data.get("flags") or 0) & EPHEMERAL)
            exchange.changed.notify_all()
        return _json(_receipt(exchange))

    async def _get(self, request: web.Request) -> web.Response:
        return _json(self._find(request)[1])

    async def _edit(self, request: web.Request) -> web.Response:
        exchange, message = self._find(request, may_be_promised=True)
        body, uploads = await read_body(request)
        async with exchange.changed:
            if message is None:
                message = exchange.original = self._fulfil(exchange, body, uploads)
            else:
                self.messages.edit(message, body, uploads)
            exchange.edited = True
            exchange.changed.notify_all()
        return _json(message)

    async def _delete(self, request: web.Request) -> web.Response:
        exchange, message = self._find(request, may_be_promised=True)
        async with exchange.changed:
            if message is exchange.original:
                exchange.deleted = True
            else:
                exchange.followups.remove(message)
            if message is not None:
                self.delete(message)
            exchange.changed.notify_all()
        return web.Response(status=204)

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
        return _json(member | {"user": person(int(user))})

    async def _get_posted(self, request: web.Request) -> web.Response:
        return _json(self._posted(request))

    async def _edit_posted(self, request: web.Request) -> web.Response:
        """The bot edits a message of its own, without an interaction."""
        body, uploads = await read_body(request)
        message = self.messages.edit(self._posted(request), body, uploads)
        return _json(message)

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

    async def _follow_up(self, request: web.Request) -> web.Response:
        exchange = self._open(request)
        body, uploads = await read_body(request)
        async with exchange.changed:
            # https://discord.com/developers/docs/interactions/receiving-and-responding#create-followup-message
            # "will function as Edit Original", and its ephemeral flag is ignored.
            if exchange.type == THINKING and exchange.original is None and not exchange.deleted:
                message = exchange.original = self._fulfil(exchange, body, uploads)
            else:
                if exchange.elsewhere and len(exchange.followups) == MAX_FOLLOWUPS_ELSEWHERE:
                    raise Refusal(400, 40094, "Maximum number of follow-up messages reached.")
                message = self.messages.create(body, uploads, exchange)
                exchange.followups.append(message)
            exchange.changed.notify_all()
        return _json(message)

    def _fulfil(self, exchange: Exchange, body: Json, uploads: list[tuple[str, bytes]]) -> Json:
        """The message that was promised: as private as the promise, whatever its own flags say."""
        flags = (body.get("flags") or 0) & ~EPHEMERAL | exchange.ephemeral * EPHEMERAL
        return self.messages.create(body | {"flags": flags}, uploads, exchange)

    def _open(self, request: web.Request) -> Exchange:
        exchange = self._exchanges.get(request.match_info["token"])
        if exchange is None or not exchange.acknowledged:
            raise Refusal(404, 10015, "Unknown Webhook")
        if _age(exchange) > SECONDS_TO_ANSWER:
            raise Refusal(401, 50027, "Invalid Webhook Token")
        return exchange

    def _find(
        self, request: web.Request, *, may_be_promised: bool = False
    ) -> tuple[Exchange, Json | None]:
        """An exchange and the message in question; None is one that is promised so far."""
        exchange, wanted = self._open(request), request.match_info["message"]
        original = None if exchange.deleted else exchange.original
        if wanted == "@original":
            promised = exchange.type == THINKING and exchange.original is None
            if may_be_promised and promised and not exchange.deleted:
                return exchange, None
            wanted = original and original["id"]
        for message in filter(None, [original, *exchange.followups]):
            if message["id"] == wanted and wanted not in self.messages.gone:
                return exchange, message
        raise Refusal(404, 10008, "Unknown Message")


def _age(exchange: Exchange) -> float:
    return asyncio.get_running_loop().time() - exchange.sent_at


def _checked_choices(choices: list[Json]) -> list[Json]:
    # https://discord.com/developers/docs/interactions/application-commands#application-command-object-application-command-option-choice-structure
    if len(choices) > 25:
        raise Refusal(400, BAD_FORM, "choices: Must be 25 or fewer in length.")
    for choice in choices:
        if not 1 <= len(choice["name"]) <= 100:
            raise Refusal(400, BAD_FORM, "name: Must be between 1 and 100 in length.")
        if isinstance(choice["value"], str) and len(choice["value"]) > 100:
            raise Refusal(400, BAD_FORM, "value: Must be 100 or fewer in length.")
    return choices


def _receipt(exchange: Exchange) -> Json:
    # https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-callback-interaction-callback-response-object
    interaction = {
        "id": exchange.id,
        "type": exchange.kind,
        "response_message_loading": exchange.type == THINKING,
        "response_message_ephemeral": exchange.ephemeral,
    }
    if exchange.type not in (MESSAGE, UPDATE):
        return {"interaction": interaction}
    interaction["response_message_id"] = exchange.original["id"]
    return {
        "interaction": interaction,
        "resource": {"type": exchange.type, "message": exchange.original},
    }


def _json(body: Any, status: int = 200) -> web.Response:
    # Without a charset, as Discord does; discord.py knows no other JSON. It takes a 429 without
    # the Via of Discord's own proxy for a ban by Cloudflare.
    headers = {"Content-Type": "application/json", "Via": "1.1 google"}
    return web.Response(body=json.dumps(body).encode(), status=status, headers=headers)
