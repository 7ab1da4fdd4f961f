"""The yardstick: an n-gram model with interpolated Kneser-Ney smoothing.

Kneser & Ney 1995, with the three discounts of Chen & Goodman 1998. N-grams are numbers in base
`NGramModel.base`, sorted, so that a context and all that may follow it stand side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from lianju.bot.verse.text.vocabulary import LINE, Vocabulary
from numpy.typing import NDArray

from .data import encode_poem, read_poems, read_report, stream_ids
from .errors import CorpusError
from .vocabulary import build_vocabulary

ORDER = 5
EVERYTHING = "all"
VOCABULARY_SIZE = 6004  # as the release has it; 6,005 to the power of 5 is still below 2^63

# Where a text is too small to tell them, as KenLM has them.
_DEFAULT_DISCOUNTS = (0.5, 1.0, 1.5)


@dataclass(frozen=True)
class Level:
    """The n-grams of one order.

    Attributes:
        grams: [N] int64, sorted.
        discounted: [N] float32, their counts less the discounts.
        contexts: [C] int64, sorted: the n-grams without their last token.
        totals: [C] int32, the sum of the counts of each context's n-grams.
        shares: [C] float32, how much of each context's probability the shorter n-grams get.
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
        """Returns p(token | context) [Q], given what the n-grams one token shorter say [Q]."""
        place, seen = _find(self.contexts, contexts)
        gram, counted = _find(self.grams, contexts * base + tokens)
        own = np.where(counted, self.discounted[gram], 0.0) / self.totals[place]
        return np.where(seen, own + self.shares[place] * shorter, shorter)


class NGramModel:
    """Scores with counts of n-grams; see `lianju.training.evaluate.Scorer`.

    An n-gram that begins a text counts as often as it occurs, any other shorter than `order` by
    how many different tokens it follows.

    Args:
        texts: token ids of each text, `<s>` first where the vocabulary has it.
        order: how many tokens the longest n-grams have, at least 2.

    Raises:
        ValueError: the vocabulary is too large for n-grams of that order.
    """

    def __init__(
        self,
        texts: Sequence[Sequence[int] | NDArray[np.int32]],
        vocabulary: Vocabulary,
        order: int = ORDER,
    ) -> None:
        self.vocabulary, self.order = vocabulary, order
        # Where no token begins a text, one that the vocabulary lacks does.
        self._begins = vocabulary.start is None
        self._start = len(vocabulary) if vocabulary.start is None else vocabulary.start
        self.base = len(vocabulary) + self._begins
        if self.base**order > 2**63:
            raise ValueError(f"{len(vocabulary)} tokens are too many for n-grams of {order}")
        ids, places = self._join(texts)
        self.tokens = int((places > 0).sum())
        self._levels: list[Level] = []
        longer = np.empty(0, np.int64)
        for length in range(order, 0, -1):
            grams, counts = self._count(ids, places, length, longer)
            if len(grams):  # texts may be shorter than the order
                self._levels.insert(0, _level(grams, counts, self.base))
            longer = grams

    def score(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """See `Scorer.score`."""
        if self._begins:
            ids = np.concatenate((np.full((len(ids), 1), self._start), ids), axis=1)
        targets = ids[:, 1:]
        # A text begins with the start, which is never predicted.
        found = np.full(targets.shape, 1 / (self.base - 1))
        for length, level in enumerate(self._levels, 1):
            # Before the first targets there are fewer tokens than the longer contexts have.
            first = max(0, length - 2)
            if first >= targets.shape[1]:
                break
            contexts = np.zeros_like(targets[:, first:])
            for back in range(length - 1, 0, -1):
                contexts = contexts * self.base + ids[:, first + 1 - back : ids.shape[1] - back]
            found[:, first:] = level.interpolate(
                contexts, targets[:, first:], self.base, found[:, first:]
            )
        return np.log(found[:, self._begins :]).astype(np.float32)

    def _join(
        self, texts: Sequence[Sequence[int] | NDArray[np.int32]]
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Returns all texts end to end, and the place of each token in its own."""
        start = np.array([self._start] * self._begins, np.int32)
        parts = [part for text in texts for part in (start, np.asarray(text, np.int32))]
        places = [np.arange(len(text) + self._begins, dtype=np.int32) for text in texts]
        return np.concatenate(parts), np.concatenate(places)

    def _count(
        self,
        ids: NDArray[np.int32],
        places: NDArray[np.int32],
        length: int,
        longer: NDArray[np.int64],
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Returns the n-grams of one length, sorted, and their counts.

        Args:
            longer: the n-grams that are one token longer; none yet for the longest.
        """
        if length == 1:  # the start alone is never predicted
            return np.unique(longer % self.base, return_counts=True)
        # The longest count wherever they occur, shorter ones only where a text begins.
        is_end = places >= length - 1 if length == self.order else places == length - 1
        ends = np.flatnonzero(is_end)
        grams = np.zeros(len(ends), np.int64)
        for back in range(length - 1, -1, -1):
            grams = grams * self.base + ids[ends - back]
        follow = longer % self.base**length
        return np.unique(np.concatenate((grams, follow)), return_counts=True)


def open_baseline(corpus: Path, part: str) -> NGramModel:
    """Counts the n-grams of the training part of a prepared corpus.

    Args:
        part: the name of one of its corpora, or `EVERYTHING`.

    Raises:
        CorpusError: the corpus cannot be read, or has no such part.
    """
    return NGramModel(*_encode(corpus, part))


def _encode(corpus: Path, part: str) -> tuple[list[NDArray[np.int32]], Vocabulary]:
    """Returns the ids of each text, and their vocabulary; the texts' strings take gigabytes."""
    poems = _select(read_poems(corpus / "train.txt"), corpus, part)
    vocabulary = build_vocabulary(
        poems,
        line_tokens=any(LINE in poem for poem in poems),
        minimum_count=1,
        maximum_size=VOCABULARY_SIZE,
    )
    if read_report(corpus).get("stream"):
        return [stream_ids(poems, vocabulary)], vocabulary
    return [np.array(encode_poem(poem, vocabulary), np.int32) for poem in poems], vocabulary


def _select(poems: list[list[str]], corpus: Path, part: str) -> list[list[str]]:
    """Returns the training poems of one corpus; they stand in the order of the report."""
    if part == EVERYTHING:
        return poems
    kept = read_report(corpus).get("kept", {}).get("train", {})
    if part not in kept:
        names = ", ".join((*kept, EVERYTHING))
        raise CorpusError(f"{corpus} has no training part {part!r}: choose from {names}.")
    begin = 0
    for name, counted in kept.items():
        if name == part:
            break
        begin += counted["poems"]
    return poems[begin : begin + kept[part]["poems"]]


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
    """Returns what is taken off a count of 1, of 2, and of 3 or more."""
    of = np.bincount(np.minimum(counts, 5), minlength=6)
    if not of[1:5].all():
        return _DEFAULT_DISCOUNTS
    one = of[1] / (of[1] + 2 * of[2])
    found = tuple(float(n - (n + 1) * one * of[n + 1] / of[n]) for n in (1, 2, 3))
    return found if all(0 <= each <= n for n, each in enumerate(found, 1)) else _DEFAULT_DISCOUNTS


def _find(
    table: NDArray[np.int64], wanted: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Returns where each number would stand in a sorted table, and whether it does."""
    place = np.minimum(np.searchsorted(table, wanted), len(table) - 1)
    return place, table[place] == wanted
