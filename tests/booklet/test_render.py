"""Booklets, read back by PDFium, as browsers and phones read them, and by fontTools."""

import ctypes
import datetime
import io
from dataclasses import replace
from itertools import combinations

import pypdfium2 as pdfium
import pytest
from fontTools.ttLib import TTFont
from lianju.bot.booklet import Booklet, Poem, render
from lianju.bot.picture.glyphs import FONT_FOLDER
from pypdfium2 import raw

from tests.booklet.sample import BOOKLET, BORDER, COUPLET, DAY, LINKED, POEMS, SPRING, SUMMER, TOWER


@pytest.fixture(scope="module")
def pdf():
    return render(BOOKLET)


@pytest.fixture(scope="module")
def document(pdf):
    return pdfium.PdfDocument(pdf)


def text_of(page):
    return page.get_textpage().get_text_range()


def lines_of(page):
    return text_of(page).split("\r\n")


def test_a_poem_has_a_page_and_short_ones_have_half_a_page(document):
    assert [text_of(page).rsplit("\r\n")[-1] for page in document] == [
        "二〇二六年十一月三十日",
        *"12345",
    ]
    assert [document.get_page_label(place) for place in range(6)] == ["·", *"12345"]
    assert all(page.get_size() == pytest.approx((419.53, 595.28), abs=0.01) for page in document)


def test_pages_are_read_down_the_columns_from_right_to_left(document):
    assert lines_of(document[0]) == ["我的诗集", "小明", "二〇二六年十一月三十日"]
    assert text_of(document[1]).split() == [
        *("登鹳雀楼", "王之涣", *TOWER.lines),
        *("Alice", "联句", *BORDER.lines),
        *("12", "3", "1"),
    ]
    couplets = ["".join(SPRING.lines[place : place + 2]) for place in range(0, 8, 2)]
    assert text_of(document[2]).split() == ["春望", "杜甫", *couplets, "2"]
    assert lines_of(document[3]) == ["Bob the Builder", *COUPLET.lines, "3"]
    linked = text_of(document[4])
    assert [linked.find(line) for line in LINKED.lines] == sorted(map(linked.find, LINKED.lines))
    assert "Señor Ünïcödé" in linked
    assert lines_of(document[5]) == [SUMMER.title, *SUMMER.lines, "5"]


@pytest.mark.parametrize(
    "booklet", [BOOKLET, Booklet("集", DAY, (LINKED, SUMMER, COUPLET, SPRING))]
)
def test_every_line_title_and_writer_can_be_found(booklet):
    document = pdfium.PdfDocument(render(booklet))
    pages = {mark.get_title(): mark.get_dest().get_index() for mark in document.get_toc()}
    for poem in booklet.poems:
        page = document[pages[poem.title or poem.lines[0]]].get_textpage()
        for text in filter(None, (poem.title, *poem.lines, *poem.writers)):
            assert page.search(text).get_next() is not None, text


def test_a_title_has_a_column_for_each_part():
    booklet = Booklet("春江诗社 十一月", DAY, (TOWER,))
    document = pdfium.PdfDocument(render(booklet))
    assert lines_of(document[0])[:2] == ["春江诗社", "十一月"]
    assert document.get_metadata_value("Title") == booklet.title


def test_punctuation_is_vertical_but_is_found_as_it_is_typed():
    poem = Poem(
        "", ("昨夜雨疏风骤，浓睡不消残酒，试问卷帘人", "却道海棠依旧。知否？知否！应是绿肥")
    )
    document = pdfium.PdfDocument(render(Booklet("词", DAY, (poem,))))
    assert "".join(lines_of(document[1])[:-1]) == "".join(poem.lines)
    part = embedded_font(document)
    shown = glyphs(part, part.getGlyphOrder()[1:])
    assert of_characters("︐︒︖︕") <= shown
    assert not of_characters("，。？！") & shown


def embedded_font(document):
    """The font of the first text of a page."""
    text = next(iter(document[1].get_objects([raw.FPDF_PAGEOBJ_TEXT], max_depth=1)))
    font, size = raw.FPDFTextObj_GetFont(text), ctypes.c_size_t()
    assert raw.FPDFFont_GetIsEmbedded(font) == 1
    raw.FPDFFont_GetFontData(font, None, 0, size)
    data = (ctypes.c_uint8 * size.value)()
    raw.FPDFFont_GetFontData(font, data, size.value, size)
    return TTFont(io.BytesIO(bytes(data)))


def glyphs(font, names):
    """The outlines and widths of glyphs."""
    table = font["glyf"]
    return {
        (tuple(table[name].getCoordinates(table)[0]), tuple(table[name].flags), font["hmtx"][name])
        for name in names
        if table[name].numberOfContours
    }


def of_characters(characters):
    whole = TTFont(FONT_FOLDER / "LianjuKai.ttf", lazy=True)
    names = whole.getBestCmap()
    return glyphs(whole, [names[ord(character)] for character in characters])


