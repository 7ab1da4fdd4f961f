"""Finds characters for places of a poem: allowed by the rules, and best by the model."""

from collections.abc import Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt

from ..clinic.mending import Blank
from ..model.bundle import Bundle
from ..prosody.table import Prosody
from ..search.beam import BeamParams, BeamSearch
from ..search.blocklist import offensive_words
from ..search.constraints import TokenConstraint, TokenSet
from ..search.scoring import ScoringSearch
from ..search.search import Hypothesis, Job
from .prepared import Line

__all__ = ["group_named", "mend"]

POOL = 32  # characters that are probable after what stands before, of which the best are offered
CHOICES = 2
MARGIN = 3.0  # nats: one that is so much less probable than the best is not offered


def mend(
    bundle: Bundle, prosody: Prosody, lines: Sequence[str], blanks: Sequence[Blank]
) -> Job[tuple[str, ...]]:
    """Finds characters for each blank, all in two rounds of searches.

    Args:
        bundle: The bundle, whose vocabulary has line tokens.
        prosody: Its tones and rhymes.
        lines: The poem, in simplified characters.
        blanks: Places of it.

    Returns:
        For each blank at most two characters that the poem does not have yet, best first.

    Raises:
        SearchError: The model failed.
    """
    vocabulary = bundle.vocabulary
    encoded = [_encode(bundle, line) for line in lines]
    used = {*chain.from_iterable(encoded), vocabulary.unknown}
    allowed = [_allowed(prosody, blank) & ~_has(len(vocabulary), used) for blank in blanks]
    open_ones = [number for number, each in enumerate(allowed) if each.any()]
    if not open_ones:
        return ("",) * len(blanks)
    prompts = {number: _before(bundle, encoded, blanks[number]) for number in open_ones}
    drawn = yield [
        BeamSearch(
            BeamParams(
                prompt=prompts[number],
                max_tokens=1,
                endings=vocabulary.endings,
                constraints=(TokenConstraint((TokenSet(~allowed[number]),)),),
                vocabulary_size=len(vocabulary),
                width=POOL,
            )
        )
        for number in open_ones
    ]
    scored = yield [
        ScoringSearch(prompts[number], _texts(bundle, encoded, blanks[number], paths))
        for number, paths in zip(open_ones, drawn, strict=True)
    ]
    best = dict(zip(open_ones, scored, strict=True))
    return tuple(
        _choose(bundle, lines[blank.line], blank, best.get(number, []))
        for number, blank in enumerate(blanks)
    )


def group_named(prosody: Prosody, name: str) -> int:
    """Returns the index of a rhyme group by its name, also in other spellings.

    Raises:
        RequestError: There is no such group.
    """
    return prosody.groups.index(name) if name in prosody.groups else prosody.group(name)


def _encode(bundle: Bundle, line: str) -> Line:
    vocabulary = bundle.vocabulary
    return tuple(
        vocabulary.encode([token])[0] if vocabulary.is_ordinary(token) else vocabulary.unknown
        for token in line
    )


def _has(size: int, tokens: set[int]) -> npt.NDArray[np.bool_]:
    return np.isin(np.arange(size), sorted(tokens))


def _allowed(prosody: Prosody, blank: Blank) -> npt.NDArray[np.bool_]:
    """Returns the tokens that have the wanted tone in all their readings, and rhyme in one [V]."""
    level, oblique = prosody.level, prosody.oblique
    own = {"level": level & ~oblique, "oblique": oblique & ~level}
    allowed = level | oblique if blank.tone is None else own[blank.tone]
    if blank.rhymes:
        groups = [group_named(prosody, name) for name in blank.rhymes]
        allowed = allowed & np.logical_or.reduce(prosody.readings[groups])
    return allowed


def _before(bundle: Bundle, lines: Sequence[Line], blank: Blank) -> Line:
    """Returns the tokens before a blank: all lines before, and what its own begins with."""
    vocabulary = bundle.vocabulary
    start = (vocabulary.start or 0,)
    ending = (vocabulary.line or 0,)
    before = chain.from_iterable((*line, *ending) for line in lines[: blank.line])
    return (*start, *before, *lines[blank.line][: blank.place])


def _texts(
    bundle: Bundle, lines: Sequence[Line], blank: Blank, paths: Sequence[Hypothesis]
) -> npt.NDArray[np.int64]:
    """Returns the characters found, each with the rest of the line and its ending [rows, t]."""
    rest = (*lines[blank.line][blank.place + 1 :], bundle.vocabulary.line or 0)
    return np.array([(*path.tokens, *rest) for path in paths], np.int64)


def _choose(bundle: Bundle, line: str, blank: Blank, scored: Sequence[Hypothesis]) -> str:
    """Returns the best characters."""
    ranked = sorted(scored, key=lambda path: -path.log_prob)
    found = [
        character
        for path in ranked
        if path.log_prob >= ranked[0].log_prob - MARGIN
        for character in [bundle.vocabulary.tokens[path.tokens[0]]]
        if not _offends(line[: blank.place], character, line[blank.place + 1 :])
    ]
    return "".join(found[:CHOICES])


def _offends(before: str, character: str, after: str) -> bool:
    """Returns whether a character makes a combination that no line may contain."""
    return any(
        character in word and word in before + character + after for word in offensive_words()
    )
