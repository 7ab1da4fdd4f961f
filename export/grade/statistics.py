"""Figures of texts: plain functions over strings of characters and over matrices of scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def distinct(texts: Iterable[str], n: int) -> float:
    """The share of different n-grams among all n-grams of some texts (Li and others 2016)."""
    grams = [gram for text in texts for gram in _grams(text, n)]
    return len(set(grams)) / max(1, len(grams))


def top_bigram(texts: Sequence[str]) -> tuple[str, float]:
    """The bigram that most texts have, and the share that has it."""
    having = Counter(gram for text in texts for gram in set(_grams(text, 2)))
    # Of equals the first in code point order, so that the same texts always name the same one.
    gram, count = min(having.items(), key=lambda item: (-item[1], item[0]), default=("", 0))
    return gram, count / max(1, len(texts))


def repeated(text: str) -> float:
    """The share of a text's characters that stand in it already."""
    return 1 - len(set(text)) / len(text)


def distances(texts: Sequence[str]) -> list[int]:
    """In how many places each two texts of one length differ."""
    return [
        sum(a != b for a, b in zip(one, other, strict=True))
        for one, other in combinations(texts, 2)
    ]


def ranked_first(scores: Floats) -> NDArray[np.bool_]:
    """Whether each row's highest score [n, n] is the one on the diagonal; a tie is none."""
    beside = scores.copy()
    np.fill_diagonal(beside, -np.inf)
    found: NDArray[np.bool_] = np.diag(scores) > beside.max(axis=1)
    return found


def groups(count: int, size: int) -> list[tuple[range, range]]:
    """Parts 0 to `count` into groups of `size` that cover everything.

    Returns:
        Each group, and those of its members that no group before it has; the last group reaches
        back, so that it is as large as the others.
    """
    found = []
    for begin in range(0, count, size):
        end = min(begin + size, count)
        found.append((range(max(0, end - size), end), range(begin, end)))
    return found


def _grams(text: str, n: int) -> list[str]:
    return [text[i : i + n] for i in range(len(text) - n + 1)]
