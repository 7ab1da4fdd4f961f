"""A title and a poet before a poem, as people paste them."""

import pytest
from lianju.bot.verse import PromptError
from lianju.bot.verse.clinic.heading import split_heading
from lianju.bot.verse.clinic.reading import read_poem

from .clinic_readings import shipped_readings

LINES = ("白日依山尽", "黄河入海流", "欲穷千里目", "更上一层楼")
SENTENCES = "白日依山尽，黄河入海流。\n欲穷千里目，更上一层楼。"
BARE = "\n".join(LINES)


@pytest.mark.parametrize(
    ("before", "heading"),
    [
        ("《登鹳雀楼》\n王之涣\n", "《登鹳雀楼》 王之涣"),
        ("《登鹳雀楼》王之涣\n", "《登鹳雀楼》王之涣"),
        ("《登鹳雀楼》\n\n", "《登鹳雀楼》"),
        ("《登鹳雀楼》", "《登鹳雀楼》"),
        ("王之涣《登鹳雀楼》：", "王之涣《登鹳雀楼》"),
        ("《登鹳雀楼》 王之涣 ", "《登鹳雀楼》 王之涣"),
        ("登鹳雀楼\n王之涣\n", "登鹳雀楼 王之涣"),
        ("登鹳雀楼 王之涣\n", "登鹳雀楼 王之涣"),
        ("\n  登鹳雀楼\n", "登鹳雀楼"),
        ("登鹳雀楼\n唐·王之涣\n", "登鹳雀楼 唐·王之涣"),
        ("登鹳雀楼\n〔唐代〕王之涣\n", "登鹳雀楼 〔唐代〕王之涣"),
        ("静夜思（其一）\n", "静夜思（其一）"),
        ("夜雨寄北方\n王之涣\n", "夜雨寄北方 王之涣"),  # as long as a line, but a poet follows
        ("题《离骚》后\n", "题《离骚》后"),
        ("My poem\n", "My poem"),
    ],
)
def test_a_heading_is_set_apart(before, heading):
    for poem in (SENTENCES, BARE, SENTENCES.replace("\n", "")):
        assert split_heading(before + poem) == (heading, poem)


@pytest.mark.parametrize(
    "text",
    [
        SENTENCES,
        BARE,
        " ".join(LINES),
        "白日依山尽 黄河入海流\n欲穷千里目 更上一层楼",  # two lines in a row
        "白日依山尽 黄河入海\n欲穷千里目 更上一层楼",  # one of them too short
        "白日依山\n黄河入海流\n欲穷千里目\n更上一层楼",
        "白日依山\n黄河入海\n欲穷千里目\n更上一层楼",
        "夜雨寄北方\n" + BARE,  # as long as the lines of the poem: it may be one of them
        "登鹳雀楼，\n" + SENTENCES,
        "登鹳雀楼，王之涣。" + SENTENCES,
        "\n".join((*("三字句", "四字之句"), *LINES, *LINES[:2])),  # eight lines, and two wrong
        "《登鹳雀楼》",
        "《登鹳雀楼》\n",
        "登鹳雀楼\n王之涣",
        "长" * 41 + "\n" + BARE,
        "",
    ],
)
def test_what_may_be_a_line_is_one(text):
    assert split_heading(text) == ("", text)


def test_a_title_in_marks_is_one_whatever_follows():
    faulty = "白日依山，黄河入海流。欲穷千里目，更上一层楼。"
    assert split_heading(f"《登鹳雀楼》\n{faulty}") == ("《登鹳雀楼》", faulty)
    assert split_heading(f"《登鹳雀楼》\n王之涣\n{faulty}") == ("《登鹳雀楼》 王之涣", faulty)
    line = "《离骚》读罢泪沾襟，白日依山尽不寻。"  # that begins with a title
    assert split_heading(line * 2) == ("", line * 2)


def test_the_poem_is_read_without_its_heading():
    readings = shipped_readings()
    poem = read_poem(f"登鸛雀樓\n王之渙\n{SENTENCES}", readings)
    assert (poem.heading, poem.written, poem.traditional) == ("登鸛雀樓 王之渙", LINES, False)
    assert read_poem(SENTENCES, readings).heading == ""
    with pytest.raises(PromptError):
        split_heading("\ud83c" + SENTENCES)
