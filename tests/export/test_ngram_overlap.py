"""Lines shared with the training part of a corpus, against a search through its text."""

from __future__ import annotations

import random

import pytest
from lianju.export.grade.ngram_overlap import known_lines, overlapping
from lianju.training.errors import CorpusError

HAN = "甲乙丙丁𠀀"


def random_lines(seed, count):
    rng = random.Random(seed)  # noqa: S311 -- toy lines
    return ["".join(rng.choices(HAN, k=rng.randint(0, 9))) for _ in range(count)]


def shares(line, lines):
    return any(line[i : i + 4] in other for i in range(len(line) - 3) for other in lines)


@pytest.fixture
def write(tmp_path):
    def write(train, test=()):
        for split, lines in {"train": train, "test": test}.items():
            text = "".join(f"{' '.join(line)} </l>\n" for line in lines)
            (tmp_path / f"{split}.txt").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def test_overlap_is_that_of_a_search_through_the_text(write):
    lines, asked = random_lines(1, 40), random_lines(2, 500)
    expected = [shares(line, lines) for line in asked]
    assert overlapping(write(lines), asked) == expected
    assert 50 < sum(expected) < 450
    assert known_lines(write(lines), asked) == set(lines) & set(asked) - {""}


def test_four_characters_of_one_line_make_an_overlap(write):
    corpus = write(["黄河远上白云间", "一片孤城万仞山"])
    asked = ["看远上白云外", "远上白山云间", "白云间一片城", "孤城万", ""]
    assert overlapping(corpus, asked) == [True, False, False, False, False]


def test_nothing_overlaps_with_nothing(write):
    assert overlapping(write([]), ["黄河远上白云间"]) == [False]
    assert overlapping(write(["甲乙丙"]), []) == []


def test_only_the_training_part_counts(write):
    corpus = write(["甲乙丙丁", "戊己庚辛"], ["子丑寅卯", "辰巳午未"])
    assert overlapping(corpus, ["甲乙丙丁", "戊己庚辛壬", "丙丁戊己", "子丑寅卯"]) == [
        *(True, True, False, False)
    ]
    assert known_lines(corpus, ["甲乙丙丁", "子丑寅卯"]) == {"甲乙丙丁"}


def test_a_folder_without_a_corpus_is_refused(tmp_path):
    with pytest.raises(CorpusError, match="run `lianju-train prepare` first"):
        overlapping(tmp_path, ["甲乙丙丁"])
