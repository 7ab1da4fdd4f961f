"""What a member has written as a line: read, or refused with a sentence."""

import unicodedata

from ..characters import describe
from ..errors import LianjuError
from ..verse.search.blocklist import offensive_words
from ..verse.text.prompt import simplify_line
from ..verse.text.vocabulary import is_han

__all__ = ["LineError", "read_line"]

MAX_TYPED = 100  # characters; a line of seven with punctuation is shorter
MAX_NAMED = 3  # characters that do not belong in a line
MARKUP = frozenset("@#*&%\\/_")  # punctuation to Unicode, but no part of verse


class LineError(LianjuError):
    """What was written is no line of this poem."""


def read_line(text: str, length: int) -> str:
    """Returns the line that a member has written, in the member's own script.

    Punctuation and spaces are left out. Anything else but Chinese characters is refused, such as
    emoji, mentions and letters.

    Args:
        text: What was written.
        length: Characters of a line.

    Raises:
        LineError: It is no line of that length, or has a word of the blocklist.
    """
    if len(text) > MAX_TYPED:
        raise LineError("linked-line-length", size=len(text), length=length)
    kept = [each for each in unicodedata.normalize("NFKC", text) if not _is_left_out(each)]
    if others := [each for each in dict.fromkeys(kept) if not is_han(each)]:
        named = " ".join(map(describe, others[:MAX_NAMED]))
        raise LineError("linked-line-characters", named=named)
    if not kept:
        raise LineError("linked-line-empty", length=length)
    if len(kept) != length:
        raise LineError("linked-line-length", size=len(kept), length=length)
    line = "".join(kept)
    if any(word in simplify_line(line) for word in offensive_words()):
        raise LineError("linked-line-blocked")
    return line


def _is_left_out(character: str) -> bool:
    category = unicodedata.category(character)
    return category in ("Cc", "Cf", "Mn", "Zs", "Zl", "Zp") or (
        category[0] == "P" and character not in MARKUP
    )
