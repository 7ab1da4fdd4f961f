"""Parts of statements that SQLite and PostgreSQL write differently."""

from typing import Any, TypeVar

from sqlalchemy import Boolean, ColumnElement, Table, case
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

__all__ = ["contains", "insert", "later"]

T = TypeVar("T")


class contains(FunctionElement[bool]):  # noqa: N801 -- used as `func.lower` is
    """Whether a text contains another; both are compared as they are."""

    name = "contains"
    type = Boolean()
    inherit_cache = True


@compiles(contains, "sqlite")
def _sqlite_contains(element: contains, compiler: SQLCompiler, **options: Any) -> str:
    return f"(instr({compiler.process(element.clauses, **options)}) > 0)"


@compiles(contains, "postgresql")
def _postgresql_contains(element: contains, compiler: SQLCompiler, **options: Any) -> str:
    return f"(strpos({compiler.process(element.clauses, **options)}) > 0)"


def insert(connection: AsyncConnection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Returns an insertion with `ON CONFLICT`, as the connection's database writes it."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def later(one: ColumnElement[T], other: ColumnElement[T]) -> ColumnElement[T]:
    """Returns the greater of two values."""
    return case((one > other, one), else_=other)
