"""Rating: how likely the model finds texts that somebody else has written."""

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from ..model.language_model import FloatArray, IntArray
from .constraints import Mask, mask_at
from .search import Hypothesis, check_log_prob

__all__ = ["ScoringSearch"]


@dataclass(frozen=True)
class ScoringSearch:
    """A search that only follows given texts, all of one length, beside each other.

    Attributes:
        prompt: The token ids that the texts follow, at least one.
        texts: The texts, each with its ending token [rows, t].
        vocabulary_size: V.
        place: How many of their tokens have been rated.
        log_prob: What has been found so far of each text [rows].

    Raises:
        ValueError: No prompt or no text.
    """

    prompt: tuple[int, ...]
    texts: IntArray
    vocabulary_size: int
    place: int = 0
    log_prob: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(1))

    def __post_init__(self) -> None:
        if not self.prompt or not self.texts.size:
            raise ValueError("a rating needs a prompt and texts")

    @property
    def width(self) -> int:
        """How many rows its steps have."""
        return len(self.texts)

    @property
    def token(self) -> IntArray:
        """The tokens to consume [rows]: the last of the prompt, then those of the texts."""
        if self.place == 0:
            return np.full(len(self.texts), self.prompt[-1], np.int64)
        return self.texts[:, self.place - 1]

    @property
    def parent(self) -> IntArray:
        """Which row each continues [rows]."""
        rows = len(self.texts)
        return np.arange(rows) if self.place else np.zeros(rows, np.int64)

    @property
    def k(self) -> int:
        """No candidates: only the texts' own tokens count."""
        return 0

    @property
    def mask(self) -> Mask:
        """The additive mask [V] of those who ask for no candidates."""
        return mask_at((), 0, self.vocabulary_size)

    @property
    def target(self) -> IntArray:
        """The next token of each text [rows]."""
        return self.texts[:, self.place]

    @property
    def done(self) -> bool:
        """Whether every text has come to its end."""
        return bool(self.place == self.texts.shape[1])

    def advance(self, top_log_prob: FloatArray, top_token: IntArray) -> "ScoringSearch":
        """The rating after a step.

        Args:
            top_log_prob: Log-probabilities of the targets [rows, 1].
            top_token: The targets [rows, 1].

        Raises:
            SearchError: A log-probability is no number.
        """
        check_log_prob(top_log_prob)
        log_prob = self.log_prob + top_log_prob[:, 0]
        return replace(self, place=self.place + 1, log_prob=log_prob)

    def result(self) -> list[Hypothesis]:
        """Every text with its log-probability, in the order given."""
        return [
            Hypothesis(tuple(text[:-1].tolist()), float(score), ended=True)
            for text, score in zip(self.texts, self.log_prob, strict=True)
        ]

    def partial_results(self) -> list[Hypothesis]:
        """Nothing: a text half rated is not rated."""
        return []
