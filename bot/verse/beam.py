"""Beam search: the likeliest texts that a beam of a given width finds."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from .search import Hypothesis, Plan, Walk, nothing_allowed
from .step import FloatArray, IntArray

__all__ = ["BeamPlan", "BeamSearch"]


@dataclass(frozen=True, kw_only=True)
class BeamPlan(Plan):
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


@dataclass(frozen=True)
class BeamSearch(Walk):
    """A beam search between two steps.

    Every live path is extended by its `width` best tokens. Extensions by an ending token join the
    ended ones, of which those below the worst new path are dropped. The search stops when `width`
    have ended and none scores below the best new path, when no new path is left, or after
    `max_tokens`; else the best `width` new paths live on. Ties go to the lower parent, then to
    the lower token id.
    """

    plan: BeamPlan

    def result(self) -> list[Hypothesis]:
        """At most `width` answers, ended and live together, best first."""
        ranked = sorted((*self.ended, *self._live()), key=lambda found: -found.log_prob)
        if self.plan.distinct:
            best: dict[tuple[int, ...], Hypothesis] = {}
            for found in ranked:
                best.setdefault(found.tokens, found)
            ranked = list(best.values())
        return ranked[: self.plan.width]

    def _extend(self, top_log_prob: FloatArray, top_token: IntArray) -> Self:
        width = self.plan.width
        score = (self.log_prob[:, None] + top_log_prob).ravel()
        token = top_token.ravel()
        parent = np.repeat(np.arange(len(self.paths)), score.size // len(self.paths))
        order = np.lexsort((token, parent, -score))
        order = order[: np.count_nonzero(score > -np.inf)]
        if order.size == 0 and not self.ended:
            raise nothing_allowed()
        closing = self.plan.is_ending[token[order]]
        new, closed = order[~closing], order[closing]
        ended = (*self.ended, *(self._closed(parent[i], score[i]) for i in closed))
        if new.size:
            worst_new, best_new = score[new[-1]], score[new[0]]
            ended = tuple(path for path in ended if path.log_prob >= worst_new)
            if len(ended) >= width and min(path.log_prob for path in ended) >= best_new:
                new = new[:0]
        new = new[:width]
        return type(self)(
            self.plan,
            consumed=len(self.plan.prompt),
            paths=np.concatenate((self.paths[parent[new]], token[new, None]), axis=1),
            log_prob=score[new],
            parent=parent[new],
            ended=ended,
        )
