"""Indexes of small corpora, and the filters that hold them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from lianju.bot.verse.text.binary_fuse import BinaryFuseFilter, mix
from lianju.bot.verse.text.corpus_index import CorpusIndex
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.export.binary_fuse import build_map, build_set
from lianju.export.corpus_index import build_corpus_index
from lianju.export.errors import ExportError
from lianju.training.errors import CorpusError

SPECIAL = ("<unk>", "<e>", "<s>", "</l>")
RARE, COMMON = "癸", "甲"
HAN = "甲乙丙丁戊己庚辛壬癸子丑寅卯"


def vocabulary(tokens=HAN, special=SPECIAL):
    counts = (*(-1 for _ in special), *(99 - number for number, _ in enumerate(tokens)))
    return Vocabulary((*special, *tokens), counts)


def corpus(folder, parts, kept=None):
    """A prepared corpus of poems like "甲乙|丙丁"."""
    for split in ("train", "validation", "test"):
        poems = [[" ".join(line) for line in p.split("|")] for p in parts.get(split, ())]
        texts = ["".join(f"{line} </l> " for line in poem).strip() for poem in poems]
        (folder / f"{split}.txt").write_text("".join(f"{t}\n" for t in texts), encoding="utf-8")
    if kept:
        report = {"kept": {"train": {name: {"poems": n} for name, n in kept.items()}}}
        (folder / "report.json").write_text(json.dumps(report), encoding="utf-8")
    return folder


class Known:
    """The index of a corpus, asked with lines as text."""

    def __init__(self, folder, words):
        self.words = words
        self.known = CorpusIndex.parse(build_corpus_index(folder, words), len(words))

    def has(self, line):
        return bool(self.known.contains(np.array([self.words.encode(line)]))[0])

    def continuation(self, line):
        found = self.known.continuation(self.words.encode(line))
        return found and "".join(self.words.tokens[token] for token in found)


@pytest.fixture
def known(tmp_path):
    def build(parts, kept=None, words=None):
        return Known(corpus(tmp_path, parts, kept), words or vocabulary())

    return build


PARTS = {
    "train": ["甲乙丙|丁戊己|庚辛壬|癸子丑", "乙乙|丙丙|丁丁", "寅卯|卯寅"],
    "validation": ["戊子己|庚丑辛"],
    "test": ["壬寅癸|子卯丑"],
}


def test_all_lines_of_all_parts_are_known(known):
    found = known(PARTS, {"tang": 2, "song": 1})
    lines = [line for poems in PARTS.values() for poem in poems for line in poem.split("|")]
    assert all(map(found.has, lines))
    assert not any(found.has(line[::-1]) for line in lines if line[::-1] not in lines)


def test_continuations_are_within_couplets_of_the_tested_corpus(known):
    found = known(PARTS, {"tang": 2, "song": 1})
    assert found.continuation("甲乙丙") == "丁戊己"
    assert found.continuation("庚辛壬") == "癸子丑"
    assert found.continuation("乙乙") == "丙丙"
    assert found.continuation("戊子己") == "庚丑辛"
    assert found.continuation("壬寅癸") == "子卯丑"
    for line in ("丁戊己", "癸子丑", "丙丙", "丁丁", "寅卯", "卯寅", "子丑"):
        assert found.continuation(line) is None, line


@pytest.mark.parametrize("report", [None, '{"kept": {"train": {"poems": 3}}}', "[", "{}"])
def test_without_a_report_the_whole_corpus_is_tested(tmp_path, report):
    corpus(tmp_path, PARTS)
    if report:
        (tmp_path / "report.json").write_text(report, encoding="utf-8")
    found = Known(tmp_path, vocabulary())
    assert (found.continuation("甲乙丙"), found.continuation("寅卯")) == ("丁戊己", "卯寅")


def test_a_line_with_a_token_that_the_model_lacks_is_left_out(known):
    found = known({"train": ["甲未丙|丁戊己|甲乙丙|丁未己|庚辛壬|癸子丑"]})
    assert found.has("丁戊己")
    assert found.continuation("庚辛壬") == "癸子丑"
    assert not found.has(["甲", "<unk>", "丙"])
    assert [found.continuation(line) for line in ("甲未丙", "甲乙丙")] == [None, None]


def test_lines_of_different_lengths_have_no_continuation(known):
    found = known({"train": ["甲乙|丙丁戊|己庚辛|壬癸|子丑|寅卯"]})
    assert [found.continuation(line) for line in ("甲乙", "己庚辛", "子丑")] == [None, None, "寅卯"]


def test_an_index_is_asked_in_another_vocabulary(known):
    found = known(PARTS)
    words = vocabulary("猫戊己庚丁丙乙甲辛子癸壬")  # in another order, and without 丑, 寅 and 卯
    found.known, found.words = found.known.translated(found.words, words), words
    lines = [line for poems in PARTS.values() for poem in poems for line in poem.split("|")]
    for line in lines:
        assert found.has(line) == (not {*line} & {*"丑寅卯"}), line
    assert not found.has("甲乙猫")
    assert not found.has(["甲", "<unk>", "丙"])
    assert found.continuation("甲乙丙") == "丁戊己"
    assert found.continuation("戊子己") is None  # 庚丑辛 cannot be said
    assert found.continuation("猫猫猫") is None


def test_the_most_frequent_second_line_is_kept(known):
    rare, common = f"乙{RARE}", f"乙{COMMON}"
    poems = [f"子丑|{common}", f"子丑|{rare}", f"子丑|{rare}|寅卯|{common}"]
    assert known({"train": poems}).continuation("子丑") == rare


def test_of_equally_frequent_second_lines_the_one_of_commoner_characters_is_kept(known):
    poems = [f"子丑|{RARE}{RARE}", f"子丑|{COMMON}{COMMON}", f"子丑|{RARE}{COMMON}"]
    assert known({"train": poems}).continuation("子丑") == COMMON * 2


@pytest.mark.parametrize("seconds", [("甲乙丙丁戊", "戊丁丙乙甲"), ("丙甲戊乙丁", "甲丁乙戊丙")])
def test_of_equal_second_lines_the_first_is_kept(known, seconds):
    for poems in (seconds, seconds[::-1]):
        found = known({"train": [f"子丑寅卯子|{second}" for second in poems]})
        assert found.continuation("子丑寅卯子") == poems[0]


def test_the_file_depends_on_the_corpus_alone(tmp_path):
    folder = corpus(tmp_path, PARTS, {"tang": 2, "song": 1})
    assert build_corpus_index(folder, vocabulary()) == build_corpus_index(folder, vocabulary())


def test_a_model_without_line_tokens_has_an_index_too(known):
    found = known(PARTS, {"tang": 2, "song": 1}, vocabulary(special=SPECIAL[:2]))
    assert found.has("庚辛壬")
    assert found.continuation("庚辛壬") == "癸子丑"


def test_samples_of_one_line_and_lower_case(tmp_path):
    for split in ("train", "validation", "test"):
        (tmp_path / f"{split}.txt").write_text("The rose is Red\n", encoding="utf-8")
    words = vocabulary(("the", "rose", "is", "red"))
    found = Known(tmp_path, words)
    assert found.has(["the", "rose", "is", "red"])
    assert not found.has(["the", "rose", "is", "the"])


def test_a_corpus_without_a_usable_line(known):
    found = known({"train": ["未申|酉戌"]})
    assert not found.has("甲乙")
    assert found.continuation("甲乙") is None


def test_a_folder_without_a_corpus_is_refused(tmp_path):
    with pytest.raises(CorpusError, match="run `lianju-train prepare` first"):
        build_corpus_index(tmp_path, vocabulary())
    corpus(tmp_path, PARTS)
    (tmp_path / "test.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(CorpusError, match=r"test.txt cannot be read as UTF-8 text"):
        build_corpus_index(tmp_path, vocabulary())


def keys_of(count, seed=0):
    return mix(np.arange(seed, seed + count, dtype=np.uint64))


@pytest.mark.parametrize("count", [*range(12), 31, 100, 999, 20_000])
@pytest.mark.parametrize("bits", [1, 8, 13, 16, 17, 24])
def test_a_filter_gives_every_value_after_writing_and_reading(count, bits):
    keys = keys_of(count)
    values = np.random.default_rng(count).integers(0, 1 << bits, count)
    built = build_map(keys, values, bits)
    read, rest = BinaryFuseFilter.parse(built.dump() + b"rest")
    assert (rest, read.shape) == (b"rest", built.shape)
    for table in (built, read):
        assert table.values(keys).tolist() == values.tolist()


def test_a_large_filter_takes_little_more_than_its_values():
    table = build_map(keys_of(100_000), np.zeros(100_000, np.int64), 13)
    assert len(table.dump()) * 8 < 100_000 * 13 * 1.15


@pytest.mark.parametrize("bits", [4, 8])
def test_a_set_has_its_keys_and_as_many_others_as_its_bits_say(bits):
    keys = keys_of(5000)
    table = build_set(np.concatenate((keys, keys[:100])), bits)
    assert table.has(keys).all()
    share = table.has(keys_of(200_000, seed=10_000)).mean()
    assert share == pytest.approx(0.5**bits, rel=0.1)


def test_one_key_cannot_have_two_values():
    with pytest.raises(ExportError, match="must be different"):
        build_map(np.array([7, 7], np.uint64), np.array([1, 2]), 4)
