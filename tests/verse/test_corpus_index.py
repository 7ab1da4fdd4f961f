import random
import struct

import numpy as np
import pytest
from lianju.bot.verse.text.corpus_index import CorpusIndex, continuation_keys, line_keys
from lianju.export.binary_fuse import build_map, build_set

SIZE = 6000
ALL = (1 << 64) - 1


def key_of(line):
    """The key of a line in whole numbers of any size, cut to 64 bits."""
    key = len(line)
    for token in line:
        key = (key ^ token) * 0xD6E8FEB86659FD93 & ALL
        key ^= key >> 32
    return key


def mixed(key):
    key = (key ^ key >> 30) * 0xBF58476D1CE4E5B9 & ALL
    key = (key ^ key >> 27) * 0x94D049BB133111EB & ALL
    return key ^ key >> 31


class Reader:
    """Looks single keys up in the bytes of a file, bit by bit."""

    def __init__(self, content):
        self.bits, self.tables = {}, []
        magic, self.size = struct.unpack_from("<8sI", content)
        assert magic == b"LJknown1"
        at = 12
        for _ in range(2):
            seed, bits, segment, segments = struct.unpack_from("<QBII", content, at)
            at += 17
            length = (segments + 3) * segment * bits // 8
            packed = int.from_bytes(content[at : at + length], "little")
            self.tables.append((seed, bits, segment, segments, packed))
            at += length
        assert at == len(content)

    def value(self, table, key):
        seed, bits, segment, segments, packed = self.tables[table]
        spread = mixed(key ^ seed)
        offsets = mixed(spread + 0x9E3779B97F4A7C15 & ALL)
        first = (spread >> 32) * (segment * segments) >> 32
        found = 0
        for number in range(4):
            offset = offsets >> 18 * (number - 1) & segment - 1 if number else 0
            found ^= packed >> ((first + number * segment) ^ offset) * bits
        return found & (1 << bits) - 1, spread & (1 << bits) - 1

    def contains(self, line):
        value, fingerprint = self.value(0, key_of(line))
        return value == fingerprint

    def continuation(self, line):
        keys = [
            mixed(key_of(line) + place * 0x9E3779B97F4A7C15 & ALL)
            for place in range(1, len(line) + 1)
        ]
        second = tuple(self.value(1, key)[0] for key in keys)
        if max(second) >= self.size or not (self.contains(line) and self.contains(second)):
            return None
        return second


def random_lines(seed, count, lengths=(5, 7)):
    rng = random.Random(seed)  # noqa: S311 -- toy lines
    lines = [[rng.randrange(SIZE) for _ in range(rng.choice(lengths))] for _ in range(count)]
    return list(dict.fromkeys(map(tuple, lines)))


def filled(lines, couplets, size=SIZE):
    keys = [line_keys(np.array([line])) for line in lines]
    firsts = [continuation_keys(line_keys(np.array([first])), len(first))[0] for first in couplets]
    nothing = np.zeros(0, np.uint64)
    return CorpusIndex(
        size,
        build_set(np.concatenate((nothing, *keys)), 14),
        build_map(
            np.concatenate((nothing, *firsts)),
            np.concatenate((nothing, *couplets.values())).astype(np.uint64),
            (size - 1).bit_length(),
        ),
    )


def contained(known, lines):
    """The lines that `known` contains, asked for by length."""
    found = set()
    for length in {len(line) for line in lines}:
        same = [line for line in lines if len(line) == length]
        answer = known.contains(np.array(same))
        found.update(line for line, has in zip(same, answer, strict=True) if has)
    return found


LINES = random_lines(1, 3000)
COUPLETS = {
    one: two for one, two in zip(LINES[::2], LINES[1::2], strict=False) if len(one) == len(two)
}
CONTENT = filled(LINES, COUPLETS).dump()
KNOWN = CorpusIndex.parse(CONTENT, SIZE)


def test_every_line_is_contained_and_hardly_another():
    others = set(random_lines(2, 200_000)) - set(LINES)
    assert contained(KNOWN, LINES) == set(LINES)
    # One in 16,384: 12 are expected; 20 are one in 10,000.
    assert 0 < len(contained(KNOWN, others)) < 20


