"""What a line may not do: small ordered rules, each naming what it forbids at a place."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ..prosody.forms import Pattern
from ..prosody.table import Prosody
from ..text.vocabulary import Vocabulary
from .path_constraints import TonePatternConstraint

__all__ = [
    "BannedTokens",
    "ConstraintFactory",
    "ExactLength",
    "Mask",
    "PositionConstraint",
    "TokenConstraint",
    "TokenSet",
]

Mask = npt.NDArray[np.float32]
"""What is added to log-probabilities before the cut: 0 for allowed tokens, -inf for others [V]."""

CACHED = 256  # of a kind; 6 MB of masks at V = 6,000


class TokenSet:
    """Tokens of a vocabulary; two sets are the same only if they are one object.

    Attributes:
        has: Whether each token is among them [V], read-only.
    """

    def __init__(self, has: npt.NDArray[np.bool_]) -> None:
        self.has = has.copy()
        self.has.flags.writeable = False

    @classmethod
    def of(cls, size: int, tokens: Iterable[int]) -> "TokenSet":
        """The set of these ids, of a vocabulary of `size` tokens."""
        has = np.zeros(size, np.bool_)
        has[list(tokens)] = True
        return cls(has)


class TokenConstraint(Protocol):
    """One rule of the search."""

    def forbids(self, position: int) -> TokenSet | None:
        """The tokens that may not stand `position` tokens after the prompt; None forbids none."""


@dataclass(frozen=True)
class BannedTokens:
    """Tokens that are no answer, wherever they would stand: `<unk>`, or what earlier lines have."""

    tokens: TokenSet

    def forbids(self, position: int) -> TokenSet | None:
        """The same tokens everywhere."""
        return self.tokens


@dataclass(frozen=True)
class ExactLength:
    """A line of exactly `length` tokens, then an ending if the search goes on to it.

    Attributes:
        length: Tokens of the line.
        specials: What cannot stand within the line.
        ordinary: What cannot stand after it.
    """

    length: int
    specials: TokenSet
    ordinary: TokenSet

    def forbids(self, position: int) -> TokenSet | None:
        """Endings within the line; anything else after it."""
        return self.specials if position < self.length else self.ordinary


@dataclass(frozen=True)
class PositionConstraint:
    """Tokens that may not stand at single places of the line: those of a wrong tone, or rhyme."""

    places: tuple[TokenSet | None, ...]

    def forbids(self, position: int) -> TokenSet | None:
        """What that place forbids."""
        return self.places[position] if position < len(self.places) else None


class ConstraintFactory:
    """The rules for one vocabulary; rules that say the same are one object.

    Attributes:
        prosody: Tones and rhymes of the vocabulary, where the bundle has them.
    """

    def __init__(self, vocabulary: Vocabulary, prosody: Prosody | None = None) -> None:
        self.prosody = prosody
        self._size = len(vocabulary)
        endings = {*vocabulary.endings}
        specials = endings if vocabulary.start is None else endings | {vocabulary.start}
        self._unknown = BannedTokens(TokenSet.of(self._size, (vocabulary.unknown,)))
        self._specials = TokenSet.of(self._size, specials)
        self._ordinary = TokenSet.of(self._size, set(range(self._size)) - endings)
        self._cached_tones = lru_cache(CACHED)(self._build_tones)
        self._cached_rhyme = lru_cache(CACHED)(self._build_rhyme)

    def plain(self) -> tuple[TokenConstraint, ...]:
        """The reference search: any text without `<unk>`."""
        return (self._unknown,)

    def exact_length(self, length: int) -> tuple[TokenConstraint, ...]:
        """A line of `length` tokens."""
        return (*self.plain(), ExactLength(length, self._specials, self._ordinary))

    def unused(self, tokens: Iterable[int]) -> BannedTokens:
        """Nothing that other lines have."""
        return BannedTokens(TokenSet.of(self._size, tokens))

    def tones(self, patterns: Sequence[Pattern], opening: Sequence[int]) -> TonePatternConstraint:
        """The tones of one of the patterns, after the tokens that the line opens with."""
        return self._cached_tones(tuple(patterns), tuple(opening))[0]

    def tone_places(
        self, patterns: Sequence[Pattern], opening: Sequence[int]
    ) -> PositionConstraint:
        """What no pattern allows, place by place."""
        return self._cached_tones(tuple(patterns), tuple(opening))[1]

    def rhyme(self, groups: Iterable[int], place: int) -> PositionConstraint:
        """At that place a token with a reading in one of the rhyme groups."""
        return self._cached_rhyme(frozenset(groups), place)

    def _build_tones(
        self, patterns: tuple[Pattern, ...], opening: tuple[int, ...]
    ) -> tuple[TonePatternConstraint, PositionConstraint]:
        rule = TonePatternConstraint.of(patterns, self._table).after(opening)
        length = rule.patterns.shape[1]
        return rule, PositionConstraint(
            tuple(TokenSet(rule.forbids(place)) for place in range(length))
        )

    def _build_rhyme(self, groups: frozenset[int], place: int) -> PositionConstraint:
        silent: npt.NDArray[np.bool_] = ~np.logical_or.reduce(self._table.readings[sorted(groups)])
        return PositionConstraint((*[None] * place, TokenSet(silent)))

    @property
    def _table(self) -> Prosody:
        if self.prosody is None:
            raise ValueError("the bundle has no prosody")
        return self.prosody


def mask_at(rules: Iterable[TokenConstraint], position: int, size: int) -> Mask:
    """All that `rules` forbid at `position`, over a vocabulary of `size` tokens.

    Searches under the same rules get the same array, so that they can share it in a batch.
    """
    forbidden = (rule.forbids(position) for rule in rules)
    return additive_mask(size, tuple(tokens for tokens in forbidden if tokens))


@lru_cache(CACHED)
def additive_mask(size: int, forbidden: tuple[TokenSet, ...]) -> Mask:
    """The read-only mask [size] that has -inf at every token of `forbidden`."""
    mask = np.zeros(size, np.float32)
    for tokens in forbidden:
        mask[tokens.has] = -np.inf
    mask.flags.writeable = False
    return mask
