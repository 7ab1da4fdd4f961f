"""The address of a PostgreSQL database."""

import importlib.util

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from ..errors import StoreError

__all__ = ["is_postgres", "parse_url", "server_name"]

SCHEME = "postgresql+asyncpg"
PORT = "5432"
ENCRYPTION = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
OPTIONS = ("ssl", "host", "port")  # the latter two for the folder of a socket


def is_postgres(url: str) -> bool:
    """Returns whether a URL names a PostgreSQL database."""
    return url.startswith(f"{SCHEME}:")


def parse_url(url: str) -> URL:
    """Returns the parts of a URL.

    Raises:
        StoreError: It names no database, or asyncpg is missing. The message never has the password.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise StoreError("store-server-url") from None
    host, port = _place(parsed)
    if parsed.drivername != SCHEME or not (host and parsed.database and port.isdigit()):
        raise StoreError("store-server-url")
    # An @ or / in the password that is not encoded: the rest of it would be shown as the host.
    if "@" in f"{host}{parsed.database}" or "/" in parsed.database:
        raise StoreError("store-server-url")
    for name in parsed.query:
        if name not in OPTIONS:
            raise StoreError("store-server-option", option=name, options=", ".join(OPTIONS))
    if parsed.query.get("ssl", ENCRYPTION[0]) not in ENCRYPTION:
        raise StoreError("store-server-value", option="ssl", values=", ".join(ENCRYPTION))
    if importlib.util.find_spec("asyncpg") is None:
        raise StoreError("store-extra")
    return parsed


def server_name(url: URL) -> str:
    """Returns host and database, for messages: without user and password."""
    host, port = _place(url)
    return URL.create("postgresql", None, None, host, int(port), url.database).render_as_string()


def _place(url: URL) -> tuple[str, str]:
    """Returns host, or the folder of a socket, and port."""
    host, port = url.query.get("host", ""), url.query.get("port", PORT)
    return url.host or str(host), str(url.port or port)
