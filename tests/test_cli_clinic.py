"""`lianju check` as its user types it."""

import io
import json
import sys

import pytest
from lianju.bot import cli
from lianju.bot.verse import Blank, PromptError, open_composer

POEM = "白日依山尽，黄河入天流。欲穷千里目，更上一层楼。"


@pytest.fixture(scope="module")
def shipped():
    composer = open_composer(provider="cpu", threads=1)
    yield composer
    composer.close()


@pytest.fixture
def check(capsys, monkeypatch, shipped, tmp_path):
    monkeypatch.setattr("lianju.bot.verse.composer.open_composer", lambda *_, **_options: shipped)
    monkeypatch.setattr(shipped, "close", lambda: None)
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        return cli.main(["check", *map(str, arguments)]), *capsys.readouterr()

    return run


def test_a_poem_is_shown_beside_its_tones_with_what_would_mend_it(check, shipped):
    lines = ["白日依山尽", "黄河入天流", "欲穷千里目", "更上一层楼"]
    (choices,) = shipped.mend_now(lines, [Blank(1, 3, "oblique")]).choices
    status, out, error = check(POEM)
    assert (status, error) == (0, "")
    rows = [row for row in out.splitlines() if row.strip()[:1] in tuple("1234")]
    assert [row.split()[:4] for row in rows if row.split()[0].isdecimal()] == [
        ["1", lines[0], "仄仄平平仄", "中仄平平仄"],
        ["2", lines[1], "平平仄平平", "平平中仄平"],
        ["3", lines[2], "仄平平仄仄", "中平平仄仄"],
        ["4", lines[3], "两仄仄平平", "中仄仄平平"],
    ]
    assert "4th character 天 is level" in out
    assert f"{choices[0]}, {choices[1]} would do" in out
    assert "更 平庚 仄敬" in out


def test_columns_are_aligned_even_if_a_line_is_short(check):
    _, out, _ = check("白日依山尽 黄河入海 欲穷千里目 更上一层楼")
    rows = [row for row in out.splitlines() if row[3:4] in tuple("1234")]
    assert len({len(row.rstrip()) for row in rows[::2]}) == 1  # lines without a rhyme
    assert {row.index("  ", 6) for row in rows} == {rows[0].index("  ", 6)}


def test_a_title_is_told_as_such(check):
    status, out, error = check("登鹳雀楼", "王之涣", POEM)
    assert (status, error) == (0, "")
    assert out.splitlines()[1] == "Set apart, and not checked: 登鹳雀楼 王之涣"
    assert "1  白日依山尽" in out


def test_what_stands_around_a_poem_is_told_and_not_checked(check):
    text = f"{POEM}\n——王之涣《登鹳雀楼》\n注：{'旧作。' * 100}"
    _, out, _ = check(text)
    told = out.splitlines()[1]
    assert told.startswith("Set apart, and not checked: 王之涣《登鹳雀楼》 注：旧作。")
    assert told.endswith("…")
    assert json.loads(check("--json", text)[1])["title"] == "王之涣《登鹳雀楼》"
    assert json.loads(check("--json", f"我写的诗：{POEM}")[1])["title"] == "我写的诗"
    error = PromptError("poems-several", poems=2)
    assert check(f"《甲》\n{POEM}\n\n《乙》\n{POEM}") == (2, "", f"lianju: {error}\n")


def test_json_has_all_of_it(check):
    status, out, error = check("--json", f"《登鹳雀楼》{POEM}")
    assert (status, error) == (0, "")
    found = json.loads(out)
    assert found["title"] == "《登鹳雀楼》"
    assert (found["length"], found["opening"], found["first_rhymes"]) == (5, "oblique", False)
    assert found["rhyme"] == {"tone": "level", "groups": ["尤"]}
    second = found["lines"][1]
    (fault,) = second["faults"]
    assert {k: fault[k] for k in ("kind", "place", "character", "tone", "groups")} == {
        "kind": "tone",
        "place": 3,
        "character": "天",
        "tone": "oblique",
        "groups": [],
    }
    assert len(fault["choices"]) == 2
    assert second["readings"][3] == ["level"]
    assert second["pattern"] == ["level", "level", None, "oblique", "level"]
    assert [line["known"] for line in found["lines"]] == [True, False, True, True]
    assert [line["rhymes"] for line in found["lines"]] == [False, True, False, True]
    assert set(found["bundle"]) == {"name", "version"}


def test_licences_are_told_and_are_no_faults(check):
    status, out, _ = check("--json", "人事有代谢", "往来成古今")
    lines = json.loads(out)["lines"]
    assert status == 0
    assert [line["licences"] for line in lines] == [["bold"], ["rescue", "self"]]
    assert [line["faults"] for line in lines] == [[], []]


def test_a_poem_may_come_from_standard_input(check, monkeypatch):
    def given(content):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))

    given(f"\ufeff{POEM}\n".encode())
    assert check("-")[1] == check(POEM)[1]
    given("白日依山尽".encode("gb18030"))
    assert check("-")[:2] == (2, "")


def test_rhymes_of_today_join_what_those_of_tang_verse_part(check):
    poem = "万树叶初红，人家树色中。疏钟摇雨足，积水浸云容。"
    old, new = (
        json.loads(check("--json", "--rhymes", book, poem)[1]) for book in ("pingshui", "xinyun")
    )
    faults = [
        [fault["kind"] for line in each["lines"] for fault in line["faults"]] for each in (old, new)
    ]
    assert "neighbor" in faults[0] or "neighbor" in old["lines"][3]["licences"]
    assert new["rhyme"] == {"tone": "level", "groups": ["庚"]}
    assert "rhyme" not in faults[1]
    assert "中华新韵" in check("--rhymes", "xinyun", poem)[1]


@pytest.mark.parametrize("text", ["", "白日依山尽", "hello", "白日🙂山尽 黄河入海流", "白" * 4000])
def test_bad_input_is_one_sentence(text, check):
    status, out, error = check(text)
    assert (status, out) == (2, "")
    assert error.startswith("lianju: ")
    assert error.count("\n") == 1


def test_what_is_not_chinese_is_named_as_words(check):
    error = PromptError("clinic-characters", named=f"hello {'x' * 19}… 🙂", more=0)
    assert check(f"hello白日 {'x' * 50} 🙂")[2] == f"lianju: {error}\n"


def test_sentences_are_in_the_language_of_the_locale(check, monkeypatch):
    monkeypatch.setenv("LC_ALL", "zh_TW.UTF-8")
    out = check("渭城朝雨浥輕塵 客舍青青柳色新 勸君更盡一杯酒 西出陽關無故山")[1]
    assert "五" not in out.splitlines()[0]
    assert "折腰體" in out
    assert "「山」不押「真」韻" in out
