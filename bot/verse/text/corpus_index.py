"""An index of the corpus: which lines it has and how each continues, without its text."""

import struct
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from .binary_fuse import GOLDEN, BinaryFuseFilter, Keys, mix
from .vocabulary import Vocabulary

__all__ = ["CorpusIndex", "continuation_keys", "line_keys"]

IntArray = npt.NDArray[np.int64]

_HEADER = struct.Struct("<8sI")
_MAGIC = b"LJknown1"
_ODD = np.uint64(0xD6E8FEB86659FD93)


def line_keys(lines: IntArray) -> Keys:
    """Returns one key for each line [rows, length] of token ids, equal on all machines: [rows]."""
    rows, length = lines.shape
    keys = np.full(rows, length, np.uint64)
    for column in lines.astype(np.uint64).T:
        keys = (keys ^ column) * _ODD
        keys ^= keys >> np.uint64(32)
    return keys


def continuation_keys(first: Keys, length: int) -> Keys:
    """Returns the keys of the tokens of the line after each, from its own key: [rows, length]."""
    place = np.arange(1, length + 1, dtype=np.uint64) * GOLDEN
    return mix(first[:, None] + place)


class CorpusIndex:
    """The lines of a corpus, and for the first line of each couplet its second line.

    The index holds no text. Lines are a set of fingerprints. A continuation is one token for each
    place of a line; for a line that has none the tokens are random, and hardly ever form a line
    of the corpus.

    Args:
        vocabulary_size: Number of tokens in the vocabulary.
        lines: A fingerprint of every line, by `line_keys`.
        continuations: The tokens of second lines, by `continuation_keys`.
        own_ids: The id here of each token of the vocabulary that it is asked in, -1 for those that
            are not here: [V]. None if the vocabulary is its own.
    """

    def __init__(
        self,
        vocabulary_size: int,
        lines: BinaryFuseFilter,
        continuations: BinaryFuseFilter,
        own_ids: IntArray | None = None,
    ) -> None:
        self._vocabulary_size = vocabulary_size
        self._lines = lines
        self._continuations = continuations
        self._own_ids = own_ids

    def translated(self, own: Vocabulary, other: Vocabulary) -> "CorpusIndex":
        """Returns the same index, asked in another vocabulary than its own."""
        shared = (own.is_ordinary(token) and other.is_ordinary(token) for token in other.tokens)
        ids = np.where(np.fromiter(shared, np.bool_), own.encode(other.tokens), -1)
        return CorpusIndex(self._vocabulary_size, self._lines, self._continuations, ids)

    def contains(self, lines: IntArray) -> npt.NDArray[np.bool_]:
        """Returns whether the corpus has each line [rows, length]; no false negatives: [rows]."""
        return self._lines.has(line_keys(self._own(lines)))

    def continuation(self, line: Sequence[int]) -> tuple[int, ...] | None:
        """Returns the second line of a couplet of the corpus whose first is `line`, if any."""
        if not line:
            return None
        keys = line_keys(self._own(np.asarray([line], np.int64)))
        if not self._lines.has(keys).all():
            return None
        second = self._continuations.values(continuation_keys(keys, len(line))[0]).astype(np.int64)
        if (second >= self._vocabulary_size).any() or not self._lines.has(line_keys(second[None])):
            return None
        if self._own_ids is None:
            return tuple(second.tolist())
        found = [np.flatnonzero(self._own_ids == token) for token in second]
        return tuple(int(ids[0]) for ids in found) if all(map(len, found)) else None

    def dump(self) -> bytes:
        """Returns the index as bytes, for a bundle."""
        header = _HEADER.pack(_MAGIC, self._vocabulary_size)
        return header + self._lines.dump() + self._continuations.dump()

    @classmethod
    def parse(cls, content: bytes, vocabulary_size: int) -> "CorpusIndex":
        """Reads what `dump` wrote.

        Raises:
            ValueError: The content is no index for this vocabulary; the message is a predicate.
        """
        if not content.startswith(_MAGIC):
            raise ValueError("is no corpus index")
        if len(content) < _HEADER.size:
            raise ValueError("is truncated")
        _, size = _HEADER.unpack_from(content)
        if size != vocabulary_size:
            raise ValueError(f"is for a vocabulary of {size} tokens and not of {vocabulary_size}")
        lines, rest = BinaryFuseFilter.parse(content[_HEADER.size :])
        continuations, rest = BinaryFuseFilter.parse(rest)
        if rest:
            raise ValueError("has bytes after its end")
        return cls(vocabulary_size, lines, continuations)

    def _own(self, lines: IntArray) -> IntArray:
        """Returns lines in its own ids; -1, which no line of the corpus has, for other tokens."""
        return lines if self._own_ids is None else self._own_ids[lines]
