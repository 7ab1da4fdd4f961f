"""Copies of the database: made while the bot runs, put back while it does not."""

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from .errors import DamagedFileError, StoreBusyError, StoreError, explain
from .opening import database_path, refuse_foreign, refuse_newer

__all__ = ["back_up", "restore"]

BUSY_S = 2.0
CONTENT = ("", "-wal", "-journal")  # a database and what SQLite may keep of it beside it


def back_up(url: str, target: Path, force: bool = False) -> str:
    """Copies the database as it is at one moment; nobody has to wait meanwhile.

    Args:
        url: Names the database.
        target: The copy, which appears only once it is whole.
        force: Whether an existing file may be replaced.

    Returns:
        A sentence that says what was done.

    Raises:
        StoreError: There is no copy; what `target` was, it still is.
    """
    path, target = database_path(url), target.absolute()
    if not path.exists():
        raise StoreError(f"There is no database at {path}: start the bot once.")
    refuse_foreign(path)
    _refuse_same(path, target)
    if target.exists() and not force:
        raise StoreError(f"{target} exists: choose another file, or replace it with --force.")
    if _beside(target, "-wal").exists():  # it would be read as a part of the copy
        raise StoreError(f"{target} is in use as a database: choose another file.")
    with _draft(target) as draft:
        with _explained(path), closing(_connect(path)) as database:
            database.execute("SELECT 1 FROM sqlite_master")
            with _explained(target), closing(_connect(draft)) as copy:
                database.backup(copy)
        _check(draft, path)
        draft.replace(target)
    return f"Copied {path} to {target} ({target.stat().st_size / 1e6:.1f} MB)."


def restore(url: str, source: Path) -> str:
    """Puts a copy in the place of the database, which is kept beside it.

    Args:
        url: Names the database, which need not exist.
        source: The copy, which stays as it is.

    Returns:
        A sentence that says what was done.

    Raises:
        StoreError: The database is as it was.
    """
    path, source = database_path(url), source.absolute()
    if not source.exists():
        raise StoreError(f"{source} does not exist: choose another file.")
    if not source.is_file() or not source.stat().st_size:
        raise StoreError(f"{source} is no copy of a database: choose another file.")
    _refuse_same(path, source)
    refuse_foreign(source)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}.") from None
    with _draft(path) as draft:
        for suffix in CONTENT:
            if _beside(source, suffix).exists():
                shutil.copyfile(_beside(source, suffix), _beside(draft, suffix))
        _check(draft, source)
        kept = _put_in_place(draft, path)
    return f"Restored {source} to {path}." + (f" What was there is now {kept}." if kept else "")


def _put_in_place(draft: Path, path: Path) -> Path | None:
    """Returns where the previous database is, if there was one."""
    kept = path.with_name(f"{path.stem}-{time.strftime('%Y%m%d-%H%M%S')}{path.suffix}")
    if kept.exists():
        raise StoreError(f"{kept} exists: try again in a second.")
    try:
        refuse_foreign(path)
        if path.exists():
            _exchange(path, draft, kept)
            return kept
    except StoreBusyError:
        raise StoreError(f"{path} is in use: stop the bot, then restore.") from None
    except DamagedFileError:
        pass  # nothing can be made of it, so no bot can be using it
    # What lies beside a missing or damaged database would be taken for a part of the new one.
    for suffix in CONTENT:
        if _beside(path, suffix).exists():
            _beside(path, suffix).replace(_beside(kept, suffix))
    draft.replace(path)
    return kept if kept.exists() else None


def _exchange(path: Path, draft: Path, kept: Path) -> None:
    """Copies a database to `kept` and then, in one transaction, `draft` over it.

    The file stays the same one, under an exclusive lock: whoever opens it meanwhile waits, and
    whoever had it open before, be it idle, makes this fail.
    """
    with _explained(path), closing(_connect(path)) as database, _draft(kept) as previous:
        database.execute("PRAGMA locking_mode = EXCLUSIVE")  # kept until this is closed
        database.execute("BEGIN EXCLUSIVE")
        database.execute("COMMIT")
        with closing(_connect(previous)) as copy:
            database.backup(copy)
        with closing(_connect(draft)) as copy:
            copy.backup(database)
        previous.replace(kept)


def _check(draft: Path, origin: Path) -> None:
    """Refuses a copy that is not whole or not known, and makes one file of it."""
    with _explained(origin), closing(_connect(draft)) as copy:
        copy.execute("PRAGMA cache_size = -256000")  # KiB; it goes to and fro in the file
        copy.execute("PRAGMA journal_mode = DELETE")
        (verdict,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
        if verdict != "ok":
            raise DamagedFileError(f"{origin} is damaged: choose another copy.")
        if refuse_newer(copy, origin) is None:
            raise StoreError(f"{origin} is an empty database: choose another file.")


def _refuse_same(path: Path, other: Path) -> None:
    taken = [_beside(path, suffix) for suffix in (*CONTENT, "-shm")]
    if any(each.exists() and other.exists() and each.samefile(other) for each in taken):
        raise StoreError(f"{other} is the database itself: choose another file.")


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, BUSY_S, isolation_level=None)


@contextmanager
def _draft(path: Path) -> Iterator[Path]:
    """A file beside this one that goes away, unless it takes a place for good."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        draft.touch()
        yield draft
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}.") from None
    finally:
        for suffix in (*CONTENT, "-shm"):
            _beside(draft, suffix).unlink(missing_ok=True)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise explain(path, error) from None
