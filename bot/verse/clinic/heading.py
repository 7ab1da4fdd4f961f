"""The title, the poet and the notes that are pasted along with a poem."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from ..prosody.forms import LENGTHS
from ..text.prompt import split_verse
from .credits import HAN, Credits, read_heading, read_signature
from .mending import LINES

__all__ = ["PastedPoem", "count_poems", "is_title", "read_pasted", "split_heading"]

MOST = 3  # parts of a heading: such as title, number of a series, poet
LONGEST = 40  # characters of a part
FORMS = (4, 8)  # lines of a poem that is more likely than two parts of a heading and a shorter one

# What ends a line of verse: no part of a heading has it.
_ENDS = ",.!?;\uff0c\u3002\uff01\uff1f\uff1b\u3001\u2026"
_NOT_IN_HEADINGS = rf"{_ENDS}<>"  # Discord's mentions and emoji are between < and >
_PART = rf"[^\n{_NOT_IN_HEADINGS}]"
_TITLE = re.compile(rf"{_PART}*?《[^《》\n]+》[ \t\u3000]*[:\uff1a—-]*\s*")
_WHOLE_LINE = re.compile(rf"{_PART}+\n\s*")
_LABEL = re.compile(rf"[^\n:\uff1a{_NOT_IN_HEADINGS}]+[:\uff1a]\s*")
_WORD = re.compile(rf"[^\s{_NOT_IN_HEADINGS}]+[ \t\u3000]+")
_ENDS_OF_HEADING = ":\uff1a—-"
_MARKS = re.compile(r"[《》〈〉·・•:\uff1a()\uff08\uff09\[\]〔〕【】]")
# A first row that is a heading by its form alone: names may have 、 between them.
_NAMES = r"(?:[^\n。.!?！？;；…]*[^\n,，、。.!?！？;；…:：])?"
_TITLE_ROW = re.compile(rf"[ \t\u3000]*《[^《》\n]*》{_NAMES}[ \t\u3000]*")
_EMPTY_ROWS = re.compile(r"\n[ \t\u3000]*\n\s*")

_NOTE_NAMES = "注|注释|注解|原注|自注|附注|译文|赏析|備註|备注|註|註釋|註解|自註|附註|譯文|賞析"
_NOTE = re.compile(
    rf"(?:\n|(?<=[。！？!?]))\s*(?:[【\[（(〔](?:{_NOTE_NAMES})[】\]）)〕]"
    rf"|(?:{_NOTE_NAMES})[ \t\u3000]*(?=[:\uff1a])).*",
    re.DOTALL,
)
_DASHED = re.compile(
    rf"(?:\n|(?<=[{_ENDS}]))[ \t\u3000]*[—–―─-]{{1,9}}[ \t\u3000]*({_PART}{{1,{LONGEST}}})$"
)
_SOME = rf"{_PART}{{0,{LONGEST}}}"
_NAMED = re.compile(rf"\n[ \t\u3000]*({_SOME}《[^《》\n]{{1,{LONGEST}}}》{_SOME})$")
_LAST_ROW = re.compile(
    rf"(?:\n|(?<=[。！？!?]))[ \t\u3000]*([(（〔\[【]{HAN}{{2,4}}[)）〕\]】]"
    rf"|[(（〔\[【]?{HAN}{{1,2}}[)）〕\]】·・•][ \t\u3000]*{HAN}{{2,4}}"
    rf"|{HAN}{{2,4}})$"
)


@dataclass(frozen=True)
class PastedPoem:
    """A poem, and what was pasted along with it.

    Attributes:
        verse: The poem.
        before: The heading before it; empty if there is none.
        after: The signature after it; empty if there is none.
        note: Notes that follow; empty if there are none.
    """

    verse: str
    before: str = ""
    after: str = ""
    note: str = ""

    @property
    def heading(self) -> str:
        """The heading and the signature."""
        return " ".join(filter(None, (self.before, self.after)))

    @property
    def text(self) -> str:
        """The verse with its notes, as far as nothing else is set apart."""
        return f"{self.verse.rstrip()}\n{self.note}" if self.note else self.verse

    @cached_property
    def credits(self) -> Credits:
        """The title, and who wrote the poem.

        Raises:
            PromptError: It has two titles.
        """
        above, below = read_heading(self.before), read_signature(self.after)
        return Credits(above.title or below.title, above.writers or below.writers)


def read_pasted(text: str) -> PastedPoem:
    """Sets apart what was pasted along with a poem, see `split_heading`.

    A signature is a last row after a dash, with a title in 《》, or that is a name; a note begins
    with a word such as 注 and a colon.

    Raises:
        PromptError: The text has lone surrogates.
    """
    verse, note = text, ""
    if (found := _NOTE.search(text)) and text[: found.start()].strip():
        verse, note = text[: found.start()], found[0].strip()
    verse, after = _split_signature(verse)
    before, verse = split_heading(verse)
    return PastedPoem(verse, before, after, note)


def count_poems(text: str) -> int:
    """Returns how many poems a text clearly has.

    Poems have titles of their own in 《》, or are of different sizes with empty rows between;
    others are stanzas of one.

    Raises:
        PromptError: The text has lone surrogates.
    """
    rows = [row for row in text.splitlines() if row.strip()]
    titles = [
        number
        for number, (row, after) in enumerate(pairwise(rows))
        if is_title(row) and not is_title(after)
    ]
    if titles:
        above = split_heading("\n".join(rows[: titles[0]]))[1]
        return len(titles) + bool(_length_of(split_verse(above)))
    blocks = [read_pasted(block).verse for block in _EMPTY_ROWS.split(text.strip())]
    verses = [split_verse(block) for block in blocks]
    sizes = {(_length_of(verse), len(verse)) for verse in verses}
    return len(blocks) if len(sizes) > 1 and all(map(_length_of, verses)) else 1


def is_title(row: str) -> bool:
    """Returns whether a row is a title in 《》, and names behind it."""
    return _TITLE_ROW.fullmatch(row) is not None


def split_heading(text: str) -> tuple[str, str]:
    """Splits a text into the heading that it may begin with, and the poem.

    A title in 《》 is one, and so are a label with a colon, or lines or words before a whole poem,
    without punctuation, of which the last is of another length or has a mark of headings, as in
    唐·王之涣.

    Returns:
        The heading, empty if there is none, and the rest.

    Raises:
        PromptError: The text has lone surrogates.
    """
    certain = "", text
    row, _, below = text.lstrip().partition("\n")
    if below.strip() and is_title(row):
        certain = _joined((row,)), below.lstrip()
    elif _length_of(split_verse(text)):
        return certain
    for parts, rest in _headings(text.lstrip()):
        verse = split_verse(rest)
        length = _length_of(verse)
        if length and _is_heading(parts, length, len(verse)):
            return _joined(parts), rest
        # Of a faulty poem only the number of lines tells a poet from a line.
        is_before_all = len(parts) == 1 or (
            len(split_verse(certain[1])) % 2 and _is_nearly_whole(verse)
        )
        if verse and "》" in parts[0] and parts[-1].endswith("\n") and is_before_all:
            certain = _joined(parts), rest
    return certain


def _split_signature(text: str) -> tuple[str, str]:
    """Returns a text without the signature at its end, and that."""
    whole = text.rstrip()
    for pattern in (_DASHED, _NAMED, _LAST_ROW):
        found = pattern.search(whole)
        above = whole[: found.start()] if found else ""
        if not found or not above.strip() or len(found[1]) > LONGEST:
            continue
        verse = split_verse(split_heading(above)[1])
        is_certain = pattern is not _LAST_ROW and not _length_of(split_verse(whole))
        if len(verse) > 1 and (is_certain or _ends_other(verse, found[1])):
            return above, found[1].strip()
    return text, ""


def _ends_other(verse: Sequence[Sequence[str]], row: str) -> bool:
    """Returns whether a row is of another length than those of a whole poem above it."""
    length = _length_of(verse)
    return bool(length) and sum(map(len, split_verse(row))) != length


def _headings(text: str, before: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yields each possible heading, as its parts with the spaces after them, and what follows."""
    kinds = (_TITLE, _WORD, _WHOLE_LINE) if before else (_TITLE, _WHOLE_LINE, _LABEL, _WORD)
    for kind in kinds:
        found = kind.match(text)
        if found is not None and len(found[0].strip()) <= LONGEST:
            parts, rest = (*before, found[0]), text[found.end() :]
            yield parts, rest
            if len(parts) < MOST:
                yield from _headings(rest, parts)


def _is_heading(parts: Sequence[str], length: int, lines: int) -> bool:
    """Returns whether parts before so many lines of a length are clearly none of the poem's."""
    words = [part.strip().rstrip(_ENDS_OF_HEADING).split() for part in parts]
    marked = [bool(_MARKS.search(" ".join(own))) for own in words]
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


def _is_nearly_whole(verse: Sequence[Sequence[str]]) -> bool:
    """Returns whether half of the lines have the length of a poem's."""
    return any(2 * sum(len(line) == each for line in verse) >= len(verse) for each in LENGTHS)


def _joined(parts: Sequence[str]) -> str:
    return " ".join("".join(parts).split()).rstrip(_ENDS_OF_HEADING)
