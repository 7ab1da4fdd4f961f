"""Files that hold what users keep: only their owner may read them."""

import os
from contextlib import suppress
from pathlib import Path

from .errors import StoreError

__all__ = ["create_private_file", "create_private_folder", "find_exposed", "identify"]

FILE_MODE, FOLDER_MODE = 0o600, 0o700
OTHERS = 0o077


def create_private_file(path: Path) -> None:
    """Creates an empty file, unless there is one.

    SQLite gives the files that it creates beside a database the mode of the database.
    """
    # An existing file is not opened: closing it would drop this process's locks on it.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE_MODE))


def create_private_folder(path: Path) -> None:
    """Creates a folder, and those above it, unless there is one."""
    path.mkdir(FOLDER_MODE, parents=True, exist_ok=True)


def identify(path: Path) -> tuple[int, int] | None:
    """Returns what distinguishes a file from all others; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def find_exposed(path: Path) -> list[StoreError]:
    """Returns a sentence for the file and for its folder, if others than the owner may use it."""
    if os.name != "posix":
        return []
    return [
        StoreError("store-exposed", path=str(each), mode=f"{mode:o}")
        for each, mode in ((path, FILE_MODE), (path.parent, FOLDER_MODE))
        if each.stat().st_mode & OTHERS
    ]
