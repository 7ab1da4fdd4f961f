"""A search as a value: log-probabilities in, the next tokens and their parents out.

A search never sees the network. Whoever drives it lets the model read all of `prompt` but its last
token, then feeds `token` and `parent` to it, with room for `k` candidates under `mask`, and hands
the candidates to `advance`, until it is `done`.
"""

from abc import abstractmethod
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Protocol, Self, TypeVar

import numpy as np
import numpy.typing as npt

from ..errors import NothingAllowedError, SearchError
from ..model.language_model import FloatArray, IntArray
from .constraints import Mask, TokenConstraint, mask_at
from .path_constraints import PathConstraint

__all__ = ["DecodingState", "Hypothesis", "Job", "Search", "SearchParams", "SearchResults"]


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
    def prompt(self) -> tuple[int, ...]:
        """The token ids that it starts from, at least one."""

    @property
    def width(self) -> int:
        """How many rows its steps may have."""

    @property
    def token(self) -> IntArray:
        """The tokens to consume [rows]; at first the last of the prompt."""

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

    def partial_results(self) -> list[Hypothesis]:
        """Those of the answers that are whole lines already, best first."""


SearchResults = list[list[Hypothesis]]
"""What each of several searches found; nothing where its rules left nothing."""

T = TypeVar("T")
Job = Generator[Sequence[Search], SearchResults, T]
"""Work that needs searches: it yields those to run beside each other, and is sent what they found;
or a `DeadlineError` is thrown into it, and it ends."""


@dataclass(frozen=True, kw_only=True)
class SearchParams:
    """What every kind of search is told.

    Attributes:
        prompt: The token ids to start from, at least one.
        max_tokens: How many tokens a path may have, an ending included.
        endings: The tokens that end a path.
        rules: What is forbidden before the cut.
        vocabulary_size: V.
        path_rules: What is forbidden to a path for the tokens that it has.
        line_tokens: How many tokens make a whole line without an ending; None if only an ending
            makes one.

    Raises:
        ValueError: No prompt, or a number of tokens below one.
    """

    prompt: tuple[int, ...]
    max_tokens: int
    endings: tuple[int, ...]
    rules: tuple[TokenConstraint, ...]
    vocabulary_size: int
    path_rules: tuple[PathConstraint, ...] = ()
    line_tokens: int | None = None

    def __post_init__(self) -> None:
        if not self.prompt:
            raise ValueError("a search needs a prompt of at least one token")
        if self.max_tokens < 1:
            raise ValueError(f"{self.max_tokens} tokens: there must be at least 1")

    @property
    @abstractmethod
    def k(self) -> int:
        """How many candidates each row is given."""

    @property
    @abstractmethod
    def rows(self) -> int:
        """How many paths there may be."""

    @cached_property
    def is_ending(self) -> npt.NDArray[np.bool_]:
        """Whether each token ends a path [V]."""
        return _membership(self.vocabulary_size, self.endings)

    @cached_property
    def masks(self) -> tuple[Mask, ...]:
        """The additive mask [V] for each place of a path."""
        return tuple(
            mask_at(self.rules, place, self.vocabulary_size) for place in range(self.max_tokens)
        )

    @cached_property
    def candidates(self) -> tuple[int, ...]:
        """How many candidates a row needs at each place, those in reserve included."""
        return tuple(
            self.k + sum(rule.reserve(place) for rule in self.path_rules)
            for place in range(self.max_tokens)
        )


@lru_cache(64)
def _membership(size: int, tokens: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    return np.isin(np.arange(size), tokens)


@dataclass(frozen=True)
class DecodingState:
    """The state of a search between two steps, along its paths.

    Attributes:
        plan: What was asked for.
        paths: Generated tokens of the live paths [rows, t].
        log_prob: Their scores [rows].
        parent: The row of the last step that each continues [rows].
        ended: Closed paths.
    """

    plan: SearchParams
    paths: IntArray = field(default_factory=lambda: np.zeros((1, 0), np.int64))
    log_prob: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(1))
    parent: IntArray = field(default_factory=lambda: np.zeros(1, np.int64))
    ended: tuple[Hypothesis, ...] = ()

    @property
    def prompt(self) -> tuple[int, ...]:
        """The token ids that it starts from."""
        return self.plan.prompt

    @property
    def width(self) -> int:
        """How many rows its steps may have."""
        return self.plan.rows

    @property
    def token(self) -> IntArray:
        """The tokens to consume [rows]: the last of the prompt, then those of the paths."""
        if self.paths.shape[1] == 0:
            return np.array(self.plan.prompt[-1:], np.int64)
        return self.paths[:, -1]

    @property
    def k(self) -> int:
        """How many candidates a row needs, those in reserve included."""
        return self.plan.candidates[self.paths.shape[1]]

    @property
    def mask(self) -> Mask:
        """The additive mask [V] for the token that comes next."""
        return self.plan.masks[self.paths.shape[1]]

    @property
    def target(self) -> IntArray | None:
        """None: paths are extended by candidates."""
        return None

    @property
    def done(self) -> bool:
        """Whether no path is left to extend."""
        return len(self.paths) == 0 or self.paths.shape[1] == self.plan.max_tokens

    @abstractmethod
    def advance(self, top_log_prob: FloatArray, top_token: IntArray) -> Self:
        """The search after a step.

        Args:
            top_log_prob: Log-probabilities of every row's best allowed tokens [rows, k].
            top_token: Their ids [rows, k].

        Raises:
            SearchError: A log-probability is no number, or nothing at all is allowed.
        """

    def allowed(self, top_log_prob: FloatArray, top_token: IntArray) -> tuple[FloatArray, IntArray]:
        """The `plan.k` candidates that path rules leave, best first; -inf marks what is missing.

        Raises:
            SearchError: A log-probability is no number.
        """
        check_log_prob(top_log_prob)
        if self.plan.path_rules:
            top_log_prob, top_token = self._without_refused(top_log_prob, top_token)
        return top_log_prob[:, : self.plan.k], top_token[:, : self.plan.k]

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

    def partial_results(self) -> list[Hypothesis]:
        """Those of the answers that are whole lines already, best first."""
        whole = self.plan.line_tokens
        return [path for path in self.result() if path.ended or len(path.tokens) == whole]

    @abstractmethod
    def result(self) -> list[Hypothesis]:
        """The answers, best first."""

    def _live(self) -> list[Hypothesis]:
        return [
            Hypothesis(tuple(path.tolist()), float(score), ended=False)
            for path, score in zip(self.paths, self.log_prob, strict=True)
        ]

    def _closed(self, row: int, log_prob: float) -> Hypothesis:
        """The path of a row, closed by an ending token that brought its score to `log_prob`."""
        return Hypothesis(tuple(self.paths[row].tolist()), float(log_prob), ended=True)


def joined(parts: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """Arrays behind each other; one alone is left as it is."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def check_log_prob(log_prob: FloatArray) -> None:
    """Refuses what is no log-probability.

    Raises:
        SearchError: It is a NaN or above 0.
    """
    # Written so that NaN fails; rounding may lift a certain token a hair above 0.
    if not log_prob.max(initial=-np.inf) <= 1e-3:
        raise not_a_number()


def not_a_number() -> SearchError:
    """What is raised where the model gives a NaN, or what cannot be."""
    return SearchError(
        "The model returned something that is no probability: use another bundle.", "model-fault"
    )


def nothing_allowed() -> NothingAllowedError:
    """What a search raises when its rules leave nothing."""
    return NothingAllowedError(
        "No line can be written under these rules: change the length or the prompt.",
        "search-nothing",
    )
