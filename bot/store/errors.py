"""What can go wrong with the database, each as one sentence for its reader."""

import sqlite3
from pathlib import Path

from ..errors import LianjuError

__all__ = ["DamagedFileError", "ForeignFileError", "StoreBusyError", "StoreError", "explain"]


class StoreError(LianjuError):
    """The database cannot be used; the sentence is for whoever runs the bot."""

    def __init__(self, sentence: str, key: str = "store-failed") -> None:
        super().__init__(sentence, key)


class StoreBusyError(StoreError):
    """Something else kept the database locked for too long."""

    def __init__(self) -> None:
        super().__init__("The database is busy: please try again in a moment.", "store-busy")


class DamagedFileError(StoreError):
    """A file is no SQLite database, or no whole one."""


class ForeignFileError(StoreError):
    """A database is another program's."""


def explain(path: Path, error: sqlite3.Error) -> StoreError:
    """SQLite's complaint about a file as one sentence."""
    # The first word of an extended code, such as SQLITE_BUSY_SNAPSHOT, says enough.
    match getattr(error, "sqlite_errorname", "").split("_")[1:2]:
        case ["BUSY" | "LOCKED"]:
            return StoreBusyError()
        case ["NOTADB" | "CORRUPT"]:
            return DamagedFileError(
                f"{path} is no database, or a damaged one: use a whole backup instead."
            )
        case ["READONLY" | "CANTOPEN" | "PERM" | "AUTH"]:
            return StoreError(
                f"The database {path} cannot be written: let the bot write the file and its folder."
            )
        case ["FULL"]:
            return StoreError(f"The database {path} cannot be written: the disk is full.")
    return StoreError(f"The database {path} cannot be used: {error}.")
