"""Cleans published poems to lines of simplified characters, and splits other texts to tokens."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import cache

from lianju.bot.verse.text.vocabulary import SPACE, is_han

# □ and the like, private-use characters, ideographic description characters, U+FFFD, and halves of
# surrogate pairs.
_MISSING_GLYPH = re.compile("[□○●◯■〇�⿰-⿿\ud800-\udfff\ue000-\uf8ff\U000f0000-\U0010fffd]")
# {艹/糓} describes a glyph without a code point by its parts.
_DESCRIBED_GLYPH = re.compile(r"\{[^{}]*\}")

# Notes in parentheses, sometimes nested, so the innermost go first. NFKC has made them ASCII.
_NOTE = re.compile(r"\([^()]*\)|〖[^〖〗]*〗")
_MAX_NESTED = 16  # each takes a pass over the text; deeper notes are not removed
# [] marks an editor's reading, 《》〈〉 a title, 「」『』 speech: the characters inside are kept.
_MARKS = re.compile("[\\[\\]《》〈〉「」『』“”‘’\"'·]")
_LINE_BREAK = re.compile(r"[,。、;:?!.…—\-|\s]+")

FORMS = {(4, 5): "五绝", (4, 7): "七绝", (8, 5): "五律", (8, 7): "七律"}


class PoemError(Exception):
    """A poem cannot be used; the message is one of a few reasons, for the report."""


def clean(text: str, simplify: Callable[[str], str]) -> tuple[str, ...]:
    """Turns the text of one poem into lines of simplified Han characters.

    Args:
        text: The poem as published, with its punctuation.
        simplify: Converts traditional characters to simplified ones.

    Raises:
        PoemError: The poem has missing glyphs, notes or markup that cannot be removed, or too
            little text.
    """
    text = unicodedata.normalize("NFKC", text)
    if _DESCRIBED_GLYPH.search(text):
        raise PoemError("missing glyphs")
    for _ in range(_MAX_NESTED):
        text = _NOTE.sub("", text)
    if _MISSING_GLYPH.search(text):
        raise PoemError("missing glyphs")
    if re.search(r"[()〖〗]", text):
        raise PoemError("notes")
    text = _MARKS.sub("", text)
    lines = tuple(line for line in _LINE_BREAK.split(simplify(text)) if line)
    if not all(is_han(character) for line in lines for character in line):
        raise PoemError("markup")
    if len(lines) < 2 or sum(map(len, lines)) < 10:
        raise PoemError("too short")
    return lines


def form(lines: Sequence[Sequence[str]]) -> str:
    """Returns 五绝, 七绝, 五律, 七律 or other, by the number and length of the lines."""
    lengths = {len(line) for line in lines}
    return FORMS.get((len(lines), lengths.pop()), "other") if len(lengths) == 1 else "other"


@cache
def simplifier() -> Callable[[str], str]:
    """Returns OpenCC's conversion from traditional to simplified characters."""
    import opencc

    convert: Callable[[str], str] = opencc.OpenCC("t2s").convert
    return convert


def tokenize(line: str, words: bool) -> list[str]:
    """Splits a line into words or into characters, where a space becomes `SPACE`."""
    line = unicodedata.normalize("NFKC", line).strip()
    if words:
        return line.split()
    return [SPACE if character.isspace() else character for character in line]


def has_words(lines: Iterator[str]) -> bool:
    """Guesses whether the tokens of a text are words: most lines have a space."""
    spaced = total = 0
    for line in lines:
        total += 1
        spaced += " " in line.strip()
    return spaced * 2 > total
