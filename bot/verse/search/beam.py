"""Beam search: the likeliest texts that a beam of a given width finds."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import SearchError
from ..model.language_model import FloatArray, IntArray
from .search import DecodingState, Hypothesis, SearchParams, joined, nothing_allowed

__all__ = ["BeamParams", "BeamSearch", "advance_beams"]


@dataclass(frozen=True, kw_only=True)
class BeamParams(SearchParams):
    """What a beam search is asked for.

    Attributes:
        width: How many paths live on after a step, and how many candidates each row is given.
        distinct: Whether paths that differ in their ending alone count as one, the best.

    Raises:
        ValueError: No prompt, or a width or a number of tokens below one.
    """

    width: int
    distinct: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.width < 1:
            raise ValueError(f"width {self.width}: it must be at least 1")

    @property
    def k(self) -> int:
        """How many candidates each row is given."""
        return self.width

    @property
    def rows(self) -> int:
        """How many paths there may be."""
        return self.width


@dataclass(frozen=True)
class BeamSearch(DecodingState):
    """A beam search between two steps.

    Every live path is extended by its `width` best tokens. Extensions by an ending token join the
    ended ones, of which those below the worst new path are dropped. The search stops when `width`
    have ended and none scores below the best new path, when no new path is left, or after
    `max_tokens`; else the best `width` new paths live on. Ties go to the lower parent, then to
    the lower token id.
    """

    plan: BeamParams

    def result(self) -> list[Hypothesis]:
        """At most `width` answers, ended and live together, best first."""
        ranked = sorted((*self.ended, *self._live()), key=lambda found: -found.log_prob)
        if self.plan.distinct:
            best: dict[tuple[int, ...], Hypothesis] = {}
            for found in ranked:
                best.setdefault(found.tokens, found)
            ranked = list(best.values())
        return ranked[: self.plan.width]

    @property
    def alike(self) -> Hashable:
        """Beams of one width whose paths have grown as far."""
        return self.plan.width, self.paths.shape[1], self.k, self.plan.endings

    def advance(self, top_log_prob: FloatArray, top_token: IntArray) -> "BeamSearch":
        """See `DecodingState.advance`."""
        (after,) = advance_beams((self,), top_log_prob, top_token)
        if isinstance(after, SearchError):
            raise after
        return after

    def close(
        self, score: FloatArray, parent: IntArray, closing: npt.NDArray[np.bool_]
    ) -> tuple[tuple[Hypothesis, ...], IntArray]:
        """The ended paths after a step, and which of its extensions live on.

        Args:
            score: Scores of all extensions, best first [n].
            parent: Their rows [n].
            closing: Whether an ending closes each [n].
        """
        width = self.plan.width
        ended = (
            *self.ended,
            *(self._closed(parent[i], score[i]) for i in np.flatnonzero(closing)),
        )
        new = np.flatnonzero(~closing)
        if new.size:
            worst_new, best_new = score[new[-1]], score[new[0]]
            ended = tuple(path for path in ended if path.log_prob >= worst_new)
            if len(ended) >= width and min(path.log_prob for path in ended) >= best_new:
                new = new[:0]
        return ended, new[:width]


def advance_beams(
    searches: Sequence[BeamSearch], top_log_prob: FloatArray, top_token: IntArray
) -> list[BeamSearch | SearchError]:
    """What `advance` gives each of several beams, or raises, at little more than the cost of one.

    Args:
        searches: Beams that are `alike`.
        top_log_prob: The candidates of all their rows, one search after another [rows, k].
        top_token: Their ids [rows, k].
    """
    counts = [len(search.paths) for search in searches]
    try:
        return [*_extended(searches, counts, *_allowed(searches, counts, top_log_prob, top_token))]
    except SearchError as error:
        if len(searches) == 1:
            return [error]
    # Whose fault it is shows one by one.
    ends = np.cumsum(counts)[:-1]
    parts = zip(np.split(top_log_prob, ends), np.split(top_token, ends), strict=True)
    return [advance_beams([search], *part)[0] for search, part in zip(searches, parts, strict=True)]


def _allowed(
    searches: Sequence[BeamSearch], counts: Sequence[int], log_prob: FloatArray, token: IntArray
) -> tuple[FloatArray, IntArray]:
    """What each search is left by its path rules, one after another [rows, width]."""
    if len(searches) == 1 or not any(search.plan.path_rules for search in searches):
        return searches[0].allowed(log_prob, token)
    ends = np.cumsum(counts)[:-1]
    parts = zip(searches, np.split(log_prob, ends), np.split(token, ends), strict=True)
    left = [search.allowed(scores, ids) for search, scores, ids in parts]
    return np.concatenate([part for part, _ in left]), np.concatenate([part for _, part in left])


def _extended(
    searches: Sequence[BeamSearch], counts: Sequence[int], log_prob: FloatArray, token: IntArray
) -> list[BeamSearch]:
    """All searches with their paths grown by their best extensions.

    Args:
        searches: Beams that are alike.
        counts: Their rows.
        log_prob: The `width` best candidates of each row, best first [rows, width].
        token: Their ids [rows, width].

    Raises:
        NothingAllowedError: One of them has nothing to go on with.
    """
    plan, k = searches[0].plan, log_prob.shape[1]
    score = joined([search.log_prob for search in searches])[:, None] + log_prob
    if min(counts) < max(counts):
        score, token = _padded(score, counts, -np.inf), _padded(token, counts, 0)
    score, token = score.reshape(len(searches), -1), token.reshape(len(searches), -1)
    number, row = _places(*score.shape, k)
    order = np.lexsort((token, row, -score))
    best = order[:, : plan.width]
    enough = best.shape[1] == plan.width and score[number, best[:, -1:]].min() > -np.inf
    ending = plan.is_ending[token]
    if enough and not ending.any() and not any(search.ended for search in searches):
        return _grown(searches, counts, score[number, best], token[number, best], best // k)
    score, token, closing = score[number, order], token[number, order], ending[number, order]
    parent = order // k
    after = []
    allowed = np.count_nonzero(score > -np.inf, axis=1)
    for i, search in enumerate(searches):
        some = slice(allowed[i])
        ended, new = search.close(score[i, some], parent[i, some], closing[i, some])
        if not (new.size or ended):
            raise nothing_allowed()
        row = parent[i, new]
        paths = np.concatenate((search.paths[row], token[i, new, None]), axis=1)
        after.append(BeamSearch(search.plan, paths, score[i, new], row, ended))
    return after


@lru_cache(256)
def _places(searches: int, extensions: int, k: int) -> tuple[IntArray, IntArray]:
    """The number of each search [searches, 1], and the row of each of its extensions."""
    parent = np.broadcast_to(np.arange(extensions) // k, (searches, extensions))
    return np.arange(searches)[:, None], parent


def _grown(
    searches: Sequence[BeamSearch],
    counts: Sequence[int],
    score: FloatArray,
    token: IntArray,
    parent: IntArray,
) -> list[BeamSearch]:
    """The searches with these extensions of theirs [searches, width], none of which is closed."""
    row = parent
    if len(searches) > 1:
        row = parent + np.cumsum([0, *counts[:-1]])[:, None]
    before = joined([search.paths for search in searches])
    paths = np.concatenate((before[row], token[:, :, None]), axis=2)
    parts = zip(searches, paths, score, parent, strict=True)
    return [BeamSearch(search.plan, *part) for search, *part in parts]


def _padded(values: npt.NDArray[Any], counts: Sequence[int], fill: float) -> npt.NDArray[Any]:
    """The rows of every search [searches, rows, k], as many as the longest has."""
    padded = np.full((len(counts), max(counts), values.shape[1]), fill, values.dtype)
    padded[np.arange(max(counts)) < np.array(counts)[:, None]] = values
    return padded
