"""`lianju card` as its user types it."""

import datetime
import io
import sys
from pathlib import Path

import pytest
from lianju.bot import cli
from lianju.bot.picture import Card, PictureError, render
from lianju.bot.verse import PromptError, RequestError
from PIL import Image

POEM = "白日依山尽，黄河入海流。"
LINES = ("白日依山尽", "黄河入海流")


@pytest.fixture
def lianju(capfdbinary, monkeypatch, tmp_path):
    """Runs a command; returns status, standard output and standard error."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        status = cli.main(["card", *map(str, arguments)])
        out, err = capfdbinary.readouterr()
        return status, out, err.decode()

    return run


@pytest.fixture
def refused(lianju):
    """Runs a command that must fail as bad input does; returns the one sentence."""

    def run(*arguments):
        before = {path: path.read_bytes() for path in Path.cwd().iterdir()}
        status, out, err = lianju(*arguments)
        assert (status, out) == (2, b"")
        assert {path: path.read_bytes() for path in Path.cwd().iterdir()} == before
        sentence = err.removeprefix("lianju: ").rstrip("\n")
        assert "\n" not in sentence
        return sentence

    return run


def test_options_reach_the_picture(lianju):
    options = ("--title", "登楼", "--writer", "甲", "--writer", "Bob", "--seal", "诗社")
    options += ("--date", "2026-11-30", "--style", "night", "--script", "traditional")
    status, out, err = lianju(POEM, "--out", "card.png", *options)
    card = Card(
        lines=LINES,
        title="登楼",
        writers=("甲", "Bob"),
        seal="诗社",
        date=datetime.date(2026, 11, 30),
        style="night",
        script="traditional",
    )
    picture = Path("card.png").read_bytes()
    assert picture == render(card)
    told = f"card.png: 1080 by 1350 pixels, {len(picture) // 1000} kB\n"
    assert (status, out.decode(), err) == (0, told, "")
    assert list(Path().iterdir()) == [Path("card.png")]


def test_title_and_writer_of_the_text_are_set_apart(lianju):
    expected = render(Card(lines=LINES, title="登鹳雀楼", writers=("王之涣",)))
    for text in (f"《登鹳雀楼》王之涣\n{POEM}", f"{POEM}\n——王之涣《登鹳雀楼》"):
        assert lianju(text, "--out", "card.png", "--no-date", "--force")[0] == 0
        assert Path("card.png").read_bytes() == expected
    options = ("--out", "own.png", "--no-date", "--title", "", "--writer", "甲")
    assert lianju(f"《登鹳雀楼》王之涣\n{POEM}", *options)[0] == 0
    assert Path("own.png").read_bytes() == render(Card(lines=LINES, writers=("甲",)))


def test_the_date_is_that_of_today_unless_left_out(lianju):
    before = datetime.date.today()  # noqa: DTZ011 -- the user's own day
    lianju(POEM, "--out", "today.png")
    days = (before, datetime.date.today())  # noqa: DTZ011
    assert Path("today.png").read_bytes() in {render(Card(lines=LINES, date=day)) for day in days}
    lianju(POEM, "--out", "without.png", "--no-date")
    assert Path("without.png").read_bytes() == render(Card(lines=LINES))


def test_the_picture_can_be_printed(lianju):
    status, out, err = lianju(POEM, "--out", "-")
    assert (status, err) == (0, "")
    assert Image.open(io.BytesIO(out)).size == (1080, 1350)


def test_the_poem_may_come_from_standard_input(lianju, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(POEM.encode())))
    assert lianju("-", "--out", "card.png", "--no-date")[0] == 0
    assert Path("card.png").read_bytes() == render(Card(lines=LINES))


def test_standard_input_is_utf_8(refused, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(POEM.encode("gbk"))))
    assert refused("-", "--out", "card.png") == str(PictureError("cli-stdin-not-utf8"))


def test_a_file_is_replaced_only_with_force(lianju, refused):
    Path("card.png").write_bytes(b"mine")
    error = PictureError("cli-out-exists", path="card.png")
    assert refused(POEM, "--out", "card.png") == str(error)
    assert lianju(POEM, "--out", "card.png", "--force")[0] == 0
    assert Path("card.png").read_bytes().startswith(b"\x89PNG")


def test_missing_characters_are_told(lianju):
    status, _, err = lianju("明月🎉", "--writer", "🎉", "--out", "card.png")
    assert (status, err) == (0, f"lianju: {PictureError('picture-missing', missing='🎉')}\n")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("，", "--out", "a.png"), PictureError("picture-empty")),
        (
            (POEM, "--out", "a.jpg"),
            PictureError("cli-out-name", path="a.jpg", kind="PNG", ending=".png"),
        ),
        (
            (f"《甲》\n{POEM}\n\n《乙》\n{POEM}", "--out", "a.png"),
            PromptError("poems-several", poems=2),
        ),
        (
            (f"《甲》《乙》\n{POEM}", "--out", "a.png"),
            PromptError("heading-titles", heading="《甲》《乙》"),
        ),
        ((POEM, "--out", ""), PictureError("cli-out-no-name", ending=".png")),
        ((POEM, "--out", "."), PictureError("cli-out-folder", path=".", example="card.png")),
        ((POEM, "--out", "a.png", "--title", "  "), PictureError("picture-title-empty")),
        (
            (POEM, "--out", "a.png", "--title", "两行\n标题"),
            RequestError("cli-control", name="--title", character="U+000A"),
        ),
        (
            (f"{POEM}\a", "--out", "a.png"),
            RequestError("cli-control", name="POEM", character="U+0007"),
        ),
        ((POEM, "--out", "a.png", "--seal", " "), PictureError("picture-seal-empty")),
        (
            (POEM, "--out", "a.png", "--date", "yesterday"),
            PictureError("picture-date", value="yesterday"),
        ),
        (
            (*LINES, "--out", "a.png"),
            PictureError("cli-quotes", name="POEM", command="card", text=" ".join(LINES)),
        ),
        (
            (POEM, "--out", "a.png", "--seal", "x" * 9),
            PictureError("picture-seal", most=9, letters=8),
        ),
        (
            (POEM, "--out", "a.png", "--no-date", "--date", "2026-01-01"),
            PictureError("cli-card-dates"),
        ),
        (("山" * 61, "--out", "a.png"), PictureError("picture-line", size=61, most=60)),
        (
            (POEM, "--out", "no/a.png"),
            RequestError("cli-unwritable", path="no/a.png", reason="No such file or directory"),
        ),
    ],
)
def test_bad_input_is_one_sentence(refused, arguments, error):
    assert refused(*arguments) == str(error)


@pytest.mark.parametrize("arguments", [(), (POEM,), (POEM, "--out", "a.png", "--style", "gold")])
def test_bad_options_are_one_sentence(refused, arguments):
    assert refused(*arguments)
