"""The stored data: favorites, guild settings and recent lines, in one SQLite file."""

from .errors import StoreBusyError, StoreError
from .store import DeletedData, Store, open_store

__all__ = [
    "DeletedData",
    "Store",
    "StoreBusyError",
    "StoreError",
    "open_store",
]