def test_the_font_has_the_glyphs_of_the_booklet_and_no_others(document):
    part = embedded_font(document)
    used = set("".join(map(text_of, document))) - set("\r\n ")
    assert glyphs(part, part.getGlyphOrder()[1:]) == of_characters(used)


def test_bookmarks_lead_to_the_poems(document):
    marks = [(mark.get_title(), mark.get_dest().get_index()) for mark in document.get_toc()]
    assert marks == [
        *(("登鹳雀楼", 1), (BORDER.lines[0], 1), ("春望", 2)),
        *((COUPLET.lines[0], 3), ("聯句", 4), (SUMMER.title, 5)),
    ]
    tops = [mark.get_dest().get_view()[1][1] for mark in document.get_toc()]
    assert tops[0] > 400 > 310 > tops[1]


def language(document):
    size = raw.FPDFCatalog_GetLanguage(document, None, 0)
    found = (ctypes.c_ushort * (size // 2))()
    raw.FPDFCatalog_GetLanguage(document, found, size)
    return "".join(map(chr, found)).rstrip("\0")


def test_metadata(document):
    known = document.get_metadata_dict()
    assert {name: known[name] for name in ("Title", "Author", "Creator", "CreationDate")} == {
        "Title": "我的诗集",
        "Author": "小明",
        "Creator": "Lianju",
        "CreationDate": "D:20261130000000Z",
    }
    assert language(document) == "zh-Hant"  # as a poem of it is
    simplified = replace(BOOKLET, script="simplified")
    assert language(pdfium.PdfDocument(render(simplified))) == "zh-Hans"


def test_the_same_booklet_gives_the_same_bytes(pdf):
    assert render(BOOKLET) == pdf
    assert render(replace(BOOKLET, date=DAY + datetime.timedelta(days=1))) != pdf


def test_the_script_is_that_of_the_booklet():
    document = pdfium.PdfDocument(render(replace(BOOKLET, script="traditional")))
    assert "我的詩集" in text_of(document[0])
    assert "登鸛雀樓" in text_of(document[1])
    assert next(mark.get_title() for mark in document.get_toc()) == "登鸛雀樓"
    assert document.get_metadata_value("Title") == "我的詩集"


def test_the_cover_has_paper_and_a_red_seal(document):
    picture = document[0].render(scale=1).to_pil().convert("RGB")
    colors = [color for _, color in picture.getcolors(10**6)]
    assert any(red > 150 and green < 70 and blue < 70 for red, green, blue in colors)
    assert min(picture.getpixel((3, 3))) > 200


def test_a_character_that_the_typeface_lacks_is_shown():
    poem = Poem("", ("明月🎉", "清风"), ("🎉party",))
    assert "明月〓" in text_of(pdfium.PdfDocument(render(Booklet("集", DAY, (poem,))))[1])


HARD = [
    Poem(
        "", tuple("滚" * 20 for _ in range(24)), tuple("名" * 31 + c for c in "甲乙丙丁戊己庚辛"), 0
    ),
    Poem("题" * 40, tuple("山" * 60 for _ in range(8)), ("W" * 32,), 999_999_999),
    Poem("W" * 40, ("月",), ("名" * 32, "甲"), 1),
    Poem("", tuple(map(str, range(24)))),
    Poem("题" * 40, ("一二三四五六七", "七六五四三二一") * 2, tuple(map(str, range(24))), 5),
    Poem(
        "题" * 40, ("一二三四五六七", "七六五四三二一") * 12, tuple("甲" * n for n in range(1, 25))
    ),
    Poem("", ("to be or not to be that is the question whether tis nobler!",) * 8),
    Poem("，" * 40, ("，" * 60, "。" * 60)),
]


@pytest.mark.parametrize(
    "poem", [*POEMS, *HARD], ids=lambda poem: (poem.title or poem.lines[0])[:8]
)
def test_nothing_leaves_the_frame_or_covers_other_text(poem):
    """A poem alone, and beside a short one, on a page."""
    document = pdfium.PdfDocument(render(Booklet("集", DAY, (poem, TOWER, poem))))
    for page in [document[number] for number in range(1, len(document))]:
        text = page.get_textpage()
        count = text.count_chars()
        shown = [text.get_text_range(place, 1) for place in range(count)]
        boxes = [
            text.get_charbox(place) for place in range(count - 1) if shown[place].strip("\r\n ")
        ]
        for left, bottom, right, top in boxes[: -len(str(len(document) - 1))]:
            assert 36 <= left <= right <= 419.53 - 36
            assert 54 <= bottom <= top <= 595.28 - 39
        for one, other in combinations(boxes, 2):
            across = min(one[2], other[2]) - max(one[0], other[0])
            down = min(one[3], other[3]) - max(one[1], other[1])
            assert across <= 0.6 or down <= 0.6, (one, other)


def test_fifty_poems_are_a_small_file():
    poems = [replace(poem, title=f"{poem.title}{n}") for n in range(9) for poem in POEMS][:50]
    assert len(render(Booklet("集", DAY, tuple(poems)))) < 1_500_000
