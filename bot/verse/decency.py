"""What is never offered: combinations of characters that insult today."""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from .step import IntArray
from .vocabulary import Vocabulary

__all__ = ["Decency", "offensive_words"]

_COMMENT = "#"


@cache
def offensive_words() -> tuple[str, ...]:
    """The combinations that ship with Lianju, in simplified characters."""
    text = (files("lianju.bot.verse") / "offensive.txt").read_text(encoding="utf-8")
    lines = (line.partition(_COMMENT)[0].split() for line in text.splitlines())
    return tuple(word for words in lines for word in words)


class Decency:
    """The combinations that a vocabulary can form.

    Args:
        vocabulary: Where its tokens are no single Chinese characters, nothing is refused.
        words: The combinations, of two characters or more.
    """

    def __init__(self, vocabulary: Vocabulary, words: Iterable[str] | None = None) -> None:
        words = offensive_words() if words is None else words
        usable = vocabulary.is_chinese and not vocabulary.is_words
        self._words = [
            np.asarray(vocabulary.encode(word), np.int64)
            for word in words
            if usable and all(map(vocabulary.is_ordinary, word))
        ]
        self._closes = np.zeros(len(vocabulary), np.bool_)
        self._closes[[word[-1] for word in self._words]] = True

    def refuses(self, paths: IntArray, tokens: IntArray) -> npt.NDArray[np.bool_]:
        """Whether each token would complete a combination at the end of its path.

        Args:
            paths: The line so far of each row [rows, t].
            tokens: What could follow each [rows, k].

        Returns:
            [rows, k].
        """
        refused = np.zeros(tokens.shape, np.bool_)
        row, column = np.nonzero(self._closes[tokens])
        token = tokens[row, column]
        for word in self._words:
            before = len(word) - 1
            if before > paths.shape[1]:
                continue
            ends = (paths[:, paths.shape[1] - before :] == word[:-1]).all(axis=1)
            refused[row, column] |= ends[row] & (token == word[-1])
        return refused

    def reserve(self, length: int) -> int:
        """How many more candidates a path of `length` tokens needs, as so many may be refused."""
        return min(length, 3)
