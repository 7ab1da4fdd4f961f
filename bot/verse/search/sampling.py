"""Sampling: texts drawn at random, as likely as the model finds them, and the same for a seed."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
import numpy.typing as npt

from ..model.language_model import FloatArray, IntArray
from .search import DecodingState, Hypothesis, SearchParams, nothing_allowed

__all__ = ["SampleParams", "SampleSearch"]


@dataclass(frozen=True, kw_only=True)
class SampleParams(SearchParams):
    """What a search by sampling is asked for.

    Attributes:
        paths: How many texts to draw.
        count: How many different ones of them to return.
        temperature: What log-probabilities are divided by: below 1 prefers the likely.
        top_k: Only so many of the likeliest tokens can be drawn.
        top_p: Of these, only the likeliest that together reach this share of their probability
            (nucleus sampling, Holtzman and others 2020).
        seed: Where chance starts from: numbers that together name this search.
    """

    paths: int
    count: int
    temperature: float
    top_k: int
    top_p: float
    seed: tuple[int, ...]

    @property
    def k(self) -> int:
        """How many candidates each row is given."""
        return self.top_k

    @property
    def rows(self) -> int:
        """How many paths there may be."""
        return self.paths


@dataclass(frozen=True)
class SampleSearch(DecodingState):
    """Paths that are drawn beside each other, each by chance of its own.

    What a path draws depends on the seed, its number and its length alone, so that neither other
    paths nor other searches change it.

    Attributes:
        number: Which of the `paths` each row is [rows].
        drawn_as: Which of the `paths` each of `ended` was.
    """

    plan: SampleParams
    number: IntArray = field(default_factory=lambda: np.zeros(1, np.int64))
    drawn_as: tuple[int, ...] = ()

    def result(self) -> list[Hypothesis]:
        """The first `count` different texts, best first."""
        drawn = sorted(
            zip((*self.drawn_as, *self.number.tolist()), (*self.ended, *self._live()), strict=True),
            key=lambda pair: pair[0],
        )
        different: dict[tuple[int, ...], Hypothesis] = {}
        for _, found in drawn:
            different.setdefault(found.tokens, found)
        first = list(different.values())[: self.plan.count]
        return sorted(first, key=lambda found: -found.log_prob)

    def advance(self, top_log_prob: FloatArray, top_token: IntArray) -> Self:
        """See `DecodingState.advance`; each path draws one of its `k` candidates."""
        top_log_prob, top_token = self.allowed(top_log_prob, top_token)
        open_rows = np.flatnonzero(top_log_prob[:, 0] > -np.inf)
        if not open_rows.size and not self.ended:
            raise nothing_allowed()
        number, row = self.number[open_rows], np.arange(open_rows.size)
        if self.paths.shape[1] == 0:  # all paths set out from the prompt's one row
            number, row = np.arange(self.plan.paths), np.zeros(self.plan.paths, np.int64)
        parent = open_rows[row]
        chance = np.random.default_rng((*self.plan.seed, self.paths.shape[1]))
        share = _cumulative_share(top_log_prob[open_rows], self.plan)[row]
        point = chance.random(self.plan.paths)[number] * share[:, -1]
        column = (share <= point[:, None]).sum(axis=1)
        token = top_token[parent, column]
        score = self.log_prob[parent] + top_log_prob[parent, column]
        closing = self.plan.is_ending[token]
        live = np.flatnonzero(~closing)
        closed = np.flatnonzero(closing)
        return type(self)(
            self.plan,
            paths=np.concatenate((self.paths[parent[live]], token[live, None]), axis=1),
            log_prob=score[live],
            parent=parent[live],
            ended=(*self.ended, *(self._closed(parent[i], score[i]) for i in closed)),
            number=number[live],
            drawn_as=(*self.drawn_as, *number[closed].tolist()),
        )


def _cumulative_share(log_prob: FloatArray, plan: SampleParams) -> npt.NDArray[np.float64]:
    """Running sums of each candidate's chance [rows, k]; past the nucleus they stand still."""
    scaled = (log_prob.astype(np.float64) - log_prob[:, :1]) / plan.temperature
    chance = np.exp(scaled)
    chance /= chance.sum(axis=1, keepdims=True)
    before = np.cumsum(chance, axis=1) - chance
    return np.cumsum(np.where(before < plan.top_p, chance, 0), axis=1)
