"""Connections of aiosqlite whose statements each take one turn of their thread."""

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import aiosqlite
from aiosqlite.context import contextmanager

__all__ = ["connect"]

ROWS_AT_ONCE = 64  # where rows are iterated, which SQLAlchemy does not do
SETTINGS = ("foreign_keys = ON", "synchronous = FULL", "secure_delete = ON")


async def connect(path: Path, busy_s: float, *, read_only: bool) -> aiosqlite.Connection:
    """Opens a database for SQLAlchemy; never creates a file, as connecting to a path would."""
    settings = (*SETTINGS, *(("query_only = ON",) if read_only else ()))

    def open_file() -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{path.as_uri()}?mode=rw",
            busy_s,
            uri=True,
            # From SQLAlchemy's manual: Python's sqlite3 begins transactions late, and never for a
            # SELECT.
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            for setting in settings:
                connection.execute(f"PRAGMA {setting}")
        except BaseException:
            connection.close()
            raise
        return connection

    connection = _Connection(open_file, ROWS_AT_ONCE)
    connection._thread.daemon = True  # as SQLAlchemy sets it where it connects by itself
    return await connection


class _Connection(aiosqlite.Connection):
    """A connection as SQLAlchemy uses it.

    aiosqlite goes to its thread and back to make a cursor, to execute, to fetch and to close.
    SQLAlchemy asks for all of these with each statement, and for a rollback after each transaction:
    altogether they take longer than most statements.
    """

    @contextmanager
    async def cursor(self) -> "_Cursor":  # type: ignore[override]
        return _Cursor(self)

    async def rollback(self) -> None:
        if self.in_transaction:
            await super().rollback()


class _Cursor:
    """A cursor that has all rows once it has executed."""

    description: Any = None
    rowcount = -1
    lastrowid: int | None = None
    arraysize = 1

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, statement: str, parameters: Iterable[Any] = ()) -> None:
        await self._run(sqlite3.Connection.execute, statement, parameters)

    async def executemany(self, statement: str, parameters: Iterable[Any]) -> None:
        await self._run(sqlite3.Connection.executemany, statement, parameters)

    async def fetchall(self) -> list[Any]:
        return self._rows

    async def close(self) -> None:
        """Does nothing: a statement is closed once its rows are fetched."""

    async def _run(self, *arguments: Any) -> None:
        # The method by which aiosqlite's own cursors reach the thread.
        await self._connection._execute(self._fetch, *arguments)  # type: ignore[no-untyped-call]

    def _fetch(self, execute: Any, *arguments: Any) -> None:
        cursor = execute(self._connection._conn, *arguments)
        self._rows = cursor.fetchall()
        self.description, self.rowcount = cursor.description, cursor.rowcount
        self.lastrowid = cursor.lastrowid
