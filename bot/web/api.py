"""The JSON interface: what `/v1` answers."""

import asyncio
import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..engine import Engine, wire
from ..engine.anthology import anthology_json
from ..engine.mend_fields import MendedFields
from ..engine.score_fields import ScoreFields
from ..errors import LianjuError
from ..logs import format_traceback
from .errors import WebError, error_response
from .fields import ComposeBody, MendBody, ScoreBody, parse_body

__all__ = [
    "GROUP",
    "MAX_BODY",
    "ClientGoneError",
    "api_routes",
    "endpoint",
    "json_endpoint",
    "read_body",
    "until_gone",
]

GROUP = "lianju-group"
"""The header that says whose share of the queue a request takes, such as a Discord server's."""

MAX_GROUP = 64  # characters
MAX_BODY = 16 * 1024  # bytes
JSON_TYPE = "application/json"
CLIENT_CLOSED_REQUEST = 499  # nginx's status for a client that has gone; nobody reads it

_log = logging.getLogger(__name__)

T = TypeVar("T")
Handler = Callable[[Request], Awaitable[Response]]
ErrorHandler = Callable[[Request, LianjuError], Awaitable[Response]]


class ClientGoneError(Exception):
    """The client has closed its connection."""


def api_routes(engine: Engine, token: str | None, deadline_s: float) -> list[Route]:
    """Returns the routes of the JSON interface.

    Args:
        engine: Answers requests.
        token: What clients must send as a bearer token; None admits all.
        deadline_s: Seconds that an answer may take at most.
    """

    async def compose(request: Request) -> Response:
        body = parse_body(ComposeBody, await read_body(request, JSON_TYPE))
        limit_s = _deadline_s(body.deadline_ms, deadline_s)
        composing = engine.compose(body.to_request(), limit_s, _group(request))
        answer = await until_gone(request, composing)
        return _json_response(wire.to_json(wire.AnswerFields.of(answer)))

    async def score(request: Request) -> Response:
        body = parse_body(ScoreBody, await read_body(request, JSON_TYPE))
        limit_s = _deadline_s(body.deadline_ms, deadline_s)
        scoring = engine.score(body.line, body.candidates, limit_s, _group(request))
        scores = await until_gone(request, scoring)
        return _json_response(wire.to_json(ScoreFields.of(body.line, body.candidates, scores)))

    async def mend(request: Request) -> Response:
        body = parse_body(MendBody, await read_body(request, JSON_TYPE))
        limit_s = _deadline_s(body.deadline_ms, deadline_s)
        mending = engine.mend(body.lines, body.to_blanks(), limit_s, _group(request), body.book)
        mended = await until_gone(request, mending)
        return _json_response(MendedFields.of(mended).model_dump_json())

    async def bundle(request: Request) -> Response:
        return _json_response((await engine.bundle()).model_dump_json())

    async def anthology(request: Request) -> Response:
        bundle = await engine.bundle()
        content = anthology_json(await engine.anthology(), bundle.name, bundle.version)
        return _json_response(content)

    handlers: dict[str, tuple[str, Handler]] = {
        "/v1/compose": ("POST", compose),
        "/v1/score": ("POST", score),
        "/v1/mend": ("POST", mend),
        "/v1/bundle": ("GET", bundle),
        "/v1/anthology": ("GET", anthology),
    }
    return [
        Route(path, json_endpoint(_authorized(handler, token)), methods=[method])
        for path, (method, handler) in handlers.items()
    ]


def json_endpoint(handler: Handler) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    """Returns an endpoint that answers with JSON whatever the handler raises, and logs a line."""

    async def refuse(request: Request, error: LianjuError) -> Response:
        return error_response(request, error)

    return endpoint(handler, refuse)


def endpoint(
    handler: Handler, refuse: ErrorHandler
) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    """Returns an endpoint that answers whatever the handler raises, and logs a line.

    The traceback of an unexpected error is in the log, without its message, which may quote what
    the user wrote; the user is shown an incident id.

    Args:
        handler: Answers a request.
        refuse: Answers one that the handler raised an error for.
    """

    async def logged(request: Request) -> Response:
        started, outcome = time.perf_counter(), "answered"
        try:
            response = await handler(request)
        except LianjuError as error:
            outcome = f"refused:{type(error).__name__}"
            request.app.state.observer.refused(error.key)
            response = await refuse(request, error)
        except ClientGoneError:
            outcome, response = "gone", Response(status_code=CLIENT_CLOSED_REQUEST)
        except Exception as error:
            incident = secrets.token_hex(4)
            outcome = f"failed:{incident}"
            _log.error(
                "incident=%s\n%s", incident, format_traceback(error), extra={"incident": incident}
            )
            response = await refuse(request, WebError(500, "incident", incident=incident))
        fields = {
            "route": request.scope["route"].path,
            "status": response.status_code,
            "ms": round((time.perf_counter() - started) * 1e3),
            "outcome": outcome,
        }
        _log.info(" ".join(f"{name}={value}" for name, value in fields.items()), extra=fields)
        return response

    return logged


async def until_gone(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Does some work for a client, and cancels it if the client goes away.

    Args:
        request: The request, whose body has been read.
        work: What to do for it.

    Raises:
        ClientGoneError: The client has closed its connection.
    """
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(_client_leaves(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientGoneError
        return working.result()
    finally:
        working.cancel()
        leaving.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _client_leaves(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _json_response(content: str) -> Response:
    return Response(content, media_type=JSON_TYPE)


def _authorized(handler: Handler, token: str | None) -> Handler:
    """Returns the handler for requests that have the token."""
    if token is None:
        return handler
    expected = _digest(token)

    async def authorized(request: Request) -> Response:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(_digest(given.strip()), expected):
            raise WebError(401, "api-token")
        return await handler(request)

    return authorized


def _digest(token: str) -> bytes:
    """Returns a digest, since a comparison tells of the length of what it compares."""
    return hashlib.sha256(token.encode()).digest()


async def read_body(request: Request, media_type: str) -> bytes:
    """Returns the body, of which no more is read than it may have.

    Raises:
        WebError: It is too long, or of another type.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != media_type:
        raise WebError(415, "api-content-type", type=media_type)
    too_long = WebError(413, "api-too-long", most=MAX_BODY // 1024)
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length) > MAX_BODY:
        raise too_long
    content = b""
    async for chunk in request.stream():
        content += chunk
        if len(content) > MAX_BODY:
            raise too_long
    return content


def _group(request: Request) -> Hashable:
    """Returns whose share of the queue a request takes: the one it names, or its address's.

    Raises:
        WebError: The name is too long.
    """
    group = request.headers.get(GROUP)
    if group is None:
        return ("address", request.client.host if request.client else None)
    if len(group) > MAX_GROUP:
        raise WebError(422, "api-group", most=MAX_GROUP)
    return ("group", group)


def _deadline_s(asked_ms: int | None, most_s: float) -> float:
    return most_s if asked_ms is None else min(asked_ms / 1e3, most_s)
