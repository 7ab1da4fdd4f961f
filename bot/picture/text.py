"""Text as the cells of a column."""

import math
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from .glyphs import GETA

__all__ = ["Cell", "cells", "characters", "clean", "is_wide", "split_evenly"]

SPACE_EM = 0.4
JOINER = "\u200d"
# What belongs to the character before: marks, variation selectors, skin tones.
_JOINED = re.compile("[\ufe00-\ufe0f\U000e0020-\U000e01ef\U0001f3fb-\U0001f3ff]")
VERTICAL = str.maketrans(
    "，、。：；！？…—（）《》〈〉「」『』【】", "︐︑︒︓︔︕︖︙︱︵︶︽︾︿﹀﹁﹂﹃﹄︻︼"
)
PUNCTUATION = frozenset("，、。：；！？…」』）》〉】︐︑︒︓︔︕︖︙﹂﹄︶︾﹀︼,.;:!?")


@dataclass(frozen=True)
class Cell:
    """What stands in one place of a column.

    Attributes:
        text: A character, or a word of letters.
        advance: How far the column goes on, in em.
        turned: Whether it lies on its side, as letters do.
    """

    text: str
    advance: float = 1.0
    turned: bool = False


def clean(text: str) -> str:
    """Returns a text without what cannot be drawn: control characters, runs of spaces."""
    text = unicodedata.normalize("NFC", text)
    kept = (" " if character.isspace() else character for character in text)
    visible = "".join(c for c in kept if c == JOINER or unicodedata.category(c) not in ("Cc", "Cf"))
    return " ".join(re.sub("[\ud800-\udfff]", "\ufffd", visible).split())


def characters(text: str) -> list[str]:
    """Returns the characters as readers count them: an emoji of several code points is one."""
    found: list[str] = []
    for character in text:
        joined = bool(found) and (
            character == JOINER
            or found[-1].endswith(JOINER)
            or _JOINED.match(character) is not None
            or unicodedata.combining(character) != 0
        )
        if joined:
            found[-1] += character
        else:
            found.append(character)
    return found


def is_wide(character: str) -> bool:
    """Returns whether a character is upright in a column, such as Chinese ones."""
    return unicodedata.east_asian_width(character[0]) in ("W", "F") or character == GETA


def cells(text: str, glyph_for: Callable[[str], str], width: Callable[[str], float]) -> list[Cell]:
    """Returns the cells of a text in a column.

    Args:
        text: The text.
        glyph_for: What stands in a picture for a character.
        width: How wide a text is, in em.
    """
    return list(_cells(text, glyph_for, width))


def _cells(
    text: str, glyph_for: Callable[[str], str], width: Callable[[str], float]
) -> Iterator[Cell]:
    word = ""
    for character in [*characters(text), ""]:
        shown = glyph_for(character) if character.strip() else character
        if shown and shown != " " and not is_wide(shown.translate(VERTICAL)):
            word += shown
            continue
        if word:
            yield Cell(word, width(word), turned=True)
            word = ""
        if shown == " ":
            yield Cell("", SPACE_EM)
        elif shown:
            yield Cell(shown.translate(VERTICAL))


def split_evenly(column: list[Cell], pieces: int) -> list[list[Cell]]:
    """Splits a long line into pieces of similar length, after punctuation where there is any.

    No piece begins with punctuation.

    Args:
        column: The cells of the line.
        pieces: How many.
    """
    if pieces <= 1:
        return [column]
    total = len(column)
    wanted = total / pieces
    # By where a piece ends: the cost of the pieces up to there, and where these end. Costs are
    # whole numbers, so that of equal ones the first pieces are the longest.
    best: dict[int, tuple[int, list[int]]] = {0: (0, [0])}
    for number in range(1, pieces + 1):
        longer: dict[int, tuple[int, list[int]]] = {}
        middle, reach = number * wanted, math.ceil(wanted / 2)
        ends = range(max(1, math.floor(middle) - reach), min(total - 1, math.ceil(middle) + reach))
        for end in (total,) if number == pieces else ends:
            if end < total and column[end].text in PUNCTUATION:
                continue
            whole = end == total or column[end - 1].text in PUNCTUATION
            broken = 0 if whole else total * pieces
            costs = [
                (cost + 2 * ((end - start) * pieces - total) ** 2 + broken, [*cuts, end])
                for start, (cost, cuts) in best.items()
                if start < end
            ]
            if costs:
                longer[end] = min(costs, key=lambda each: (each[0], [-cut for cut in each[1]]))
        best = longer
    if total not in best:  # nothing but punctuation
        return [column]
    cuts = best[total][1]
    return [column[start:end] for start, end in pairwise(cuts)]
