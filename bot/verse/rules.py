"""What a line may not do: small ordered rules, each naming the tokens that it forbids."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from .vocabulary import Vocabulary

__all__ = ["LengthRule", "Mask", "Rule", "RuleBook", "UnknownRule", "mask_at"]

Mask = npt.NDArray[np.float32]
"""What is added to log-probabilities before the cut: 0 for allowed tokens, -inf for others [V]."""


class Rule(Protocol):
    """One rule of the search."""

    def forbids(self, position: int) -> frozenset[int]:
        """The tokens that may not stand `position` tokens after the prompt."""


@dataclass(frozen=True)
class UnknownRule:
    """`<unk>` is never an answer."""

    unknown: frozenset[int]

    def forbids(self, position: int) -> frozenset[int]:
        """`<unk>`, wherever it would stand."""
        return self.unknown


@dataclass(frozen=True)
class LengthRule:
    """A line of exactly `length` tokens, then an ending if the search goes on to it.

    Attributes:
        length: Tokens of the line.
        specials: What cannot stand within the line.
        ordinary: What cannot stand after it.
    """

    length: int
    specials: frozenset[int]
    ordinary: frozenset[int]

    def forbids(self, position: int) -> frozenset[int]:
        """Endings within the line; anything else after it."""
        return self.specials if position < self.length else self.ordinary


class RuleBook:
    """The rules for one vocabulary."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        endings = frozenset(vocabulary.endings)
        self._unknown = frozenset((vocabulary.unknown,))
        self._specials = endings if vocabulary.start is None else endings | {vocabulary.start}
        self._ordinary = frozenset(range(len(vocabulary))) - endings

    def plain(self) -> tuple[Rule, ...]:
        """The reference search: any text without `<unk>`."""
        return (UnknownRule(self._unknown),)

    def exact_length(self, length: int) -> tuple[Rule, ...]:
        """A line of `length` tokens."""
        return (*self.plain(), LengthRule(length, self._specials, self._ordinary))


def mask_at(rules: Iterable[Rule], position: int, size: int) -> Mask:
    """All that `rules` forbid at `position`, over a vocabulary of `size` tokens.

    Searches under the same rules get the same array, so that they can share it in a batch.
    """
    return additive_mask(size, tuple(rule.forbids(position) for rule in rules))


@lru_cache(maxsize=256)  # 6 MB at V = 6,000
def additive_mask(size: int, forbidden: tuple[frozenset[int], ...]) -> Mask:
    """The read-only mask [size] that has -inf at every token of `forbidden`."""
    mask = np.zeros(size, np.float32)
    for tokens in forbidden:
        mask[list(tokens)] = -np.inf
    mask.flags.writeable = False
    return mask
