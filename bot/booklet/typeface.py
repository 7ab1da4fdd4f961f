"""The typeface of the pictures, and its subset that has only the glyphs of one booklet."""

import io
from functools import cached_property
from typing import NamedTuple

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

from ..picture.glyphs import FONT_FOLDER

__all__ = ["FontFile", "Subset", "Typeface"]

FILE = FONT_FOLDER / "LianjuKai.ttf"
# What a PDF needs of a font: codes and widths it has itself.
TABLES = {"glyf", "head", "hhea", "hmtx", "loca", "maxp"}
MISSING = ".notdef"  # the glyph for what a font lacks


class Typeface:
    """The whole typeface, from its file."""

    def __init__(self) -> None:
        self._font = TTFont(FILE, lazy=True)

    def glyph(self, character: str) -> str:
        """Returns the name of the glyph of a character, which the typeface has."""
        return self._names[ord(character)]

    def glyph_width(self, glyph: str) -> float:
        """Returns how wide a glyph is, in em."""
        units: int = self._font["hmtx"][glyph][0]
        return units / self._em

    def width(self, text: str) -> float:
        """Returns how wide a text is, in em."""
        return sum(self.glyph_width(self.glyph(each)) for each in text)

    @cached_property
    def _em(self) -> int:
        units: int = self._font["head"].unitsPerEm
        return units

    @cached_property
    def _names(self) -> dict[int, str]:
        names: dict[int, str] = self._font.getBestCmap()
        return names


class FontFile(NamedTuple):
    """A font with the glyphs of a booklet.

    Attributes:
        content: The TrueType file.
        numbers: The number that the glyph of each code has in it.
    """

    content: bytes
    numbers: list[int]


class Subset:
    """The glyphs of a booklet, with codes in the order in which they are first used.

    Args:
        typeface: Has them.
    """

    def __init__(self, typeface: Typeface) -> None:
        self._typeface = typeface
        self.characters: list[str] = []
        """The character of each code but 0, which stands for what the font lacks."""
        self._codes: dict[str, int] = {}

    def code(self, text: str) -> bytes:
        """Returns a text as the codes of its glyphs, two bytes each."""
        for character in text:
            if character not in self._codes:
                self.characters.append(character)
                self._codes[character] = len(self.characters)
        return b"".join(self._codes[character].to_bytes(2) for character in text)

    def widths(self) -> list[int]:
        """Returns the width for each code, in thousandths of an em."""
        return [int(1000 * self._typeface.glyph_width(glyph)) for glyph in self._glyphs()]

    def file(self) -> FontFile:
        """Returns the font with these glyphs; the same ones give the same bytes."""
        glyphs = self._glyphs()
        options = Options(hinting=False, notdef_outline=True)
        with TTFont(FILE, lazy=True, recalcTimestamp=False) as font:
            options.drop_tables = sorted({*font.keys()} - TABLES - {"cmap"})
            subsetter = Subsetter(options)
            subsetter.populate(glyphs=glyphs)
            subsetter.subset(font)
            numbers = [font.getGlyphID(glyph) for glyph in glyphs]
            del font["cmap"]
            content = io.BytesIO()
            font.save(content)
        return FontFile(content.getvalue(), numbers)

    def _glyphs(self) -> list[str]:
        return [MISSING, *map(self._typeface.glyph, self.characters)]
