"""Booklets off the event loop."""

from dataclasses import dataclass
from functools import partial

from ..one_thread import OneThread
from .booklet import Booklet, BookletError, missing

__all__ = ["Booklets", "PrintedBooklet"]

MOST_WAITING = 4


@dataclass(frozen=True)
class PrintedBooklet:
    """A booklet as a file.

    Attributes:
        pdf: The file.
        missing: The characters in whose places it has 〓.
        poems: How many poems it has.
    """

    pdf: bytes
    missing: tuple[str, ...]
    poems: int

    @classmethod
    def of(cls, booklet: Booklet) -> "PrintedBooklet":
        """Returns the file of a booklet; it takes half a second for 50 poems."""
        from .pages import render  # with packages that most processes never need

        return cls(render(booklet), missing(booklet), len(booklet.poems))


class Booklets:
    """Makes booklets, one at a time, in a thread of its own."""

    def __init__(self) -> None:
        self._thread = OneThread("booklets", MOST_WAITING, partial(BookletError, "booklet-busy"))

    async def make(self, booklet: Booklet) -> PrintedBooklet:
        """Returns the file of a booklet.

        Raises:
            BookletError: Too many others are waiting.
        """
        return await self._thread.run(PrintedBooklet.of, booklet)

    def close(self) -> None:
        """Ends the thread after the booklet that it makes."""
        self._thread.close()
