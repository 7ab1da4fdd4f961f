"""The stored data: favorites, guild settings and recent lines."""

from .errors import StoreBusyError, StoreError
from .store import DeletedData, Store, name_of, open_store

__all__ = [
    "DeletedData",
    "Store",
    "StoreBusyError",
    "StoreError",
    "name_of",
    "open_store",
]
