"""The search protocol, and jobs, which need searches.

A search is a value and knows nothing of the network. Whoever runs it lets the model encode
`source`, if there is one, and consume all of `prompt` but its last token, then feeds `token` and
`parent` to the model at every step, asks for `k` candidates under `mask`, and passes these to
`advance`, which returns the next value of the search, until it is `done`.

Shapes: V vocabulary size.
"""

from abc import ABC, abstractmethod
from collections.abc import Generator, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar

import numpy as np
import numpy.typing as npt

from ..errors import NothingAllowedError, SearchError
from ..model.language_model import FloatArray, IntArray
from .constraints import Mask

__all__ = [
    "Hypothesis",
    "Job",
    "Search",
    "SearchResults",
    "UnbatchedAdvance",
]

ROUNDING = 1e-3  # how far above 0 the rounding of a softmax may lift a log-probability


@dataclass(frozen=True)
class Hypothesis:
    """One result of a search.

    Attributes:
        tokens: Ids after the prompt, without the ending token.
        log_prob: Sum of the natural-log probabilities of all generated tokens, the ending
            included.
        ended: Whether it ends with an ending token.
    """

    tokens: tuple[int, ...]
    log_prob: float
    ended: bool


class Search(Protocol):
    """A search that is run step by step, alone or in a batch."""

    @property
    def source(self) -> tuple[int, ...]:
        """The token ids that an encoder reads first; empty for a model without one."""

    @property
    def prompt(self) -> tuple[int, ...]:
        """The token ids that it starts from, at least one."""

    @property
    def max_rows(self) -> int:
        """The largest number of rows that a step may have."""

    @property
    def token(self) -> IntArray:
        """The token that each row consumes [rows]; at first the last one of the prompt."""

    @property
    def parent(self) -> IntArray:
        """The row of the previous step that each row continues [rows]; at first 0."""

    @property
    def k(self) -> int:
        """How many candidates a row needs, with those in reserve for refused ones."""

    @property
    def mask(self) -> Mask | None:
        """The additive mask [V] of all its rows; None if it needs no candidates."""

    @property
    def target(self) -> IntArray | None:
        """The one token of each row that is scored, in place of candidates [rows]."""

    @property
    def done(self) -> bool:
        """Whether there is no further step."""

    def advance(self, top_log_prob: FloatArray, top_token: IntArray) -> Self:
        """Returns the search after a step.

        Args:
            top_log_prob: Log-probabilities of every row's best candidates, best first, or of its
                target [rows, k].
            top_token: Their ids [rows, k].

        Raises:
            SearchError: A log-probability is not valid, or nothing is allowed.
        """

    @property
    def batch_key(self) -> Hashable:
        """Searches of one class with equal keys have the same `k`, and can advance together."""

    @classmethod
    def advance_all(
        cls, searches: Sequence[Self], top_log_prob: FloatArray, top_token: IntArray
    ) -> Sequence[Self | SearchError]:
        """Returns what `advance` returns, or raises, for each of several searches.

        Args:
            searches: Searches with equal keys.
            top_log_prob: The candidates of all their rows, one search after another [rows, k].
            top_token: Their ids [rows, k].
        """

    def result(self) -> list[Hypothesis]:
        """Returns the results, best first."""

    def partial_results(self) -> list[Hypothesis]:
        """Returns those of the results that are whole lines already, best first."""


SearchResults = list[list[Hypothesis]]
"""The results of each of several searches; empty where the constraints allow nothing."""

T = TypeVar("T")
Job = Generator[Sequence[Search], SearchResults, T]
"""Work that needs searches. It yields those to run at the same time, and is sent their results; or
a `DeadlineError` is thrown into it, and it returns what it has."""


class UnbatchedAdvance(ABC):
    """The default for `Search.advance_all`: each search is advanced in a call of its own."""

    @property
    def batch_key(self) -> Hashable:
        """A key that no other search has."""
        return id(self)

    @classmethod
    def advance_all(
        cls, searches: Sequence[Self], top_log_prob: FloatArray, top_token: IntArray
    ) -> Sequence[Self | SearchError]:
        (search,) = searches
        try:
            return [search.advance(top_log_prob, top_token)]
        except SearchError as error:
            return [error]

    @abstractmethod
    def advance(self, top_log_prob: FloatArray, top_token: IntArray) -> Self: ...


def concatenate(parts: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """Concatenates arrays along their first axis; does not copy a single one."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def check_log_prob(log_prob: FloatArray) -> None:
    """Checks that values can be log-probabilities.

    Raises:
        SearchError: One is a NaN or above 0.
    """
    # Written so that a NaN fails.
    if not log_prob.max(initial=-np.inf) <= ROUNDING:
        raise SearchError("model-fault")


def nothing_allowed() -> NothingAllowedError:
    """The error for a search whose constraints allow nothing."""
    return NothingAllowedError("search-nothing")
