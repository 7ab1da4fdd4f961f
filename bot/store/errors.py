"""Errors of the database."""

import sqlite3
from pathlib import Path

from ..errors import LianjuError

__all__ = ["DamagedFileError", "StoreBusyError", "StoreError", "convert_error"]


class StoreError(LianjuError):
    """The database, or a copy of it, cannot be used."""


class StoreBusyError(StoreError):
    """Something else kept the database locked for too long."""

    def __init__(self) -> None:
        super().__init__("store-busy")


class DamagedFileError(StoreError):
    """A file is not a SQLite database, or is damaged."""


def convert_error(path: Path, error: sqlite3.Error) -> StoreError:
    """Returns the store's error for one that SQLite raised about a file."""
    # The first word of an extended code, such as SQLITE_BUSY_SNAPSHOT, says enough.
    match getattr(error, "sqlite_errorname", "").split("_")[1:2]:
        case ["BUSY" | "LOCKED"]:
            return StoreBusyError()
        case ["NOTADB" | "CORRUPT"]:
            return DamagedFileError("store-damaged", path=str(path))
        case ["READONLY" | "CANTOPEN" | "PERM" | "AUTH"]:
            return StoreError("store-read-only", path=str(path))
        case ["FULL"]:
            return StoreError("store-disk-full", path=str(path))
    return StoreError("store-unusable", path=str(path), reason=str(error))
