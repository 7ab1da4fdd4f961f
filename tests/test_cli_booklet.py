"""`lianju booklet` as its user types it."""

import datetime
import io
import sys
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from lianju.bot import cli
from lianju.bot.booklet import Booklet, BookletError, Poem, read_poems, render
from lianju.bot.errors import LianjuError
from lianju.bot.picture import PictureError
from lianju.bot.verse import PromptError, RequestError

TEXT = """《登鹳雀楼》 王之涣
白日依山尽，黄河入海流。
欲穷千里目，更上一层楼。

《》甲、Bob, 甲
昨夜雨疏风骤，浓睡不消残酒
却道海棠依旧，知否？
\u3000
明月松间照，清泉石上流。
"""
POEMS = (
    Poem("登鹳雀楼", ("白日依山尽", "黄河入海流", "欲穷千里目", "更上一层楼"), ("王之涣",)),
    Poem("", ("昨夜雨疏风骤", "浓睡不消残酒", "却道海棠依旧，知否"), ("甲", "Bob")),
    Poem("", ("明月松间照", "清泉石上流")),
)
DAY = datetime.date(2026, 11, 30)


@pytest.fixture
def lianju(capfdbinary, monkeypatch, tmp_path):
    """Runs a command; returns status, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    Path("poems.txt").write_text(TEXT, encoding="utf-8")

    def run(*arguments):
        status = cli.main(["booklet", *arguments])
        out, err = capfdbinary.readouterr()
        return status, out, err.decode()

    return run


def stdin(monkeypatch, data):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


@pytest.mark.parametrize("text", [TEXT, TEXT.replace("\n", "\r\n"), f"\ufeff\n\n{TEXT}\n\n\n"])
def test_empty_rows_separate_poems(text):
    assert tuple(read_poems(text)) == POEMS


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("春眠不觉晓，处处闻啼鸟。夜来风雨声", ("春眠不觉晓", "处处闻啼鸟", "夜来风雨声")),
        ("四四四四 四四四四", ("四四四四", "四四四四")),
        ("Shall I compare thee,\nto a day?", ("Shall I compare thee", "to a day")),
        (
            "长联上句有八个字，长联下句有八个字\n横批",
            ("长联上句有八个字，长联下句有八个字", "横批"),
        ),
    ],
)
def test_rows_are_lines_or_two_of_the_same_length(text, lines):
    (poem,) = read_poems(text)
    assert poem.lines == lines


@pytest.mark.parametrize(
    ("text", "title", "writers"),
    [
        ("《登鹳雀楼》王之涣\n\n{}", "登鹳雀楼", ("王之涣",)),
        ("登鹳雀楼（王之涣）\n{}", "登鹳雀楼（王之涣）", ()),
        ("登鹳雀楼\n王之涣\n{}", "登鹳雀楼", ("王之涣",)),
        ("{}\n——王之涣《登鹳雀楼》", "登鹳雀楼", ("王之涣",)),
    ],
)
def test_headings_are_read_as_by_the_clinic(text, title, writers):
    verse = "白日依山尽，黄河入海流。\n欲穷千里目，更上一层楼。"
    assert tuple(read_poems(text.format(verse))) == (Poem(title, POEMS[0].lines, writers),)


@pytest.mark.parametrize(
    ("text", "poem"),
    [
        (
            "《离骚》读罢泪沾襟，白日依山尽不寻。",
            Poem("", ("《离骚》读罢泪沾襟", "白日依山尽不寻")),
        ),
        ("《夜》\n啊\n我走了\n他来了", Poem("夜", ("啊", "我走了", "他来了"))),
        ("《夜》\n啊，月\n注：旧作", Poem("夜", ("啊", "月", "注：旧作"))),
    ],
)
def test_nothing_of_a_poem_is_left_out(text, poem):
    assert tuple(read_poems(text)) == (poem,)


def test_options_reach_the_booklet(lianju):
    options = ("--title", "我的诗集", "--author", "小明", "--seal", "诗社", "--date", str(DAY))
    status, out, err = lianju("poems.txt", "--out", "a.pdf", *options, "--script", "traditional")
    pdf = Path("a.pdf").read_bytes()
    assert pdf == render(Booklet("我的诗集", DAY, POEMS, "traditional", "小明", "诗社"))
    told = f"a.pdf: 3 poems, {len(pdf) // 1000} kB\n"
    assert (status, out.decode(), err) == (0, told, "")
    assert {path.name for path in Path().iterdir()} == {"a.pdf", "poems.txt"}


def test_standard_input_and_output(lianju, monkeypatch):
    stdin(monkeypatch, "明月🎉，清泉石".encode())
    status, out, err = lianju("-", "--out", "-")
    assert (status, err) == (0, f"lianju: {PictureError('picture-missing', missing='🎉')}\n")
    assert "明月〓" in pdfium.PdfDocument(out)[1].get_textpage().get_text_range()


def test_standard_input_may_be_closed(lianju, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    error = PromptError("cli-unreadable", path="-", reason="Bad file descriptor")
    for out in ("a.pdf", "-"):
        assert lianju("-", "--out", out, "--force") == (2, b"", f"lianju: {error}\n")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (b"", BookletError("booklet-empty")),
        (
            "山\a水".encode(),
            RequestError("cli-control", name="POEMS", character="U+0007"),
        ),
        (TEXT.encode("gbk"), PromptError("cli-stdin-not-utf8")),
        (
            f"{TEXT}\n{'山' * 61}".encode(),
            BookletError(
                "booklet-poem",
                number="4",
                reason=str(PictureError("picture-line", size=61, most=60)),
            ),
        ),
        (
            "明月\n\n《题》\n\n《夜》\n山水".encode(),
            BookletError(
                "booklet-poem",
                number="2",
                reason=str(PromptError("heading-alone", heading="《题》")),
            ),
        ),
        (
            "《登鹳雀楼》《春望》王之涣\n山水".encode(),
            BookletError(
                "booklet-poem",
                number="1",
                reason=str(PromptError("heading-titles", heading="《登鹳雀楼》《春望》王之涣")),
            ),
        ),
        (
            f"{TEXT}\n\n《题》".encode(),
            BookletError(
                "booklet-poem",
                number="4",
                reason=str(PromptError("heading-alone", heading="《题》")),
            ),
        ),
        ("山\n\n".encode() * 301, BookletError("booklet-poems", size=301, most=300)),
    ],
)
def test_bad_poems_are_one_sentence(lianju, monkeypatch, text, error):
    stdin(monkeypatch, text)
    assert lianju("-", "--out", "a.pdf") == (2, b"", f"lianju: {error}\n")
    assert not Path("a.pdf").exists()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (
            ("none.txt", "--out", "a.pdf"),
            PromptError("cli-no-poems-file", path="none.txt"),
        ),
        (("", "--out", "a.pdf"), PromptError("cli-no-poems-file", path="")),
        ((".", "--out", "a.pdf"), PromptError("cli-no-poems-file", path=".")),
        (("山" * 300, "--out", "a.pdf"), PromptError("cli-no-poems-file", path="山" * 300)),
        (("poems.txt", "poems.txt", "--out", "a.pdf"), PromptError("cli-one-file")),
        (
            ("poems.txt", "--out", "a.pdf", "--title", "两行\n标题"),
            RequestError("cli-control", name="--title", character="U+000A"),
        ),
        (
            ("poems.txt", "--out", "a.epub"),
            LianjuError("cli-out-name", path="a.epub", kind="PDF", ending=".pdf"),
        ),
        (("poems.txt", "--out", "poems.txt"), None),
        (("poems.txt", "--out", "a.pdf", "--title", " "), BookletError("booklet-title")),
        (("poems.txt", "--out", "a.pdf", "--date", "x"), PictureError("picture-date", value="x")),
        (("poems.txt",), None),
        ((), None),
    ],
)
def test_bad_input_is_one_sentence(lianju, arguments, error):
    status, out, err = lianju(*arguments)
    assert (status, out, err.count("\n")) == (2, b"", 1)
    assert error is None or err == f"lianju: {error}\n"
    assert {path.name for path in Path().iterdir()} == {"poems.txt"}
    assert Path("poems.txt").read_text(encoding="utf-8") == TEXT


def test_a_file_is_replaced_only_with_force(lianju):
    Path("a.pdf").write_bytes(b"mine")
    error = LianjuError("cli-out-exists", path="a.pdf")
    assert lianju("poems.txt", "--out", "a.pdf") == (2, b"", f"lianju: {error}\n")
    assert Path("a.pdf").read_bytes() == b"mine"
    assert lianju("poems.txt", "--out", "a.pdf", "--force")[0] == 0
    assert Path("a.pdf").read_bytes().startswith(b"%PDF")


def test_the_file_that_is_read_is_never_replaced(lianju, monkeypatch):
    Path("poems.txt").rename("poems.pdf")
    Path("other.pdf").hardlink_to("poems.pdf")
    Path("link.pdf").symlink_to("poems.pdf")
    for name in ("poems.pdf", "other.pdf", "link.pdf", "./poems.pdf"):
        error = RequestError("cli-out-is-source", path=name)
        for options in ((), ("--force",)):
            assert lianju("poems.pdf", "--out", name, *options) == (2, b"", f"lianju: {error}\n")
        with Path("poems.pdf").open(encoding="utf-8") as opened:
            monkeypatch.setattr(sys, "stdin", opened)
            assert lianju("-", "--out", name, "--force") == (2, b"", f"lianju: {error}\n")
    assert Path("poems.pdf").read_text(encoding="utf-8") == TEXT
