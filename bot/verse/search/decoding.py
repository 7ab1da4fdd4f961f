"""What beam search and sampling have in common: parameters and paths.

Shapes: V vocabulary size.
"""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from ..model.language_model import FloatArray, IntArray
from .constraints import Mask, TokenConstraint, mask_at
from .path_constraints import PathConstraint
from .search import Hypothesis, UnbatchedAdvance, check_log_prob

__all__ = ["DecodingState", "SearchParams"]


@dataclass(frozen=True, kw_only=True)
class SearchParams:
    """The parameters that beam search and sampling share.

    Attributes:
        prompt: The token ids to start from, at least one.
        max_tokens: The largest number of generated tokens, an ending included.
        endings: The tokens that end a path.
        constraints: Exclude tokens by their position, before candidates are chosen.
        vocabulary_size: V.
        path_constraints: Exclude candidates by the tokens that a path has.
        line_tokens: How many tokens make a whole line even without an ending; None if only an
            ending makes one.
        source: The token ids that an encoder reads first.
        copies: For positions whose token repeats an earlier one of the path: that one's position.
            These tokens are chosen without constraints by position.

    Raises:
        ValueError: The prompt is empty, or `max_tokens` is below one.
    """

    prompt: tuple[int, ...]
    max_tokens: int
    endings: tuple[int, ...]
    constraints: tuple[TokenConstraint, ...]
    vocabulary_size: int
    path_constraints: tuple[PathConstraint, ...] = ()
    line_tokens: int | None = None
    source: tuple[int, ...] = ()
    copies: Mapping[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.prompt:
            raise ValueError("a search needs a prompt of at least one token")
        if self.max_tokens < 1:
            raise ValueError(f"max_tokens {self.max_tokens}: it must be at least 1")

    @property
    @abstractmethod
    def k(self) -> int:
        """How many candidates of a row are used."""

    @property
    @abstractmethod
    def max_rows(self) -> int:
        """The largest number of paths."""

    @cached_property
    def is_ending(self) -> npt.NDArray[np.bool_]:
        """Whether each token ends a path [V]."""
        return _membership(self.vocabulary_size, self.endings)

    @cached_property
    def masks(self) -> tuple[Mask, ...]:
        """The additive mask [V] for each position."""
        return tuple(
            mask_at(self.constraints, position, self.vocabulary_size)
            for position in range(self.max_tokens)
        )

    @cached_property
    def candidates(self) -> tuple[int, ...]:
        """How many candidates a row needs at each position, with those in reserve.

        None where the token is that of another position.
        """
        return tuple(
            0
            if position in self.copies
            else self.k + sum(each.reserve(position) for each in self.path_constraints)
            for position in range(self.max_tokens)
        )


@lru_cache(64)
def _membership(size: int, tokens: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    return np.isin(np.arange(size), tokens)


@dataclass(frozen=True)
class DecodingState(UnbatchedAdvance):
    """The state of a search between two steps.

    Attributes:
        params: The parameters of the search.
        paths: Generated tokens of the live paths [rows, t].
        log_prob: Their scores [rows].
        parent: The row of the previous step that each continues [rows].
        ended: The paths that have ended.
    """

    params: SearchParams
    paths: IntArray = field(default_factory=lambda: np.zeros((1, 0), np.int64))
    log_prob: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(1))
    parent: IntArray = field(default_factory=lambda: np.zeros(1, np.int64))
    ended: tuple[Hypothesis, ...] = ()

    @property
    def source(self) -> tuple[int, ...]:
        return self.params.source

    @property
    def prompt(self) -> tuple[int, ...]:
        return self.params.prompt

    @property
    def max_rows(self) -> int:
        return self.params.max_rows

    @property
    def token(self) -> IntArray:
        if self.paths.shape[1] == 0:
            return np.array(self.params.prompt[-1:], np.int64)
        return self.paths[:, -1]

    @property
    def k(self) -> int:
        return self.params.candidates[self.paths.shape[1]]

    @property
    def mask(self) -> Mask | None:
        position = self.paths.shape[1]
        return None if position in self.params.copies else self.params.masks[position]

    @property
    def target(self) -> IntArray | None:
        copied = self.params.copies.get(self.paths.shape[1])
        return None if copied is None else self.paths[:, copied]

    @property
    def done(self) -> bool:
        return len(self.paths) == 0 or self.paths.shape[1] == self.params.max_tokens

    def allowed(self, top_log_prob: FloatArray, top_token: IntArray) -> tuple[FloatArray, IntArray]:
        """Returns the best `params.k` candidates that the path constraints allow, best first.

        A log-probability of -inf marks a missing one.

        Raises:
            SearchError: A log-probability is not valid.
        """
        check_log_prob(top_log_prob)
        if self.params.path_constraints:
            refused = np.zeros(top_token.shape, np.bool_)
            for constraint in self.params.path_constraints:
                refused |= constraint.refuses(self.paths, top_token)
            score = np.where(refused, -np.inf, top_log_prob)
            order = np.argsort(-score, axis=1, kind="stable")
            top_log_prob = np.take_along_axis(score, order, axis=1)
            top_token = np.take_along_axis(top_token, order, axis=1)
        return top_log_prob[:, : self.params.k], top_token[:, : self.params.k]

    def partial_results(self) -> list[Hypothesis]:
        line = self.params.line_tokens
        return [path for path in self.result() if path.ended or len(path.tokens) == line]

    @abstractmethod
    def result(self) -> list[Hypothesis]: ...

    def _live(self) -> list[Hypothesis]:
        return [
            Hypothesis(tuple(path.tolist()), float(score), ended=False)
            for path, score in zip(self.paths, self.log_prob, strict=True)
        ]

    def _ended_path(self, row: int, log_prob: float) -> Hypothesis:
        """The path of a row after an ending token that brought its score to `log_prob`."""
        return Hypothesis(tuple(self.paths[row].tolist()), float(log_prob), ended=True)
