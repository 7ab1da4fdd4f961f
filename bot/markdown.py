"""Escaping and removal of Discord's markdown."""

import re

__all__ = ["SMALL", "escape", "literal", "remove_markdown", "small", "unescape"]

SMALL = "-# "
"""What a line in small type begins with."""

# Covers emphasis, code, spoilers, quotes, headings, mentions, emoji and links.
SPECIAL = frozenset("\\*_~`|<>[]#@/")

# Each repetition stops at what its own pattern begins with, so that the whole takes linear time.
MARKUP = re.compile(
    r"""
    \[(?P<label>[^][\n]*)\]\([^()\s]*\)              # a link, of which the label is shown
    | ^[ ]*(?: >(?:>>)? | -?\#{1,3} | [-*+] )[ ]      # quotes, headings and lists
    | [\\*_~`|]
    """,
    re.MULTILINE | re.VERBOSE,
)


def escape(text: str) -> str:
    """Escapes markdown."""
    return "".join(_pieces(text))


def unescape(text: str) -> str:
    """Reverses `escape`."""
    return re.sub(r"\\(.)", r"\1", text)


def small(line: str) -> str:
    """Returns a line of markdown in small type."""
    return SMALL + line


def remove_markdown(text: str) -> str:
    """Returns the text as Discord shows it.

    `discord.utils.remove_markdown` takes seconds for some messages of 4,000 characters.
    """
    return MARKUP.sub(lambda match: match["label"] or "", text)


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
