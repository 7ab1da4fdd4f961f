"""Linked verse (联句): a poem that several members write in turns. No Discord and no SQL in here.

`Table` is one game as a value: what members do returns the next one.
"""

from .table import (
    FORMS,
    IDLE_S,
    KEPT_S,
    MAX_LINES,
    MAX_PLAYERS,
    MINUTES,
    By,
    FormName,
    Line,
    Order,
    State,
    Table,
    open_table,
)

__all__ = [
    "FORMS",
    "IDLE_S",
    "KEPT_S",
    "MAX_LINES",
    "MAX_PLAYERS",
    "MINUTES",
    "By",
    "FormName",
    "Line",
    "Order",
    "State",
    "Table",
    "open_table",
]
