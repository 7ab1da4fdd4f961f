"""Reads the poem that a member has written."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from ...characters import describe
from ..errors import PromptError
from ..prosody.forms import LENGTHS
from ..prosody.readings import CharacterReadings
from ..text.prompt import is_traditional, read_variants, simplify_line, split_verse
from ..text.vocabulary import is_han
from .heading import count_poems, read_pasted
from .mending import LINES

__all__ = ["MAX_WRITTEN", "WrittenPoem", "read_poem"]

MAX_WRITTEN = 1000  # characters: 24 lines of seven with punctuation, titles and spaces
NAMED = 8  # characters or words, at most, in a message about them
LONGEST = 20  # characters of such a word


@dataclass(frozen=True)
class WrittenPoem:
    """A poem as it was written, and as it is read.

    Attributes:
        written: Each line as the member wrote it.
        lines: Each line in simplified characters, with variants read as these; as long.
        length: Characters of most lines, 5 or 7.
        traditional: Whether it is written in traditional characters.
        heading: The title and the poet that were written beside it; empty if there are none.
        note: Notes that were written after it; empty if there are none.
    """

    written: tuple[str, ...]
    lines: tuple[str, ...]
    length: int
    traditional: bool
    heading: str = ""
    note: str = ""


def read_poem(text: str, readings: CharacterReadings) -> WrittenPoem:
    """Reads a poem, whose lines punctuation, spaces or line breaks separate.

    What was pasted along with it is set apart, see `read_pasted`.

    Args:
        text: What the member wrote.
        readings: Tones and rhymes of the characters that are known.

    Raises:
        PromptError: It is several poems, or none that has a tonal pattern: its number of lines is
            odd or too large, few lines have five or seven characters, not all is in Chinese
            characters, or most of it has no reading here.
    """
    if len(text) > MAX_WRITTEN:
        raise PromptError("clinic-long", size=len(text), most=MAX_WRITTEN)
    if (poems := count_poems(text)) > 1:
        raise PromptError("poems-several", poems=poems)
    pasted = read_pasted(text)
    written = tuple(map("".join, split_verse(pasted.verse)))
    if not written:
        raise PromptError("clinic-empty")
    others = dict.fromkeys(word for line in written for word in _other_words(line))
    if others:
        raise PromptError("clinic-characters", **_named(others))
    sizes = Counter(map(len, written))
    if len(written) == 1 or len(written) % 2 or len(written) > LINES.high:
        raise PromptError("clinic-lines", lines=len(written), most=LINES.high)
    length = max(LENGTHS, key=lambda each: sizes[each])
    if 2 * sizes[length] < len(written):
        raise PromptError("clinic-sizes", sizes=", ".join(str(len(line)) for line in written))
    simplified = tuple(map(simplify_line, written))
    lines = tuple("".join(read_variants(line, readings.__contains__)) for line in simplified)
    unread = Counter(
        own
        for line, original in zip(lines, written, strict=True)
        for each, own in zip(line, original, strict=True)
        if each not in readings
    )
    if 2 * unread.total() > sum(map(len, lines)):
        raise PromptError("prompt-unknown", **_named(unread))
    traditional = is_traditional(written)
    return WrittenPoem(written, lines, length, traditional, pasted.heading, pasted.note)


def _other_words(line: str) -> Iterator[str]:
    """Yields what is not Chinese in a line, as words."""
    for chinese, group in groupby(line, is_han):
        word = "".join(group)
        if not chinese:
            yield word if len(word) <= LONGEST else f"{word[: LONGEST - 1]}…"


def _named(characters: Iterable[str]) -> dict[str, Any]:
    """Returns the facts of a message about characters."""
    named = [describe(each) for each in characters]
    return {"named": " ".join(named[:NAMED]), "more": max(len(named) - NAMED, 0)}
