"""The typeface of the pictures as a TrueType file that has only the glyphs of one booklet.

Its glyphs are outlines without parts of others and without instructions (`tests/picture/subset.py`
writes them so), so that a subset is a choice of their bytes: fontTools, which can do so for any
font, needs some seconds for it. The format is that of
https://learn.microsoft.com/typography/opentype/spec/otff.
"""

import struct
from functools import cached_property

from ..picture.glyphs import FONT_FOLDER

__all__ = ["Subset", "Typeface"]

HEAD_CHECKSUM, HEAD_EM = 8, 18  # offsets in the table `head`
HHEA_WIDTHS, MAXP_GLYPHS = 34, 4  # in `hhea` and `maxp`
CHECKSUM = 0xB1B0AFBA
GROUPS_FORMAT = 12  # of the table `cmap`


class Typeface:
    """The whole typeface, from its file."""

    def __init__(self) -> None:
        self._file = (FONT_FOLDER / "LianjuKai.ttf").read_bytes()
        (count,) = struct.unpack_from(">H", self._file, 4)
        records = (struct.unpack_from(">4sLLL", self._file, 12 + 16 * i) for i in range(count))
        self._tables = {tag: (offset, length) for tag, _, offset, length in records}
        self.em: int
        (self.em,) = struct.unpack_from(">H", self.table(b"head"), HEAD_EM)
        (self.glyphs,) = struct.unpack_from(">H", self.table(b"maxp"), MAXP_GLYPHS)
        (self._widths,) = struct.unpack_from(">H", self.table(b"hhea"), HHEA_WIDTHS)
        self._places = struct.unpack(f">{self.glyphs + 1}L", self.table(b"loca"))

    def table(self, tag: bytes) -> bytes:
        """Returns a table of the file."""
        offset, length = self._tables[tag]
        return self._file[offset : offset + length]

    def glyph(self, character: str) -> int:
        """Returns the number of the glyph of a character, which the typeface has."""
        return self._numbers[ord(character)]

    def outline(self, glyph: int) -> bytes:
        """Returns the outline of a glyph."""
        start = self._tables[b"glyf"][0]
        return self._file[start + self._places[glyph] : start + self._places[glyph + 1]]

    def metrics(self, glyph: int) -> tuple[int, int]:
        """Returns the width of a glyph, and how far to the right its outline begins."""
        width: int
        bearing: int
        start, last = self._tables[b"hmtx"][0], self._widths - 1
        if glyph <= last:
            width, bearing = struct.unpack_from(">Hh", self._file, start + 4 * glyph)
        else:  # as wide as the last one with a width
            (width,) = struct.unpack_from(">H", self._file, start + 4 * last)
            (bearing,) = struct.unpack_from(
                ">h", self._file, start + 4 * self._widths + 2 * (glyph - self._widths)
            )
        return width, bearing

    def width(self, text: str) -> float:
        """Returns how wide a text is, in em."""
        return sum(self.metrics(self.glyph(each))[0] for each in text) / self.em

    @cached_property
    def _numbers(self) -> dict[int, int]:
        table = self.table(b"cmap")
        (count,) = struct.unpack_from(">H", table, 2)
        for number in range(count):
            (offset,) = struct.unpack_from(">L", table, 8 + 8 * number)
            kind, _, _, _, groups = struct.unpack_from(">HHLLL", table, offset)
            if kind == GROUPS_FORMAT:
                break
        numbers: dict[int, int] = {}
        for first, last, glyph in struct.iter_unpack(
            ">LLL", table[offset + 16 : offset + 16 + 12 * groups]
        ):
            numbers |= {code: glyph + code - first for code in range(first, last + 1)}
        return numbers


class Subset:
    """The glyphs of a booklet, numbered in the order in which they are first used."""

    def __init__(self, typeface: Typeface) -> None:
        self._typeface = typeface
        self.characters: list[str] = []
        """The character of each glyph but the first, which stands for what a font lacks."""
        self._numbers: dict[str, int] = {}

    def code(self, text: str) -> bytes:
        """Returns a text as the numbers of its glyphs, two bytes each."""
        for character in text:
            if character not in self._numbers:
                self.characters.append(character)
                self._numbers[character] = len(self.characters)
        return b"".join(self._numbers[character].to_bytes(2) for character in text)

    def widths(self) -> list[int]:
        """Returns the widths of all glyphs, in thousandths of an em."""
        em = self._typeface.em
        return [self._typeface.metrics(glyph)[0] * 1000 // em for glyph in self._glyphs()]

    def file(self) -> bytes:
        """Returns the font with these glyphs, as a TrueType file without names of characters."""
        glyphs, count = self._glyphs(), len(self.characters) + 1
        outlines = [self._typeface.outline(glyph) for glyph in glyphs]
        places = [0]
        for outline in outlines:
            places.append(places[-1] + len(outline))
        head, hhea, maxp = (
            bytearray(self._typeface.table(tag)) for tag in (b"head", b"hhea", b"maxp")
        )
        struct.pack_into(">L", head, HEAD_CHECKSUM, 0)
        struct.pack_into(">H", hhea, HHEA_WIDTHS, count)
        struct.pack_into(">H", maxp, MAXP_GLYPHS, count)
        metrics = b"".join(struct.pack(">Hh", *self._typeface.metrics(each)) for each in glyphs)
        tables = {
            b"glyf": b"".join(outlines),
            b"head": bytes(head),
            b"hhea": bytes(hhea),
            b"hmtx": metrics,
            b"loca": struct.pack(f">{count + 1}L", *places),
            b"maxp": bytes(maxp),
        }
        return _file(tables)

    def _glyphs(self) -> list[int]:
        return [0, *map(self._typeface.glyph, self.characters)]


def _file(tables: dict[bytes, bytes]) -> bytes:
    """Returns a TrueType file, given its tables in alphabetical order."""
    count, power = len(tables), len(tables).bit_length() - 1
    directory = struct.pack(
        ">LHHHH", 0x00010000, count, 16 << power, power, 16 * (count - (1 << power))
    )
    offset, body = len(directory) + 16 * count, b""
    for tag, table in tables.items():
        if tag == b"head":
            checksum_at = offset + HEAD_CHECKSUM
        directory += struct.pack(">4sLLL", tag, _checksum(table), offset, len(table))
        padded = table + bytes(-len(table) % 4)
        body += padded
        offset += len(padded)
    file = bytearray(directory + body)
    struct.pack_into(">L", file, checksum_at, (CHECKSUM - _checksum(file)) % 2**32)
    return bytes(file)


def _checksum(data: bytes | bytearray) -> int:
    padded = data + bytes(-len(data) % 4)
    words: tuple[int, ...] = struct.unpack(f">{len(padded) // 4}L", padded)
    return sum(words) % 2**32
