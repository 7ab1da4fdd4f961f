"""Word kinds: which characters answer which in couplets, such as numbers numbers."""

from collections.abc import Iterable
from typing import Self

import numpy as np
import numpy.typing as npt

from .vocabulary import Vocabulary

__all__ = ["WordKinds"]

BoolArray = npt.NDArray[np.bool_]


class WordKinds:
    """A table of kinds of characters, each with the characters that answer it.

    Args:
        rows: The characters of each kind, and those that answer them.
        vocabulary: The model's.

    Raises:
        ValueError: A character is no token of the vocabulary, or is in two kinds; the message is a
            predicate.
    """

    def __init__(self, rows: Iterable[tuple[str, str]], vocabulary: Vocabulary) -> None:
        self._kind = np.full(len(vocabulary), -1)
        answers = []
        for number, (characters, others) in enumerate(rows):
            for character in characters + others:
                if not vocabulary.is_ordinary(character):
                    raise ValueError(
                        f"has the character {character} in line {number + 1}, which the vocabulary "
                        "lacks"
                    )
            members = vocabulary.encode(characters)
            if len(set(members)) < len(members) or (self._kind[members] >= 0).any():
                raise ValueError(f"has a character of line {number + 1} in two kinds")
            self._kind[members] = number
            allowed = np.zeros(len(vocabulary), np.bool_)
            allowed[vocabulary.encode(others)] = True
            allowed.flags.writeable = False
            answers.append(allowed)
        self._answers = tuple(answers)

    @classmethod
    def parse(cls, text: str, vocabulary: Vocabulary) -> Self:
        """Reads a table: a line for each kind, `characters<TAB>characters that answer them`.

        Raises:
            ValueError: The text is no such table; the message is a predicate.
        """
        rows = []
        for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
            fields = line.removesuffix("\r").split("\t")
            if len(fields) != 2 or not all(fields):
                raise ValueError(f"has no two groups of characters with a tab in line {number}")
            rows.append((fields[0], fields[1]))
        return cls(rows, vocabulary)

    def answers(self, token: int) -> BoolArray | None:
        """Returns which tokens [V] may answer a token; None if it is of no kind."""
        kind = self._kind[token]
        return None if kind < 0 else self._answers[kind]
