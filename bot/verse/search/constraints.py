"""Token constraints: small ordered masks, each of which forbids tokens at a position."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ..prosody.forms import Pattern
from ..prosody.table import Prosody, Tone
from ..text.vocabulary import Vocabulary
from .path_constraints import TonePatternConstraint

__all__ = [
    "ConstraintFactory",
    "Mask",
    "TokenConstraint",
    "TokenSet",
    "ending_constraint",
    "opened",
    "rhyme_constraint",
    "tone_constraints",
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


@dataclass(frozen=True)
class TokenConstraint:
    """A constraint on the tokens at each position.

    Attributes:
        positions: The tokens that are forbidden at each of the first positions; None for no tokens.
        after: The tokens that are forbidden at all later positions.
    """

    positions: tuple[TokenSet | None, ...] = ()
    after: TokenSet | None = None

    def forbids(self, position: int) -> TokenSet | None:
        """Returns the tokens forbidden `position` tokens after the prompt; None for no tokens."""
        return self.positions[position] if position < len(self.positions) else self.after


def opened(constraint: TokenConstraint, line: Sequence[int | None]) -> TokenConstraint:
    """Returns a constraint that leaves out the places of a line whose token is kept.

    Args:
        constraint: A constraint.
        line: The tokens that are kept, None for an open place.
    """
    return TokenConstraint(
        tuple(
            constraint.forbids(place) if token is None else None for place, token in enumerate(line)
        )
    )


class ConstraintFactory:
    """Makes the constraints of one vocabulary that depend on no tones or rhymes."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._size = len(vocabulary)
        endings = {*vocabulary.endings}
        others = (vocabulary.start, vocabulary.lower, vocabulary.upper)
        specials = (token for token in others if token is not None)
        self._unknown = self.banned([vocabulary.unknown])
        self._specials = TokenSet.of(self._size, endings | {*specials})
        self._ordinary = TokenSet.of(self._size, set(range(self._size)) - endings)

    def plain(self) -> tuple[TokenConstraint, ...]:
        """Returns the constraints of the reference search: no `<unk>`."""
        return (self._unknown,)

    def exact_length(self, length: int) -> tuple[TokenConstraint, ...]:
        """Returns the constraints for a line of exactly `length` tokens, then an ending."""
        return (*self.plain(), TokenConstraint((self._specials,) * length, self._ordinary))

    def kept(self, line: Sequence[int | None], line_end: int) -> tuple[TokenConstraint, ...]:
        """Returns the constraints for a line that keeps tokens at their places, then its ending.

        Args:
            line: The tokens that are kept, None for an open place.
            line_end: The token that ends a line.
        """
        positions = tuple(
            self._specials if token is None else self._others_than(token) for token in line
        )
        everywhere = TokenConstraint(positions, self._others_than(line_end))
        return (opened(self._unknown, line), everywhere)

    def _others_than(self, token: int) -> TokenSet:
        return TokenSet.of(self._size, set(range(self._size)) - {token})

    def banned(self, tokens: Iterable[int]) -> TokenConstraint:
        """Returns a constraint that forbids tokens at every position."""
        return TokenConstraint(after=TokenSet.of(self._size, tokens))


@lru_cache(CACHE_SIZE)
def tone_constraints(
    prosody: Prosody, patterns: tuple[Pattern, ...], opening: tuple[int, ...]
) -> tuple[TonePatternConstraint, TokenConstraint]:
    """Returns the constraints to one of several patterns, after the opening of the line.

    Returns:
        The constraint to one pattern, and one that forbids, by position, what no pattern allows.
    """
    constraint = TonePatternConstraint.of(patterns, prosody).after(opening)
    positions = range(constraint.patterns.shape[1])
    return constraint, TokenConstraint(
        tuple(TokenSet(constraint.forbids(position)) for position in positions)
    )


@lru_cache(CACHE_SIZE)
def rhyme_constraint(prosody: Prosody, groups: frozenset[int], position: int) -> TokenConstraint:
    """Returns the constraint to a token of one of the rhyme groups at a position."""
    rhymes: npt.NDArray[np.bool_] = np.logical_or.reduce(prosody.readings[sorted(groups)])
    return TokenConstraint((*[None] * position, TokenSet(~rhymes)))


@lru_cache(CACHE_SIZE)
def ending_constraint(
    prosody: Prosody, groups: frozenset[int], tone: Tone, position: int
) -> TokenConstraint:
    """Returns the constraint to a token that rhymes, or that can have a tone, at a position."""
    rhymes: npt.NDArray[np.bool_] = np.logical_or.reduce(prosody.readings[sorted(groups)])
    level, oblique = prosody.level, prosody.oblique
    own, other = (level, oblique) if tone == "level" else (oblique, level)
    return TokenConstraint((*[None] * position, TokenSet(~(rhymes | own | ~other))))


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
