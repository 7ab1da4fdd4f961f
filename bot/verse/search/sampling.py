"""Sampling: texts drawn at random from the model's distribution, reproducible by seed."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
import numpy.typing as npt

from ..model.language_model import FloatArray, IntArray
from .decoding import DecodingState, SearchParams
from .search import Hypothesis, nothing_allowed

__all__ = ["SampleParams", "SampleSearch"]


@dataclass(frozen=True, kw_only=True)
class SampleParams(SearchParams):
    """The parameters of sampling.

    Attributes:
        paths: How many texts to draw.
        count: How many distinct ones of them to return.
        temperature: Divides the log-probabilities; below 1 it favors likely tokens.
        top_k: Tokens are drawn from so many of the most likely ones.
        top_p: Of these, only from the most likely ones that together reach this share of their
            probability (nucleus sampling, Holtzman et al. 2020).
        seed: Seed of the random numbers, as one or several integers.
    """

    paths: int
    count: int
    temperature: float
    top_k: int
    top_p: float
    seed: tuple[int, ...]

    @property
    def k(self) -> int:
        return self.top_k

    @property
    def max_rows(self) -> int:
        return self.paths


@dataclass(frozen=True)
class SampleSearch(DecodingState):
    """Sampling of several paths at once, between two steps.

    The random number of a path depends only on the seed, the path's number and its length, so that
    other paths and other searches do not change it.

    Attributes:
        number: Which of the `paths` each row is [rows].
        ended_number: Which of the `paths` each of `ended` was.
    """

    params: SampleParams
    number: IntArray = field(default_factory=lambda: np.zeros(1, np.int64))
    ended_number: tuple[int, ...] = ()

    def result(self) -> list[Hypothesis]:
        """Returns the first `count` distinct texts, best first."""
        drawn = sorted(
            zip(
                (*self.ended_number, *self.number.tolist()),
                (*self.ended, *self._live()),
                strict=True,
            ),
            key=lambda pair: pair[0],
        )
        distinct: dict[tuple[int, ...], Hypothesis] = {}
        for _, path in drawn:
            distinct.setdefault(path.tokens, path)
        first = list(distinct.values())[: self.params.count]
        return sorted(first, key=lambda path: -path.log_prob)

    def advance(self, top_log_prob: FloatArray, top_token: IntArray) -> Self:
        """Draws one of its candidates for each path."""
        top_log_prob, top_token = self.allowed(top_log_prob, top_token)
        open_rows = np.flatnonzero(top_log_prob[:, 0] > -np.inf)
        if not open_rows.size and not self.ended:
            raise nothing_allowed()
        number, row = self.number[open_rows], np.arange(open_rows.size)
        if self.paths.shape[1] == 0:  # all paths start from the one row of the prompt
            number, row = np.arange(self.params.paths), np.zeros(self.params.paths, np.int64)
        parent = open_rows[row]
        rng = np.random.default_rng((*self.params.seed, self.paths.shape[1]))
        cumulative = _cumulative_probability(top_log_prob[open_rows], self.params)[row]
        point = rng.random(self.params.paths)[number] * cumulative[:, -1]
        column = (cumulative <= point[:, None]).sum(axis=1)
        token = top_token[parent, column]
        score = self.log_prob[parent] + top_log_prob[parent, column]
        is_ending = self.params.is_ending[token]
        live = np.flatnonzero(~is_ending)
        ended = np.flatnonzero(is_ending)
        return type(self)(
            self.params,
            paths=np.concatenate((self.paths[parent[live]], token[live, None]), axis=1),
            log_prob=score[live],
            parent=parent[live],
            ended=(*self.ended, *(self._ended_path(parent[i], score[i]) for i in ended)),
            number=number[live],
            ended_number=(*self.ended_number, *number[ended].tolist()),
        )


def _cumulative_probability(log_prob: FloatArray, params: SampleParams) -> npt.NDArray[np.float64]:
    """Running sums of the candidates' probabilities [rows, k]; constant outside the nucleus."""
    scaled = (log_prob.astype(np.float64) - log_prob[:, :1]) / params.temperature
    probability = np.exp(scaled)
    probability /= probability.sum(axis=1, keepdims=True)
    before = np.cumsum(probability, axis=1) - probability
    return np.cumsum(np.where(before < params.top_p, probability, 0), axis=1)
