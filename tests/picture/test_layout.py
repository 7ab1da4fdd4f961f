"""Where things stand, for any card."""

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lianju.bot.picture import MAX_CHARACTERS, MAX_LINE, MAX_LINES, MAX_TITLE, MAX_WRITERS, Card
from lianju.bot.picture.layout import SHAPES, WIDTH, lay_out
from lianju.bot.picture.text import PUNCTUATION

from tests.picture.cards import HEPTASYLLABIC, LONG_COUPLET, QUATRAIN, REGULATED

MARGIN = 60
LETTER_EM = 0.95  # as wide as W


def laid_out(**fields):
    return lay_out(Card(**fields), lambda character: character, lambda text: LETTER_EM * len(text))


def columns(marks):
    """The texts of columns, from right to left, each from top to bottom."""
    places = sorted({mark.x for mark in marks}, reverse=True)
    ordered = sorted(marks, key=lambda mark: mark.y)
    return ["".join(mark.cell.text for mark in ordered if mark.x == place) for place in places]


def boxes(layout):
    for mark in (*layout.title, *layout.verse, *layout.signature):
        half = mark.size / 2
        yield (mark.x - half, mark.y, mark.x + half, mark.y + mark.cell.advance * mark.size)
    seal = layout.seal
    yield (seal.x, seal.y, seal.x + seal.size[0], seal.y + seal.size[1])


def test_lines_are_columns_from_right_to_left():
    layout = laid_out(lines=QUATRAIN, title="登鹳雀楼", writers=("王之涣",))
    assert columns(layout.verse) == list(QUATRAIN)
    assert columns(layout.title) == ["登鹳雀楼"]
    assert columns(layout.signature) == ["王之涣"]
    assert layout.title[0].x > layout.verse[0].x > layout.signature[0].x
    assert layout.seal.y > layout.signature[-1].y


def test_two_lines_of_a_long_regulated_poem_share_a_column():
    for lines in (REGULATED, HEPTASYLLABIC, HEPTASYLLABIC * 3):
        layout = laid_out(lines=lines, title="秋")
        assert columns(layout.verse) == [
            a + b for a, b in zip(lines[::2], lines[1::2], strict=True)
        ]
        assert layout.height == SHAPES[0][0]


def test_long_lines_break_after_punctuation():
    layout = laid_out(lines=LONG_COUPLET)
    found = columns(layout.verse)
    assert "".join(found) == "".join(LONG_COUPLET).replace("，", "︐")
    breaks = [first[-1] for first, _ in pairwise(found)]
    assert [each for each in breaks if each != "︐"] == ["素"]  # the end of the first line
    assert max(map(len, found)) - min(map(len, found)) <= 4


@pytest.mark.parametrize("lines", [HEPTASYLLABIC * 3, REGULATED * 3])
def test_a_long_title_is_smaller_than_long_verse(lines):
    layout = laid_out(lines=lines, title="秋" * MAX_TITLE, writers=("王之涣", "Alice"))
    assert layout.title[0].size < layout.verse[0].size
    sizes = [len(column) for column in columns(layout.title)]
    assert sizes == sorted(sizes, reverse=True)


def test_too_many_writers_are_counted():
    names = tuple(f"Member {number}" for number in range(24))
    (*_, last) = columns(laid_out(lines=QUATRAIN, writers=names).signature)
    assert last.endswith("等二十四人")


def test_letters_lie_on_their_side():
    layout = laid_out(lines=QUATRAIN, writers=("Robert Frost", "小明"))
    words = [(mark.cell.text, mark.cell.turned) for mark in layout.signature]
    assert words == [("Robert", True), ("Frost", True), ("小", False), ("明", False)]


characters = st.sampled_from("春江潮水连海平，W")
lines = st.lists(
    st.text(characters, min_size=1, max_size=MAX_LINE).map(lambda line: f"山{line}"[:MAX_LINE]),
    min_size=1,
    max_size=MAX_LINES,
).filter(lambda lines: sum(map(len, lines)) <= MAX_CHARACTERS)
names = st.lists(
    st.text("月明WiA ", max_size=32).map(lambda name: f"甲{name}"[:32]), max_size=MAX_WRITERS
)


@settings(max_examples=60)
@given(
    lines, st.text("秋思W", max_size=MAX_TITLE), names, st.sampled_from(["联句", "Poetry Society"])
)
def test_everything_has_its_place(lines, title, names, seal):
    layout = laid_out(lines=tuple(lines), title=title, writers=tuple(names), seal=seal)
    everything = list(boxes(layout))
    for left, top, right, bottom in everything:
        assert MARGIN <= left <= right <= WIDTH - MARGIN
        assert MARGIN <= top <= bottom <= layout.height - MARGIN
    for one, other in combinations(everything, 2):
        assert (
            one[2] <= other[0] + 0.01
            or other[2] <= one[0] + 0.01
            or one[3] <= other[1] + 0.01
            or other[3] <= one[1] + 0.01
        )
    assert all(mark.size <= layout.verse[0].size for mark in layout.title)
    written = "".join(mark.cell.text for mark in layout.verse)
    assert written.replace("︐", "，") == "".join(lines)


def test_words_that_cannot_be_split_have_room():
    longest = {"title": "W" * MAX_TITLE, "writers": ("W" * 32,) * MAX_WRITERS, "seal": "W" * 8}
    layout = laid_out(lines=("W" * MAX_LINE,) * 8, **longest)
    for left, top, right, bottom in boxes(layout):
        assert MARGIN <= left <= right <= WIDTH - MARGIN
        assert MARGIN <= top <= bottom <= layout.height - MARGIN


@pytest.mark.parametrize("size", range(5, MAX_LINE + 1))
def test_no_break_is_ugly(size):
    line = ("春江潮水连海平，海上明月共潮生，" * 4)[:size].rstrip("，")
    found = columns(laid_out(lines=(line, line)).verse)
    assert "".join(found).replace("︐", "，") == line + line
    assert not any(column[0] in PUNCTUATION for column in found)
    assert min(map(len, found)) >= max(map(len, found)) / 2


@pytest.mark.parametrize("size", range(5, MAX_LINE + 1))
def test_without_punctuation_no_column_is_longer_than_the_one_before(size):
    sizes = list(map(len, columns(laid_out(lines=("春" * size,)).verse)))
    assert sizes == sorted(sizes, reverse=True)
    assert max(sizes) - min(sizes) <= 1
