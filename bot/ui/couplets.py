"""A couplet or a poem in a list."""

from ..store import Verse
from ..verse.text.vocabulary import is_han
from .markdown import literal

__all__ = ["plain", "shown"]


def plain(couplet: Verse) -> str:
    """The verse on one line, for places that know no markdown."""
    return "".join(_rows(couplet))


def shown(couplet: Verse, limit: int) -> str:
    """The verse for the text of a message, two lines a row, cut to `limit` characters."""
    return literal("\n".join(_rows(couplet)), limit)


def _rows(couplet: Verse) -> list[str]:
    """Two lines a row; poems, of which only Chinese ones are written, have full stops."""
    lines = couplet.lines
    if len(lines) == 2:
        pause = "，" if any(map(is_han, couplet.line)) else " / "
        return [pause.join(lines)]
    return ["，".join(lines[place : place + 2]) + "。" for place in range(0, len(lines), 2)]
