"""Texts of `/remove-verse`."""

from ..i18n import Localizer
from ..verses import BoardVerse
from .verse import write_list_item

__all__ = ["removal_text"]

MAX_VERSE = 1000  # characters


def removal_text(localizer: Localizer, removed: BoardVerse) -> str:
    """Returns what was removed, and what remains of it."""
    verse = write_list_item(removed.verse, MAX_VERSE)
    return localizer.format("moderation-removed", verse=verse, count=removed.hearts)
