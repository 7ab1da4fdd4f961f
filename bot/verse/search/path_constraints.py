"""What may not follow what: rules that look at a path's own tokens, not at its length alone."""

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
    """One rule of the search that depends on what a path has so far."""

    def refuses(self, paths: IntArray, token: IntArray) -> BoolArray:
        """Whether each token [rows, k] may not follow its path [rows, t]."""

    def reserve(self, length: int) -> int:
        """How many candidates more a path of `length` tokens needs, as so many may be refused."""


@dataclass(frozen=True)
class NoRepetition:
    """No token twice, but at those places where the line that is answered has one twice.

    Attributes:
        echoes: For each place the earlier places whose token may come again.
    """

    echoes: tuple[frozenset[int], ...] = ()

    @classmethod
    def answering(cls, line: Sequence[object]) -> "NoRepetition":
        """The rule for a line that answers `line` place by place."""
        return cls(
            tuple(
                frozenset(i for i in range(place) if line[i] == line[place])
                for place in range(len(line))
            )
        )

    def refuses(self, paths: IntArray, token: IntArray) -> BoolArray:
        """Tokens that their path has already."""
        length = paths.shape[1]
        echoed = self.echoes[length] if length < len(self.echoes) else frozenset()
        held = [place for place in range(length) if place not in echoed]
        return _any(token[:, :, None] == paths[:, None, held], axis=2)

    def reserve(self, length: int) -> int:
        """One candidate for every token of the path."""
        return length


@dataclass(frozen=True)
class TonePatternConstraint:
    """The tones of the whole line fit one of several patterns.

    A token in none of the rhyme table's groups fits anywhere.

    Attributes:
        patterns: For each pattern and place whether a level and an oblique tone fit
            [patterns, length, 2].
        tones: Whether each token can be read level, and oblique [V, 2].
    """

    patterns: BoolArray
    tones: BoolArray

    @classmethod
    def of(cls, patterns: Sequence[Pattern], prosody: Prosody) -> "TonePatternConstraint":
        """The rule for these patterns, all of one length."""
        fitting = [
            [(tone != "oblique", tone != "level") for tone in pattern.tones] for pattern in patterns
        ]
        tones = np.stack((prosody.level, prosody.oblique), axis=1)
        return cls(np.array(fitting), tones | ~tones.any(axis=1, keepdims=True))

    def after(self, tokens: Sequence[int]) -> "TonePatternConstraint":
        """The rule for what follows the line's first tokens; they are taken to fit."""
        fitting = self._fitting(np.array([tokens], np.int64))[0]
        patterns = self.patterns[fitting] if fitting.any() else self.patterns
        return TonePatternConstraint(patterns[:, len(tokens) :], self.tones)

    def forbids(self, position: int) -> BoolArray:
        """The tokens [V] that fit no pattern at that place of the line."""
        return ~_share_a_tone(self.tones, _any(self.patterns[:, position], axis=0))

    def refuses(self, paths: IntArray, token: IntArray) -> BoolArray:
        """Tokens that fit no pattern which their path fits."""
        place = paths.shape[1]
        if place >= self.patterns.shape[1]:
            return np.zeros(token.shape, np.bool_)
        # [rows, 1, patterns] and [rows, k, patterns]
        partial_results = self._fitting(paths)[:, None, :]
        here = _share_a_tone(self.tones[token][:, :, None], self.patterns[None, None, :, place])
        return ~_any(partial_results & here, axis=2)

    def reserve(self, length: int) -> int:
        """As many again as a beam of the usual width takes."""
        return 8 if 0 < length < self.patterns.shape[1] else 0

    def misfits(self, lines: IntArray) -> IntArray:
        """How many places of each line [rows, length] miss the pattern that it fits best [rows]."""
        right = _share_a_tone(self.tones[lines][:, None], self.patterns[None])
        fewest: IntArray = lines.shape[1] - right.sum(axis=2).max(axis=1)
        return fewest

    def _fitting(self, paths: IntArray) -> BoolArray:
        """Which patterns each path [rows, t] fits so far [rows, patterns]."""
        begun = self.patterns[None, :, : paths.shape[1]]
        return ~_any(~_share_a_tone(self.tones[paths][:, None], begun), axis=2)


def _share_a_tone(one: BoolArray, other: BoolArray) -> BoolArray:
    """Whether two sets of tones [..., 2] have one in common [...]."""
    return _any(one & other, axis=-1)


def _any(array: BoolArray, axis: int) -> BoolArray:
    reduced: BoolArray = np.logical_or.reduce(array, axis=axis)
    return reduced


@dataclass(frozen=True)
class NovelLine:
    """No line that the corpus has.

    Attributes:
        known: The corpus' lines.
        length: Tokens of a whole line.
        opening: Tokens that the line begins with, before the path.
    """

    known: CorpusIndex
    length: int
    opening: tuple[int, ...] = ()

    def refuses(self, paths: IntArray, token: IntArray) -> BoolArray:
        """Tokens that would make a line of the corpus of their path."""
        rows, k = token.shape
        if len(self.opening) + paths.shape[1] + 1 != self.length:
            return np.zeros((rows, k), np.bool_)
        opening = np.broadcast_to(np.array(self.opening, np.int64), (rows * k, len(self.opening)))
        begun = np.repeat(paths, k, axis=0)
        lines = np.concatenate((opening, begun, token.reshape(-1, 1)), axis=1)
        return self.known.contains(lines).reshape(rows, k)

    def reserve(self, length: int) -> int:
        """A few: hardly any line of the corpus has many that differ from it in their end alone."""
        return 8 if len(self.opening) + length + 1 == self.length else 0
