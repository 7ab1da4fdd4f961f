"""Where poems stand on their pages, for any poem."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lianju.bot.booklet.layout import SMALLEST, Area, Placer
from lianju.bot.booklet.pages import FRAME, INSET, LEAST_IN_HALF, LOWER, UPPER, WHOLE
from lianju.bot.picture import MAX_CHARACTERS, MAX_LINE, MAX_LINES, MAX_TITLE, MAX_WRITERS, Card

LETTER_EM = 0.95  # as wide as W
TEXT = "春江花月夜，W "


def placer(hearts=None, **fields):
    card = Card(**fields)
    return Placer(card, hearts, lambda character: character, lambda text: LETTER_EM * len(text))


def boxes(placed):
    for mark in (*placed.title, *placed.verse, *placed.signature):
        half = mark.size / 2
        yield (mark.x - half, mark.y, mark.x + half, mark.y + mark.cell.advance * mark.size)
    if placed.hearts is not None:
        box = placed.hearts
        right = box.left + (1.1 + LETTER_EM * len(box.text)) * box.size
        yield (box.left, box.y - 0.5 * box.size, right, box.y + 0.5 * box.size)


def check(placed, area: Area):
    everything = list(boxes(placed))
    for left, top, right, bottom in everything:
        assert area.left - 0.01 <= left <= right <= area.left + area.width + 0.01
        assert area.top - 0.01 <= top <= bottom <= area.top + area.height + 0.01
    for one, other in combinations(everything, 2):
        assert (
            one[2] <= other[0] + 0.01
            or other[2] <= one[0] + 0.01
            or one[3] <= other[1] + 0.01
            or other[3] <= one[1] + 0.01
        )


@st.composite
def poems(draw):
    count = draw(st.integers(1, MAX_LINES))
    most = min(MAX_LINE, MAX_CHARACTERS // count)
    line = st.text(TEXT, min_size=1, max_size=most).filter(str.strip)
    if draw(st.booleans()):  # of the same length
        size = draw(st.integers(1, most))
        line = st.text(TEXT.strip(), min_size=size, max_size=size)
    name = st.text("王W ", min_size=1, max_size=32).filter(str.strip)
    return {
        "lines": tuple(draw(st.lists(line, min_size=count, max_size=count))),
        "title": draw(st.text("秋思W ", max_size=MAX_TITLE)),
        "writers": tuple(draw(st.lists(name, max_size=MAX_WRITERS))),
        "hearts": draw(st.none() | st.integers(0, 999_999_999)),
    }


@settings(max_examples=60, deadline=None)
@given(poems())
def test_every_poem_has_room_on_a_page(fields):
    placed = placer(**fields).place(WHOLE)
    check(placed, WHOLE)
    assert placed.size >= SMALLEST
    assert all(mark.size <= placed.size for mark in (*placed.title, *placed.signature))
    written = "".join(mark.cell.text for mark in placed.verse).replace("︐", "，")
    assert written == "".join(Card(lines=fields["lines"]).lines).replace(" ", "")


@settings(max_examples=60, deadline=None)
@given(poems())
def test_a_poem_has_half_a_page_if_it_can_be_large_there(fields):
    for area in (UPPER, LOWER):
        placed = placer(**fields).place_large(area, LEAST_IN_HALF)
        if placed is not None:
            check(placed, area)
            assert placed.size >= LEAST_IN_HALF


def test_short_poems_are_as_large_in_half_a_page_as_alone():
    for length in (5, 7):
        fields = {"lines": ("春" * length,) * 4, "title": "登鹳雀楼", "writers": ("王之涣",)}
        half = placer(**fields).place_large(UPPER, LEAST_IN_HALF)
        assert half.size >= 0.85 * placer(**fields).place(WHOLE).size


@pytest.mark.parametrize("area", [WHOLE, UPPER, LOWER])
def test_areas_are_inside_the_frame(area):
    assert FRAME.left + INSET < area.left
    assert area.left + area.width < FRAME.left + FRAME.width - INSET
    assert FRAME.top + INSET < area.top
    assert area.top + area.height < FRAME.top + FRAME.height - INSET
    assert UPPER.top + UPPER.height < LOWER.top
