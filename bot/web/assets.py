"""The style, the script and the icon of the page, which browsers may keep."""

import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from .errors import WebError

__all__ = ["SECURITY_HEADERS", "asset_path", "serve_asset"]

MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
HASH = 12  # characters of the hash in a name
ONE_YEAR = 365 * 24 * 60 * 60  # seconds

SECURITY_HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",  # the address has what the user wrote
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def asset_path(name: str) -> str:
    """Returns the path of a file, relative to the page, with the hash of its content."""
    return f"static/{_hashed_name(name)}"


async def serve_asset(request: Request) -> Response:
    """Serves a file under its present name.

    Raises:
        WebError: There is no such file, or its content has changed.
    """
    for name in _contents():
        if request.path_params["name"] == _hashed_name(name):
            headers = {"Cache-Control": f"public, max-age={ONE_YEAR}, immutable"}
            return Response(
                _contents()[name],
                media_type=MEDIA_TYPES[Path(name).suffix],
                headers=SECURITY_HEADERS | headers,
            )
    raise WebError(404, "api-not-found")


@cache
def _contents() -> dict[str, bytes]:
    folder = Path(str(files("lianju.bot"))) / "web" / "static"
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in MEDIA_TYPES}


@cache
def _hashed_name(name: str) -> str:
    stem, suffix = name.rsplit(".", 1)
    return f"{stem}.{hashlib.sha256(_contents()[name]).hexdigest()[:HASH]}.{suffix}"
