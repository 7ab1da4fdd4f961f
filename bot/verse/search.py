"""A search as a value: log-probabilities in, the next tokens and their parents out.

A search never sees the network. Whoever drives it feeds `token` and `parent` to the model, with
room for `k` candidates under `mask`, and hands the candidates to `advance`, until it is `done`.
"""

from abc import abstractmethod
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

from .errors import NothingAllowedError, SearchError
from .path_rules import PathRule
from .rules import Mask, Rule, mask_at
from .step import FloatArray, IntArray

__all__ = ["Hypothesis", "Plan", "Search", "Walk"]


@dataclass(frozen=True)
class Hypothesis:
    """One answer of a search.

    Attributes:
        tokens: Ids after the prompt, without the ending token.
        log_prob: Sum of the natural-log probabilities of all generated tokens, the ending's too.
        ended: Whether an ending token closed it.
    """

    tokens: tuple[int, ...]
    log_prob: float
    ended: bool


class Search(Protocol):
    """What can be driven step by step, alone or among others."""

    @property
    def token(self) -> IntArray:
        """The tokens to consume [rows]."""

    @property
    def parent(self) -> IntArray:
        """Which row of this search's last step each row continues [rows]; 0 at first."""

    @property
    def k(self) -> int:
        """How many candidates a row needs."""

    @property
    def mask(self) -> Mask:
        """The additive mask [V] of all its rows."""

    @property
    def target(self) -> IntArray | None:
        """The one token of each row that is wanted in the place of candidates [rows]."""

    @property
    def done(self) -> bool:
        """Whether there is no further step."""

    def advance(self, top_log_prob: FloatArray, top_token: IntArray) -> Self:
        """The search after a step that returned these candidates, or targets [rows, k]."""

    def result(self) -> list[Hypothesis]:
        """The answers, best first."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What every kind of search is told.

    Attributes:
        prompt: The token ids to start from, at least one.
        max_tokens: How many tokens a path may have, an ending included.
        endings: The tokens that end a path.
        rules: What is forbidden before the cut.
        vocabulary_size: V.
        path_rules: What is forbidden to a path for the tokens that it has.

    Raises:
        ValueError: No prompt, or a number of tokens below one.
    """

    prompt: tuple[int, ...]
    max_tokens: int
    endings: tuple[int, ...]
    rules: tuple[Rule, ...]
    vocabulary_size: int
    path_rules: tuple[PathRule, ...] = ()

    def __post_init__(self) -> None:
        if not self.prompt:
            raise ValueError("a search needs a prompt of at least one token")
        if self.max_tokens < 1:
            raise ValueError(f"{self.max_tokens} tokens: there must be at least 1")

    @property
    @abstractmethod
    def k(self) -> int:
        """How many candidates each row is given."""

    @cached_property
    def is_ending(self) -> npt.NDArray[np.bool_]:
        """Whether each token ends a path [V]."""
        return np.isin(np.arange(self.vocabulary_size), self.endings)


@dataclass(frozen=True)
class Walk:
    """The state of a search between two steps: first through the prompt, then along its paths.

    Attributes:
        plan: What was asked for.
        consumed: How many tokens of the prompt have been consumed.
        paths: Generated tokens of the live paths [rows, t].
        log_prob: Their scores [rows].
        parent: The row of the last step that each continues [rows].
        ended: Closed paths.
    """

    plan: Plan
    consumed: int = 0
    paths: IntArray = field(default_factory=lambda: np.zeros((1, 0), np.int64))
    log_prob: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(1))
    parent: IntArray = field(default_factory=lambda: np.zeros(1, np.int64))
    ended: tuple[Hypothesis, ...] = ()

    @property
    def token(self) -> IntArray:
        """The tokens to consume [rows]: of the prompt one by one, then those of the paths."""
        if self.consumed < len(self.plan.prompt):
            return np.array([self.plan.prompt[self.consumed]], np.int64)
        return self.paths[:, -1]

    @property
    def k(self) -> int:
        """How many candidates a row needs, those in reserve included; none within the prompt."""
        if self.consumed + 1 < len(self.plan.prompt):
            return 0
        length = self.paths.shape[1]
        return self.plan.k + sum(rule.reserve(length) for rule in self.plan.path_rules)

    @property
    def mask(self) -> Mask:
        """The additive mask [V] for the token that comes next."""
        return mask_at(self.plan.rules, self.paths.shape[1], self.plan.vocabulary_size)

    @property
    def target(self) -> IntArray | None:
        """None: paths are extended by candidates."""
        return None

    @property
    def done(self) -> bool:
        """Whether no path is left to extend."""
        return len(self.paths) == 0 or self.paths.shape[1] == self.plan.max_tokens

    def advance(self, top_log_prob: FloatArray, top_token: IntArray) -> Self:
        """The search after a step.

        Args:
            top_log_prob: Log-probabilities of every row's best allowed tokens [rows, k].
            top_token: Their ids [rows, k].

        Raises:
            SearchError: A log-probability is no number, or nothing at all is allowed.
        """
        check_log_prob(top_log_prob)
        if self.consumed + 1 < len(self.plan.prompt):
            return replace(self, consumed=self.consumed + 1)
        top_log_prob, top_token = top_log_prob[:, : self.k], top_token[:, : self.k]
        if self.plan.path_rules:
            top_log_prob, top_token = self._without_refused(top_log_prob, top_token)
        return self._extend(top_log_prob[:, : self.plan.k], top_token[:, : self.plan.k])

    def _without_refused(
        self, top_log_prob: FloatArray, top_token: IntArray
    ) -> tuple[FloatArray, IntArray]:
        """The candidates with those that a path rule refuses at the end, as not allowed."""
        refused = np.zeros(top_token.shape, np.bool_)
        for rule in self.plan.path_rules:
            refused |= rule.refuses(self.paths, top_token)
        score = np.where(refused, -np.inf, top_log_prob)
        order = np.argsort(-score, axis=1, kind="stable")
        return np.take_along_axis(score, order, axis=1), np.take_along_axis(
            top_token, order, axis=1
        )

    @abstractmethod
    def _extend(self, top_log_prob: FloatArray, top_token: IntArray) -> Self:
        """The search after its paths have grown by one of `k` candidates each."""

    def _live(self) -> list[Hypothesis]:
        return [
            Hypothesis(tuple(path.tolist()), float(score), ended=False)
            for path, score in zip(self.paths, self.log_prob, strict=True)
        ]

    def _closed(self, row: int, log_prob: float) -> Hypothesis:
        """The path of a row, closed by an ending token that brought its score to `log_prob`."""
        return Hypothesis(tuple(self.paths[row].tolist()), float(log_prob), ended=True)


def check_log_prob(log_prob: FloatArray) -> None:
    """Refuses what is no log-probability.

    Raises:
        SearchError: It is a NaN or above 0.
    """
    # Written so that NaN fails; rounding may lift a certain token a hair above 0.
    if not (log_prob <= 1e-3).all():
        raise SearchError(
            "The model returned something that is no probability: use another bundle.",
            "model-fault",
        )


def nothing_allowed() -> NothingAllowedError:
    """What a search raises when its rules leave nothing."""
    return NothingAllowedError(
        "No line can be written under these rules: change the length or the prompt.",
        "search-nothing",
    )
