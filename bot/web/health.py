"""The routes that an operator's programs ask: alive, ready, metrics."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..engine import Engine
from ..errors import LianjuError
from ..metrics import Metrics
from ..observer import Observer

__all__ = [
    "Check",
    "Facts",
    "NotReadyError",
    "RequestCounter",
    "check_engine",
    "health_routes",
]

CHECK_S = 2.0  # a check that takes longer has failed
UNAVAILABLE, FAILED = 503, 500
NO_ROUTE = "none"
NOT_STORED = {"Cache-Control": "no-store"}

Facts = Mapping[str, object]
"""What a check has found, as JSON: names and numbers of ours."""

Check = Callable[[], Awaitable[Facts]]
"""Raises an error if what it looks at cannot be used now."""


class NotReadyError(Exception):
    """A check has found that something cannot be used now.

    Args:
        facts: What it has found.
    """

    def __init__(self, **facts: object) -> None:
        super().__init__()
        self.facts = facts


def health_routes(checks: Mapping[str, Check], metrics: Metrics) -> list[Route]:
    """Returns the routes `/healthz`, `/readyz` and `/metrics`.

    Args:
        checks: What must be usable for `/readyz`, by name.
        metrics: What `/metrics` shows.
    """

    async def healthz(_: Request) -> Response:
        return JSONResponse({"alive": True}, headers=NOT_STORED)

    async def readyz(_: Request) -> Response:
        found = await asyncio.gather(*map(_result, checks.values()))
        results = dict(zip(checks, found, strict=True))
        ready = all(result["ok"] for result in found)
        status = 200 if ready else UNAVAILABLE
        return JSONResponse({"ready": ready, "checks": results}, status, NOT_STORED)

    async def show_metrics(request: Request) -> Response:
        text, media_type = metrics.exposition(request.headers.get("Accept", ""))
        return Response(text, headers=NOT_STORED | {"Content-Type": media_type})

    return [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", show_metrics),
    ]


class RequestCounter:
    """Middleware that tells an observer of every request: its route, never its path.

    Args:
        app: The application.
        observer: Is told.
    """

    def __init__(self, app: ASGIApp, observer: Observer) -> None:
        self._app = app
        self._observer = observer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), FAILED

        async def send_noting_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_noting_status)
        finally:
            route = getattr(scope.get("route"), "path", NO_ROUTE)
            seconds = time.perf_counter() - began
            self._observer.http_answered(scope["method"], route, status, seconds)


async def check_engine(engine: Engine) -> Facts:
    """Returns which bundle answers.

    Raises:
        LianjuError: The service that runs it is away.
    """
    bundle = await engine.bundle()
    return {"bundle": f"{bundle.name} {bundle.version}", "provider": bundle.provider}


async def _result(check: Check) -> dict[str, object]:
    """What a check has found; of an error only the name, since its text may hold anything."""
    try:
        async with asyncio.timeout(CHECK_S):
            return {"ok": True, **await check()}
    except NotReadyError as error:
        return {"ok": False, **error.facts}
    except LianjuError as error:
        return {"ok": False, "error": error.key}
    except Exception as error:
        return {"ok": False, "error": type(error).__name__}
