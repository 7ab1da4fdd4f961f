"""Escaping of Discord's markdown."""

import re

__all__ = ["escape", "literal", "unescape"]

# Covers emphasis, code, spoilers, quotes, headings, mentions, emoji and links.
SPECIAL = frozenset("\\*_~`|<>[]#@/")


def escape(text: str) -> str:
    """Escapes markdown."""
    return "".join(_pieces(text))


def unescape(text: str) -> str:
    """Reverses `escape`."""
    return re.sub(r"\\(.)", r"\1", text)


def literal(text: str, limit: int) -> str:
    """Escapes markdown and truncates the result, with an ellipsis, to `limit` characters."""
    pieces = _pieces(text)
    if sum(map(len, pieces)) <= limit:
        return "".join(pieces)
    room = limit - len("…")
    kept = []
    for piece in pieces:
        room -= len(piece)
        if room < 0:
            break
        kept.append(piece)
    return "".join(kept) + "…"


def _pieces(text: str) -> list[str]:
    return [f"\\{character}" if character in SPECIAL else character for character in text]
