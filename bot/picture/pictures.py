"""Pictures off the event loop."""

from dataclasses import dataclass
from functools import partial

from ..one_thread import OneThread
from .card import Card, PictureError, alt_text, missing

__all__ = ["Picture", "Pictures"]

MOST_WAITING = 8


@dataclass(frozen=True)
class Picture:
    """A picture.

    Attributes:
        png: The file.
        alt: Its text alternative, which has the poem.
        missing: The characters in whose places it has 〓.
    """

    png: bytes
    alt: str
    missing: tuple[str, ...]

    @property
    def width(self) -> int:
        """Its width in pixels."""
        return int.from_bytes(self.png[16:20])  # of the header

    @property
    def height(self) -> int:
        """Its height in pixels."""
        return int.from_bytes(self.png[20:24])

    @classmethod
    def of(cls, card: Card) -> "Picture":
        """Returns the picture of a card; it takes some 50 ms."""
        from .painter import render  # with Pillow, which most processes never need

        return cls(render(card), alt_text(card), missing(card))


class Pictures:
    """Draws pictures, one at a time, in a thread of its own."""

    def __init__(self) -> None:
        self._thread = OneThread("pictures", MOST_WAITING, partial(PictureError, "picture-busy"))

    async def draw(self, card: Card) -> Picture:
        """Returns the picture of a card.

        Raises:
            PictureError: Too many others are waiting.
        """
        return await self._thread.run(Picture.of, card)

    def close(self) -> None:
        """Ends the thread after the picture that it draws."""
        self._thread.close()
