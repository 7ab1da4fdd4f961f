"""Text that Discord shows as it was written."""

__all__ = ["literal"]

# With these escaped, no emphasis, code, spoiler, quote, heading, mention, emoji or link remains.
SPECIAL = frozenset("\\*_~`|<>[]#@/")


def literal(text: str, limit: int) -> str:
    """Escapes Discord's markdown and cuts the result, with an ellipsis, to `limit` characters."""
    pieces = [f"\\{character}" if character in SPECIAL else character for character in text]
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
