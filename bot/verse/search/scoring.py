"""Scores given texts by teacher forcing."""

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from ..model.language_model import FloatArray, IntArray
from .search import Hypothesis, UnbatchedAdvance, check_log_prob

__all__ = ["ScoringSearch"]


@dataclass(frozen=True)
class ScoringSearch(UnbatchedAdvance):
    """Finds the log-probabilities of given texts of one length (teacher forcing).

    It runs in a batch like any other search, but chooses nothing: every row is one text, whose next
    token is the row's only candidate.

    Attributes:
        prompt: The token ids that the texts follow, at least one.
        texts: The texts, each with its ending token [rows, t].
        position: How many of their tokens have been read.
        log_prob: The sum over these tokens [rows], without the first `unscored` ones.
        source: The token ids that an encoder reads first.
        unscored: How many tokens at the beginning of each text do not count.

    Raises:
        ValueError: There is no prompt or no text.
    """

    prompt: tuple[int, ...]
    texts: IntArray
    position: int = 0
    log_prob: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(1))
    source: tuple[int, ...] = ()
    unscored: int = 0

    def __post_init__(self) -> None:
        if not self.prompt or not self.texts.size:
            raise ValueError("scoring needs a prompt and texts")

    @property
    def max_rows(self) -> int:
        return len(self.texts)

    @property
    def token(self) -> IntArray:
        if self.position == 0:
            return np.full(len(self.texts), self.prompt[-1], np.int64)
        return self.texts[:, self.position - 1]

    @property
    def parent(self) -> IntArray:
        rows = len(self.texts)
        return np.arange(rows) if self.position else np.zeros(rows, np.int64)

    @property
    def k(self) -> int:
        return 0

    @property
    def mask(self) -> None:
        return None

    @property
    def target(self) -> IntArray:
        return self.texts[:, self.position]

    @property
    def done(self) -> bool:
        return bool(self.position == self.texts.shape[1])

    def advance(self, top_log_prob: FloatArray, top_token: IntArray) -> "ScoringSearch":
        check_log_prob(top_log_prob)
        log_prob = self.log_prob
        if self.position >= self.unscored:
            log_prob = log_prob + top_log_prob[:, 0]
        return replace(self, position=self.position + 1, log_prob=log_prob)

    def result(self) -> list[Hypothesis]:
        """Returns every text with its log-probability, in the order given."""
        return [
            Hypothesis(tuple(text[:-1].tolist()), float(score), ended=True)
            for text, score in zip(self.texts, self.log_prob, strict=True)
        ]

    def partial_results(self) -> list[Hypothesis]:
        return []  # the score of half a text is of no use