def test_a_line_is_not_known_by_a_part_of_it_or_in_another_order():
    others = [line[:-1] for line in LINES] + [(0, *line) for line in LINES]
    others += [line[::-1] for line in LINES] + [(line[1], line[0], *line[2:]) for line in LINES]
    assert len(contained(KNOWN, others) - set(LINES)) < 5


def test_a_continuation_is_the_second_line_of_a_couplet():
    assert {first: KNOWN.continuation(first) for first in COUPLETS} == COUPLETS
    assert KNOWN.continuation(list(LINES[0])) == COUPLETS.get(LINES[0])


def test_other_lines_have_no_continuation():
    others = [line for line in LINES if line not in COUPLETS] + random_lines(3, 3000)
    assert [line for line in others if KNOWN.continuation(line) is not None] == []


def test_a_continuation_needs_both_lines_of_the_couplet_to_be_known():
    first, second = LINES[0], LINES[0][::-1]
    assert filled([first, second], {first: second}).continuation(first) == second
    assert filled([first], {first: second}).continuation(first) is None
    assert filled([second], {first: second}).continuation(first) is None
    assert filled([()], {}).continuation(()) is None


def test_a_reader_of_single_bits_finds_the_same():
    reader = Reader(CONTENT)
    lines = [*LINES[:300], *random_lines(4, 3000)]
    assert contained(KNOWN, lines) == {line for line in lines if reader.contains(line)}
    for line in lines:
        assert KNOWN.continuation(line) == reader.continuation(line)


def test_keys_do_not_change_between_versions():
    lines = np.array([[1, 2, 3, 4, 5], [0, 0, 0, 0, 0]])
    assert line_keys(lines).tolist() == [key_of(line) for line in lines.tolist()]
    # From a first run: bundles that exist are looked up by these.
    assert line_keys(lines)[0] == 8422188425118861632
    assert line_keys(lines.astype(np.int32)).tolist() == line_keys(lines).tolist()


def test_an_empty_index_contains_nothing():
    known = CorpusIndex.parse(filled([], {}).dump(), SIZE)
    assert len(contained(known, LINES)) < 3
    assert not any(known.continuation(line) for line in LINES)


@pytest.mark.parametrize("size", [2, 7, 256, 70_000])
def test_vocabularies_of_any_size(size):
    rng = random.Random(size)  # noqa: S311 -- toy lines
    lines = list(dict.fromkeys(tuple(rng.choices(range(size), k=20)) for _ in range(40)))
    couplets = dict(zip(lines[::2], lines[1::2], strict=True))
    known = CorpusIndex.parse(filled(lines, couplets, size).dump(), size)
    assert contained(known, lines) == set(lines)
    assert {first: known.continuation(first) for first in couplets} == couplets


def test_lookup_does_not_change_its_input():
    lines = np.array(LINES[:1])
    KNOWN.contains(lines)
    assert lines.tolist() == [list(LINES[0])]


@pytest.mark.parametrize(
    ("content", "size", "fault"),
    [
        (b"", SIZE, "is no corpus index"),
        (b"PK\x03\x04 something else", SIZE, "is no corpus index"),
        (CONTENT, SIZE + 1, "is for a vocabulary of 6000 tokens and not of 6001"),
        (CONTENT + b"\n", SIZE, "has bytes after its end"),
        (CONTENT[:12] + b"\xff" * 17, SIZE, "has a filter of an impossible shape"),
        (CONTENT[:12] + struct.pack("<QBII", 1, 14, 24, 9), SIZE, "has a filter of an impossible"),
        (
            CONTENT[:12] + struct.pack("<QBII", 1, 14, 32, 1 << 28),
            SIZE,
            "has a filter of an imposs",
        ),
        (CONTENT[:12] + struct.pack("<QBII", 1, 14, 32, 1 << 26), SIZE, "is truncated"),
    ],
)
def test_an_invalid_file_is_refused(content, size, fault):
    with pytest.raises(ValueError, match=fault):
        CorpusIndex.parse(content, size)


@pytest.mark.parametrize("length", [8, 10, 12, 28, 29, 3000, len(CONTENT) - 1])
def test_a_file_that_is_cut_short_is_refused(length):
    with pytest.raises(ValueError, match="is truncated"):
        CorpusIndex.parse(CONTENT[:length], SIZE)
