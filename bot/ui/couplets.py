"""A couplet on one line of a list."""

from ..store import Couplet
from ..verse.han import is_han
from .markdown import literal

__all__ = ["plain", "shown"]


def plain(couplet: Couplet) -> str:
    """The couplet for places that know no markdown."""
    pause = "，" if any(map(is_han, couplet.line)) else " / "
    return couplet.line + pause + couplet.answer


def shown(couplet: Couplet, limit: int) -> str:
    """The couplet for the text of a message, cut to `limit` characters."""
    return literal(plain(couplet), limit)
