"""Backup of a SQLite database, also while the bot runs, and restore while it does not."""

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from .database_file import check_owner, database_path
from .errors import DamagedFileError, StoreBusyError, StoreError, convert_error
from .forgotten import carry_over, forgets_anybody
from .postgres import is_postgres
from .private_files import create_private_file, create_private_folder
from .schema import check_schema, migrate

__all__ = ["back_up", "restore"]

BUSY_S = 2.0
SUFFIXES = ("", "-wal", "-journal")  # the files that a database may consist of
OWN_SUFFIXES = ("-wal", "-shm", "-journal")  # names that SQLite gives to files beside a database


def back_up(url: str, target: Path, force: bool = False) -> None:
    """Copies the database as it is at one moment, without blocking the bot.

    Args:
        url: Names the database.
        target: The copy, which appears only once it is complete.
        force: Whether an existing file may be replaced.

    Raises:
        StoreError: The copy failed; `target` is unchanged.
    """
    path, named = _file(url), target.absolute()
    target = Path(os.path.realpath(named))  # a link stays a link
    if not path.exists():
        raise StoreError("backup-no-database", path=str(path))
    check_owner(path)
    _refuse_same(path, named)
    if target.exists() and not target.is_file():
        raise StoreError("backup-not-a-file", path=str(named))
    if any(target.name.endswith(suffix) for suffix in OWN_SUFFIXES):
        raise StoreError("backup-name", path=str(target))
    if target.exists() and not force:
        raise StoreError("backup-exists", path=str(named))
    if _with_suffix(target, "-wal").exists():  # SQLite would read it as part of the copy
        raise StoreError("backup-target-in-use", path=str(named))
    with _temporary(target) as temporary:
        with _converted_errors(path), closing(_connect(path)) as database:
            database.execute("SELECT 1 FROM sqlite_master")
            with _converted_errors(target), closing(_connect(temporary)) as copy:
                database.backup(copy)
        _check(temporary, path)
        temporary.replace(target)


def restore(url: str, source: Path) -> Path | None:
    """Replaces the database by a copy; the old database is kept beside it.

    Args:
        url: Names the database, which need not exist.
        source: The copy, which is not modified.

    Returns:
        Where the old database is kept; None if there was none.

    Raises:
        StoreError: The restore failed; the database is unchanged.
    """
    path, source = _file(url), source.absolute()
    if not source.exists():
        raise StoreError("restore-no-file", path=str(source))
    if not source.is_file() or not source.stat().st_size:
        raise StoreError("restore-not-a-copy", path=str(source))
    _refuse_same(path, source)
    check_owner(source)
    try:
        create_private_folder(path.parent)
    except OSError as error:
        raise StoreError("backup-unwritable", path=str(path), reason=str(error.strerror)) from None
    with _temporary(path) as temporary:
        for suffix in SUFFIXES:
            if _with_suffix(source, suffix).exists():
                create_private_file(_with_suffix(temporary, suffix))
                shutil.copyfile(_with_suffix(source, suffix), _with_suffix(temporary, suffix))
        _check(temporary, source)
        return _install(temporary, path)


def _file(url: str) -> Path:
    if is_postgres(url):
        raise StoreError("backup-server")
    return database_path(url)


def _install(temporary: Path, path: Path) -> Path | None:
    """Replaces the database and returns the path of the previous one, if there was one."""
    kept = path.with_name(f"{path.stem}-{time.strftime('%Y%m%d-%H%M%S')}{path.suffix}")
    if kept.exists():
        raise StoreError("restore-kept-exists", path=str(kept))
    try:
        check_owner(path)
        if path.exists():
            _replace_content(path, temporary, kept)
            return kept
    except StoreBusyError:
        raise StoreError("restore-in-use", path=str(path)) from None
    except DamagedFileError:
        pass  # no bot can be using it
    # Files beside a missing or damaged database would be read as parts of the new one.
    for suffix in SUFFIXES:
        if _with_suffix(path, suffix).exists():
            _with_suffix(path, suffix).replace(_with_suffix(kept, suffix))
    temporary.replace(path)
    return kept if kept.exists() else None


def _replace_content(path: Path, new: Path, kept: Path) -> None:
    """Copies a database to `kept` and then, in one transaction, `new` over it.

    Whom the database has forgotten is forgotten in `new` first. The file itself is not replaced
    but locked exclusively: a process that opens it meanwhile waits, and this fails if any process
    has it open already, even if idle.
    """
    with _converted_errors(path), closing(_connect(path)) as database, _temporary(kept) as previous:
        database.execute("PRAGMA locking_mode = EXCLUSIVE")  # until the connection is closed
        database.execute("BEGIN EXCLUSIVE")
        database.execute("COMMIT")
        with closing(_connect(previous)) as copy:
            database.backup(copy)
        with closing(_connect(new)) as copy:
            if forgets_anybody(database):
                migrate(copy, new)
                carry_over(database, copy)
            copy.backup(database)
        previous.replace(kept)


def _check(temporary: Path, origin: Path) -> None:
    """Refuses a copy that is damaged, incomplete or newer; makes it a single file."""
    with _converted_errors(origin), closing(_connect(temporary)) as copy:
        copy.execute("PRAGMA cache_size = -256000")  # KiB; the check reads the file in random order
        copy.execute("PRAGMA journal_mode = DELETE")
        (verdict,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
        if verdict != "ok":
            raise DamagedFileError("restore-damaged", path=str(origin))
        if check_schema(copy, origin) is None:
            raise StoreError("restore-empty", path=str(origin))


def _refuse_same(path: Path, other: Path) -> None:
    files = [_with_suffix(path, suffix) for suffix in ("", ".lock", *OWN_SUFFIXES)]
    if any(each.exists() and other.exists() and each.samefile(other) for each in files):
        raise StoreError("backup-same-file", path=str(other))


def _with_suffix(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, BUSY_S, isolation_level=None)


@contextmanager
def _temporary(path: Path) -> Iterator[Path]:
    """Creates a file beside this one, deleted in the end unless it was renamed."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        temporary.unlink(missing_ok=True)
        create_private_file(temporary)
        yield temporary
    except OSError as error:
        raise StoreError("backup-unwritable", path=str(path), reason=str(error.strerror)) from None
    finally:
        for suffix in ("", *OWN_SUFFIXES):
            _with_suffix(temporary, suffix).unlink(missing_ok=True)


@contextmanager
def _converted_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, DBAPIError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if not isinstance(cause, sqlite3.Error):
            raise
        raise convert_error(path, cause) from None
