"""Parts of statements: those that SQLite and PostgreSQL write differently, and pages of lists."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Boolean, ColumnElement, Row, Select, Table, bindparam, case, select, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from .postgres import Processes

__all__ = ["Columns", "contains", "insert", "later", "of_shards", "split_total", "with_total"]

T = TypeVar("T")

Columns = Any
"""The columns of a table or query, or several columns; SQLAlchemy does not know their types."""


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


def insert(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Returns an insertion with `ON CONFLICT`, as the database of a dialect writes it."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def later(one: ColumnElement[T], other: ColumnElement[T]) -> ColumnElement[T]:
    """Returns the greater of two values."""
    return case((one > other, one), else_=other)


def of_shards(
    statement: Select[Any], processes: Processes | None, guild_id: ColumnElement[int]
) -> tuple[Select[Any], dict[str, Any]]:
    """Returns a query for what is of the shards that this process has claimed.

    Args:
        statement: The query.
        processes: What several processes agree on; None where the database serves one.
        guild_id: The column that says which server a row is of; 0 is outside of servers.

    Returns:
        The query, and its further parameters.
    """
    shards, count = processes.claimed if processes is not None else (None, None)
    if shards is None:
        return statement, {}
    # https://discord.com/developers/docs/events/gateway#sharding
    own = (guild_id // 2**22 % bindparam("count")).in_(bindparam("shards", expanding=True))
    return statement.where(own), {"shards": list(shards), "count": count}


def with_total(
    page: Select[Any], total: Select[Any], order: Callable[[Columns], Columns]
) -> Select[Any]:
    """Returns a query for a page of a list and for how long the list is.

    Both are of one moment, which two queries would need a transaction for.

    Args:
        page: Selects the rows of the page.
        total: Selects how many rows there are.
        order: Takes the columns of the page and returns those that order it.
    """
    rows, count = page.subquery(), total.subquery()
    everything = count.outerjoin(rows, true())  # a page beyond the end has a total as well
    return select(count, rows).select_from(everything).order_by(*order(rows.c))


def split_total(found: Iterable[Row[Any]]) -> tuple[list[Sequence[Any]], int]:
    """Returns the rows and the total of a query by `with_total`."""
    rows = [tuple(row) for row in found]
    return [row for _, *row in rows if row[0] is not None], rows[0][0]
