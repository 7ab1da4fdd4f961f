"""The schema of a SQLite database: made by the migrations, and compared with what they make."""

import sqlite3
import threading
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import NamedTuple

import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.pool import StaticPool

from .errors import DamagedFileError, StoreError
from .tables import APPLICATION_ID

__all__ = ["MIGRATIONS", "check_schema", "migrate", "upgrade"]

MIGRATIONS = Path(__file__).parent / "migrations"
_alembic_lock = threading.Lock()  # Alembic keeps its context in globals

PARTS = """
SELECT type || ' ' || name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'
UNION ALL
SELECT 'column ' || part.name || '.' || field.name
FROM sqlite_master AS part, pragma_table_info(part.name) AS field WHERE part.type = 'table'
"""
# The text of tables and indexes depends on the version of SQLAlchemy; that of triggers is ours.
TRIGGERS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"


class Schema(NamedTuple):
    """What a database has.

    Attributes:
        parts: Names of its tables, columns, indexes and triggers, each with its kind.
        triggers: The definition of each trigger.
    """

    parts: frozenset[str]
    triggers: dict[str, str]


def migrate(raw: sqlite3.Connection, path: Path) -> None:
    """Creates or migrates a database, in one transaction.

    Raises:
        StoreError: Its version is newer, or it lacks a part of its version.
    """
    with _engine(raw).connect() as connection, connection.begin():
        raw.execute("BEGIN IMMEDIATE")
        # Written even at the newest version, so that a read-only file is refused now, not later.
        raw.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        if check_schema(raw, path) == _scripts().get_current_head():
            raw.execute("ROLLBACK")
            return
        upgrade(connection, "head")


def check_schema(raw: sqlite3.Connection, path: Path) -> str | None:
    """Checks that a database has every table, column, index and trigger of its version.

    Returns:
        The version; None if the database has none yet.

    Raises:
        DamagedFileError: A part is missing, or a trigger is another one.
        StoreError: This program does not know the version.
    """
    versioned = raw.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
    if not versioned:
        return None
    row = raw.execute("SELECT version_num FROM alembic_version").fetchone()
    if row is None:
        raise DamagedFileError("store-schema", path=str(path), part="alembic_version")
    version = row[0]
    if version not in {script.revision for script in _scripts().walk_revisions()}:
        raise StoreError("store-newer", path=str(path))
    wanted, found = _schema_at(version), _schema_of(raw)
    missing = sorted(wanted.parts - found.parts)
    missing += [
        f"trigger {name}"
        for name, trigger in wanted.triggers.items()
        if trigger != found.triggers.get(name)
    ]
    if missing:
        raise DamagedFileError("store-schema", path=str(path), part=missing[0])
    return str(version)


@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(MIGRATIONS))


@cache
def _schema_at(version: str) -> Schema:
    """Returns what the migrations up to a version make."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as model:
        with _engine(model).connect() as connection, connection.begin():
            upgrade(connection, version)
        return _schema_of(model)


def _schema_of(raw: sqlite3.Connection) -> Schema:
    parts = frozenset(part for (part,) in raw.execute(PARTS))
    return Schema(parts, dict(raw.execute(TRIGGERS)))


def _engine(raw: sqlite3.Connection) -> sqlalchemy.Engine:
    return sqlalchemy.create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool)


def upgrade(connection: sqlalchemy.Connection, version: str) -> None:
    """Runs the migrations up to a version, in the transaction of the connection."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with _alembic_lock:
        command.upgrade(config, version)
