"""From a URL to a database that is ours, of this version, and writable."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from .errors import DamagedFileError, ForeignFileError, StoreError, explain
from .tables import APPLICATION_ID

__all__ = ["database_path", "prepare", "refuse_foreign", "refuse_newer"]

MIGRATIONS = Path(__file__).parent / "migrations"
_alembic = threading.Lock()  # it keeps what it works on in globals


def database_path(url: str) -> Path:
    """The file that a database URL names.

    Raises:
        StoreError: It names none.
    """
    # Not with SQLAlchemy, whose versions do not agree on a path with a % in it.
    scheme, _, path = url.partition("///")
    if scheme != "sqlite+aiosqlite:" or path in ("", ":memory:") or "?" in path:
        raise StoreError(
            "LIANJU_DATABASE names no file: write sqlite+aiosqlite:/// and then the file's path."
        )
    return Path(path).absolute()


def prepare(path: Path, busy_s: float) -> sqlite3.Connection:
    """Creates or migrates a database, in one transaction.

    Returns:
        A connection, which keeps every other process from putting another file in its place.

    Raises:
        StoreBusyError: Something else keeps it locked.
        StoreError: It cannot be used; it is as it was.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"The folder {path.parent} cannot be made ({error.strerror}): "
            "set LIANJU_DATABASE to another place."
        ) from None
    refuse_foreign(path)
    try:
        raw = sqlite3.connect(path, busy_s, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise explain(path, error) from None
    try:
        _migrate(raw, path)
        # Only now: the header, by which refuse_foreign goes, is then in the file itself.
        _use_write_ahead_log(raw, path)
    except BaseException as error:
        raw.close()  # which rolls back
        cause = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(cause, sqlite3.Error):
            raise explain(path, cause) from None
        raise
    return raw


def refuse_foreign(path: Path) -> None:
    """Refuses a file of another program without touching it; a new or empty file passes.

    Raises:
        StoreError: It is a folder, damaged, or another program's.
    """
    if path.is_dir():
        raise StoreError(f"{path} is a folder: choose a file for the database.")
    if not path.exists() or not path.stat().st_size:
        return
    try:
        # Reading it as any other file would, on closing, drop the locks of this process.
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as file:
            (pages,) = file.execute("PRAGMA page_count").fetchone()
            (application_id,) = file.execute("PRAGMA application_id").fetchone()
    except sqlite3.Error as error:
        raise explain(path, error) from None
    if not pages:
        raise DamagedFileError(f"{path} is a piece of a database: use a whole backup instead.")
    if application_id != APPLICATION_ID:
        raise ForeignFileError(f"{path} belongs to another program: choose another file.")


def refuse_newer(raw: sqlite3.Connection, path: Path) -> str | None:
    """Refuses a database of a version that this program does not know.

    Returns:
        The version; None if there is none yet.

    Raises:
        StoreError: It is newer.
    """
    versioned = raw.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
    if not versioned:
        return None
    (version,) = raw.execute("SELECT version_num FROM alembic_version").fetchone()
    scripts = ScriptDirectory(str(MIGRATIONS))
    if version not in {script.revision for script in scripts.walk_revisions()}:
        raise StoreError(f"{path} was written by a newer Lianju: update this one.")
    return str(version)


def _migrate(raw: sqlite3.Connection, path: Path) -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))
    engine = sqlalchemy.create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool)
    with engine.connect() as connection, connection.begin():
        raw.execute("BEGIN IMMEDIATE")
        # Also at the newest version: a file that cannot be written is refused now, not later.
        raw.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        if refuse_newer(raw, path) == scripts.get_current_head():
            raw.execute("ROLLBACK")
            return
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        with _alembic:
            command.upgrade(config, "head")


def _use_write_ahead_log(raw: sqlite3.Connection, path: Path) -> None:
    (mode,) = raw.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise StoreError(f"The database {path} must be on a local disk: move it to one.")
    raw.execute("SELECT 1 FROM favourite").fetchone()  # from the first reading on it is in use
