"""A member's poem: read, checked and mended, or refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lianju.bot.errors import LianjuError
from lianju.bot.verse import Mended, PromptError, begin_checkup
from lianju.bot.verse.clinic.reading import read_poem

from .clinic_readings import shipped_readings

READINGS = shipped_readings()
POEM = ("白日依山尽", "黄河入海流", "欲穷千里目", "更上一层楼")
TRADITIONAL = ("渭城朝雨浥輕塵", "客舍青青柳色新", "勸君更盡一杯酒", "西出陽關無故人")


@pytest.mark.parametrize(
    "text",
    [
        "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。",
        "白日依山尽,黄河入海流.\n欲穷千里目,更上一层楼",
        " 白日依山尽 黄河入海流 欲穷千里目 更上一层楼 ",
        "白 日 依 山 尽\n黄 河 入 海 流\r\n\n欲 穷 千 里 目\n更 上 一 层 楼",
        "**白日依山尽**／黄河入海流；「欲穷千里目」——更上一层楼……",
        "# 白日依山尽\n> 黄河入海流\n- 欲穷千里目\n||更上一层楼||",
    ],
)
def test_a_poem_is_read_however_its_lines_are_separated(text):
    poem = read_poem(text, READINGS)
    assert poem.written == poem.lines == POEM
    assert (poem.length, poem.traditional) == (5, False)


def test_traditional_characters_and_variants_are_read_as_simplified_ones():
    poem = read_poem("，".join(TRADITIONAL), READINGS)
    assert poem.written == TRADITIONAL
    assert poem.lines[0] == "渭城朝雨浥轻尘"
    assert poem.traditional
    assert read_poem("靑山橫北郭 白水繞東城", READINGS).lines == ("青山横北郭", "白水绕东城")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "clinic-empty"),
        (" ，。\n", "clinic-empty"),
        ("白日依山尽", "clinic-lines"),
        ("白日依山尽 黄河入海流 欲穷千里目", "clinic-lines"),
        ("白日依山尽 " * 26, "clinic-lines"),
        ("白日依山尽黄河入海流 欲穷千里目更上一层楼", "clinic-sizes"),
        ("白日 黄河 千里 层楼", "clinic-sizes"),
        ("白日依山🙂 黄河入海流", "clinic-characters"),
        ("<@123> 白日依山尽 黄河入海流", "clinic-characters"),
        ("hello world, good bye", "clinic-characters"),
        ("白日依山尽" * 800, "clinic-long"),
        ("白日依山\ud800 黄河入海流", "prompt-not-text"),
        ("龘龘龘龘龘 黄龘龘龘流", "prompt-unknown"),
    ],
)
def test_what_is_no_poem_is_refused(text, key):
    with pytest.raises(PromptError) as caught:
        read_poem(text, READINGS)
    assert caught.value.key == key
    assert "{" not in str(caught.value)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    try:
        checkup = begin_checkup(text, READINGS)
    except LianjuError:
        return
    lines = zip(checkup.text.written, checkup.text.lines, checkup.poem.lines, strict=True)
    assert all(len(written) == len(read) == len(line.text) for written, read, line in lines)


def test_each_faulty_place_is_a_blank_and_gets_its_choices():
    begun = begin_checkup("白日依山尽 黄河入天流 欲穷千里 更上高层山", READINGS)
    assert [(blank.line, blank.place, blank.tone, blank.rhymes) for blank in begun.blanks] == [
        (1, 3, "oblique", ()),
        (3, 2, "oblique", ()),
        (3, 4, "level", ("尤",)),
    ]
    checkup = begun.with_mended(Mended(("海水", "", "楼"), (True, False, False, False)))
    faults = [(number, f) for number, line in enumerate(checkup.poem.lines) for f in line.faults]
    assert [checkup.choices(*each) for each in faults] == [("海", "水"), (), (), ("楼",)]
    assert [checkup.is_known(number) for number in range(4)] == [True, False, False, False]
    assert begun.choices(*faults[0]) == ()


def test_choices_are_in_the_script_of_the_poem():
    begun = begin_checkup("渭城朝雨浥輕塵 客舍青青柳色新 勸君更盡一杯酒 西出陽關無故山", READINGS)
    (blank,) = begun.blanks
    checkup = begun.with_mended(Mended(("风人",)))
    (fault,) = checkup.poem.lines[blank.line].faults
    assert checkup.choices(3, fault) == ("風", "人")


def test_an_engine_is_asked_for_no_more_places_than_it_takes():
    begun = begin_checkup("平平平平平 " * 24, READINGS)
    assert len(begun.blanks) == 24
