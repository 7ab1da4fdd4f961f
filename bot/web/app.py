"""The ASGI application: an engine over HTTP."""

from collections.abc import Sequence
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from ..engine import Engine
from ..i18n import load_languages
from ..metrics import Metrics
from ..settings import Settings
from .api import api_routes
from .errors import WebError, error_response
from .health import RequestCounter, check_engine, health_routes
from .openapi import openapi_route
from .page import page_routes

__all__ = ["configured_app", "create_app"]

STATUS_KEYS = {404: "api-not-found", 405: "api-method"}


def create_app(
    engine: Engine,
    *,
    token: str | None = None,
    deadline_s: float = 30.0,
    metrics: Metrics | None = None,
    routes: Sequence[BaseRoute] = (),
    middleware: Sequence[Middleware] = (),
) -> Starlette:
    """Returns an application that answers requests with an engine, which it does not close.

    Args:
        engine: Answers requests; `app.state.engine`.
        token: What clients of `/v1` must send as a bearer token; None admits all.
        deadline_s: Seconds that an answer may take at most.
        metrics: What `/metrics` shows, to which requests are added; None for these alone.
        routes: Further routes.
        middleware: In front of all routes. It must pass `receive` on, by which a request learns
            that its client has gone.
    """
    load_languages()  # else the first error of each language would hold up the event loop
    metrics = metrics or Metrics()
    checks = {"model": partial(check_engine, engine)}
    app = Starlette(
        routes=[
            *api_routes(engine, token, deadline_s),
            openapi_route(token),
            *health_routes(checks, metrics),
            *routes,
        ],
        middleware=[Middleware(RequestCounter, metrics), *middleware],
        exception_handlers={HTTPException: _http_error},
    )
    app.state.engine = engine
    app.state.deadline_s = deadline_s
    app.state.observer = metrics
    return app


def configured_app(engine: Engine, settings: Settings, metrics: Metrics | None = None) -> Starlette:
    """Returns the application with the page, as the operator's settings describe it.

    Args:
        engine: Answers requests.
        settings: The settings.
        metrics: What `/metrics` shows, to which requests are added; None for these alone.
    """
    token = settings.engine_token and settings.engine_token.get_secret_value()
    proxies = settings.web_proxies
    return create_app(
        engine,
        token=token or None,
        deadline_s=settings.deadline,
        metrics=metrics,
        routes=page_routes(engine, settings.deadline, settings.web_rate),
        middleware=[Middleware(ProxyHeadersMiddleware, trusted_hosts=proxies)] if proxies else [],
    )


async def _http_error(request: Request, error: Exception) -> Response:
    """Answers what Starlette refuses, such as an unknown path."""
    if not isinstance(error, HTTPException):
        raise error
    key = STATUS_KEYS.get(error.status_code, "api-not-found")
    response = error_response(request, WebError(error.status_code, key))
    response.headers.update(error.headers or {})  # such as Allow
    return response
