"""The database file: its path, checks that it is usable, and its migration."""

import logging
import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from .errors import DamagedFileError, StoreError, convert_error
from .private_files import create_private_file, create_private_folder, find_exposed
from .schema import migrate
from .tables import APPLICATION_ID

__all__ = ["check_owner", "create_folder", "create_or_migrate", "database_path"]

_log = logging.getLogger(__name__)


def database_path(url: str) -> Path:
    """Returns the file that a database URL names.

    Raises:
        StoreError: The URL names no file.
    """
    # Not parsed by SQLAlchemy, whose versions differ on paths that contain a %.
    scheme, _, path = url.partition("///")
    if scheme != "sqlite+aiosqlite:" or path in ("", ":memory:") or "?" in path:
        raise StoreError("store-url")
    return Path(os.path.realpath(path))


def create_or_migrate(path: Path, busy_s: float) -> sqlite3.Connection:
    """Creates or migrates a database, in one transaction.

    Args:
        path: The file.
        busy_s: How many seconds to wait for locks of other processes.

    Returns:
        An open connection; while it is open, `restore` in another process cannot replace the file.

    Raises:
        StoreBusyError: Something else keeps the database locked.
        StoreError: It cannot be used; it is unchanged.
    """
    create_folder(path)
    check_owner(path)
    with suppress(OSError):  # then SQLite says why it cannot be created
        create_private_file(path)
    try:
        raw = sqlite3.connect(path, busy_s, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise convert_error(path, error) from None
    try:
        migrate(raw, path)
        # Only now, so that the header that check_owner reads is in the file itself.
        _use_write_ahead_log(raw, path)
        for exposed in find_exposed(path):
            _log.warning("%s", exposed)
    except BaseException as error:
        raw.close()  # rolls back
        cause = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(cause, sqlite3.Error):
            raise convert_error(path, cause) from None
        raise
    return raw


def create_folder(path: Path) -> None:
    """Creates the folder of a database, unless there is one.

    Raises:
        StoreError: It cannot be created.
    """
    try:
        create_private_folder(path.parent)
    except OSError as error:
        raise StoreError(
            "store-folder", path=str(path.parent), reason=str(error.strerror)
        ) from None


def check_owner(path: Path) -> None:
    """Checks, without modifying the file, that it is ours; a missing or empty file passes.

    Raises:
        StoreError: It is a folder, damaged, or belongs to another program.
    """
    if path.is_dir():
        raise StoreError("store-is-folder", path=str(path))
    if path.exists() and not path.is_file():
        raise StoreError("store-not-a-file", path=str(path))
    if not path.exists() or not path.stat().st_size:
        return
    try:
        pages, application_id = _read_header(path)
    except sqlite3.Error as error:
        raise convert_error(path, error) from None
    if not pages:
        raise DamagedFileError("store-incomplete", path=str(path))
    if application_id != APPLICATION_ID:
        raise StoreError("store-foreign", path=str(path))


def _read_header(path: Path) -> tuple[int, int]:
    """Returns the number of pages of a database and the id of its application."""
    # Read by SQLite: closing any other handle on the file would drop this process's locks.
    try:
        return _query_header(path, "mode=ro&immutable=1")
    except sqlite3.DatabaseError:
        # A checkpoint that was cut off, by a kill or a full disk, may leave a file that is whole
        # only together with its write-ahead log, which an immutable file does not have.
        if not path.with_name(f"{path.name}-wal").exists():
            raise
        return _query_header(path, "mode=ro")


def _query_header(path: Path, options: str) -> tuple[int, int]:
    with closing(sqlite3.connect(f"{path.as_uri()}?{options}", uri=True)) as file:
        (pages,) = file.execute("PRAGMA page_count").fetchone()
        (application_id,) = file.execute("PRAGMA application_id").fetchone()
    return pages, application_id


def _use_write_ahead_log(raw: sqlite3.Connection, path: Path) -> None:
    (mode,) = raw.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise StoreError("store-not-local", path=str(path))
    raw.execute("SELECT 1 FROM favourite").fetchone()  # the first read takes the shared lock
