"""Text that Discord shows as it was written."""

import re

__all__ = ["escape", "literal", "unescape"]

# With these escaped, no emphasis, code, spoiler, quote, heading, mention, emoji or link remains.
SPECIAL = frozenset("\\*_~`|<>[]#@/")


def escape(text: str) -> str:
    """Escapes Discord's markdown."""
    return "".join(_pieces(text))


def unescape(text: str) -> str:
    """What `escape` was given, whatever it was."""
    return re.sub(r"\\(.)", r"\1", text)


def literal(text: str, limit: int) -> str:
    """Escapes Discord's markdown and cuts the result, with an ellipsis, to `limit` characters."""
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
