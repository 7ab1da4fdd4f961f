"""Reads the poems of a booklet from a text."""

import re
from collections.abc import Iterator

from ..picture import split_lines
from ..picture.text import characters
from ..verse import PromptError, is_title, read_pasted
from .booklet import Poem

__all__ = ["read_poems"]

BETWEEN_POEMS = re.compile(r"\n[ \t\u3000]*\n")
REGULATED = 7  # characters of a line at most, of which two may share a row


def read_poems(text: str) -> Iterator[Poem]:
    """Yields the poems of a text, which empty rows separate.

    The first row of a poem may be its title in 《》, and the writers behind it, separated by 、.
    What else `lianju.bot.verse.read_pasted` sets apart are title and writers too. Each other row is
    a line, or two of the same length; a poem of one row has its lines there.

    Args:
        text: The text.

    Raises:
        PictureError: The next poem has no lines, or something in it is too long.
        PromptError: The next poem has two titles, or is a title alone.
    """
    rows = text.strip("\ufeff \t\n\r\u3000").replace("\r\n", "\n").replace("\r", "\n")
    title = ""  # with empty rows below it
    for block in filter(str.strip, BETWEEN_POEMS.split(rows)):
        poem = block.strip("\n")
        if title and is_title(poem.split("\n")[0]):
            raise PromptError("heading-alone", heading=title)
        poem, title = f"{title}\n{poem}".lstrip("\n"), ""
        if is_title(poem):
            title = poem.strip()
        else:
            yield _read(poem)
    if title:
        raise PromptError("heading-alone", heading=title)


def _read(text: str) -> Poem:
    pasted = read_pasted(text)
    verse = pasted.text.strip("\n")
    lines = split_lines(verse)
    if "\n" in verse:
        lines = tuple(part for line in lines for part in _halves(line))
    return Poem(pasted.credits.title, lines, pasted.credits.writers)


def _halves(line: str) -> tuple[str, ...]:
    """Returns the two lines that share a row, or the row."""
    halves = split_lines(line)
    sizes = {len(characters(half)) for half in halves}
    return halves if len(halves) == 2 and len(sizes) == 1 and max(sizes) <= REGULATED else (line,)
