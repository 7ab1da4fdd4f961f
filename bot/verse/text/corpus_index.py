"""Which lines the corpus has, and how it goes on itself, without its text."""

import struct
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..model.language_model import IntArray
from .binary_fuse import BinaryFuseFilter, Keys, mix

__all__ = ["CorpusIndex", "answer_keys", "line_keys"]

_HEADER = struct.Struct("<8sI")
_MAGIC = b"LJknown1"
_ODD = np.uint64(0xD6E8FEB86659FD93)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def line_keys(lines: IntArray) -> Keys:
    """One key for each line [rows, length] of token ids, the same on every machine: [rows]."""
    rows, length = lines.shape
    keys = np.full(rows, length, np.uint64)
    for column in lines.astype(np.uint64).T:
        keys = (keys ^ column) * _ODD
        keys ^= keys >> np.uint64(32)
    return keys


def answer_keys(first: Keys, length: int) -> Keys:
    """The keys of the tokens that follow each line, by the line's own key: [rows, length]."""
    place = np.arange(1, length + 1, dtype=np.uint64) * _GOLDEN
    return mix(first[:, None] + place)


class CorpusIndex:
    """The lines of a corpus, and the second lines of its couplets by the first.

    Lines are a set of fingerprints. An answer is a token for each place of a known first line; a
    line that has none gets tokens at random, which make no known line but by a rare chance.

    Args:
        vocabulary_size: Tokens are the numbers below it.
        lines: A fingerprint of every line, by `line_keys`.
        answers: The tokens of the second lines, by `answer_keys`.
    """

    def __init__(
        self, vocabulary_size: int, lines: BinaryFuseFilter, answers: BinaryFuseFilter
    ) -> None:
        self._vocabulary_size = vocabulary_size
        self._lines = lines
        self._answers = answers

    def contains(self, lines: IntArray) -> npt.NDArray[np.bool_]:
        """Whether the corpus has each line [rows, length]: always right if it does: [rows]."""
        return self._lines.has(line_keys(lines))

    def answer(self, line: Sequence[int]) -> tuple[int, ...] | None:
        """The second line of a couplet of the corpus that begins with `line`, if there is one."""
        if not line:
            return None
        first = np.asarray([line], np.int64)
        if not self.contains(first).all():
            return None
        keys = answer_keys(line_keys(first), len(line))
        second = self._answers.values(keys[0]).astype(np.int64)
        if (second >= self._vocabulary_size).any() or not self.contains(second[None]).all():
            return None
        return tuple(second.tolist())

    def dump(self) -> bytes:
        """The lines as bytes, for a bundle."""
        header = _HEADER.pack(_MAGIC, self._vocabulary_size)
        return header + self._lines.dump() + self._answers.dump()

    @classmethod
    def parse(cls, content: bytes, vocabulary_size: int) -> "CorpusIndex":
        """Reads what `dump` wrote.

        Raises:
            ValueError: They are no known lines of this vocabulary; the message ends a sentence.
        """
        if not content.startswith(_MAGIC):
            raise ValueError("is no file of known lines")
        if len(content) < _HEADER.size:
            raise ValueError("is cut short")
        _, size = _HEADER.unpack_from(content)
        if size != vocabulary_size:
            raise ValueError(f"is for a vocabulary of {size} tokens and not of {vocabulary_size}")
        lines, rest = BinaryFuseFilter.parse(content[_HEADER.size :])
        answers, rest = BinaryFuseFilter.parse(rest)
        if rest:
            raise ValueError("goes on after its end")
        return cls(vocabulary_size, lines, answers)
