"""Reads the poems of a booklet from a text."""

import re
from collections.abc import Iterator, Sequence

from ..picture import split_lines
from ..picture.text import characters
from .booklet import Poem

__all__ = ["read_poems"]

BETWEEN_POEMS = re.compile(r"\n[ \t\u3000]*\n")
HEADING = re.compile(r"\s*《(?P<title>[^《》]*)》(?P<writers>.*)")
BETWEEN_WRITERS = re.compile(r"[、，,;；/]")
REGULATED = 7  # characters of a line at most, of which two may share a row


def read_poems(text: str) -> Iterator[Poem]:
    """Yields the poems of a text, which empty rows separate.

    The first row of a poem may be its title in 《》, and the writers behind it, separated by 、. Of
    the others each is a line, or two of the same length; a poem of one row has its lines there.

    Args:
        text: The text.

    Raises:
        PictureError: The next poem has no lines, or something in it is too long.
    """
    rows = text.strip("\ufeff \t\n\r\u3000").replace("\r\n", "\n").replace("\r", "\n")
    for block in filter(str.strip, BETWEEN_POEMS.split(rows)):
        yield _read(block.strip("\n").split("\n"))


def _read(rows: Sequence[str]) -> Poem:
    title, names = "", ""
    if heading := HEADING.fullmatch(rows[0]):
        title, names, rows = heading["title"], heading["writers"], rows[1:]
    writers = dict.fromkeys(filter(None, map(str.strip, BETWEEN_WRITERS.split(names))))
    lines = split_lines("\n".join(rows))
    if len(rows) > 1:
        lines = tuple(part for line in lines for part in _halves(line))
    return Poem(title, lines, tuple(writers))


def _halves(line: str) -> tuple[str, ...]:
    """Returns the two lines that share a row, or the row."""
    halves = split_lines(line)
    sizes = {len(characters(half)) for half in halves}
    return halves if len(halves) == 2 and len(sizes) == 1 and max(sizes) <= REGULATED else (line,)
