"""An anthology: poems with title and poet, as a bundle has them in `anthology.tsv`."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile

from ...characters import printable

__all__ = ["FAME", "Anthology", "AnthologyPoem"]

FAME = range(101)
_ID = re.compile(r"[0-9a-z]{1,16}")
_COLUMNS = 6
_LINE_BREAK = "/"
_MAX_CHARACTERS = {"title": 60, "poet": 30, "form": 20, "line": 50}  # for messages on Discord
_MAX_LINES = 24


@dataclass(frozen=True, slots=True)
class AnthologyPoem:
    """A poem, in simplified characters.

    Attributes:
        id: Lower-case letters and digits; the same poem keeps it in other anthologies.
        form: Such as 七绝.
        fame: 0 to 100, the best known poems highest; 0 if that is not known of any poem.
        lines: At least two.

    Raises:
        ValueError: A field is invalid; the message is a predicate.
    """

    id: str
    title: str
    poet: str
    form: str
    fame: int
    lines: tuple[str, ...]

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ValueError("has an id that is not of up to 16 lower-case letters and digits")
        if self.fame not in FAME:
            raise ValueError(f"has a fame that is not {FAME[0]} to {FAME[-1]}")
        if not 2 <= len(self.lines) <= _MAX_LINES:
            raise ValueError(f"has a poem that is not of 2 to {_MAX_LINES} lines")
        texts = [("title", self.title), ("poet", self.poet), ("form", self.form)]
        for name, text in (*texts, *(("line", line) for line in self.lines)):
            most = _MAX_CHARACTERS[name]
            if not text.strip() or len(text) > most or printable(text) != text:
                raise ValueError(f"has a {name} that is not of 1 to {most} printable characters")


class Anthology:
    """Poems in a given order.

    Args:
        poems: The poems, the best known first.

    Attributes:
        poems: The poems.

    Raises:
        ValueError: Two poems have the same id; the message is a predicate.
    """

    def __init__(self, poems: Iterable[AnthologyPoem] = ()) -> None:
        self.poems = tuple(poems)
        if len({poem.id for poem in self.poems}) < len(self.poems):
            raise ValueError("has two poems of one id")
        ranks: dict[str, int] = {}
        for line in (line for poem in self.poems for line in poem.lines):
            ranks.setdefault(line, len(ranks))
        self._lines = sorted(ranks)
        self._ranks = ranks

    def __len__(self) -> int:
        return len(self.poems)

    def __iter__(self) -> Iterator[AnthologyPoem]:
        return iter(self.poems)

    def has_line(self, line: str) -> bool:
        """Returns whether a poem has a line."""
        return line in self._ranks

    def lines_beginning(self, opening: str, most: int) -> list[str]:
        """Returns the lines that begin so, those of the best known poems first.

        Args:
            opening: Simplified characters; an empty text begins no line.
            most: How many to return at most.
        """
        if not opening:
            return []
        first = bisect_left(self._lines, opening)
        rest = (self._lines[place] for place in range(first, len(self._lines)))
        found = takewhile(lambda line: line.startswith(opening), rest)
        return sorted(found, key=self._ranks.__getitem__)[:most]

    def dump(self) -> str:
        """Returns the anthology as a file."""
        return "".join(
            "\t".join(
                (
                    poem.id,
                    poem.title,
                    poem.poet,
                    poem.form,
                    str(poem.fame),
                    _LINE_BREAK.join(poem.lines),
                )
            )
            + "\n"
            for poem in self.poems
        )

    @classmethod
    def parse(cls, text: str) -> "Anthology":
        """Reads what `dump` wrote: a poem a line, `id title poet form fame lines`, with tabs.

        Raises:
            ValueError: The text is no anthology; the message is a predicate.
        """
        poems = []
        for number, row in enumerate(text.removesuffix("\n").split("\n") if text else (), 1):
            fields = row.removesuffix("\r").split("\t")
            if len(fields) != _COLUMNS or not fields[4].isdecimal():
                raise ValueError(f"has no poem of {_COLUMNS} columns in line {number}")
            poem_id, title, poet, form, fame, lines = fields
            try:
                poem = AnthologyPoem(
                    poem_id, title, poet, form, int(fame), tuple(lines.split(_LINE_BREAK))
                )
            except ValueError as error:
                raise ValueError(f"{error}, in line {number}") from None
            poems.append(poem)
        return cls(poems)
