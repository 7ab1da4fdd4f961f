"""The blocklist: what is offensive today and never generated."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from copy import copy
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from ..model.language_model import IntArray
from ..text.vocabulary import Vocabulary

__all__ = ["Blocklist", "offensive_words"]


@cache
def offensive_words() -> tuple[str, ...]:
    """Returns the combinations that ship with Lianju, in simplified characters."""
    text = (files("lianju.bot.verse.search") / "offensive.txt").read_text(encoding="utf-8")
    lines = (line.partition("#")[0] for line in text.splitlines())
    return tuple(word for line in lines for word in line.split())


class Blocklist:
    """A path constraint: no combination of a list.

    Args:
        vocabulary: The vocabulary; if it is not Chinese, nothing is refused.
        words: The combinations, in simplified characters, or single characters; None
            is `offensive_words`.
    """

    def __init__(self, vocabulary: Vocabulary, words: Iterable[str] | None = None) -> None:
        words = offensive_words() if words is None else words
        # The tokens before the last one of each combination, by the last one.
        self._before: dict[int, list[tuple[int, ...]]] = defaultdict(list)
        self._is_single = np.zeros(len(vocabulary), np.bool_)
        for word in words if vocabulary.is_chinese else ():
            if all(map(vocabulary.is_ordinary, word)):
                *before, last = vocabulary.encode(word)
                if before:
                    self._before[last].append(tuple(before))
                else:
                    self._is_single[last] = True
        self._is_last = np.zeros(len(vocabulary), np.bool_)
        self._is_last[list(self._before)] = True
        self._is_second_last = np.zeros(len(vocabulary), np.bool_)
        befores = (before for each in self._before.values() for before in each)
        self._is_second_last[[before[-1] for before in befores]] = True
        self._opening: tuple[int, ...] = ()

    def after(self, opening: Sequence[int]) -> "Blocklist":
        """Returns the constraint for the rest of a line that begins with `opening`."""
        blocklist = copy(self)
        blocklist._opening = tuple(opening)
        return blocklist

    def refuses(self, paths: IntArray, token: IntArray) -> npt.NDArray[np.bool_]:
        refused = self._is_single[token]
        rows = np.arange(len(paths))
        if paths.shape[1]:
            rows = np.flatnonzero(self._is_second_last[paths[:, -1]])
        elif not (self._opening and self._is_second_last[self._opening[-1]]):
            return refused
        # Few are left, so a Python loop is fast enough.
        for index, column in np.argwhere(self._is_last[token[rows]]).tolist():
            row = rows[index]
            line = (*self._opening, *paths[row].tolist())
            refused[row, column] |= any(
                before == line[-len(before) :] for before in self._before[int(token[row, column])]
            )
        return refused

    def reserve(self, length: int) -> int:
        return 4 + int(self._is_single.sum())  # hardly any path begins more combinations
