"""One step of the language model: tokens and hidden state in, candidates and hidden state out."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .bundle import Bundle
from .errors import BundleError, SearchError
from .session import Provider, open_session, provider_of
from .step import FloatArray, IntArray, State, StepOutput
from .top_k import top_k

__all__ = ["StepModel"]

LOG_PROB, TARGET = "log_prob", "target_log_prob"
TOP = ("top_log_prob", "top_token")
ORT_TYPES = {
    "float16": "tensor(float16)",
    "float32": "tensor(float)",
    "float64": "tensor(double)",
    "int64": "tensor(int64)",
    "int32": "tensor(int32)",
    "bool": "tensor(bool)",
    "uint8": "tensor(uint8)",
}


class StepModel:
    """Runs the step graph of a bundle.

    Shapes are named by the letters B (rows, one a hypothesis) and V (vocabulary size). A state
    is a value: a step reads it, reordered by `parent`, and returns a new one.

    Attributes:
        provider: `cuda` or `cpu`, whichever is in use.
        grows: Whether the state grows with every step, so that only states of equal age can share
            a step.

    Raises:
        BundleError: The graph cannot be run, or is not what the manifest says.
        ProviderError: `cuda` was asked for and cannot be had.
    """

    def __init__(self, bundle: Bundle, provider: Provider = "auto", threads: int = 0) -> None:
        self._tensors = bundle.manifest.graph.state
        self._vocabulary_size = len(bundle.vocabulary)
        self._session = open_session(bundle.graph_path, provider, threads)
        self.provider = provider_of(self._session)
        self.grows = any(tensor.grows for tensor in self._tensors)
        self._check_against(bundle)
        optional = {node.name for node in self._session.get_overridable_initializers()}
        self._masks_itself = {"mask", "mask_row"} <= optional
        self._may_skip_output = "predict" in optional
        self._looks_up = "target" in optional
        self._no_mask = np.zeros((1, self._vocabulary_size), np.float32)
        self._no_mask[0, bundle.vocabulary.unknown] = -np.inf
        self._first_mask = np.zeros(1, np.int64)
        self._state_outputs = [tensor.output for tensor in self._tensors]

    def initial_state(self, rows: int = 1) -> State:
        """The state before the first token, the same for each row."""
        return tuple(np.zeros(tensor.shape(rows), tensor.dtype) for tensor in self._tensors)

    def join(self, states: Sequence[State]) -> State:
        """Puts the rows of several states, all of one age, behind each other."""
        return tuple(
            np.concatenate(parts, axis=tensor.row_axis)
            for tensor, *parts in zip(self._tensors, *states, strict=True)
        )

    def step(
        self,
        token: IntArray,
        parent: IntArray,
        state: State,
        k: int,
        mask: npt.NDArray[np.float32] | None = None,
        mask_row: IntArray | None = None,
        target: IntArray | None = None,
    ) -> StepOutput:
        """Consumes one token a row and returns the best next ones.

        Args:
            token: The token that each row consumes [B].
            parent: The row of `state` that each row continues [B].
            state: The state after the step before, or `initial_state`.
            k: How many candidates to return; never more than V come back. 0 spares the work of
                finding them, if the graph lets it and there is no `target`.
            mask: Additive masks [masks, V], 0 or -inf; None forbids `<unk>` alone.
            mask_row: Which mask each row uses [B]; None gives the first to all.
            target: Tokens whose log-probabilities to return too [B].

        Raises:
            SearchError: The graph returned a shape that its manifest does not allow.
        """
        if k == 0 and target is None:
            return self._consume(token, parent, state)
        rows, k = len(token), min(max(k, 1), self._vocabulary_size)
        mask = self._no_mask if mask is None else mask
        mask_row = self._first_mask if mask_row is None else mask_row
        feed = self._feed(token, parent, state, k)
        wanted = list(TOP) if self._masks_itself else [LOG_PROB]
        if self._masks_itself:
            feed |= {"mask": mask, "mask_row": mask_row}
        if target is not None and self._looks_up:
            feed["target"] = target
            wanted.append(TARGET)
        elif target is not None and self._masks_itself:
            wanted.append(LOG_PROB)
        after = self._session.run([*wanted, *self._state_outputs], feed)
        found = dict(zip(wanted, after, strict=False))
        if LOG_PROB in found:
            self._check_shape(LOG_PROB, found[LOG_PROB], (rows, self._vocabulary_size))
        if not self._masks_itself:
            found |= zip(TOP, top_k(found[LOG_PROB] + mask[mask_row], k), strict=True)
        for name in TOP:
            self._check_shape(name, found[name], (rows, k))
        if target is not None and TARGET not in found:
            found[TARGET] = found[LOG_PROB][np.arange(rows), target]
        if target is not None:
            self._check_shape(TARGET, found[TARGET], (rows,))
        state = self._checked(after[len(wanted) :], rows)
        return StepOutput(found[TOP[0]], found[TOP[1]], state, found.get(TARGET))

    def log_prob(self, token: IntArray, parent: IntArray, state: State) -> tuple[FloatArray, State]:
        """Consumes one token a row and returns all log-probabilities [B, V], none masked.

        Raises:
            SearchError: The graph returned a shape that its manifest does not allow.
        """
        feed = self._feed(token, parent, state, 1)
        log_prob, *after = self._session.run([LOG_PROB, *self._state_outputs], feed)
        self._check_shape(LOG_PROB, log_prob, (len(token), self._vocabulary_size))
        return log_prob, self._checked(after, len(token))

    def _consume(self, token: IntArray, parent: IntArray, state: State) -> StepOutput:
        feed = self._feed(token, parent, state, 1)
        if self._may_skip_output:
            feed["predict"] = np.zeros(1, bool)
        after = self._session.run(self._state_outputs, feed)
        none = np.empty((len(token), 0))
        return StepOutput(none, none.astype(np.int64), self._checked(after, len(token)))

    def _feed(
        self, token: IntArray, parent: IntArray, state: State, k: int
    ) -> dict[str, npt.NDArray[Any]]:
        feed: dict[str, npt.NDArray[Any]] = {
            tensor.input: array for tensor, array in zip(self._tensors, state, strict=True)
        }
        return feed | {"token": token, "parent": parent, "k": np.array([k], np.int64)}

    def _checked(self, after: Sequence[npt.NDArray[Any]], rows: int) -> State:
        for tensor, array in zip(self._tensors, after, strict=True):
            self._check_shape(tensor.output, array, tensor.shape(rows))
        return tuple(after)

    @staticmethod
    def _check_shape(name: str, array: npt.NDArray[Any], expected: tuple[int, ...]) -> None:
        if array.shape == expected:
            return
        grown = array.ndim == len(expected) and all(
            size in (0, found) for size, found in zip(expected, array.shape, strict=True)
        )
        if not grown:
            raise SearchError(
                f"The model returned {name} of shape {list(array.shape)} where its manifest "
                f"promises {list(expected)}: use another bundle.",
                "model-fault",
            )

    def _check_against(self, bundle: Bundle) -> None:
        graph = bundle.manifest.graph
        found = {node.name: node.type for node in self._session.get_inputs()}
        wanted = {"token", "parent", "k", *(tensor.input for tensor in self._tensors)}
        for name in found.keys() - wanted:
            raise BundleError(f"{bundle.graph_path} wants an input {name} that nobody can give it.")
        found |= {node.name: node.type for node in self._session.get_outputs()}
        wanted |= {"log_prob", *TOP, *(tensor.output for tensor in self._tensors)}
        for name in sorted(wanted):
            dtype = (graph.inputs.get(name) or graph.outputs[name]).dtype
            if found.get(name) != ORT_TYPES.get(dtype):
                raise BundleError(
                    f"{bundle.graph_path} and its manifest disagree: {name} should be {dtype} and "
                    f"is {found.get(name, 'missing')}."
                )
