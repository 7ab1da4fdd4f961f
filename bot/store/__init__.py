"""The stored data: favorites, guild settings, recent lines, linked verse, guesses."""

from .errors import StoreBusyError, StoreError
from .linked import ShownTable
from .store import DeletedData, Store, name_of, open_store

__all__ = [
    "DeletedData",
    "ShownTable",
    "Store",
    "StoreBusyError",
    "StoreError",
    "name_of",
    "open_store",
]
