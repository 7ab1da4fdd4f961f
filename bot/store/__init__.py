"""What is kept: favorites, guild settings and recent prompts, in one SQLite file."""

from .errors import StoreBusyError, StoreError
from .records import Couplet, Favorite, Forgotten, LovedCouplet, LovedMember, Page
from .store import Store, open_store

__all__ = [
    "Couplet",
    "Favorite",
    "Forgotten",
    "LovedCouplet",
    "LovedMember",
    "Page",
    "Store",
    "StoreBusyError",
    "StoreError",
    "open_store",
]
