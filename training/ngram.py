"""The baseline: an n-gram model with interpolated Kneser-Ney smoothing.

Kneser & Ney 1995, with the three discounts of Chen & Goodman 1998. N-grams are numbers in base
`NGramModel.base`, sorted, so that all n-grams of one context are neighbors.

It is our own because KenLM has no wheel, and NLTK has one fixed discount and a dictionary look-up
in Python for every token.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from lianju.bot.verse.text.vocabulary import LINE, Vocabulary
from numpy.typing import NDArray

from .data import build_vocabulary, encode_poem, read_poems, stream_ids
from .errors import CorpusError
from .report import check_pairs, is_stream, training_counts

ORDER = 5
EVERYTHING = "all"
VOCABULARY_SIZE = 6004  # as in the release preset; 6,005^5 is still below 2^63

# KenLM's defaults, for texts that are too small to estimate discounts.
_DEFAULT_DISCOUNTS = (0.5, 1.0, 1.5)


@dataclass(frozen=True)
class Level:
    """The n-grams of one order.

    Attributes:
        grams: The n-grams, sorted, [N] int64.
        discounted: Their counts less the discounts, [N] float32.
        contexts: The n-grams without their last token, sorted, [C] int64.
        totals: Sum of the counts of each context's n-grams, [C] int32.
        shares: Share of each context's probability that goes to shorter n-grams, [C] float32.
    """

    grams: NDArray[np.int64]
    discounted: NDArray[np.float32]
    contexts: NDArray[np.int64]
    totals: NDArray[np.int32]
    shares: NDArray[np.float32]

    def interpolate(
        self,
        contexts: NDArray[np.int64],
        tokens: NDArray[np.int64],
        base: int,
        shorter: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Returns p(token | context) [Q], given the same with contexts one token shorter [Q]."""
        context, seen = _find(self.contexts, contexts)
        gram, counted = _find(self.grams, contexts * base + tokens)
        own = np.where(counted, self.discounted[gram], 0.0) / self.totals[context]
        return np.where(seen, own + self.shares[context] * shorter, shorter)


