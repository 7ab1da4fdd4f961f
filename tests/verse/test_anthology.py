"""Anthologies: what they find, what they refuse, and the one that ships."""

from dataclasses import replace
from itertools import chain

import pytest
from lianju.bot.verse.errors import BundleError
from lianju.bot.verse.model.bundle import default_couplets, default_directory, load_bundle
from lianju.bot.verse.text.anthology import Anthology, AnthologyPoem
from lianju.training.prepare import split_of

from .toy import Toy, read_manifest, write_manifest

SPRING = AnthologyPoem(
    "a1", "春晓", "孟浩然", "五绝", 90, ("春眠不觉晓", "处处闻啼鸟", "夜来风雨声", "花落知多少")
)
TOWER = AnthologyPoem(
    "b2",
    "登鹳雀楼",
    "王之涣",
    "五绝",
    100,
    ("白日依山尽", "黄河入海流", "欲穷千里目", "更上一层楼"),
)
OTHER = AnthologyPoem("c3", "其 二", "某", "五绝", 0, ("春风", "白日依山尽"))
ANTHOLOGY = Anthology([TOWER, SPRING, OTHER])


def test_a_file_is_read_as_it_was_written():
    text = ANTHOLOGY.dump()
    assert text.split("\n")[0] == "b2\t登鹳雀楼\t王之涣\t五绝\t100\t" + "/".join(TOWER.lines)
    assert Anthology.parse(text).poems == ANTHOLOGY.poems
    assert Anthology.parse(text.replace("\n", "\r\n")).poems == ANTHOLOGY.poems
    assert Anthology.parse("").poems == ()


def test_lines_are_found():
    assert ANTHOLOGY.has_line("处处闻啼鸟")
    assert not ANTHOLOGY.has_line("处处闻啼")
    assert len(ANTHOLOGY) == 3


def test_lines_that_begin_so_come_by_fame_and_once():
    for opening in ("春", "白日", "白日依山尽", "花落", "无", "白日依山尽了", "夜来风雨声"):
        expected = [line for poem in ANTHOLOGY for line in poem.lines if line.startswith(opening)]
        assert ANTHOLOGY.lines_beginning(opening, 9) == [*dict.fromkeys(expected)]
    assert ANTHOLOGY.lines_beginning("春", 1) == ["春眠不觉晓"]
    assert ANTHOLOGY.lines_beginning("", 9) == []


GOOD = SPRING.title, SPRING.poet, SPRING.form, "90", "/".join(SPRING.lines)


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (("a1", *GOOD[:4]), "has no poem of 6 columns in line 2"),
        (("a1", *GOOD[:3], "much", GOOD[4]), "has no poem of 6 columns in line 2"),
        (("A 1", *GOOD), "has an id"),
        (("a1", *GOOD[:3], "101", GOOD[4]), "has a fame that is not 0 to 100, in line 2"),
        (("a1", *GOOD[:4], "春眠不觉晓"), "has a poem that is not of 2 to 24 lines"),
        (("a1", *GOOD[:4], "春眠不觉晓//夜"), "has a line that"),
        (("a1", " ", *GOOD[1:]), "has a title that"),
        (("a1", "春" * 61, *GOOD[1:]), "has a title that is not of 1 to 60"),
        (("a1", GOOD[0], "孟\u202e", *GOOD[2:]), "has a poet that"),
        (("b2", *GOOD), "has two poems of one id"),
    ],
)
def test_a_file_that_is_no_anthology_is_refused(row, fault):
    text = Anthology([TOWER]).dump() + "\t".join(row) + "\n"
    with pytest.raises(ValueError, match=fault):
        Anthology.parse(text)


def test_a_bundle_has_its_anthology_and_is_refused_with_a_broken_one(tmp_path):
    bundle = Toy().write(tmp_path / "toy")
    assert load_bundle(bundle).anthology.poems == ()
    (bundle / "anthology.tsv").write_text(ANTHOLOGY.dump(), encoding="utf-8")
    assert load_bundle(bundle).anthology.poems == ()  # it is not listed
    write_manifest(bundle, read_manifest(bundle))
    assert load_bundle(bundle).anthology.poems == ANTHOLOGY.poems
    (bundle / "anthology.tsv").write_text("a\tb\n", encoding="utf-8")
    write_manifest(bundle, read_manifest(bundle))
    with pytest.raises(BundleError) as caught:
        load_bundle(bundle)
    assert caught.value.key == "bundle-file"
    assert caught.value.facts["path"].endswith("anthology.tsv")


def test_the_shipped_anthology_is_of_the_training_part_and_fits():
    directory = default_directory()
    bundle = load_bundle(directory)
    poems = bundle.anthology.poems
    assert len(poems) == 2000
    assert read_manifest(directory)["files"]["anthology.tsv"]["bytes"] < 400_000
    assert {split_of(chain.from_iterable(poem.lines)) for poem in poems} == {"train"}
    assert all(map(bundle.vocabulary.is_ordinary, "".join("".join(p.lines) for p in poems)))
    assert bundle.anthology.lines_beginning("春眠", 5) == ["春眠不觉晓"]
    assert [poem.fame for poem in poems] == sorted((poem.fame for poem in poems), reverse=True)
    assert {poem.form for poem in poems} == {"五绝", "七绝", "五律", "七律"}


def test_the_shipped_bundles_have_the_size_that_was_agreed():
    sizes = [
        path.stat().st_size
        for directory in (default_directory(), default_couplets())
        for path in directory.iterdir()
    ]
    assert sum(sizes) <= 24_000_000


def test_a_poem_checks_its_fields_itself():
    with pytest.raises(ValueError, match="has a form"):
        replace(SPRING, form="")
