"""Near-copies, against a search through the text."""

from __future__ import annotations

import random

import pytest
from lianju.export.grade import copies
from lianju.export.grade.copies import Copies
from lianju.training.errors import CorpusError

HAN = "甲乙丙丁𠀀"


def random_lines(seed, count):
    rng = random.Random(seed)  # noqa: S311 -- toy lines
    return ["".join(rng.choices(HAN, k=rng.randint(0, 9))) for _ in range(count)]


def near(line, lines):
    return any(line[i : i + 4] in other for i in range(len(line) - 3) for other in lines)


def test_near_copies_are_those_that_a_search_finds(monkeypatch):
    monkeypatch.setattr(copies, "_BATCH", 7)
    lines, asked = random_lines(1, 40), random_lines(2, 500)
    expected = [near(line, lines) for line in asked]
    assert Copies(lines).near(asked).tolist() == expected
    assert 50 < sum(expected) < 450


def test_four_in_a_row_of_one_line_make_a_copy():
    found = Copies(["黄河远上白云间", "一片孤城万仞山"])
    assert found.near(["看远上白云外", "远上白山云间", "白云间一片城", "孤城万", ""]).tolist() == [
        *(True, False, False, False, False)
    ]


def test_nothing_is_a_copy_of_nothing():
    assert Copies([]).near(["黄河远上白云间"]).tolist() == [False]
    assert Copies(["甲乙丙"]).near([]).tolist() == []


def test_only_the_training_part_counts(tmp_path):
    texts = {
        "train": "甲 乙 丙 丁 </l> 戊 己 庚 辛 </l>",
        "test": "子 丑 寅 卯 </l> 辰 巳 午 未 </l>",
    }
    for split, text in texts.items():
        (tmp_path / f"{split}.txt").write_text(f"{text}\n" * 2, encoding="utf-8")
    found = Copies.of_training(tmp_path)
    assert found.near(["甲乙丙丁", "戊己庚辛壬", "丙丁戊己", "子丑寅卯"]).tolist() == [
        *(True, True, False, False)
    ]


def test_a_folder_that_is_no_corpus(tmp_path):
    with pytest.raises(CorpusError, match="run `lianju-train prepare` first"):
        Copies.of_training(tmp_path)
