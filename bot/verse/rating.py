"""Rating: how likely the model finds texts that somebody else has written."""

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from .rules import Mask, mask_at
from .search import Hypothesis, check_log_prob
from .step import FloatArray, IntArray

__all__ = ["Rating"]


@dataclass(frozen=True)
class Rating:
    """A search that only follows given texts, all of one length, beside each other.

    Attributes:
        prompt: The token ids that the texts follow, at least one.
        texts: The texts, each with its ending token [rows, t].
        vocabulary_size: V.
        consumed: How many tokens of prompt and text have been consumed.
        log_prob: What has been found so far of each text [rows].

    Raises:
        ValueError: No prompt or no text.
    """

    prompt: tuple[int, ...]
    texts: IntArray
    vocabulary_size: int
    consumed: int = 0
    log_prob: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(1))

    def __post_init__(self) -> None:
        if not self.prompt or not self.texts.size:
            raise ValueError("a rating needs a prompt and texts")

    @property
    def token(self) -> IntArray:
        """The tokens to consume [rows]: one row until the last of the prompt, then all."""
        if self._place < 0:
            return np.array([self.prompt[self.consumed]], np.int64)
        if self._place == 0:
            return np.full(len(self.texts), self.prompt[-1], np.int64)
        return self.texts[:, self._place - 1]

    @property
    def parent(self) -> IntArray:
        """Which row each continues [rows]."""
        rows = len(self.token)
        return np.arange(rows) if self._place > 0 else np.zeros(rows, np.int64)

    @property
    def k(self) -> int:
        """No candidates: only the texts' own tokens count."""
        return 0

    @property
    def mask(self) -> Mask:
        """The additive mask [V] of those who ask for no candidates."""
        return mask_at((), 0, self.vocabulary_size)

    @property
    def target(self) -> IntArray | None:
        """The next token of each text [rows]; none within the prompt."""
        return None if self._place < 0 else self.texts[:, self._place]

    @property
    def done(self) -> bool:
        """Whether every text has come to its end."""
        return bool(self._place == self.texts.shape[1])

    def advance(self, top_log_prob: FloatArray, top_token: IntArray) -> "Rating":
        """The rating after a step.

        Args:
            top_log_prob: Log-probabilities of the targets [rows, 1].
            top_token: The targets [rows, 1].

        Raises:
            SearchError: A log-probability is no number.
        """
        if self._place < 0:
            return replace(self, consumed=self.consumed + 1)
        check_log_prob(top_log_prob)
        log_prob = self.log_prob + top_log_prob[:, 0]
        return replace(self, consumed=self.consumed + 1, log_prob=log_prob)

    def result(self) -> list[Hypothesis]:
        """Every text with its log-probability, in the order given."""
        return [
            Hypothesis(tuple(text[:-1].tolist()), float(score), ended=True)
            for text, score in zip(self.texts, self.log_prob, strict=True)
        ]

    @property
    def _place(self) -> int:
        """Which token of the texts comes next; below 0 within the prompt."""
        return self.consumed - len(self.prompt) + 1
