"""The stored data: favorites, guild settings and recent lines, in one SQLite file."""

from .errors import StoreBusyError, StoreError
from .favorites import Favorite, Page, Verse
from .leaderboard import RankedMember, RankedVerse
from .store import DeletedData, Store, open_store

__all__ = [
    "DeletedData",
    "Favorite",
    "Page",
    "RankedMember",
    "RankedVerse",
    "Store",
    "StoreBusyError",
    "StoreError",
    "Verse",
    "open_store",
]
