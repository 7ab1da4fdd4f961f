"""Path constraints: they exclude tokens by the tokens that a path has, not only by position."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ..model.language_model import IntArray
from ..prosody.forms import Pattern
from ..prosody.table import Prosody
from ..text.corpus_index import CorpusIndex

__all__ = ["NoRepetition", "NovelLine", "PathConstraint", "TonePatternConstraint"]

BoolArray = npt.NDArray[np.bool_]


class PathConstraint(Protocol):
    """A constraint that depends on the tokens of a path."""

    def refuses(self, paths: IntArray, token: IntArray) -> BoolArray:
        """Returns whether each token [rows, k] may not follow its path [rows, t]."""

    def reserve(self, length: int) -> int:
        """Returns how many extra candidates a path of `length` tokens needs, for those refused."""


@dataclass(frozen=True)
class NoRepetition:
    """No token twice, except where the line before has one twice.

    Attributes:
        allowed_repeats: For each position, the earlier positions whose token may be repeated.
    """

    allowed_repeats: tuple[frozenset[int], ...] = ()

    @classmethod
    def with_repeats_of(cls, line: Sequence[object]) -> "NoRepetition":
        """Returns the constraint for a line that may repeat tokens where `line` does."""
        return cls(
            tuple(
                frozenset(i for i in range(position) if line[i] == line[position])
                for position in range(len(line))
            )
        )

    def refuses(self, paths: IntArray, token: IntArray) -> BoolArray:
        length = paths.shape[1]
        allowed = (
            self.allowed_repeats[length] if length < len(self.allowed_repeats) else frozenset()
        )
        compared = [position for position in range(length) if position not in allowed]
        return _any(token[:, :, None] == paths[:, None, compared], axis=2)

    def reserve(self, length: int) -> int:
        return length  # one candidate for every token of the path


@dataclass(frozen=True)
class TonePatternConstraint:
    """The tones of the whole line fit one of several patterns.

    A token without a reading in the rhyme table fits anywhere.

    Attributes:
        patterns: Whether a level and an oblique tone fit at each position of each pattern
            [patterns, length, 2].
        tones: Whether each token can be read level, and oblique [V, 2].
    """

    patterns: BoolArray
    tones: BoolArray

    @classmethod
    def of(cls, patterns: Sequence[Pattern], prosody: Prosody) -> "TonePatternConstraint":
        """Returns the constraint to these patterns, all of one length."""
        fitting = [
            [(tone != "oblique", tone != "level") for tone in pattern.tones] for pattern in patterns
        ]
        tones = np.stack((prosody.level, prosody.oblique), axis=1)
        return cls(np.array(fitting), tones | ~tones.any(axis=1, keepdims=True))

    def after(self, tokens: Sequence[int]) -> "TonePatternConstraint":
        """Returns the constraint for the rest of a line; patterns that its opening fits are kept.

        If the opening fits none, all patterns are kept.
        """
        fitting = self._fitting(np.array([tokens], np.int64))[0]
        patterns = self.patterns[fitting] if fitting.any() else self.patterns
        return TonePatternConstraint(patterns[:, len(tokens) :], self.tones)

    def forbids(self, position: int) -> BoolArray:
        """Returns the tokens [V] that fit no pattern at a position of the line."""
        return ~_share_a_tone(self.tones, _any(self.patterns[:, position], axis=0))

    def refuses(self, paths: IntArray, token: IntArray) -> BoolArray:
        position = paths.shape[1]
        if position >= self.patterns.shape[1]:
            return np.zeros(token.shape, np.bool_)
        # [rows, 1, patterns] and [rows, k, patterns]
        before = self._fitting(paths)[:, None, :]
        here = _share_a_tone(self.tones[token][:, :, None], self.patterns[None, None, :, position])
        return ~_any(before & here, axis=2)

    def reserve(self, length: int) -> int:
        # More than a beam of the usual width takes.
        return 8 if 0 < length < self.patterns.shape[1] else 0

    def mismatches(self, lines: IntArray) -> IntArray:
        """Returns how many tones of each line [rows, length] miss its best pattern [rows]."""
        right = _share_a_tone(self.tones[lines][:, None], self.patterns[None])
        fewest: IntArray = lines.shape[1] - right.sum(axis=2).max(axis=1)
        return fewest

    def _fitting(self, paths: IntArray) -> BoolArray:
        """Returns which patterns each path [rows, t] fits so far [rows, patterns]."""
        patterns = self.patterns[None, :, : paths.shape[1]]
        return ~_any(~_share_a_tone(self.tones[paths][:, None], patterns), axis=2)


def _share_a_tone(one: BoolArray, other: BoolArray) -> BoolArray:
    """Returns whether two sets of tones [..., 2] have one in common [...]."""
    return _any(one & other, axis=-1)


def _any(array: BoolArray, axis: int) -> BoolArray:
    reduced: BoolArray = np.logical_or.reduce(array, axis=axis)
    return reduced


@dataclass(frozen=True)
class NovelLine:
    """No line of the corpus.

    Attributes:
        corpus_index: The lines of the corpus.
        length: Tokens of a whole line.
        opening: The first tokens of the line, before the path.
        begin: Where the line begins in the path.
    """

    corpus_index: CorpusIndex
    length: int
    opening: tuple[int, ...] = ()
    begin: int = 0

    def refuses(self, paths: IntArray, token: IntArray) -> BoolArray:
        rows, k = token.shape
        if not self._ends_at(paths.shape[1]):
            return np.zeros((rows, k), np.bool_)
        paths = paths[:, self.begin :]
        opening = np.broadcast_to(np.array(self.opening, np.int64), (rows * k, len(self.opening)))
        lines = np.concatenate((opening, np.repeat(paths, k, axis=0), token.reshape(-1, 1)), axis=1)
        return self.corpus_index.contains(lines).reshape(rows, k)

    def reserve(self, length: int) -> int:
        # Few lines of the corpus differ only in their end.
        return 8 if self._ends_at(length) else 0

    def _ends_at(self, length: int) -> bool:
        """Whether the token after a path of that length is the last of the line."""
        return len(self.opening) + length + 1 - self.begin == self.length
