"""Beam search: the most likely texts that a beam of a given width finds."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import SearchError
from ..model.language_model import FloatArray, IntArray
from .decoding import DecodingState, SearchParams
from .search import Hypothesis, concatenate, nothing_allowed

__all__ = ["BeamParams", "BeamSearch"]


@dataclass(frozen=True, kw_only=True)
class BeamParams(SearchParams):
    """The parameters of a beam search.

    Attributes:
        width: How many paths are kept after a step, and how many candidates each row is given.
        distinct: Whether, of paths that differ in their ending token alone, only the best is
            returned.

    Raises:
        ValueError: The prompt is empty, or `width` or `max_tokens` is below one.
    """

    width: int
    distinct: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.width < 1:
            raise ValueError(f"width {self.width}: it must be at least 1")

    @property
    def k(self) -> int:
        return self.width

    @property
    def max_rows(self) -> int:
        return self.width


@dataclass(frozen=True)
class BeamSearch(DecodingState):
    """A beam search between two steps.

    Every live path is extended by its `width` best tokens. Extensions by an ending token join the
    ended paths, and ended paths below the worst new path are dropped. The search stops when at
    least `width` paths have ended and none of them scores below the best new path, when there is no
    new path, or after `max_tokens`; else the best `width` new paths stay live. Ties go to the lower
    parent, then to the lower token id.
    """

    params: BeamParams

    def result(self) -> list[Hypothesis]:
        """Returns at most `width` paths, ended and live together, best first."""
        ranked = sorted((*self.ended, *self._live()), key=lambda path: -path.log_prob)
        if self.params.distinct:
            best: dict[tuple[int, ...], Hypothesis] = {}
            for path in ranked:
                best.setdefault(path.tokens, path)
            ranked = list(best.values())
        return ranked[: self.params.width]

    @property
    def batch_key(self) -> Hashable:
        """Equal for beams of one width whose paths have the same length."""
        return self.params.width, self.paths.shape[1], self.k, self.params.endings

    def advance(self, top_log_prob: FloatArray, top_token: IntArray) -> "BeamSearch":
        (after,) = self.advance_all((self,), top_log_prob, top_token)
        if isinstance(after, SearchError):
            raise after
        return after

    @classmethod
    def advance_all(
        cls, searches: Sequence["BeamSearch"], top_log_prob: FloatArray, top_token: IntArray
    ) -> list["BeamSearch | SearchError"]:
        # One pass of NumPy, at little more than the cost of one search.
        counts = [len(search.paths) for search in searches]
        try:
            return [
                *_extend(searches, counts, *_allowed(searches, counts, top_log_prob, top_token))
            ]
        except SearchError as error:
            if len(searches) == 1:
                return [error]
        # Which of them fail shows one by one.
        ends = np.cumsum(counts)[:-1]
        parts = zip(np.split(top_log_prob, ends), np.split(top_token, ends), strict=True)
        return [
            cls.advance_all([search], *part)[0]
            for search, part in zip(searches, parts, strict=True)
        ]

    def ended_and_live(
        self, score: FloatArray, parent: IntArray, is_ending: npt.NDArray[np.bool_]
    ) -> tuple[tuple[Hypothesis, ...], IntArray]:
        """Returns the ended paths after a step, and the indices of the extensions that stay live.

        Args:
            score: Scores of all extensions, best first [n].
            parent: Their rows [n].
            is_ending: Whether each is by an ending token [n].
        """
        width = self.params.width
        ended = (
            *self.ended,
            *(self._ended_path(parent[i], score[i]) for i in np.flatnonzero(is_ending)),
        )
        new = np.flatnonzero(~is_ending)
        if new.size:
            worst_new, best_new = score[new[-1]], score[new[0]]
            ended = tuple(path for path in ended if path.log_prob >= worst_new)
            if len(ended) >= width and min(path.log_prob for path in ended) >= best_new:
                new = new[:0]
        return ended, new[:width]


def _allowed(
    searches: Sequence[BeamSearch], counts: Sequence[int], log_prob: FloatArray, token: IntArray
) -> tuple[FloatArray, IntArray]:
    """The candidates that path constraints allow, one search after another [rows, width]."""
    if len(searches) == 1 or not any(search.params.path_constraints for search in searches):
        return searches[0].allowed(log_prob, token)
    ends = np.cumsum(counts)[:-1]
    parts = zip(searches, np.split(log_prob, ends), np.split(token, ends), strict=True)
    left = [search.allowed(scores, ids) for search, scores, ids in parts]
    return np.concatenate([part for part, _ in left]), np.concatenate([part for _, part in left])


def _extend(
    searches: Sequence[BeamSearch], counts: Sequence[int], log_prob: FloatArray, token: IntArray
) -> list[BeamSearch]:
    """Returns the searches with their paths extended by the best candidates.

    Args:
        searches: Beams with equal keys.
        counts: Their rows.
        log_prob: The `width` best candidates of each row, best first [rows, width].
        token: Their ids [rows, width].

    Raises:
        NothingAllowedError: One of them has neither a live nor an ended path.
    """
    params, k = searches[0].params, log_prob.shape[1]
    score = concatenate([search.log_prob for search in searches])[:, None] + log_prob
    if min(counts) < max(counts):
        score, token = _padded(score, counts, -np.inf), _padded(token, counts, 0)
    score, token = score.reshape(len(searches), -1), token.reshape(len(searches), -1)
    number, row = _indices(*score.shape, k)
    order = np.lexsort((token, row, -score))
    best = order[:, : params.width]
    enough = best.shape[1] == params.width and score[number, best[:, -1:]].min() > -np.inf
    is_ending = params.is_ending[token]
    if enough and not is_ending.any() and not any(search.ended for search in searches):
        return _all_live(searches, counts, score[number, best], token[number, best], best // k)
    score, token, is_ending = score[number, order], token[number, order], is_ending[number, order]
    parent = order // k
    after = []
    allowed = np.count_nonzero(score > -np.inf, axis=1)
    for i, search in enumerate(searches):
        some = slice(allowed[i])
        ended, new = search.ended_and_live(score[i, some], parent[i, some], is_ending[i, some])
        if not (new.size or ended):
            raise nothing_allowed()
        row = parent[i, new]
        paths = np.concatenate((search.paths[row], token[i, new, None]), axis=1)
        after.append(BeamSearch(search.params, paths, score[i, new], row, ended))
    return after


@lru_cache(256)
def _indices(searches: int, extensions: int, k: int) -> tuple[IntArray, IntArray]:
    """The number of each search [searches, 1], and the row of each extension within it."""
    parent = np.broadcast_to(np.arange(extensions) // k, (searches, extensions))
    return np.arange(searches)[:, None], parent


def _all_live(
    searches: Sequence[BeamSearch],
    counts: Sequence[int],
    score: FloatArray,
    token: IntArray,
    parent: IntArray,
) -> list[BeamSearch]:
    """The searches with the extensions [searches, width], none of which is by an ending token."""
    row = parent + np.cumsum([0, *counts[:-1]])[:, None]
    before = concatenate([search.paths for search in searches])
    paths = np.concatenate((before[row], token[:, :, None]), axis=2)
    parts = zip(searches, paths, score, parent, strict=True)
    return [BeamSearch(search.params, *part) for search, *part in parts]


def _padded(values: npt.NDArray[Any], counts: Sequence[int], fill: float) -> npt.NDArray[Any]:
    """Every search's rows [searches, rows, k], padded to the largest number of rows."""
    padded = np.full((len(counts), max(counts), values.shape[1]), fill, values.dtype)
    padded[np.arange(max(counts)) < np.array(counts)[:, None]] = values
    return padded
