"""What a picture shows, and its bounds."""

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from ..errors import LianjuError
from ..verse import Script, check_choice, is_han, is_traditional, simplify, to_traditional
from .glyphs import GETA, glyph_for
from .text import characters, clean, is_wide

__all__ = [
    "DEFAULT_SEAL",
    "LIANJU",
    "MAX_CHARACTERS",
    "MAX_LINE",
    "MAX_LINES",
    "MAX_NAME",
    "MAX_SEAL",
    "MAX_TITLE",
    "MAX_WRITERS",
    "STYLES",
    "Card",
    "PictureError",
    "Style",
    "alt_text",
    "chinese_date",
    "count_in_chinese",
    "in_script",
    "missing",
    "seal_for",
    "split_lines",
]

Style = Literal["paper", "ink", "night"]
"""How a picture looks: plain paper, mountains in ink, a moonlit night."""

STYLES: tuple[Style, ...] = get_args(Style)
LIANJU = "联句"  # as a writer
DEFAULT_SEAL = LIANJU
MAX_LINES = 24
MAX_LINE = 60  # characters
MAX_CHARACTERS = 480  # of all lines
MAX_TITLE = 40  # characters
MAX_WRITERS = 24
MAX_NAME = 32  # characters
MAX_SEAL = 9  # Chinese characters
MAX_SEAL_ROW = 8  # letters of a word of another script
MAX_ALT = 1024  # characters, which is Discord's limit
DIGITS = "〇一二三四五六七八九"
ENDS = re.compile(r"[，。！？；：、,.!?;:/\s]*$")
BREAKS = re.compile(r"[，。！？；：,.!?;:/\s]+")


class PictureError(LianjuError):
    """A picture cannot be made of this, or not now."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """What a picture shows.

    Attributes:
        lines: The lines of the verse, without punctuation at their ends.
        title: The title; empty for none.
        writers: Who wrote it, each once.
        seal: What the seal says.
        date: When; None for none.
        style: How it looks.
        script: The characters of title, lines and seal; `auto` leaves them as they are.

    Raises:
        PictureError: There is nothing to show, or too much.
        RequestError: There is no such style or script.
    """

    lines: tuple[str, ...]
    title: str = ""
    writers: tuple[str, ...] = ()
    seal: str = DEFAULT_SEAL
    date: datetime.date | None = None
    style: Style = "paper"
    script: Script = "auto"

    def __post_init__(self) -> None:
        check_choice(self.style, STYLES)
        check_choice(self.script, get_args(Script))
        for name in ("lines", "writers"):
            object.__setattr__(self, name, tuple(map(clean, getattr(self, name))))
        for name in ("title", "seal"):
            object.__setattr__(self, name, clean(getattr(self, name)))
        sizes = [len(characters(line)) for line in self.lines]
        if not sizes or not all(sizes):
            raise PictureError("picture-empty")
        _check_most("picture-lines", len(sizes), MAX_LINES)
        _check_most("picture-line", max(sizes), MAX_LINE)
        _check_most("picture-characters", sum(sizes), MAX_CHARACTERS)
        _check_most("picture-title", len(characters(self.title)), MAX_TITLE)
        _check_most("picture-writers", len(self.writers), MAX_WRITERS)
        if not all(self.writers):
            raise PictureError("picture-writer-empty")
        for writer in self.writers:
            _check_most("picture-writer", len(characters(writer)), MAX_NAME)
        if not self.seal:
            raise PictureError("picture-seal-empty")
        if not _fits_seal(self.seal):
            raise PictureError("picture-seal", most=MAX_SEAL, letters=MAX_SEAL_ROW)


def in_script(card: Card) -> Card:
    """Returns the card with title, lines and seal in the script that it asks for."""
    if card.script == "auto":
        if is_traditional(card.lines):
            return _with_own_name(card, to_traditional(LIANJU))
        return card
    convert = simplify if card.script == "simplified" else _to_traditional
    converted = replace(
        card,
        title=convert(card.title),
        seal=convert(card.seal),
        lines=tuple(map(convert, card.lines)),
        script="auto",
    )
    return _with_own_name(converted, convert(LIANJU))


def split_lines(text: str) -> tuple[str, ...]:
    """Returns the lines of a verse: those of the text, or else what punctuation separates."""
    rows = text.strip().splitlines()
    is_chinese = any(map(is_han, text))  # others have spaces between words
    pieces = rows if len(rows) > 1 or not is_chinese else BREAKS.split(text)
    return tuple(filter(None, (ENDS.sub("", clean(piece)) for piece in pieces)))


def seal_for(name: str | None) -> str:
    """Returns what the seal of a server says: its name, as far as a seal has room for it.

    Args:
        name: The server's name; None outside servers.
    """
    name = clean(name or "")
    for text in (name, "".join(filter(is_han, name))):
        if _fits_seal(text) and all(glyph_for(c) != GETA for c in characters(text) if c != " "):
            return text
    return DEFAULT_SEAL


def chinese_date(date: datetime.date) -> str:
    """Returns a date as on a scroll, such as 二〇二六年十一月三十日."""
    year = "".join(DIGITS[int(digit)] for digit in str(date.year))
    return f"{year}年{count_in_chinese(date.month)}月{count_in_chinese(date.day)}日"


def alt_text(card: Card) -> str:
    """Returns the poem as a text alternative: title, lines, and as many writers as fit."""
    shown = in_script(card)
    rows = [f"《{shown.title}》"] if shown.title else []
    rows += shown.lines
    text = "\n".join(rows)
    ends = [chinese_date(shown.date)] if shown.date else []
    for end in ("、".join(shown.writers), *ends):
        if end and len(text) + len(end) < MAX_ALT:
            text += f"\n{end}"
    return text[:MAX_ALT]


def missing(card: Card) -> tuple[str, ...]:
    """Returns the characters of a card in whose places a picture has 〓, each once."""
    shown = in_script(card)
    texts = (shown.title, *shown.lines, *shown.writers, shown.seal)
    found = dict.fromkeys(character for text in texts for character in characters(text))
    return tuple(c for c in found if c not in (" ", GETA) and glyph_for(c) == GETA)


def _with_own_name(card: Card, name: str) -> Card:
    """Returns the card with our own name in another script; those of others stay as they are."""
    writers = tuple(name if writer == LIANJU else writer for writer in card.writers)
    return replace(card, writers=writers, seal=name if card.seal == LIANJU else card.seal)


def _to_traditional(text: str) -> str:
    # What is traditional already is left alone: 后 and 後 are different characters there.
    return text if is_traditional([text]) else to_traditional(text)


def _check_most(key: str, size: int, most: int) -> None:
    if size > most:
        raise PictureError(key, size=size, most=most)


def _fits_seal(text: str) -> bool:
    shown = characters(text)
    if shown and all(map(is_wide, shown)):
        return len(shown) <= MAX_SEAL
    words: Sequence[str] = text.split()
    return 1 <= len(words) <= 3 and all(len(characters(word)) <= MAX_SEAL_ROW for word in words)


def count_in_chinese(number: int) -> str:
    """Returns a number below 100 in words, such as 二十四."""
    tens, ones = divmod(number, 10)
    written = ("" if tens < 2 else DIGITS[tens]) + ("十" if tens else "")
    return written + (DIGITS[ones] if ones else "")
