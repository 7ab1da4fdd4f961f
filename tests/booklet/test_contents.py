"""The table of contents of a booklet of many poems, read back by PDFium."""

import ctypes
from dataclasses import replace
from itertools import combinations

import pypdfium2 as pdfium
import pytest
from lianju.bot.booklet import Booklet, Poem, render
from lianju.bot.booklet.pages import MOST_WITHOUT_CONTENTS
from pypdfium2 import raw

from tests.booklet.sample import DAY, SPRING, TOWER
from tests.booklet.test_render import lines_of, text_of

NUMBERS = "春夏秋冬东南西北花月"


def booklet(count, **fields):
    """Poems whose names say their places; every fourth is long."""
    poems = tuple(
        replace(
            SPRING if number % 4 == 3 else TOWER,
            title="".join(NUMBERS[int(digit)] for digit in f"{number:03}"),
        )
        for number in range(count)
    )
    return Booklet("集", DAY, poems, **fields)


def links(document, number):
    """Where the links of a page are, from left to right each row, and their pages."""
    page, position, link = document[number], ctypes.c_int(0), raw.FPDF_LINK()
    found = []
    while raw.FPDFLink_Enumerate(page, position, link):
        box = raw.FS_RECTF()
        raw.FPDFLink_GetAnnotRect(link, box)
        target = raw.FPDFLink_GetDest(document, link)
        found.append(
            (
                (box.left, box.bottom, box.right, box.top),
                raw.FPDFDest_GetDestPageIndex(document, target),
            )
        )
    return found


def test_few_poems_have_none():
    document = pdfium.PdfDocument(render(booklet(MOST_WITHOUT_CONTENTS)))
    assert lines_of(document[1])[0] == "春春春"
    assert document.get_page_label(1) == "1"
    assert all(not links(document, number) for number in range(len(document)))


@pytest.mark.parametrize("count", [MOST_WITHOUT_CONTENTS + 1, 24, 25, 60])
def test_each_poem_leads_to_its_page(count):
    made = booklet(count)
    document = pdfium.PdfDocument(render(made))
    names = [poem.title for poem in made.poems]
    first = next(n for n in range(len(document)) if document.get_page_label(n) == "1")
    pages = range(1, first)
    assert [document.get_page_label(number) for number in pages] == ["i", "ii", "iii"][: len(pages)]
    shown = "".join(text_of(document[number]) for number in pages)
    places = list(map(shown.find, names))
    assert -1 not in places
    assert places == sorted(places)
    assert shown.startswith("目录\r\n")
    found = [link for number in pages for link in links(document, number)]
    assert len(found) == count
    for name, (_, target) in zip(names, found, strict=True):
        assert name in text_of(document[target])
    marks = [(mark.get_title(), mark.get_dest().get_index()) for mark in document.get_toc()]
    assert marks == [("目录", 1), *zip(names, (target for _, target in found), strict=True)]


def test_the_number_below_a_name_is_that_of_its_page():
    document = pdfium.PdfDocument(render(booklet(30)))
    for number in (1, 2):
        text = document[number].get_textpage()
        for (left, bottom, right, _), target in links(document, number):
            below = text.get_text_bounded(left, bottom, right, bottom + 20)
            assert below.strip() == document.get_page_label(target)


def test_its_heading_is_in_the_script_of_the_booklet():
    document = pdfium.PdfDocument(render(booklet(20, script="traditional")))
    assert lines_of(document[1])[0] == "目錄"


def test_long_names_are_cut_and_cover_nothing():
    names = ["题" * size for size in range(1, 41)] + ["W" * 40, "To be or not to be", "a " * 20]
    made = Booklet("集", DAY, tuple(Poem(name, ("明月松间照",)) for name in names))
    document = pdfium.PdfDocument(render(made))
    assert f"{'题' * 14}…" in text_of(document[2])
    for number in (1, 2):
        text = document[number].get_textpage()
        boxes = [
            text.get_charbox(place)
            for place in range(text.count_chars())
            if text.get_text_range(place, 1).strip("\r\n ")
        ]
        for left, bottom, right, top in boxes:
            assert 36 <= left <= right <= 419.53 - 36
            assert 54 <= bottom <= top <= 595.28 - 39
        for one, other in combinations(boxes, 2):
            across = min(one[2], other[2]) - max(one[0], other[0])
            down = min(one[3], other[3]) - max(one[1], other[1])
            assert across <= 0.6 or down <= 0.6, (one, other)
