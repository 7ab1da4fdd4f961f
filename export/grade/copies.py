"""Near-copies: lines that share several characters in a row with a line of the corpus."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from lianju.bot.verse.text.corpus_index import line_keys
from numpy.typing import NDArray

from ..corpus_index import read_lines

SHARED = 4  # characters in a row
_BATCH = 100_000  # lines that are held as text at a time


class Copies:
    """Every run of `SHARED` characters within the lines of a text, as sorted keys of 64 bits.

    Two different runs have the same key once in 2^64, so this is as good as a comparison; the 7
    million runs of Tang and Song verse take 58 MB.

    Args:
        lines: of the text; runs do not go across them.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        found = [np.zeros(0, np.uint64)]
        remaining = iter(lines)
        while batch := list(islice(remaining, _BATCH)):
            found += (runs.reshape(-1) for _, runs in _runs(batch))
        keys = np.concatenate(found)
        keys.sort()  # np.unique would hash them first, in several times the memory
        self._keys = keys[np.append(True, keys[1:] != keys[:-1])[: len(keys)]]

    @classmethod
    def of_training(cls, corpus: Path) -> Copies:
        """Reads the training part of a prepared corpus.

        Held-out poems are not in it, so none of their lines counts as a copy of itself; lines of
        training poems would.

        Raises:
            CorpusError: it cannot be read.
        """
        poems = read_lines(corpus / "train.txt")
        return cls("".join(line) for poem in poems for line in poem)

    def near(self, lines: Sequence[str]) -> NDArray[np.bool_]:
        """Whether each line shares `SHARED` characters in a row with one of the text: [lines]."""
        found = np.zeros(len(lines), np.bool_)
        if len(self._keys):
            for where, runs in _runs(lines):
                # Past the last key stands the last key, which the run is then not equal to.
                place = np.minimum(np.searchsorted(self._keys, runs), len(self._keys) - 1)
                found[where] = (self._keys[place] == runs).any(axis=1)
        return found


def _runs(lines: Iterable[str]) -> list[tuple[list[int], NDArray[np.uint64]]]:
    """The keys of the runs within lines, for each length which of the lines: [lines, runs]."""
    places: dict[int, list[int]] = defaultdict(list)
    texts: dict[int, list[str]] = defaultdict(list)
    for number, line in enumerate(lines):
        if len(line) >= SHARED:
            places[len(line)].append(number)
            texts[len(line)].append(line)
    found = []
    for length in places:
        text = "".join(texts.pop(length)).encode("utf-32-le")
        characters = np.frombuffer(text, "<u4").reshape(-1, length)
        starts = range(length - SHARED + 1)
        keys = [line_keys(characters[:, start : start + SHARED]) for start in starts]
        found.append((places[length], np.stack(keys, axis=1)))
    return found
