"""One step of the language model: tokens and hidden state in, candidates and hidden state out."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .bundle import Bundle
from .errors import BundleError, SearchError
from .manifest import StateTensor
from .session import Provider, open_session, provider_of
from .step import FloatArray, IntArray, State, StepOutput
from .top_k import top_k

__all__ = ["StepModel"]

LOG_PROB = "log_prob"
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
        self.grows = any(tensor.grows and not tensor.padding for tensor in self._tensors)
        self._check_against(bundle)
        optional = {node.name for node in self._session.get_overridable_initializers()}
        self._masks_itself = {"mask", "mask_row"} <= optional
        self._may_skip_output = "predict" in optional
        self._no_mask = np.zeros((1, self._vocabulary_size), np.float32)
        self._no_mask[0, bundle.vocabulary.unknown] = -np.inf
        self._first_mask = np.zeros(1, np.int64)
        self._state_outputs = [tensor.output for tensor in self._tensors]

    def initial_state(self, rows: int = 1) -> State:
        """The state before the first token, the same for each row."""
        return tuple(np.zeros(tensor.shape(rows), tensor.dtype) for tensor in self._tensors)

    def join(self, states: Sequence[State]) -> State:
        """Puts the rows of several states behind each other; of one age, where the state grows."""
        return tuple(
            np.concatenate(_padded(tensor, parts), axis=tensor.row_axis)
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
        whole: bool = False,
    ) -> StepOutput:
        """Consumes one token a row and returns the best next ones.

        Args:
            token: The token that each row consumes [B].
            parent: The row of `state` that each row continues [B].
            state: The state after the step before, or `initial_state`.
            k: How many candidates to return; never more than V come back. 0 spares the work of
                finding them, and if not even `whole`, of predicting anything, where the graph can.
            mask: Additive masks [masks, V], 0 or -inf; None forbids `<unk>` alone.
            mask_row: Which mask each row uses [B]; None gives the first to all.
            whole: Whether to return all log-probabilities as well.

        Raises:
            SearchError: The graph returned a shape that its manifest does not allow.
        """
        rows, k = len(token), min(k, self._vocabulary_size)
        mask = self._no_mask if mask is None else mask
        mask_row = self._first_mask if mask_row is None else mask_row
        feed = self._feed(token, parent, state, k)
        wanted = list(TOP) if k and self._masks_itself else []
        if wanted:
            feed |= {"mask": mask, "mask_row": mask_row}
        if whole or (k and not self._masks_itself):
            wanted.append(LOG_PROB)
        if self._may_skip_output:
            feed["predict"] = np.array([bool(wanted)])
        after = self._session.run([*wanted, *self._state_outputs], feed)
        found = dict(zip(wanted, after, strict=False))
        if LOG_PROB in found:
            self._check_shape(LOG_PROB, found[LOG_PROB], (rows, self._vocabulary_size))
        if not k:
            found |= zip(TOP, (np.empty((rows, 0)), np.empty((rows, 0), np.int64)), strict=True)
        elif not self._masks_itself:
            found |= zip(TOP, top_k(found[LOG_PROB] + mask[mask_row], k), strict=True)
        for name in TOP:
            self._check_shape(name, found[name], (rows, k))
        state = self._checked(after[len(wanted) :], rows)
        log_prob = found[LOG_PROB] if whole else None
        return StepOutput(found[TOP[0]], found[TOP[1]], state, log_prob)

    def log_prob(self, token: IntArray, parent: IntArray, state: State) -> tuple[FloatArray, State]:
        """Consumes one token a row and returns all log-probabilities [B, V], none masked.

        Raises:
            SearchError: The graph returned a shape that its manifest does not allow.
        """
        output = self.step(token, parent, state, 0, whole=True)
        if output.log_prob is None:
            raise AssertionError("a whole step has them")
        return output.log_prob, output.state

    def _feed(
        self, token: IntArray, parent: IntArray, state: State, k: int
    ) -> dict[str, npt.NDArray[Any]]:
        feed: dict[str, npt.NDArray[Any]] = {
            tensor.input: array for tensor, array in zip(self._tensors, state, strict=True)
        }
        # A graph of ours knows what to do with a k of 0.
        k = k if self._may_skip_output else max(k, 1)
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


def _padded(tensor: StateTensor, parts: Sequence[npt.NDArray[Any]]) -> Sequence[npt.NDArray[Any]]:
    """The parts with zeros before what has grown, so that all have grown as much."""
    if not tensor.padding:
        return parts
    growing = np.array([size == 0 for size in tensor.initial])
    sizes = np.array([part.shape for part in parts])
    missing = (sizes.max(axis=0) - sizes) * growing
    return [
        np.pad(part, [(size, 0) for size in sizes])
        for part, sizes in zip(parts, missing.tolist(), strict=True)
    ]
