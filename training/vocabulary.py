"""Builds the vocabulary, from training poems alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from lianju.bot.verse.text.vocabulary import END, LINE, START, UNKNOWN, Vocabulary


def build_vocabulary(
    poems: Iterable[Iterable[str]], *, line_tokens: bool, minimum_count: int, maximum_size: int
) -> Vocabulary:
    """Returns a vocabulary of the most frequent tokens.

    Special tokens come first, then tokens by falling count, those of equal count in code point
    order; the same corpus always gives the same ids.

    Args:
        poems: The tokens of each poem; special tokens among them are not counted.
        line_tokens: Whether the vocabulary has `<s>` and `</l>`.
        minimum_count: Rarer tokens are left out.
        maximum_size: Size limit of the vocabulary, special tokens included.
    """
    special = (UNKNOWN, END, START, LINE) if line_tokens else (UNKNOWN, END)
    counts: Counter[str] = Counter()
    for poem in poems:
        counts.update(poem)
    for token in (UNKNOWN, END, START, LINE):
        del counts[token]
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    kept = [item for item in ranked if item[1] >= minimum_count][: maximum_size - len(special)]
    return Vocabulary(
        tokens=(*special, *(token for token, _ in kept)),
        counts=(*(-1 for _ in special), *(count for _, count in kept)),
    )
