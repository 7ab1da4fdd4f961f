"""What the definitions of all tables share."""

from collections.abc import Iterable

from sqlalchemy import BigInteger, CheckConstraint, Integer, MetaData, Text

from ..guild_settings import Bounds

__all__ = ["Long", "Words", "between", "metadata", "one_of"]

metadata = MetaData()

# SQLite's integers have 64 bits in any case; there a primary key must be called INTEGER.
Long = Integer().with_variant(BigInteger(), "postgresql")
# Text in the order of its code points, as SQLite has it, whatever language a server is set up for.
Words = Text().with_variant(Text(collation="C"), "postgresql")


def between(name: str, bounds: Bounds[int]) -> CheckConstraint:
    """Returns the constraint that a column has no other numbers."""
    return CheckConstraint(f"{name} BETWEEN {bounds.low} AND {bounds.high}", f"{name}_in_bounds")


def one_of(name: str, choices: Iterable[str]) -> CheckConstraint:
    """Returns the constraint that a column has no other texts."""
    return CheckConstraint(f"{name} IN ({', '.join(map(repr, choices))})", f"{name}_known")
