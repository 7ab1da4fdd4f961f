"""Characters that would not be seen, or would change how a terminal shows others."""

import re
import unicodedata

__all__ = ["describe", "printable"]

# Control characters, line separators, lone surrogates, and what sets the direction of text.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    """Returns the text with `\ufffd` in place of control characters and the like."""
    return _UNPRINTABLE.sub("\ufffd", text)


# Letters and symbols without a glyph: fillers of Hangul, and an empty pattern of Braille.
_INVISIBLE = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def describe(token: str) -> str:
    """Returns a token with characters that would not be seen alone by their code points."""
    return "".join(f"U+{ord(c):04X}" if _is_odd(c) else c for c in token)


def _is_odd(character: str) -> bool:
    # Marks combine with the character before; Z are spaces, C control and unassigned characters.
    return character in _INVISIBLE or unicodedata.category(character)[0] in "MZC"
