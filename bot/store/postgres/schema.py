"""The schema of a PostgreSQL database: made by the migrations, and compared with the tables."""

import asyncio

from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, func, inspect, select, text
from sqlalchemy.pool import NullPool

from ..errors import DamagedFileError, StoreError
from ..schema import MIGRATIONS, upgrade
from ..tables import metadata
from ..triggers import POSTGRES_FUNCTIONS
from .engine import create_engine, lock_key
from .errors import converted_errors
from .url import server_name

__all__ = ["COPYING", "create_or_migrate"]

COPYING = "unfinished_copy"
"""A table that exists while `lianju migrate-database` copies into the database."""

ENCODING = "UTF8"
VERSION = "alembic_version"
PARTS = """
SELECT 'column ' || table_name || '.' || column_name FROM information_schema.columns
    WHERE table_schema = current_schema()
UNION ALL SELECT 'index ' || indexname FROM pg_indexes WHERE schemaname = current_schema()
UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace
"""
FUNCTIONS = """
SELECT proname, prosrc FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
"""
FORBIDDEN = """
SELECT relname FROM pg_class, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS wanted
WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
AND relname = ANY(:names) AND NOT has_table_privilege(pg_class.oid, wanted)
"""


async def create_or_migrate(url: URL, busy_s: float, *, copying: bool = False) -> None:
    """Creates or migrates the tables, in one transaction and in one process at a time.

    Args:
        url: Names the server and the database.
        busy_s: How many seconds to wait for locks of other processes.
        copying: Whether an unfinished copy is no reason to refuse.

    Raises:
        StoreBusyError: Another process keeps the tables locked.
        StoreError: The database cannot be used; it is unchanged.
    """

    async def run() -> None:
        # Without a limit for statements: an index of a large table takes its time.
        engine = create_engine(
            url, busy_s, statement_s=0, name="lianju migration", poolclass=NullPool
        )
        with converted_errors(server_name(url)):
            async with engine.begin() as connection:
                await connection.run_sync(_migrate, server_name(url), copying)

    # In a thread: Alembic has its context in globals, whose lock must not hold up an event loop.
    await asyncio.to_thread(lambda: asyncio.run(run()))


def _migrate(connection: Connection, server: str, copying: bool) -> None:
    settings = {
        name: connection.scalar(text(f"SHOW {name}"))
        for name in ("server_encoding", "transaction_read_only")
    }
    if settings["server_encoding"] != ENCODING:
        raise StoreError("store-encoding", path=server, encoding=str(settings["server_encoding"]))
    if settings["transaction_read_only"] == "on":
        raise StoreError("store-standby", path=server)
    connection.execute(select(func.pg_advisory_xact_lock(lock_key("migration"))))
    tables = set(inspect(connection).get_table_names())
    if COPYING in tables and not copying:
        raise StoreError("store-half-copied", path=server)
    scripts = ScriptDirectory(str(MIGRATIONS))
    version = _version(connection, tables, server)
    if version is not None and version not in {each.revision for each in scripts.walk_revisions()}:
        ours = metadata.tables.keys() & tables
        raise StoreError("store-newer" if ours else "store-tables-taken", path=server)
    if version != scripts.get_current_head():
        upgrade(connection, "head")
    _check_parts(connection, server)


def _version(connection: Connection, tables: set[str], server: str) -> str | None:
    if VERSION not in tables:
        if metadata.tables.keys() & tables:
            raise StoreError("store-tables-taken", path=server)
        return None
    version = connection.scalar(text(f"SELECT version_num FROM {VERSION}"))  # noqa: S608
    if version is None:
        raise DamagedFileError("store-schema", path=server, part=VERSION)
    return str(version)


def _check_parts(connection: Connection, server: str) -> None:
    """Checks that every column, index and trigger of the newest version is there."""
    wanted = {f"trigger {name}" for name in POSTGRES_FUNCTIONS}
    for table in metadata.tables.values():
        wanted |= {f"column {table.name}.{column.name}" for column in table.columns}
        wanted |= {f"index {index.name}" for index in table.indexes}
    missing = sorted(wanted - set(connection.scalars(text(PARTS))))
    functions = {row.proname: row.prosrc for row in connection.execute(text(FUNCTIONS))}
    missing += [
        f"function {name}"
        for name, source in POSTGRES_FUNCTIONS.items()
        if functions.get(name) != source
    ]
    if missing:
        raise DamagedFileError("store-schema", path=server, part=missing[0])
    names = {"names": list(metadata.tables)}
    if connection.scalar(text(FORBIDDEN), names) is not None:
        raise StoreError("store-forbidden", path=server)
