"""Figures of texts, as plain functions over strings of characters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations


def ngrams(text: str, n: int) -> list[str]:
    """Returns the n-grams of a text in their order."""
    return [text[i : i + n] for i in range(len(text) - n + 1)]


def distinct(texts: Iterable[str], n: int) -> float:
    """Returns the share of different n-grams among all n-grams of texts (Li and others 2016)."""
    grams = [gram for text in texts for gram in ngrams(text, n)]
    return len(set(grams)) / max(1, len(grams))


def top_bigram(texts: Sequence[str]) -> tuple[str, float]:
    """Returns the bigram that most texts contain, and the share of texts that contain it."""
    counts = Counter(gram for text in texts for gram in set(ngrams(text, 2)))
    # Ties go to the first in code point order, so that the result depends on the texts alone.
    gram, count = min(counts.items(), key=lambda item: (-item[1], item[0]), default=("", 0))
    return gram, count / max(1, len(texts))


def share_with(texts: Sequence[str], parts: Sequence[str]) -> float:
    """Returns the share of texts that contain one of some parts."""
    return sum(any(part in text for part in parts) for text in texts) / max(1, len(texts))


def repeated(text: str) -> float:
    """Returns the share of a text's characters that have occurred in it before."""
    return 1 - len(set(text)) / len(text)


def distances(texts: Sequence[str]) -> list[int]:
    """Returns the Hamming distance of each pair of texts of one length."""
    return [
        sum(a != b for a, b in zip(one, other, strict=True))
        for one, other in combinations(texts, 2)
    ]
