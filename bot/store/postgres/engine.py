"""Engines of SQLAlchemy for a server, and its advisory locks."""

import hashlib
from typing import Any

from sqlalchemy import URL, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

__all__ = ["BOT", "connect", "create_engine", "lock_key"]

BOT = "lianju"
"""Names the connections of bots."""

CONNECT_S = 10.0
NETWORK_S = 5.0  # beyond the server's own limit, until the connection counts as lost
IDLE_S = 60  # that a transaction may wait for a bot that hangs, or whose machine is gone
SETTINGS = {
    "jit": "off",  # compiling takes longer than any of our statements
    # A machine that is gone must not keep its locks for hours.
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}


def create_engine(
    url: URL,
    busy_s: float,
    *,
    statement_s: float | None = None,
    idle_s: int = IDLE_S,
    read_only: bool = False,
    name: str = BOT,
    **options: Any,
) -> AsyncEngine:
    """Returns an engine whose connections wait for the server for a limited time.

    Args:
        url: Names the server and the database.
        busy_s: How many seconds to wait for a lock or a connection; 0 means no limit for locks.
        statement_s: How many for a statement, the same by default; 0 means no limit.
        idle_s: How many a transaction may be idle; 0 means no limit.
        read_only: Whether the server refuses to write.
        name: Names the connections on the server.
        options: Of SQLAlchemy.
    """
    if statement_s is None:
        statement_s = busy_s
    if options.get("poolclass") is not NullPool:
        options |= {"max_overflow": 0, "pool_use_lifo": True, "pool_timeout": busy_s}
    engine = create_async_engine(
        url,
        connect_args={
            "timeout": min(busy_s, CONNECT_S) or CONNECT_S,
            "command_timeout": statement_s + NETWORK_S if statement_s else None,
            "server_settings": SETTINGS
            | {
                "application_name": name,
                "idle_in_transaction_session_timeout": f"{idle_s}s",
                "lock_timeout": str(round(busy_s * 1e3)),
                "statement_timeout": str(round(statement_s * 1e3)),
            }
            | ({"default_transaction_read_only": "on"} if read_only else {}),
        },
        hide_parameters=True,  # keeps what users wrote out of tracebacks
        **options,
    )

    @event.listens_for(engine.sync_engine, "checkout")
    def check(connection: Any, *_: object) -> None:
        # The server was restarted meanwhile: the pool connects again. Asking it would take longer.
        if connection.driver_connection.is_closed():
            raise DisconnectionError

    return engine


def lock_key(part: str) -> int:
    """Returns the number of an advisory lock."""
    digest = hashlib.blake2b(f"lianju {part}".encode("utf-8", "surrogatepass"), digest_size=8)
    return int.from_bytes(digest.digest(), "big", signed=True)


async def connect(url: URL, busy_s: float, name: str = BOT) -> Any:
    """Opens a connection of asyncpg without SQLAlchemy, for what only the driver can do."""
    import asyncpg  # an extra

    _, options = url.get_dialect()().create_connect_args(url)
    return await asyncpg.connect(
        **options,
        timeout=CONNECT_S,
        server_settings=SETTINGS
        | {"application_name": name, "lock_timeout": str(round(busy_s * 1e3))},
    )
