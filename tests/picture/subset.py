"""Writes the font of the pictures: LXGW WenKai, without the glyphs that pictures do not need.

    npm pack @chinese-fonts/lxgwwenkai@3.0.0 && tar -xf chinese-fonts-lxgwwenkai-3.0.0.tgz
    python -m tests.picture.subset package/dist/LXGWWenKai-Regular

The package has version 1.520 of the font, which has more rare characters than that of Debian, in
some 300 parts. The same parts and version of fontTools give the same bytes. The license reserves
the names LXGW and 霞鹜 for the font as it is, so the subset has another one.
"""

import hashlib
import sys
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.filterPen import DecomposingFilterPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from lianju.bot.verse.text.prompt import to_traditional
from lianju.bot.verse.text.vocabulary import Vocabulary, is_han

# Of the parts, in the order of their names.
SHA256 = "7928f93e1d7b1b2336bc6692b046a8444461ba6d78bc45413d1ae8eb7770533a"
FONT = Path(str(files("lianju.bot.picture"))) / "font" / "LianjuKai.ttf"
MODELS = Path(str(files("lianju.bot.models")))
FAMILY, VERSION = "Lianju Kai", "1.520"
LICENSE = "This Font Software is licensed under the SIL Open Font License, Version 1.1."
WRITING = (
    range(0x20, 0x7F),
    range(0xA0, 0x250),  # Latin
    range(0x370, 0x530),  # Greek, Cyrillic
    range(0x1E00, 0x1F00),  # Latin with several marks, such as Vietnamese
    range(0x2010, 0x2040),  # dashes, quotation marks, dots
    range(0x3000, 0x3100),  # Chinese punctuation, 〇 and 〓, kana
    range(0xFE10, 0xFE50),  # vertical punctuation
    range(0xFF01, 0xFF66),  # full width
)


def wanted() -> set[str]:
    """Returns the characters that pictures may need, whether the font has them or not."""
    verse = {
        token
        for path in MODELS.glob("*/vocab.txt")
        for token in Vocabulary.load(path).tokens
        if is_han(token)
    }
    poems = (path.read_text(encoding="utf-8") for path in MODELS.glob("*/anthology.tsv"))
    verse |= {character for text in poems for character in text if is_han(character)}
    written = {chr(code) for codes in WRITING for code in codes}
    common = standard("gb2312", range(0xB0, 0xF8)) | standard("big5", range(0xA4, 0xC7))
    return verse | set(map(to_traditional, verse)) | written | common


def standard(encoding: str, rows: range) -> set[str]:
    """Returns the Chinese characters of a national standard: for titles, names and variants."""
    codes = (bytes((row, cell)) for row in rows for cell in range(0x40, 0xFF))
    return {text for code in codes if is_han(text := code.decode(encoding, "ignore"))}


def build(parts: Iterable[TTFont]) -> FontBuilder:
    """Returns a font of the wanted glyphs of a font that is in parts."""
    has = {code: part for part in parts for code in part.getBestCmap()}
    names = {code: f"u{code:04X}" for code in sorted(has.keys() & set(map(ord, wanted())))}
    some = has[next(iter(names))]
    glyphs, widths = {}, {}
    for code, name in ((None, ".notdef"), *names.items()):
        part = some if code is None else has[code]
        source = name if code is None else part.getBestCmap()[code]
        pen, glyph_set = TTGlyphPen(None), part.getGlyphSet()
        glyph_set[source].draw(DecomposingFilterPen(pen, glyph_set))
        glyphs[name], widths[name] = pen.glyph(), part["hmtx"][source]
    builder = FontBuilder(some["head"].unitsPerEm)
    builder.setupGlyphOrder(list(glyphs))
    builder.setupCharacterMap(names)
    builder.setupGlyf(glyphs)
    builder.setupHorizontalMetrics(widths)
    builder.setupHorizontalHeader(ascent=some["hhea"].ascent, descent=some["hhea"].descent)
    builder.setupNameTable(
        {
            "copyright": some["name"].getDebugName(0),
            "licenseDescription": LICENSE,
            "licenseInfoURL": "https://openfontlicense.org",
            "familyName": FAMILY,
            "styleName": "Regular",
            "uniqueFontIdentifier": f"{FAMILY} {VERSION}",
            "fullName": FAMILY,
            "psName": FAMILY.replace(" ", ""),
            "version": f"Version {VERSION}",
        },
        mac=False,
    )
    builder.setupOS2()
    builder.setupPost(keepGlyphNames=False)
    return builder


def main(folder: Path) -> None:
    """Writes the font."""
    paths = sorted(folder.glob("*.woff2"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
    if digest != SHA256:
        sys.exit(f"{folder} has not the font that is expected: {digest}")
    builder = build(map(TTFont, paths))
    FONT.parent.mkdir(exist_ok=True)
    builder.save(FONT)
    has = "".join(map(chr, builder.font.getBestCmap()))
    FONT.with_name("characters.txt").write_text(f"{has}\n", encoding="utf-8", newline="\n")
    print(f"{FONT}: {len(has)} characters, {FONT.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
