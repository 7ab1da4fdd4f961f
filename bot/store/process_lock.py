"""The lock that the one bot of a database holds."""

import sqlite3
from contextlib import suppress
from pathlib import Path

from .errors import StoreBusyError, StoreError, convert_error
from .private_files import create_private_file, identify

__all__ = ["ProcessLock"]


class ProcessLock:
    """Keeps other bots away from a database, whose settings and tallies each would cache.

    It is SQLite's own lock, on an empty file beside the database: portable, and released by the
    system when the process ends in any way. A file that a killed process leaves is not locked.

    Args:
        path: The database; its folder exists.

    Raises:
        StoreError: Another bot holds the lock, or the file cannot be created.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(f"{path.name}.lock")
        self._connection: sqlite3.Connection | None = None
        while self._connection is None:
            self._connection = self._acquire(path)

    def _acquire(self, path: Path) -> sqlite3.Connection | None:
        """Locks the file; returns None if it was deleted meanwhile."""
        with suppress(OSError):  # then SQLite says why it cannot be created
            create_private_file(self._path)
        before = identify(self._path)
        try:
            connection = sqlite3.connect(
                self._path, timeout=0, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise convert_error(self._path, error) from None
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            connection.close()
            if identify(self._path) != before:
                return None
            converted = convert_error(self._path, error)
            if isinstance(converted, StoreBusyError):
                raise StoreError("store-in-use", path=str(path)) from None
            raise converted from None
        if before is not None and identify(self._path) == before:
            return connection
        connection.close()
        return None

    def release(self) -> None:
        """Deletes the file and releases the lock."""
        if self._connection is None:
            return
        with suppress(OSError):  # Windows deletes no file that is open
            self._path.unlink(missing_ok=True)
        self._connection.close()
        self._connection = None
