"""What stands in front of Ray's proxies: their refusals as the error objects of the interface.

Ray calls `middleware` in each proxy where the environment of its node has
`RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH=lianju.bot.cluster.proxy:middleware`.
"""

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..verse import BusyError
from ..web.errors import error_response

__all__ = ["Refusals", "middleware"]

OWN_PATHS = "/-/"  # of Ray: their readers expect what Ray says
TEXT = b"text/plain"
KEYS = {429: "busy-full", 503: "busy-closing"}  # of refusals by their status
DIED = "busy-closing"


def middleware() -> list[Middleware]:
    """Returns what a proxy applies to each request."""
    return [Middleware(Refusals)]


class Refusals:
    """Says why a proxy has no answer: no replica runs, all are full, or the one asked has died.

    In place of a text Ray's clients get an error object. Where a replica dies Ray says nothing at
    all; another attempt finds the next replica.

    Args:
        app: The proxy.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request; see ASGI."""
        if scope["type"] != "http" or scope["path"].startswith(OWN_PATHS):
            await self._app(scope, receive, send)
            return
        started = False
        key: str | None = None

        async def send_unless_refused(message: Message) -> None:
            nonlocal started, key
            if message["type"] == "http.response.start":
                started, key = True, _key(message)
            if key is None:
                await send(message)

        await self._app(scope, receive, send_unless_refused)
        if not started:
            key = DIED
        if key is not None:
            await error_response(Request(scope), BusyError(key))(scope, receive, send)


def _key(message: Message) -> str | None:
    """Returns the key of the error, if the response that begins is a refusal of the proxy's own."""
    headers = {name.lower(): value for name, value in message["headers"]}
    is_text = headers.get(b"content-type", b"").startswith(TEXT)
    return KEYS.get(message["status"]) if is_text else None
