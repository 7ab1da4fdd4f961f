"""The typeface: what it is called, and that it has what verse needs."""

from importlib.resources import files
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from lianju.bot.picture.glyphs import GETA, glyph_for
from lianju.bot.verse import Vocabulary, is_han, to_traditional

FOLDER = Path(str(files("lianju.bot.picture"))) / "font"
MODELS = Path(str(files("lianju.bot.models")))
RESERVED = ("霞鹜", "霞鶩", "落霞孤鹜", "落霞孤鶩", "lxgw", "wenkai", "文楷", "klee")
MAX_BYTES = 6_000_000
# LXGW WenKai has these in neither script; each is 1 in 100,000 characters of verse at most.
LACKING = set("𢋙𩕳𡾼𡏖𧥆𣂏𧥄")


@pytest.fixture(scope="module")
def font():
    return TTFont(FOLDER / "LianjuKai.ttf", lazy=True)


def test_it_does_not_use_a_reserved_name(font):
    shown = [str(name).lower() for name in font["name"].names if name.nameID not in (0, 13, 14)]
    assert "lianju kai" in shown
    assert not [text for text in shown for name in RESERVED if name in text]


def test_its_license_is_beside_it(font):
    text = (FOLDER / "OFL.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in text
    assert "Open Font License" in str(font["name"].getDebugName(13))


def test_it_is_small_enough():
    assert (FOLDER / "LianjuKai.ttf").stat().st_size <= MAX_BYTES


def test_the_list_of_characters_is_that_of_the_font(font):
    listed = (FOLDER / "characters.txt").read_text(encoding="utf-8").removesuffix("\n")
    assert sorted(map(ord, listed)) == sorted(font.getBestCmap())


@pytest.mark.parametrize("bundle", ["tang", "couplet"])
@pytest.mark.parametrize("traditional", [False, True])
def test_it_has_the_vocabularies_in_both_scripts(bundle, traditional):
    tokens = filter(is_han, Vocabulary.load(MODELS / bundle / "vocab.txt").tokens)
    needed = {to_traditional(token) if traditional else token for token in tokens}
    lacking = {character for character in needed if glyph_for(character) == GETA}
    assert lacking <= LACKING


def test_it_has_the_titles_and_poets_of_the_anthology():
    text = (MODELS / "tang" / "anthology.tsv").read_text(encoding="utf-8")
    for characters in (set(text), set(map(to_traditional, text))):
        lacking = {each for each in filter(is_han, characters) if glyph_for(each) == GETA}
        assert lacking <= {"𤰳"}  # of a poet's name; the font has it in neither script


def test_it_has_dates_names_and_punctuation():
    needed = (
        "〇一二三四五六七八九十年月日等人印之联聯句詩社ÅéñßŁőЯжλ·あアー︐︒︙「」《》〓"
        + "".join(map(chr, range(0x21, 0x7F)))
    )
    assert [
        character for character in needed if character != GETA and glyph_for(character) == GETA
    ] == []
    assert glyph_for("🎉") == GETA
