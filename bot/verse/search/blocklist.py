"""What is never offered: combinations of characters that insult today."""

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

_REMARK = "#"


@cache
def offensive_words() -> tuple[str, ...]:
    """The combinations that ship with Lianju, in simplified characters."""
    text = (files("lianju.bot.verse.search") / "offensive.txt").read_text(encoding="utf-8")
    lines = (line.partition(_REMARK)[0] for line in text.splitlines())
    return tuple(word for line in lines for word in line.split())


class Blocklist:
    """A rule of the search: no combination of a list, as far as the vocabulary can form it.

    Args:
        vocabulary: The bundle's; if its tokens are no Chinese characters, nothing is refused.
        words: The combinations, in simplified characters, each of at least two.
    """

    def __init__(self, vocabulary: Vocabulary, words: Iterable[str] | None = None) -> None:
        words = offensive_words() if words is None else words
        # What must stand before a token, by the token that it makes offensive.
        self._before: dict[int, list[tuple[int, ...]]] = defaultdict(list)
        for word in words if vocabulary.is_chinese else ():
            if all(map(vocabulary.is_ordinary, word)):
                *before, last = vocabulary.encode(word)
                self._before[last].append(tuple(before))
        self._closes = np.zeros(len(vocabulary), np.bool_)
        self._closes[list(self._before)] = True
        self._precedes = np.zeros(len(vocabulary), np.bool_)
        self._precedes[[before[-1] for each in self._before.values() for before in each]] = True
        self._opening: tuple[int, ...] = ()

    def after(self, opening: Sequence[int]) -> "Blocklist":
        """The rule for what follows the first tokens of a line, as the head of an acrostic."""
        rule = copy(self)
        rule._opening = tuple(opening)
        return rule

    def refuses(self, paths: IntArray, token: IntArray) -> npt.NDArray[np.bool_]:
        """Whether each token would complete a combination at the end of its path.

        Args:
            paths: The line so far of each row, without its opening [rows, t].
            token: What could follow each [rows, k].

        Returns:
            [rows, k].
        """
        refused = np.zeros(token.shape, np.bool_)
        rows = np.arange(len(paths))
        if paths.shape[1]:
            rows = np.flatnonzero(self._precedes[paths[:, -1]])
        elif not (self._opening and self._precedes[self._opening[-1]]):
            return refused
        # So few are left that they are looked at one by one.
        for at, column in np.argwhere(self._closes[token[rows]]).tolist():
            row = rows[at]
            line = (*self._opening, *paths[row].tolist())
            refused[row, column] = any(
                before == line[-len(before) :] for before in self._before[int(token[row, column])]
            )
        return refused

    def reserve(self, length: int) -> int:
        """A few: hardly any path begins more combinations."""
        return 4
