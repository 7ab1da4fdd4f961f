"""What a booklet has in it, and its bounds."""

import datetime
from dataclasses import dataclass
from functools import cached_property
from typing import get_args

from ..errors import LianjuError
from ..picture import DEFAULT_SEAL, MAX_TITLE, Card, PictureError
from ..picture import (
    missing as missing_in_card,
)
from ..picture.card import in_script
from ..picture.text import characters, clean, is_wide
from ..verse import Script, check_choice, is_traditional

__all__ = ["MAX_POEMS", "Booklet", "BookletError", "Poem", "missing"]

MAX_POEMS = 300
MAX_HEARTS = 999_999_999


class BookletError(LianjuError):
    """A booklet cannot be made of this, or not now."""


@dataclass(frozen=True)
class Poem:
    """A poem of a booklet.

    Attributes:
        title: The title; empty for none.
        lines: The lines, without punctuation at their ends.
        writers: Who wrote it, each once.
        hearts: How many keep it; None if that is not to be told.

    Raises:
        PictureError: There are no lines, or something is too long, as for a picture.
        BookletError: The hearts are no count.
    """

    title: str
    lines: tuple[str, ...]
    writers: tuple[str, ...] = ()
    hearts: int | None = None

    def __post_init__(self) -> None:
        card = Card(lines=self.lines, title=self.title, writers=self.writers)
        for name in ("title", "lines", "writers"):
            object.__setattr__(self, name, getattr(card, name))
        if self.hearts is not None and not 0 <= self.hearts <= MAX_HEARTS:
            raise BookletError("booklet-hearts", hearts=self.hearts, most=MAX_HEARTS)


@dataclass(frozen=True)
class Booklet:
    """A booklet.

    Attributes:
        title: The title.
        date: When it was made.
        poems: The poems, in their order.
        script: The characters of titles, lines and seal; `auto` leaves them as they are.
        author: Whose booklet it is, such as a member or a server; empty for none.
        seal: What the seal on the cover says.

    Raises:
        PictureError: Title, author or seal are too long.
        BookletError: There is no title, or there are no poems or too many.
        RequestError: There is no such script.
    """

    title: str
    date: datetime.date
    poems: tuple[Poem, ...]
    script: Script = "auto"
    author: str = ""
    seal: str = DEFAULT_SEAL

    def __post_init__(self) -> None:
        check_choice(self.script, get_args(Script))
        for name in ("title", "author", "seal"):
            object.__setattr__(self, name, clean(getattr(self, name)))
        if not self.title:
            raise BookletError("booklet-title")
        if (size := len(characters(self.title))) > MAX_TITLE:
            raise PictureError("picture-title", size=size, most=MAX_TITLE)
        if not self.poems:
            raise BookletError("booklet-empty")
        if len(self.poems) > MAX_POEMS:
            raise BookletError("booklet-poems", size=len(self.poems), most=MAX_POEMS)
        Card(lines=self._columns, writers=self._authors, seal=self.seal)

    @cached_property
    def cover(self) -> Card:
        """The cover as a card, in the script of the booklet; its lines are those of the title."""
        return in_script(
            Card(
                lines=self._columns,
                writers=self._authors,
                seal=self.seal,
                date=self.date,
                script=self.script,
            )
        )

    @cached_property
    def cards(self) -> tuple[Card, ...]:
        """The poems as cards, in the script of the booklet."""
        return tuple(
            in_script(
                Card(
                    lines=poem.lines,
                    title=poem.title,
                    writers=poem.writers,
                    script=self.script,
                )
            )
            for poem in self.poems
        )

    @cached_property
    def is_traditional(self) -> bool:
        """Whether the poems are in traditional characters."""
        if self.script == "auto":
            return is_traditional([line for poem in self.poems for line in poem.lines])
        return self.script == "traditional"

    @property
    def _columns(self) -> tuple[str, ...]:
        """The columns of the title: Chinese has spaces only where one is to end."""
        parts = tuple(self.title.split(" "))
        return parts if all(map(is_wide, "".join(parts))) else (self.title,)

    @property
    def _authors(self) -> tuple[str, ...]:
        return (self.author,) if self.author else ()


def missing(booklet: Booklet) -> tuple[str, ...]:
    """Returns the characters in whose places a booklet has 〓, each once."""
    cards = (booklet.cover, *booklet.cards)
    return tuple(dict.fromkeys(c for card in cards for c in missing_in_card(card)))
