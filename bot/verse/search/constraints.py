"""Token constraints: small ordered masks, each of which forbids tokens at a position."""

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
"""Added to log-probabilities before the top k are taken: 0 for allowed tokens, else -inf [V]."""

CACHE_SIZE = 256  # entries of each kind; 6 MB of masks at V = 6,000


class TokenSet:
    """A set of tokens; sets compare by identity, so that they are cheap cache keys.

    Attributes:
        has: Whether each token is in the set [V], read-only.
    """

    def __init__(self, has: npt.NDArray[np.bool_]) -> None:
        self.has = has.copy()
        self.has.flags.writeable = False

    @classmethod
    def of(cls, size: int, tokens: Iterable[int]) -> "TokenSet":
        """Returns the set of these ids, of a vocabulary of `size` tokens."""
        has = np.zeros(size, np.bool_)
        has[list(tokens)] = True
        return cls(has)


class TokenConstraint(Protocol):
    """A constraint on the tokens at a position."""

    def forbids(self, position: int) -> TokenSet | None:
        """Returns the tokens forbidden `position` tokens after the prompt; None for no tokens."""


@dataclass(frozen=True)
class BannedTokens:
    """Tokens that are forbidden at every position: `<unk>`, or those of earlier lines."""

    tokens: TokenSet

    def forbids(self, position: int) -> TokenSet | None:
        """See `TokenConstraint.forbids`."""
        return self.tokens


@dataclass(frozen=True)
class ExactLength:
    """A line of exactly `length` tokens, then an ending.

    Attributes:
        length: Tokens of the line.
        specials: Tokens that are forbidden within the line.
        ordinary: Tokens that are forbidden after it.
    """

    length: int
    specials: TokenSet
    ordinary: TokenSet

    def forbids(self, position: int) -> TokenSet | None:
        """See `TokenConstraint.forbids`."""
        return self.specials if position < self.length else self.ordinary


@dataclass(frozen=True)
class PositionConstraint:
    """Tokens that are forbidden at single positions: those of a wrong tone or rhyme."""

    positions: tuple[TokenSet | None, ...]

    def forbids(self, position: int) -> TokenSet | None:
        """See `TokenConstraint.forbids`."""
        return self.positions[position] if position < len(self.positions) else None


class ConstraintFactory:
    """Makes the constraints of one vocabulary; those with tones and rhymes are cached.

    Attributes:
        prosody: Tones and rhymes of the vocabulary, if the bundle has them.
    """

    def __init__(self, vocabulary: Vocabulary, prosody: Prosody | None = None) -> None:
        self.prosody = prosody
        self._size = len(vocabulary)
        endings = {*vocabulary.endings}
        specials = endings if vocabulary.start is None else endings | {vocabulary.start}
        self._unknown = BannedTokens(TokenSet.of(self._size, (vocabulary.unknown,)))
        self._specials = TokenSet.of(self._size, specials)
        self._ordinary = TokenSet.of(self._size, set(range(self._size)) - endings)
        self._cached_tones = lru_cache(CACHE_SIZE)(self._build_tones)
        self._cached_rhyme = lru_cache(CACHE_SIZE)(self._build_rhyme)

    def plain(self) -> tuple[TokenConstraint, ...]:
        """Returns the constraints of the reference search: no `<unk>`."""
        return (self._unknown,)

    def exact_length(self, length: int) -> tuple[TokenConstraint, ...]:
        """Returns the constraints for a line of `length` tokens."""
        return (*self.plain(), ExactLength(length, self._specials, self._ordinary))

    def banned(self, tokens: Iterable[int]) -> BannedTokens:
        """Returns a constraint that forbids tokens at every position."""
        return BannedTokens(TokenSet.of(self._size, tokens))

    def tones(self, patterns: Sequence[Pattern], opening: Sequence[int]) -> TonePatternConstraint:
        """Returns the constraint to one of several patterns, after the opening of the line."""
        return self._cached_tones(tuple(patterns), tuple(opening))[0]

    def tone_positions(
        self, patterns: Sequence[Pattern], opening: Sequence[int]
    ) -> PositionConstraint:
        """Returns the constraint that forbids, by position, what no pattern allows."""
        return self._cached_tones(tuple(patterns), tuple(opening))[1]

    def rhyme(self, groups: Iterable[int], position: int) -> PositionConstraint:
        """Returns the constraint to a token of one of the rhyme groups at a position."""
        return self._cached_rhyme(frozenset(groups), position)

    def _build_tones(
        self, patterns: tuple[Pattern, ...], opening: tuple[int, ...]
    ) -> tuple[TonePatternConstraint, PositionConstraint]:
        constraint = TonePatternConstraint.of(patterns, self._table).after(opening)
        length = constraint.patterns.shape[1]
        return constraint, PositionConstraint(
            tuple(TokenSet(constraint.forbids(position)) for position in range(length))
        )

    def _build_rhyme(self, groups: frozenset[int], position: int) -> PositionConstraint:
        rhymes: npt.NDArray[np.bool_] = np.logical_or.reduce(self._table.readings[sorted(groups)])
        return PositionConstraint((*[None] * position, TokenSet(~rhymes)))

    @property
    def _table(self) -> Prosody:
        if self.prosody is None:
            raise ValueError("the bundle has no prosody")
        return self.prosody


def mask_at(constraints: Iterable[TokenConstraint], position: int, size: int) -> Mask:
    """Returns the mask of all constraints at a position, for a vocabulary of `size` tokens.

    Searches under the same constraints get the same array, so that a batch can share it.
    """
    forbidden = (constraint.forbids(position) for constraint in constraints)
    return additive_mask(size, tuple(tokens for tokens in forbidden if tokens))


@lru_cache(CACHE_SIZE)
def additive_mask(size: int, forbidden: tuple[TokenSet, ...]) -> Mask:
    """Returns the read-only mask [size] with -inf at every token of `forbidden`."""
    mask = np.zeros(size, np.float32)
    for tokens in forbidden:
        mask[tokens.has] = -np.inf
    mask.flags.writeable = False
    return mask
