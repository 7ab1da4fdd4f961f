"""The title and the poet that are pasted along with a poem."""

import re
from collections.abc import Iterator, Sequence

from ..prosody.forms import LENGTHS
from ..text.prompt import split_verse
from .mending import LINES

__all__ = ["split_heading"]

MOST = 3  # parts of a heading: such as title, number of a series, poet
LONGEST = 40  # characters of a part
FORMS = (4, 8)  # lines of a poem that is more likely than two parts of a heading and a shorter one

# What ends a line of verse: no part of a heading has it.
_ENDS = ",.!?;\uff0c\u3002\uff01\uff1f\uff1b\u3001\u2026"
_PART = rf"[^\n{_ENDS}]"
_TITLE = re.compile(rf"{_PART}*?《[^《》\n]+》[ \t\u3000]*[:\uff1a—-]*\s*")
_WHOLE_LINE = re.compile(rf"{_PART}+\n\s*")
_WORD = re.compile(rf"[^\s{_ENDS}]+[ \t\u3000]+")
_ENDS_OF_HEADING = ":\uff1a—-"
_MARKS = re.compile(r"[《》〈〉·・•:\uff1a()\uff08\uff09\[\]〔〕【】]")


def split_heading(text: str) -> tuple[str, str]:
    """Splits a text into the heading that it may begin with, and the poem.

    A title in 《》 is one, and so are lines before a whole poem, without punctuation, of which the
    last is of another length or has a mark of headings, as in 唐·王之涣.

    Returns:
        The heading, empty if there is none, and the rest.

    Raises:
        PromptError: The text has lone surrogates.
    """
    lines = split_verse(text)
    if _length_of(lines):
        return "", text
    certain = "", text
    for parts, rest in _headings(text.lstrip()):
        verse = split_verse(rest)
        length = _length_of(verse)
        if length and _is_heading(parts, length, len(verse)):
            return _joined(parts), rest
        # Of a faulty poem only the number of lines tells a poet from a line.
        is_before_all = len(parts) == 1 or len(split_verse(certain[1])) % 2
        if verse and "》" in parts[0] and parts[-1].endswith("\n") and is_before_all:
            certain = _joined(parts), rest
    return certain


def _headings(text: str, before: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yields each possible heading, as its parts with the spaces after them, and what follows."""
    for kind in (_TITLE, _WORD, _WHOLE_LINE) if before else (_TITLE, _WHOLE_LINE):
        found = kind.match(text)
        if found is not None and len(found[0].strip()) <= LONGEST:
            parts, rest = (*before, found[0]), text[found.end() :]
            yield parts, rest
            if len(parts) < MOST:
                yield from _headings(rest, parts)


def _is_heading(parts: Sequence[str], length: int, lines: int) -> bool:
    """Returns whether parts before so many lines of a length are clearly none of the poem's."""
    words = [part.split() for part in parts]
    marked = [bool(_MARKS.search(part)) for part in parts]
    if any(
        not mark and len(own) > 1 and any(len(word) == length for word in own)
        for own, mark in zip(words, marked, strict=True)
    ):
        return False  # lines of verse with a space between
    is_other = sum(map(len, words[-1])) != length
    if not (marked[-1] or is_other):
        return False
    return len(parts) == 1 or any(marked) or (lines >= FORMS[0] and lines + len(parts) not in FORMS)


def _length_of(verse: Sequence[Sequence[str]]) -> int:
    """Returns the characters of each line of a whole poem; 0 if it is none."""
    lengths = {len(line) for line in verse}
    is_whole = len(lengths) == 1 and lengths <= {*LENGTHS} and not len(verse) % 2
    return lengths.pop() if is_whole and len(verse) <= LINES.high else 0


def _joined(parts: Sequence[str]) -> str:
    return " ".join("".join(parts).split()).rstrip(_ENDS_OF_HEADING)
