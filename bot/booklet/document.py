"""A PDF with pages of text in the typeface, written by pypdf. Names are those of ISO 32000-1."""

import datetime
import io
import zlib
from collections.abc import Mapping

from pypdf import PdfWriter
from pypdf.annotations import Link
from pypdf.generic import (
    ArrayObject,
    BooleanObject,
    DictionaryObject,
    Fit,
    FloatObject,
    IndirectObject,
    NameObject,
    NumberObject,
    PdfObject,
    RectangleObject,
    StreamObject,
    TextStringObject,
)

from ..picture.text import VERTICAL
from .canvas import HEIGHT, PAGE, PITCH, WIDTH
from .typeface import Subset

__all__ = ["Document"]

NAME = "LIANJU+LianjuKai"  # six letters and a plus sign say that it is a subset
UPPER, LOWER = 928, -256  # thousandths of an em, as in the typeface
ORIGIN = 880  # of upright characters, above the line that letters stand on
SYMBOLIC = 4
HORIZONTAL = {chr(vertical): chr(usual) for usual, vertical in VERTICAL.items()}
"""What a reader finds in the place of vertical punctuation, which nobody types."""


class Document:
    """A PDF in the making.

    Args:
        subset: The glyphs, of all that pages have.
    """

    def __init__(self, subset: Subset) -> None:
        self._subset = subset
        self._writer = PdfWriter()
        self._writer.pdf_header = "%PDF-1.7"
        self._font_objects = {name: DictionaryObject() for name in ("H", "V")}
        self._fonts = {name: self._add(font) for name, font in self._font_objects.items()}

    def add_page(
        self,
        content: bytes,
        forms: Mapping[str, bytes],
        images: Mapping[str, tuple[bytes, int, int]] | None = None,
    ) -> None:
        """Adds a page.

        Args:
            content: Its operators.
            forms: Parts of it that are drawn by name: the operators of each.
            images: The images that it has by name: JPEG, width and height.
        """
        page = self._writer.add_blank_page(*PAGE)
        drawn = {name: self._image(*image) for name, image in (images or {}).items()}
        drawn |= {name: self._form(operators) for name, operators in forms.items()}
        resources = _dictionary(Font=_dictionary(**self._fonts), XObject=_dictionary(**drawn))
        page[NameObject("/Resources")] = resources
        page[NameObject("/Contents")] = self._stream(content)

    def add_bookmark(self, title: str, page: int, y: float) -> None:
        """Adds a bookmark.

        Args:
            title: Its text.
            page: The number of its page, from 0.
            y: How far down that page it leads, in pixels.
        """
        top = (HEIGHT - y) * PAGE[1] / HEIGHT
        self._writer.add_outline_item(
            title=title, page_number=page, fit=Fit.xyz(left=0, top=round(top, 1))
        )

    def add_link(self, page: int, box: tuple[float, float, float, float], target: int) -> None:
        """Adds a link to a page that has been added.

        Args:
            page: The number of its own page, from 0.
            box: Its left, upper, right and lower edge, in pixels.
            target: The number of the page that it leads to, from 0.
        """
        scale = PAGE[0] / WIDTH
        left, top, right, bottom = box
        sides = (left, HEIGHT - bottom, right, HEIGHT - top)
        rect = RectangleObject([FloatObject(round(scale * side, 2)) for side in sides])
        self._writer.add_annotation(page, Link(rect=rect, target_page_index=target))

    def save(
        self, title: str, author: str, language: str, date: datetime.date, contents: int
    ) -> bytes:
        """Returns the file; the same pages give the same bytes.

        Args:
            title: The title.
            author: The author.
            language: The language, such as `zh-Hans`.
            date: When it was made.
            contents: How many pages follow the cover before page 1.
        """
        self._finish_fonts()
        writer, root = self._writer, self._writer.root_object
        created = f"D:{date:%Y%m%d}000000Z"
        writer.add_metadata(
            {
                "/Title": title,
                "/Author": author,
                "/Creator": "Lianju",
                "/Producer": "pypdf",
                "/CreationDate": created,
                "/ModDate": created,
            }
        )
        root[NameObject("/Lang")] = TextStringObject(language)
        # Not `Direction`: in documents that are bound at the right, PDFium reverses Latin words.
        root[NameObject("/ViewerPreferences")] = _dictionary(DisplayDocTitle=BooleanObject(True))
        labels = [NumberObject(0), _dictionary(P=TextStringObject("·"))]  # the cover has no number
        if contents:
            labels += [NumberObject(1), _dictionary(S=NameObject("/r"))]
        labels += [NumberObject(1 + contents), _dictionary(S=NameObject("/D"))]
        root[NameObject("/PageLabels")] = _dictionary(Nums=ArrayObject(labels))
        file = io.BytesIO()
        writer.write(file)
        return file.getvalue()

    def _finish_fonts(self) -> None:
        """Describes the fonts, now that all glyphs are known: one that runs right, one down."""
        font = self._subset.file()
        box = ArrayObject(map(NumberObject, (0, LOWER, 1000, UPPER)))
        descriptor = _dictionary(
            Type=NameObject("/FontDescriptor"),
            FontName=NameObject(f"/{NAME}"),
            Flags=NumberObject(SYMBOLIC),
            FontBBox=box,
            ItalicAngle=NumberObject(0),
            Ascent=NumberObject(UPPER),
            Descent=NumberObject(LOWER),
            CapHeight=NumberObject(700),
            StemV=NumberObject(80),
            FontFile2=self._stream(font.content, Length1=NumberObject(len(font.content))),
        )
        descendant = _dictionary(
            Type=NameObject("/Font"),
            Subtype=NameObject("/CIDFontType2"),
            BaseFont=NameObject(f"/{NAME}"),
            CIDSystemInfo=_dictionary(
                Registry=TextStringObject("Adobe"),
                Ordering=TextStringObject("Identity"),
                Supplement=NumberObject(0),
            ),
            FontDescriptor=self._add(descriptor),
            DW=NumberObject(1000),
            W=ArrayObject([NumberObject(0), ArrayObject(map(NumberObject, self._subset.widths()))]),
            DW2=ArrayObject([NumberObject(ORIGIN), NumberObject(PITCH)]),
            CIDToGIDMap=self._stream(b"".join(number.to_bytes(2) for number in font.numbers)),
        )
        shared: dict[str, PdfObject] = {
            "Type": NameObject("/Font"),
            "Subtype": NameObject("/Type0"),
            "BaseFont": NameObject(f"/{NAME}"),
            "DescendantFonts": ArrayObject([self._add(descendant)]),
            "ToUnicode": self._stream(_to_unicode(self._subset.characters)),
        }
        for name, font_object in self._font_objects.items():
            encoding = NameObject(f"/Identity-{name}")
            font_object.update(_dictionary(Encoding=encoding, **shared))

    def _form(self, operators: bytes) -> IndirectObject:
        return self._stream(
            operators,
            Type=NameObject("/XObject"),
            Subtype=NameObject("/Form"),
            BBox=ArrayObject(map(NumberObject, (0, 0, WIDTH, HEIGHT))),
            Resources=_dictionary(Font=_dictionary(**self._fonts)),
        )

    def _image(self, jpeg: bytes, width: int, height: int) -> IndirectObject:
        stream = StreamObject()
        stream.set_data(jpeg)
        stream.update(
            _dictionary(
                Type=NameObject("/XObject"),
                Subtype=NameObject("/Image"),
                Width=NumberObject(width),
                Height=NumberObject(height),
                ColorSpace=NameObject("/DeviceRGB"),
                BitsPerComponent=NumberObject(8),
                Filter=NameObject("/DCTDecode"),
            )
        )
        return self._add(stream)

    def _stream(self, data: bytes, **entries: PdfObject) -> IndirectObject:
        stream = StreamObject()
        stream.set_data(zlib.compress(data, 9))
        stream.update(_dictionary(Filter=NameObject("/FlateDecode"), **entries))
        return self._add(stream)

    def _add(self, thing: PdfObject) -> IndirectObject:
        # What pypdf's documentation has for objects that it knows no method for.
        return self._writer._add_object(thing)


def _dictionary(**entries: PdfObject) -> DictionaryObject:
    return DictionaryObject({NameObject(f"/{name}"): value for name, value in entries.items()})


def _to_unicode(characters: list[str]) -> bytes:
    """Returns the characters of the glyphs from 1, so that text can be found and copied."""
    rows = [
        f"<{number:04x}> <{HORIZONTAL.get(character, character).encode('utf-16-be').hex()}>"
        for number, character in enumerate(characters, 1)
    ]
    blocks = [rows[i : i + 100] for i in range(0, len(rows), 100)]  # the most that is allowed
    mapped = "\n".join(
        "\n".join((f"{len(block)} beginbfchar", *block, "endbfchar")) for block in blocks
    )
    return f"""/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <ffff>
endcodespacerange
{mapped}
endcmap
CMapName currentdict /CMap defineresource pop
end
end""".encode("ascii")
