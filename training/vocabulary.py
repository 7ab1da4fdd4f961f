"""Building the vocabulary, from the training part alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from lianju.bot.verse.text.vocabulary import END, LINE, START, UNKNOWN, Vocabulary


def build_vocabulary(
    poems: Iterable[Iterable[str]], *, line_tokens: bool, minimum_count: int, maximum_size: int
) -> Vocabulary:
    """Counts the tokens of poems and keeps the most frequent.

    Args:
        poems: the tokens of each poem; special tokens among them are not counted.
        line_tokens: the vocabulary also has `<s>` and `</l>`.
        minimum_count: a rarer token is left out.
        maximum_size: of the whole vocabulary, special tokens included.

    Returns:
        Special tokens first, then by falling count; equal counts in code point order, so that
        the same corpus always gives the same ids.
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
