"""One step of the language model: tokens and hidden state in, candidates and hidden state out."""

import hashlib
import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BundleError, SearchError
from .bundle import Bundle
from .device import DeviceSession
from .language_model import FloatArray, IntArray, State, StepOutput, is_finite, top_k
from .manifest import ROWS, StateTensor
from .session import ORT_TYPES, Provider, no_cuda, open_session, ort, provider_of, trim_heap

__all__ = ["OnnxModel"]

LOG_PROB = "log_prob"
TOP = ("top_log_prob", "top_token")

_log = logging.getLogger(__name__)


class OnnxModel:
    """Runs the step graph of a bundle.

    Shapes are named by the letters B (rows, one a hypothesis) and V (vocabulary size). A state
    is a value: a step reads it, reordered by `parent`, and returns a new one. On CUDA it stays on
    the device from step to step. Where CUDA is not insisted on and fails, at the start or in a
    step, the model goes on on the CPU; that step, and those whose state was on the device, raise.

    Attributes:
        provider: `cuda` or `cpu`, whichever is in use; any thread may read it.
        vocabulary_size: V.
        grows: Whether the state grows with every step, so that only states of equal age can share
            a step.

    Raises:
        BundleError: The graph cannot be run, or is not what the manifest says.
        ProviderError: `cuda` was asked for and cannot be had.
    """

    def __init__(self, bundle: Bundle, provider: Provider = "auto", threads: int = 0) -> None:
        graph = bundle.manifest.graph
        self._path, self._threads = bundle.graph_path, threads
        self._checksum = bundle.manifest.files[graph.file].sha256
        self._insists = provider == "cuda"
        self._tensors = graph.state
        self._state_inputs = [tensor.input for tensor in graph.state]
        self._state_outputs = [tensor.output for tensor in graph.state]
        self.vocabulary_size = len(bundle.vocabulary)
        session = open_session(bundle.graph_path, provider, threads, graph.precision)
        self._use(session)
        self.grows = any(tensor.grows and not tensor.padding for tensor in self._tensors)
        self._check_against(bundle, session)
        self._promises = [StateSpec(tensor) for tensor in graph.state]
        optional = {node.name for node in session.get_overridable_initializers()}
        self._masks_itself = {"mask", "mask_row"} <= optional
        self._may_skip_output = "predict" in optional
        self._reads = {"before", "predict"} <= optional
        self._no_mask = np.zeros((1, self.vocabulary_size), np.float32)
        self._no_mask[0, bundle.vocabulary.unknown] = -np.inf
        self._first_mask = np.zeros(1, np.int64)
        self._no_mask.flags.writeable = self._first_mask.flags.writeable = False
        # Writable, and therefore at the host: there the graph chooses its branch.
        self._predict = {wanted: np.array([wanted]) for wanted in (False, True)}
        if self.provider == "cuda":
            self._try_cuda(bundle.vocabulary.end)

    def initial_state(self, rows: int = 1) -> State:
        """The state before the first token, the same for each row."""
        return tuple(np.zeros(tensor.shape(rows), tensor.dtype) for tensor in self._tensors)

    def join(self, states: Sequence[State]) -> State:
        """Puts the rows of several states behind each other; of one age, where the state grows.

        They come to the host for it: that is seldom, and the next step takes them back.
        """
        try:
            return tuple(
                np.concatenate(_padded(tensor, parts), axis=tensor.row_axis)
                for tensor, *parts in zip(self._tensors, *states, strict=True)
            )
        except Exception:
            self._leave_cuda()
            raise

    def split(self, state: State) -> Sequence[State]:
        """Every row of a state as a state of its own, in memory of its own at the host."""
        arrays = [np.asarray(array) for array in state]
        rows = arrays[0].shape[self._tensors[0].row_axis] if arrays else 0
        if rows == 1:
            return [tuple(array.copy() for array in arrays)]
        return [
            tuple(
                array.take([row], tensor.row_axis)
                for tensor, array in zip(self._tensors, arrays, strict=True)
            )
            for row in range(rows)
        ]

    def read(self, tokens: IntArray, parent: IntArray, state: State) -> State:
        """Consumes several tokens a row, in one call where the graph can.

        Args:
            tokens: The tokens, the first to be consumed first [steps, B], at least one step.
            parent: The row of `state` that each row continues [B].
            state: The state before them.

        Raises:
            SearchError: The graph returned what its manifest does not allow.
            Exception: ONNX Runtime's own, if the graph fails.
        """
        if not self._reads:
            for token in tokens:
                state = self.step(token, parent, state, 0).state
                parent = np.arange(tokens.shape[1])
            return state
        feed = self._feed(tokens[-1], parent, state, 0)
        feed |= {"before": tokens[:-1], "predict": self._predict[False]}
        return self._checked(self._run(self._state_outputs, feed), tokens.shape[1])

    def rest(self) -> None:
        """Gives back what the widest steps have left ONNX Runtime's allocator with, on the CPU.

        The allocator does it at the end of a run that asks for it, so one row takes a step.
        """
        if isinstance(self._session, DeviceSession):
            return
        options = ort.RunOptions()
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        row = np.zeros(1, np.int64)
        feed = self._feed(row, row, self.initial_state(), 0)
        if self._may_skip_output:
            feed["predict"] = self._predict[False]
        self._session.run(self._state_outputs, feed, options)
        trim_heap()

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
            SearchError: The graph returned what its manifest does not allow.
            Exception: ONNX Runtime's own, if the graph fails.
        """
        rows, k = len(token), min(k, self.vocabulary_size)
        mask = self._no_mask if mask is None else mask
        mask_row = self._first_mask if mask_row is None else mask_row
        feed = self._feed(token, parent, state, k)
        wanted = list(TOP) if k and self._masks_itself else []
        if wanted:
            feed |= {"mask": mask, "mask_row": mask_row}
        if whole or (k and not self._masks_itself):
            wanted.append(LOG_PROB)
        if self._may_skip_output:
            feed["predict"] = self._predict[bool(wanted)]
        after = self._run([*wanted, *self._state_outputs], feed)
        found = dict(zip(wanted, after, strict=False))
        if LOG_PROB in found:
            self._check_shape(LOG_PROB, found[LOG_PROB], (rows, self.vocabulary_size))
        if not k:
            found |= zip(TOP, (np.empty((rows, 0)), np.empty((rows, 0), np.int64)), strict=True)
        elif not self._masks_itself:
            found |= zip(TOP, top_k(found[LOG_PROB] + mask[mask_row], k), strict=True)
        for name in TOP:
            self._check_shape(name, found[name], (rows, k))
        state = self._checked(after[len(wanted) :], rows)
        spoiled = self._non_finite_rows(state)
        if spoiled is not None:  # an 8-bit graph would make numbers of it, and a line of them
            for name in {TOP[0], *wanted} - {TOP[1]}:
                found[name] = np.where(spoiled[:, None], np.nan, found[name])
        log_prob = found[LOG_PROB] if whole else None
        return StepOutput(found[TOP[0]], found[TOP[1]], state, log_prob)

    def log_prob(self, token: IntArray, parent: IntArray, state: State) -> tuple[FloatArray, State]:
        """Consumes one token a row and returns all log-probabilities [B, V], none masked.

        Raises:
            SearchError: The graph returned what its manifest does not allow.
            Exception: ONNX Runtime's own, if the graph fails.
        """
        output = self.step(token, parent, state, 0, whole=True)
        if output.log_prob is None:
            raise AssertionError("a whole step has them")
        return output.log_prob, output.state

    def _run(self, names: Sequence[str], feed: dict[str, Any]) -> Sequence[Any]:
        try:
            return self._session.run(names, feed)
        except Exception:
            self._leave_cuda()
            raise

    def _feed(
        self, token: IntArray, parent: IntArray, state: State, k: int
    ) -> dict[str, npt.NDArray[Any]]:
        feed: dict[str, npt.NDArray[Any]] = dict(zip(self._state_inputs, state, strict=True))
        feed["token"], feed["parent"] = token, parent
        # A graph of ours knows what to do with a k of 0.
        feed["k"] = np.array([k if self._may_skip_output else max(k, 1)], np.int64)
        return feed

    def _checked(self, after: Sequence[npt.NDArray[Any]], rows: int) -> State:
        for promise, array in zip(self._promises, after, strict=True):
            if not promise.is_kept_by(array, rows):
                tensor = promise.tensor
                raise _fault(tensor.output, array, f"{list(tensor.shape(rows))} {tensor.dtype}")
        return tuple(after)

    def _non_finite_rows(self, state: State) -> npt.NDArray[np.bool_] | None:
        """Which rows of a state hold something that is no number [B], if any; it looks at the host.

        On a device it would have to come back for that.
        """
        if not all(isinstance(array, np.ndarray) for array in state) or is_finite(state):
            return None
        spoiled = np.zeros(state[0].shape[self._tensors[0].row_axis], np.bool_)
        for tensor, array in zip(self._tensors, state, strict=True):
            axes = tuple(axis for axis in range(array.ndim) if axis != tensor.row_axis)
            spoiled |= ~np.isfinite(array).all(axis=axes)
        return spoiled

    def _use(self, session: ort.InferenceSession) -> None:
        provider = provider_of(session)
        on_cuda = provider == "cuda"
        self._session = DeviceSession(session, self._state_outputs) if on_cuda else session
        self.provider = provider

    def _try_cuda(self, token: int) -> None:
        """Takes a first step: much of what CUDA needs is loaded only then."""
        row = np.zeros(1, np.int64)
        try:
            self.step(row + token, row, self.initial_state(), 1, whole=True)
        except SearchError:
            pass  # the graph's fault, on any provider: whoever searches is told
        except Exception as error:
            if self._insists:
                raise no_cuda() from error

    def _leave_cuda(self) -> None:
        """Goes on on the CPU after a failure on CUDA, if that is allowed."""
        if self.provider == "cpu" or self._insists:
            return
        try:
            same = hashlib.sha256(self._path.read_bytes()).hexdigest() == self._checksum
            session = open_session(self._path, "cpu", self._threads) if same else None
        except (BundleError, OSError):
            session = None
        if session is None:
            _log.warning(
                "The model failed on CUDA, and cannot be opened on the CPU: its graph is gone."
            )
        else:
            self._use(session)
            _log.warning("The model failed on CUDA, and runs on the CPU until it is loaded anew.")

    @staticmethod
    def _check_shape(name: str, array: npt.NDArray[Any], expected: tuple[int, ...]) -> None:
        if array.shape != expected:
            raise _fault(name, array, str(list(expected)))

    def _check_against(self, bundle: Bundle, session: ort.InferenceSession) -> None:
        graph = bundle.manifest.graph
        found = {node.name: node.type for node in session.get_inputs()}
        wanted = {"token", "parent", "k", *(tensor.input for tensor in self._tensors)}
        for name in found.keys() - wanted:
            raise BundleError(f"{bundle.graph_path} wants an input {name} that nobody can give it.")
        found |= {node.name: node.type for node in session.get_outputs()}
        wanted |= {"log_prob", *TOP, *(tensor.output for tensor in self._tensors)}
        for name in sorted(wanted):
            dtype = (graph.inputs.get(name) or graph.outputs[name]).dtype
            if found.get(name) != ORT_TYPES.get(dtype):
                raise BundleError(
                    f"{bundle.graph_path} and its manifest disagree: {name} should be {dtype} and "
                    f"is {found.get(name, 'missing')}."
                )


class StateSpec:
    """What the manifest says of a state tensor, made ready to be held against every step's."""

    def __init__(self, tensor: StateTensor) -> None:
        self.tensor = tensor
        self._rank = len(tensor.initial)
        self._row_axis = tensor.row_axis
        self._dtype = np.dtype(tensor.dtype)
        self._fixed = [
            (axis, size) for axis, size in enumerate(tensor.initial) if size not in (0, ROWS)
        ]

    def is_kept_by(self, array: npt.NDArray[Any], rows: int) -> bool:
        """Whether type and sizes are as promised; what grows may have any size."""
        shape = array.shape
        if array.dtype != self._dtype or len(shape) != self._rank or shape[self._row_axis] != rows:
            return False
        for axis, size in self._fixed:  # noqa: SIM110 - a generator would take as long again
            if shape[axis] != size:
                return False
        return True


def _fault(name: str, array: npt.NDArray[Any], promised: str) -> SearchError:
    return SearchError(
        f"The model returned {name} of shape {list(array.shape)} {array.dtype} where its manifest "
        f"promises {promised}: use another bundle.",
        "model-fault",
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
