"""Cleaning: from the poems as published to lines of simplified Han characters.

A poem is a tuple of lines, a line a string of Han characters (or, for a text of one's own, a
tuple of tokens).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache

from lianju.bot.verse.text.vocabulary import SPACE, is_han

# □ and its kin, private-use characters, ideographic description characters, the replacement mark.
_MISSING_GLYPH = re.compile("[□○●◯■〇�⿰-⿿\ue000-\uf8ff\U000f0000-\U0010fffd]")
# {艹/糓} spells a glyph that no font has by its parts.
_SPELT_GLYPH = re.compile(r"\{[^{}]*\}")

# Notes stand in round brackets, at times nested; innermost first. NFKC has made them ASCII.
_NOTE = re.compile(r"\([^()]*\)|〖[^〖〗]*〗")
# [] marks an editor's reading, 《》〈〉 a title, 「」『』 speech: the characters inside belong.
_MARKS = re.compile("[\\[\\]《》〈〉「」『』“”‘’\"'·]")
_LINE_BREAK = re.compile(r"[,。、;:?!.…—\-|\s]+")

FORMS = {(4, 5): "五绝", (4, 7): "七绝", (8, 5): "五律", (8, 7): "七律"}


class Rejected(Exception):  # noqa: N818 - a verdict on one poem, not a failure
    """Raised by `clean` with the reason why a poem is left out."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def clean(text: str, simplify: Callable[[str], str]) -> tuple[str, ...]:
    """Turns the text of one poem into lines of simplified Han characters.

    Args:
        text: the poem as published, with its punctuation.
        simplify: converts traditional characters to simplified ones.

    Raises:
        Rejected: the poem has missing glyphs, notes or markup that cannot be taken out cleanly,
            or too little text.
    """
    text = unicodedata.normalize("NFKC", text)
    if _SPELT_GLYPH.search(text):
        raise Rejected("missing glyphs")
    while (shorter := _NOTE.sub("", text)) != text:
        text = shorter
    if _MISSING_GLYPH.search(text):
        raise Rejected("missing glyphs")
    if re.search(r"[()〖〗]", text):
        raise Rejected("notes")
    text = _MARKS.sub("", text)
    lines = tuple(line for line in _LINE_BREAK.split(simplify(text)) if line)
    if not all(is_han(character) for line in lines for character in line):
        raise Rejected("markup")
    if len(lines) < 2 or sum(map(len, lines)) < 10:
        raise Rejected("too short")
    return lines


def form(lines: tuple[str, ...] | list[str]) -> str:
    """Returns 五绝, 七绝, 五律, 七律 or other, by the number and the lengths of the lines."""
    lengths = {len(line) for line in lines}
    return FORMS.get((len(lines), lengths.pop()), "other") if len(lengths) == 1 else "other"


@cache
def simplifier() -> Callable[[str], str]:
    """Returns OpenCC's conversion from traditional to simplified characters."""
    import opencc

    convert: Callable[[str], str] = opencc.OpenCC("t2s").convert
    return convert


def tokenise(line: str, words: bool) -> list[str]:
    """Splits one line of a text of one's own into tokens.

    Characters are the tokens unless `words`; a space between characters becomes `SPACE`.
    """
    line = unicodedata.normalize("NFKC", line).strip()
    if words:
        return line.split()
    return [SPACE if character.isspace() else character for character in line]


def has_words(lines: Iterator[str]) -> bool:
    """Guesses whether lines are made of space-separated tokens: most of them have a space."""
    spaced = total = 0
    for line in lines:
        total += 1
        spaced += " " in line.strip()
    return spaced * 2 > total
