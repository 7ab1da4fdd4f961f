"""What a language model is to those who run it: one step, with the hidden state as a value."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["FloatArray", "IntArray", "LanguageModel", "State", "StepOutput", "is_finite", "top_k"]

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.int64]
State = tuple[npt.NDArray[Any], ...]
"""The hidden state: one array a state tensor, in the manifest's order; it may lie on a device, and
only the model looks into it."""


def is_finite(state: State) -> bool:
    """Whether a state at the host holds nothing but numbers."""
    return all(array.dtype.kind != "f" or np.isfinite(array).all() for array in state)


class StepOutput(NamedTuple):
    """What one step gives.

    Attributes:
        top_log_prob: Log-probabilities of the best allowed tokens [rows, k], best first; -inf
            marks a token that is not allowed.
        top_token: Their ids [rows, k].
        state: The hidden state after the step.
        log_prob: Log-probabilities of all tokens [rows, V], none masked, if they were asked for.
    """

    top_log_prob: FloatArray
    top_token: IntArray
    state: State
    log_prob: FloatArray | None = None


class LanguageModel(Protocol):
    """A language model that is run step by step; `OnnxModel` is the one on ONNX Runtime."""

    @property
    def provider(self) -> Literal["cpu", "cuda"]:
        """What runs the model: `cpu` or `cuda`."""

    @property
    def grows(self) -> bool:
        """Whether the state grows with every step: only states of one age can then be joined."""

    def initial_state(self, rows: int = 1) -> State:
        """The state before the first token, the same for each row."""

    def join(self, states: Sequence[State]) -> State:
        """Puts the rows of several states behind each other."""

    def split(self, state: State) -> Sequence[State]:
        """Every row of a state as a state of its own, which holds no memory of the others'."""

    def read(self, tokens: IntArray, parent: IntArray, state: State) -> State:
        """Consumes several tokens a row, without a look at what comes next.

        Args:
            tokens: The tokens, the first to be consumed first [steps, rows], at least one step.
            parent: The row of `state` that each row continues [rows].
            state: The state before them.
        """

    def rest(self) -> None:
        """Gives back memory that is of use only while there are steps to take."""

    def step(
        self,
        token: IntArray,
        parent: IntArray,
        state: State,
        k: int,
        mask: npt.NDArray[np.float32] | None = None,
        mask_row: IntArray | None = None,
        whole: bool = False,
    ) -> StepOutput:
        """Consumes one token a row and returns the best next ones, or how likely each is."""


def top_k(
    values: npt.NDArray[np.floating], k: int
) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.int64]]:
    """The `k` largest entries of every row, largest first, equal ones by lower index.

    Args:
        values: Scores [rows, V]; a row that holds a NaN comes back as NaN throughout.
        k: How many, at most V.

    Returns:
        Their values [rows, k] and indices [rows, k].
    """
    rows = len(values)
    top = np.empty((rows, k), values.dtype)
    index = np.empty((rows, k), np.int64)
    for row in range(rows):
        # A partition alone would break ties at the cut at random.
        cut = np.partition(values[row], -k)[-k]
        candidates = np.flatnonzero(~(values[row] < cut))
        best = candidates[np.argsort(-values[row, candidates], kind="stable")[:k]]
        top[row], index[row] = values[row, best], best
    top[np.isnan(values).any(axis=1)] = np.nan
    return top, index
