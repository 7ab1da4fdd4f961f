"""A title and a poet before a poem, as people paste them."""

import pytest
from lianju.bot.verse import PromptError
from lianju.bot.verse.clinic.credits import Credits
from lianju.bot.verse.clinic.heading import count_poems, read_pasted, split_heading
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
        ("登鹳雀楼 王之涣 ", "登鹳雀楼 王之涣"),
        ("王之涣 ", "王之涣"),
        ("我写的诗：", "我写的诗"),
        ("我写的一首诗: ", "我写的一首诗"),
        ("登鹳雀楼（王之涣）\n", "登鹳雀楼（王之涣）"),
        ("题目：登鹳雀楼\n作者：王之涣\n", "题目：登鹳雀楼 作者：王之涣"),
        ("《夜雨寄北方》王之涣、李商隐\n", "《夜雨寄北方》王之涣、李商隐"),
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


@pytest.mark.parametrize(
    ("after", "signature", "note"),
    [
        ("\n——王之涣《登鹳雀楼》", "王之涣《登鹳雀楼》", ""),
        ("——王之涣", "王之涣", ""),
        ("\n\n— 王之涣\n", "王之涣", ""),
        ("\n王之涣《登鹳雀楼》", "王之涣《登鹳雀楼》", ""),
        ("\n《登鹳雀楼》 王之涣\n", "《登鹳雀楼》 王之涣", ""),
        ("\n（王之涣）", "（王之涣）", ""),
        ("（王之涣）", "（王之涣）", ""),
        ("王之涣", "王之涣", ""),
        ("\n唐·王之涣", "唐·王之涣", ""),
        ("\n王之涣", "王之涣", ""),
        ("\n注：鹳雀楼在永济，前瞻中条。\n又一句。", "", "注：鹳雀楼在永济，前瞻中条。\n又一句。"),
        ("\n\n【注释】\n白日：太阳。", "", "【注释】\n白日：太阳。"),
        ("注：旧作。", "", "注：旧作。"),
        ("\n——王之涣\n注：旧作", "王之涣", "注：旧作"),
    ],
)
def test_what_stands_after_a_poem_is_set_apart(after, signature, note):
    for before in ("", "《登鹳雀楼》\n"):
        pasted = read_pasted(before + SENTENCES + after)
        assert (pasted.verse.strip(), pasted.after, pasted.note) == (SENTENCES, signature, note)
        assert pasted.before == before.strip()


@pytest.mark.parametrize(
    "text",
    [
        BARE,
        "白日依山尽——黄河入海流\n欲穷千里目——更上一层楼",
        "白日依山尽，黄河入海流。欲穷千里目——更上一层",  # one character short
        "白日依山尽\n黄河入海流\n欲穷千里目\n更上一层",
        "——王之涣",
        "注：旧作。",
    ],
)
def test_what_may_be_a_last_line_is_one(text):
    assert read_pasted(text).verse == text


@pytest.mark.parametrize(
    ("text", "title", "writers"),
    [
        (f"《登鹳雀楼》 王之涣\n{BARE}", "登鹳雀楼", ("王之涣",)),
        (f"王之涣《登鹳雀楼》：{SENTENCES}", "登鹳雀楼", ("王之涣",)),
        (f"《》甲、Bob, 甲\n{BARE}", "", ("甲", "Bob")),
        (f"登鹳雀楼 王之涣 {SENTENCES}", "登鹳雀楼", ("王之涣",)),
        (f"登鹳雀楼\n〔唐代〕王之涣\n{BARE}", "登鹳雀楼", ("〔唐代〕王之涣",)),
        (f"登鹳雀楼 唐 王之涣\n{BARE}", "登鹳雀楼", ("唐 王之涣",)),
        (f"早秋三首 一 许浑\n{BARE}", "早秋三首 一", ("许浑",)),
        (f"登鹳雀楼（王之涣）\n{BARE}", "登鹳雀楼（王之涣）", ()),
        (f"静夜思 其一\n{BARE}", "静夜思 其一", ()),
        (f"题目：登鹳雀楼\n作者：王之涣\n{BARE}", "登鹳雀楼", ("王之涣",)),
        (f"题《离骚》后\n{BARE}", "题《离骚》后", ()),
        (f"读《离骚》\n{BARE}", "读《离骚》", ()),
        (f"My poem\n{BARE}", "My poem", ()),
        (f"{SENTENCES}\n——王之涣《登鹳雀楼》", "登鹳雀楼", ("王之涣",)),
        (f"《登鹳雀楼》\n{SENTENCES}\n（王之涣）", "登鹳雀楼", ("王之涣",)),
        (BARE, "", ()),
    ],
)
def test_a_heading_names_title_and_writers(text, title, writers):
    assert read_pasted(text).credits == Credits(title, writers)


def test_two_titles_are_refused():
    with pytest.raises(PromptError) as caught:
        _ = read_pasted(f"《登鹳雀楼》《春望》王之涣\n{BARE}").credits
    assert caught.value.key == "heading-titles"


@pytest.mark.parametrize(
    ("text", "poems"),
    [
        (SENTENCES, 1),
        (f"《甲》\n{BARE}\n\n《乙》\n{BARE}", 2),
        (f"《甲》 王之涣\n{BARE}\n《乙》\n{BARE}\n《丙》\n{BARE}", 3),
        (f"{BARE}\n\n《乙》\n{BARE}", 2),
        (f"{SENTENCES}\n\n白日依山尽，黄河入海流。", 2),
        (f"{SENTENCES}\n\n{SENTENCES}", 1),  # two stanzas, or two poems
        (f"《唐诗选》\n《登鹳雀楼》\n\n{SENTENCES}", 1),
        (f"登鹳雀楼\n\n王之涣\n\n{SENTENCES}\n\n——王之涣《登鹳雀楼》\n\n注：旧作", 1),
        (f"{SENTENCES}\n《登鹳雀楼》 王之涣", 1),
        ("", 1),
    ],
)
def test_poems_are_told_from_stanzas(text, poems):
    assert count_poems(text) == poems
    if poems > 1:
        with pytest.raises(PromptError) as caught:
            read_poem(text, shipped_readings())
        assert (caught.value.key, caught.value.facts) == ("poems-several", {"poems": poems})