class NGramModel:
    """Scores with counts of n-grams; a `lianju.training.evaluate.Scorer`.

    The count of the longest n-grams, and of those at the beginning of a text, is how often they
    occur; the count of all others is the number of different tokens that they follow.

    Args:
        texts: Token ids of each text, `<s>` first where the vocabulary has it.
        order: Number of tokens of the longest n-grams, at least 2.

    Raises:
        ValueError: The vocabulary is too large for n-grams of that order.
    """

    has_encoder = False

    def __init__(
        self,
        texts: Sequence[Sequence[int] | NDArray[np.int32]],
        vocabulary: Vocabulary,
        order: int = ORDER,
    ) -> None:
        self.vocabulary, self.order = vocabulary, order
        # Without <s>, an id beyond the vocabulary marks the beginning of a text.
        self._adds_start = vocabulary.start is None
        self._start = len(vocabulary) if vocabulary.start is None else vocabulary.start
        self.base = len(vocabulary) + self._adds_start
        if self.base**order > 2**63:
            raise ValueError(f"{len(vocabulary)} tokens are too many for n-grams of {order}")
        ids, positions = self._join(texts)
        self.tokens = int((positions > 0).sum())
        self._levels: list[Level] = []
        longer = np.empty(0, np.int64)
        for length in range(order, 0, -1):
            grams, counts = self._count(ids, positions, length, longer)
            if len(grams):  # texts may be shorter than the order
                self._levels.insert(0, _level(grams, counts, self.base))
            longer = grams

    def score(
        self, ids: NDArray[np.int64], source: NDArray[np.int64] | None = None
    ) -> NDArray[np.float32]:
        if self._adds_start:
            ids = np.concatenate((np.full((len(ids), 1), self._start), ids), axis=1)
        targets = ids[:, 1:]
        # The start is never predicted.
        found = np.full(targets.shape, 1 / (self.base - 1))
        for length, level in enumerate(self._levels, 1):
            # The first targets have fewer tokens before them than longer contexts need.
            first = max(0, length - 2)
            if first >= targets.shape[1]:
                break
            contexts = np.zeros_like(targets[:, first:])
            for back in range(length - 1, 0, -1):
                contexts = contexts * self.base + ids[:, first + 1 - back : ids.shape[1] - back]
            found[:, first:] = level.interpolate(
                contexts, targets[:, first:], self.base, found[:, first:]
            )
        scores: NDArray[np.float32] = np.log(found[:, self._adds_start :]).astype(np.float32)
        return scores

    def _join(
        self, texts: Sequence[Sequence[int] | NDArray[np.int32]]
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Returns all texts in one array, and the position of each token in its text."""
        start = np.array([self._start] * self._adds_start, np.int32)
        parts = [part for text in texts for part in (start, np.asarray(text, np.int32))]
        positions = [np.arange(len(text) + self._adds_start, dtype=np.int32) for text in texts]
        return np.concatenate(parts), np.concatenate(positions)

    def _count(
        self,
        ids: NDArray[np.int32],
        positions: NDArray[np.int32],
        length: int,
        longer: NDArray[np.int64],
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Returns the n-grams of one length, sorted, and their counts.

        Args:
            ids: All texts in one array.
            positions: The position of each token in its text.
            longer: The n-grams that are one token longer; empty for the longest.
        """
        if length == 1:  # the start alone is never predicted
            return np.unique(longer % self.base, return_counts=True)
        # Occurrences count for the longest n-grams everywhere, for others where a text begins.
        last = length - 1
        is_end = positions >= last if length == self.order else positions == last
        ends = np.flatnonzero(is_end)
        grams = np.zeros(len(ends), np.int64)
        for back in range(length - 1, -1, -1):
            grams = grams * self.base + ids[ends - back]
        follow = longer % self.base**length
        return np.unique(np.concatenate((grams, follow)), return_counts=True)


def open_baseline(corpus: Path, part: str) -> NGramModel:
    """Counts the n-grams of the training part of a prepared corpus.

    Args:
        part: The name of one of its parts, or `EVERYTHING`.

    Raises:
        CorpusError: The corpus cannot be read, or has no such part, or has pairs.
    """
    check_pairs(corpus, pairs=False)
    return NGramModel(*_encode(corpus, part))


def _encode(corpus: Path, part: str) -> tuple[list[NDArray[np.int32]], Vocabulary]:
    """Returns the ids of each text, and their vocabulary.

    A function of its own, so that the strings, which take gigabytes, are freed before counting.
    """
    poems = _select(read_poems(corpus / "train.txt"), corpus, part)
    vocabulary = build_vocabulary(
        poems,
        line_tokens=any(LINE in poem for poem in poems),
        minimum_count=1,
        maximum_size=VOCABULARY_SIZE,
    )
    if is_stream(corpus):
        return [stream_ids(poems, vocabulary)], vocabulary
    return [np.array(encode_poem(poem, vocabulary), np.int32) for poem in poems], vocabulary


def _select(poems: list[list[str]], corpus: Path, part: str) -> list[list[str]]:
    """Returns the training poems of one part."""
    if part == EVERYTHING:
        return poems
    counts = training_counts(corpus)
    if part not in counts:
        known = ", ".join((*counts, EVERYTHING))
        raise CorpusError(f"{corpus} has no training part {part!r}: choose from {known}.")
    names = list(counts)
    begin = sum(counts[name] for name in names[: names.index(part)])
    return poems[begin : begin + counts[part]]


def _level(grams: NDArray[np.int64], counts: NDArray[np.int64], base: int) -> Level:
    discounts = np.array((0.0, *_discounts(counts)), np.float32)[np.minimum(counts, 3)]
    prefixes = grams // base
    first = np.flatnonzero(np.diff(prefixes, prepend=-1))
    totals = np.add.reduceat(counts, first)
    return Level(
        grams=grams,
        discounted=counts.astype(np.float32) - discounts,
        contexts=prefixes[first],
        totals=totals.astype(np.int32),
        shares=(np.add.reduceat(discounts, first, dtype=np.float64) / totals).astype(np.float32),
    )


def _discounts(counts: NDArray[np.int64]) -> tuple[float, ...]:
    """Returns the discounts of a count of 1, of 2, and of 3 or more."""
    of = np.bincount(np.minimum(counts, 5), minlength=6)
    if not of[1:5].all():
        return _DEFAULT_DISCOUNTS
    one = of[1] / (of[1] + 2 * of[2])
    found = tuple(float(n - (n + 1) * one * of[n + 1] / of[n]) for n in (1, 2, 3))
    return found if all(0 <= each <= n for n, each in enumerate(found, 1)) else _DEFAULT_DISCOUNTS


def _find(
    table: NDArray[np.int64], wanted: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Returns the index of each number in a sorted table, and whether the table has it."""
    index = np.minimum(np.searchsorted(table, wanted), len(table) - 1)
    return index, table[index] == wanted
