"""Characters that would not be seen, or would change how a terminal shows others."""

import re

__all__ = ["printable"]

# Control characters, line separators, lone surrogates, and what sets the direction of text.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    """Returns the text with `\ufffd` in place of control characters and the like."""
    return _UNPRINTABLE.sub("\ufffd", text)
