"""What lines share with the training part of a corpus: whole lines, or several characters in a row.

The corpus is read once for a set of lines, so memory holds those lines alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from .dataset import read_poems
from .statistics import ngrams

OVERLAP = 4  # characters in a row


def known_lines(corpus: Path, lines: Iterable[str]) -> set[str]:
    """Returns those lines that the training part of a corpus has.

    Raises:
        CorpusError: The corpus cannot be read.
    """
    wanted = set(lines)
    return {line for poem in read_poems(corpus, "train") for line in poem if line in wanted}


def overlapping(corpus: Path, lines: Sequence[str]) -> list[bool]:
    """Returns whether each line shares `OVERLAP` characters in a row with a training line.

    Held-out poems are not in the training part, so none of their lines overlaps with itself.

    Raises:
        CorpusError: The corpus cannot be read.
    """
    wanted = {gram for line in lines for gram in ngrams(line, OVERLAP)}
    found = {
        gram
        for poem in read_poems(corpus, "train")
        for line in poem
        for gram in ngrams(line, OVERLAP)
        if gram in wanted
    }
    return [not found.isdisjoint(ngrams(line, OVERLAP)) for line in lines]
