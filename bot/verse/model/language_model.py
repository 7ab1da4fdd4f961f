"""The language model protocol: one step at a time, with the hidden state as a value.

Shapes: V vocabulary size.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from .provider import Device

__all__ = [
    "FloatArray",
    "IntArray",
    "LanguageModel",
    "State",
    "StepOutput",
    "Targets",
    "is_finite",
]

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.int64]
State = tuple[npt.NDArray[Any], ...]
"""The hidden state: one array per state tensor, in the manifest's order. It may be in device
memory, and only the model reads it."""


def is_finite(state: State) -> bool:
    """Returns whether a state in host memory has neither NaN nor infinity."""
    return all(array.dtype.kind != "f" or np.isfinite(array).all() for array in state)


class Targets(NamedTuple):
    """Tokens whose log-probabilities a step returns one by one, without all others of their rows.

    Attributes:
        row: The row of each [targets].
        token: Their ids [targets].
    """

    row: IntArray
    token: IntArray


class StepOutput(NamedTuple):
    """The result of one step.

    Attributes:
        top_log_prob: Log-probabilities of the best allowed tokens [rows, k], best first; -inf
            marks a token that is not allowed.
        top_token: Their ids [rows, k].
        state: The hidden state after the step.
        target_log_prob: Log-probabilities of the targets [targets], not masked; None without any.
    """

    top_log_prob: FloatArray
    top_token: IntArray
    state: State
    target_log_prob: FloatArray | None = None


class LanguageModel(Protocol):
    """A language model that is run step by step; `OnnxModel` is the implementation.

    Whatever runs it may raise a `SearchError`, if the model's output is not valid, or an error of
    its own, if it fails.
    """

    @property
    def provider(self) -> Device:
        """What runs the model."""

    @property
    def state_grows(self) -> bool:
        """Whether only states of equal length, in tokens, can be joined."""

    def initial_state(self, rows: int = 1) -> State:
        """Returns the state before the first token, the same for each row."""

    def encode(self, source: IntArray) -> State:
        """Returns the state that the targets of sources begin with, before their first token.

        Args:
            source: Token ids, all sources of one length [rows, length], at least one token.

        Raises:
            BundleError: The model has no encoder.
            SearchError: The encoder failed.
        """

    def join(self, states: Sequence[State]) -> State:
        """Returns one state with the rows of all; of equal length if `state_grows`."""

    def split(self, state: State) -> Sequence[State]:
        """Returns each row as a state of its own, which shares no memory with the others."""

    def prefill(self, tokens: IntArray, parent: IntArray, state: State) -> State:
        """Consumes several tokens per row in one call, without predicting.

        Args:
            tokens: The tokens in their order [steps, rows], at least one step.
            parent: The row of `state` that each row continues [rows].
            state: The state before them.
        """

    def release_memory(self) -> None:
        """Returns memory to the system that is kept for later steps; may take a step."""

    def step(
        self,
        token: IntArray,
        parent: IntArray,
        state: State,
        k: int,
        mask: npt.NDArray[np.float32] | None = None,
        mask_row: IntArray | None = None,
        targets: Targets | None = None,
    ) -> StepOutput:
        """Consumes one token per row and returns the best next ones.

        Args:
            token: The token that each row consumes [rows].
            parent: The row of `state` that each row continues [rows].
            state: The state after the previous step, or `initial_state`.
            k: How many candidates to return, at most V. 0 saves the work of finding them, and
                without `targets` that of predicting.
            mask: Additive masks [masks, V], 0 or -inf; None excludes `<unk>` alone.
            mask_row: The mask of each row [rows]; None applies the first to all.
            targets: Tokens whose log-probabilities are wanted; they need not be candidates.
        """
