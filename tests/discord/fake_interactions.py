"""The interactions of the fake Discord: what members do, and how the bot answers it."""

import asyncio
from collections.abc import Iterator
from typing import Any

from aiohttp import web

from .interactions import (
    AUTOCOMPLETE,
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
    Exchange,
    Json,
    component_data,
    form_data,
    interaction_payload,
    on_message,
)
from .limits import form_fault
from .messages import BAD_FORM, Messages, Refusal, json_response, read_body

SECONDS_TO_ANSWER = 15 * 60
MAX_FOLLOWUPS_ELSEWHERE = 5  # where only a user has installed the app

# https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-callback-type
CALLBACKS = {
    COMMAND: {MESSAGE, THINKING, MODAL},
    COMPONENT: {MESSAGE, THINKING, THINKING_UPDATE, UPDATE, MODAL},
    AUTOCOMPLETE: {CHOICES},
    SUBMIT: {MESSAGE, THINKING, THINKING_UPDATE, UPDATE},
}


class FakeInteractions:
    """Commands, buttons, selects and forms, each with the exchange that follows.

    Attributes:
        seconds_to_acknowledge: How long it waits for the response to an interaction.
    """

    messages: Messages
    requests: list[tuple[str, str]]
    _ids: Iterator[int]

    def __init__(self) -> None:
        super().__init__()
        self.seconds_to_acknowledge = 3.0
        self._exchanges: dict[str, Exchange] = {}

    def interaction_routes(self) -> list[web.RouteDef]:
        hook = "/api/v10/webhooks/{app}/{token}"
        return [
            web.post("/api/v10/interactions/{id}/{token}/callback", self._callback),
            web.get(hook + "/messages/{message}", self._get),
            web.patch(hook + "/messages/{message}", self._edit),
            web.delete(hook + "/messages/{message}", self._delete),
            web.post(hook, self._follow_up),
        ]

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

    # --- REST ---

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
        return json_response(_receipt(exchange))

    async def _get(self, request: web.Request) -> web.Response:
        return json_response(self._find(request)[1])

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
        return json_response(message)

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
        return json_response(message)

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
