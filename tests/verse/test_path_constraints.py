"""Path rules against the same said in plain Python, over random paths."""

import itertools

import numpy as np
import pytest
from lianju.bot.verse.prosody.forms import Pattern
from lianju.bot.verse.prosody.table import Prosody
from lianju.bot.verse.search.path_constraints import NoRepetition, NovelLine, TonePatternConstraint
from lianju.bot.verse.text.vocabulary import Vocabulary

# Level, oblique, both, and a character that the table lacks.
LETTERS = "天月看猫"
VOCABULARY = Vocabulary(("<unk>", "<e>", *LETTERS), (-1, -1, 9, 9, 9, 9))
PROSODY = Prosody([("先", "平", "天"), ("寒", "平", "看"), ("翰", "去", "看月")], VOCABULARY)
TONES = {2: {"level"}, 3: {"oblique"}, 4: {"level", "oblique"}, 5: {"level", "oblique"}}
PATTERNS = (
    Pattern(("level", None, "oblique")),
    Pattern(("oblique", "level", "oblique"), "half"),
    Pattern(("oblique", "level", "level"), "half"),
)


def every(length):
    """All paths of that length over the four letters [4 ** length, length]."""
    paths = list(itertools.product(range(2, 6), repeat=length))
    return np.array(paths, np.int64).reshape(4**length, length)


def all_tokens(rows):
    return np.tile(np.arange(2, 6), (rows, 1))


def fits(line):
    """Whether a whole or begun line fits some pattern."""
    return any(
        all(
            tone is None or tone in TONES[token] for token, tone in zip(line, p.tones, strict=False)
        )
        for p in PATTERNS
    )


@pytest.mark.parametrize("length", range(3))
def test_a_path_goes_on_only_as_a_pattern_that_it_fits(length):
    rule = TonePatternConstraint.of(PATTERNS, PROSODY)
    paths = every(length)
    for path, refused in zip(paths, rule.refuses(paths, all_tokens(len(paths))), strict=True):
        if fits(path):
            assert refused.tolist() == [not fits((*path, token)) for token in range(2, 6)]


def test_after_the_line_comes_anything():
    rule = TonePatternConstraint.of(PATTERNS, PROSODY)
    assert not rule.refuses(every(3), all_tokens(64)).any()


def test_tokens_that_no_pattern_allows_are_masked_at_their_position():
    rule = TonePatternConstraint.of(PATTERNS[1:], PROSODY)
    allowed = [set(np.flatnonzero(~rule.forbids(place))) & set(TONES) for place in range(3)]
    assert allowed == [{3, 4, 5}, {2, 4, 5}, {2, 3, 4, 5}]


def test_an_opening_chooses_among_the_patterns():
    rule = TonePatternConstraint.of(PATTERNS, PROSODY).after((3,))
    paths = every(1)
    for path, refused in zip(paths, rule.refuses(paths, all_tokens(4)), strict=True):
        if fits((3, *path)):
            assert refused.tolist() == [not fits((3, *path, token)) for token in range(2, 6)]
    assert rule.patterns.shape == (2, 2, 2)


def test_mismatches_are_those_of_the_best_pattern():
    rule = TonePatternConstraint.of(PATTERNS, PROSODY)
    lines = every(3)
    expected = [
        min(
            sum(
                tone is not None and tone not in TONES[token]
                for token, tone in zip(line, pattern.tones, strict=True)
            )
            for pattern in PATTERNS
        )
        for line in lines
    ]
    assert rule.mismatches(lines).tolist() == expected


@pytest.mark.parametrize("answered", ["abcd", "aabb", "abab", "aaaa"])
def test_a_line_repeats_only_where_its_prompt_does(answered):
    rule = NoRepetition.with_repeats_of(answered)
    for line in every(4):
        refused = any(
            rule.refuses(line[None, :place], line[None, place : place + 1])[0, 0]
            for place in range(4)
        )
        assert refused == any(
            line[i] == line[j] and answered[i] != answered[j]
            for i, j in itertools.combinations(range(4), 2)
        )


class SomeLines:
    """Known lines that are listed."""

    def __init__(self, *lines):
        self._lines = set(lines)

    def contains(self, lines):
        return np.array([tuple(line) in self._lines for line in lines.tolist()], bool)


def test_only_the_last_token_of_a_known_line_is_refused():
    rule = NovelLine(SomeLines((3, 2, 5), (3, 4, 4)), 3, opening=(3,))
    assert not rule.refuses(every(0), all_tokens(1)).any()
    refused = rule.refuses(every(1), all_tokens(4))
    assert [(2 + i, 2 + j) for i, j in np.argwhere(refused)] == [(2, 5), (4, 4)]
    assert rule.reserve(0) == 0 < rule.reserve(1)
