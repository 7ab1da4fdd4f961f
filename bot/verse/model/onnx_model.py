"""The language model on ONNX Runtime."""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BundleError, ProviderError, SearchError
from .bundle import Bundle
from .device import DeviceSession
from .encoder import Encoder, wrong_output
from .language_model import FloatArray, IntArray, State, StepOutput, Targets, is_finite
from .provider import Provider
from .session import ORT_TYPES, open_session, ort, provider_of, trim_heap

__all__ = ["OnnxModel"]

LOG_PROB = "log_prob"
TOP = ("top_log_prob", "top_token")
# Inputs that every graph must have, with a default of its own.
OPTIONAL_INPUTS = {"mask": "float32", "mask_row": "int64", "predict": "bool", "before": "int64"}
# With these a step returns single numbers; without them the numbers are taken from LOG_PROB.
TARGET_INPUTS = {"target_row": "int64", "target_token": "int64"}
TARGET_LOG_PROB = "target_log_prob"

_log = logging.getLogger(__name__)


class OnnxModel:
    """Runs the step graph of a bundle, and its encoder if it has one.

    A step takes a state, reordered by `parent` in the graph, and returns a new one. On CUDA the
    state stays in device memory from step to step. If CUDA is not required and fails, when the
    model is opened or in a step, the model continues on the CPU; that step, and steps whose state
    was on the device, raise.

    Shapes: B rows, one per hypothesis; V vocabulary size.

    Args:
        bundle: The bundle.
        provider: Where it runs.
        threads: Threads within one operator on the CPU; 0 uses every core.
        gpu_graph_on_cpu: Whether the CPU runs the graph for GPUs, if there is one: to verify it, or
            for results without the rounding of activations.

    Attributes:
        provider: `cuda` or `cpu`, the one in use; any thread may read it.
        vocabulary_size: V.
        state_grows: Whether only states of equal length, in tokens, can be joined.

    Raises:
        BundleError: The graph cannot be run, or is not what the manifest says.
        ProviderError: `cuda` was requested and is not available.
    """

    def __init__(
        self,
        bundle: Bundle,
        provider: Provider = "auto",
        threads: int = 0,
        *,
        gpu_graph_on_cpu: bool = False,
    ) -> None:
        graph = bundle.manifest.graph
        self._bundle, self._threads = bundle, threads
        self._require_cuda = provider == "cuda"
        self._tensors = graph.state
        self._state_inputs = [tensor.input for tensor in graph.state]
        self._state_outputs = [tensor.output for tensor in graph.state]
        self._finds_targets = TARGET_LOG_PROB in graph.outputs
        self.vocabulary_size = len(bundle.vocabulary)
        on_cpu = (bundle.read_gpu_graph() if gpu_graph_on_cpu else None) or bundle.read_graph()
        session = open_session(on_cpu, provider, threads, bundle.read_gpu_graph)
        self._use(session)
        self.state_grows = any(tensor.grows and not tensor.padding for tensor in graph.state)
        self._check_graph(bundle, session)
        part, encoder = bundle.manifest.encoder, bundle.read_encoder()
        self._encoder: Encoder | None = None
        if part is not None and encoder is not None:
            self._encoder = Encoder(encoder, part, graph.state, threads)
        self._default_mask = np.zeros((1, self.vocabulary_size), np.float32)
        self._default_mask[0, bundle.vocabulary.unknown] = -np.inf
        self._first_mask = np.zeros(1, np.int64)
        self._default_mask.flags.writeable = self._first_mask.flags.writeable = False
        # Writable arrays stay in host memory, where the graph chooses its branch.
        self._predict = {wanted: np.array([wanted]) for wanted in (False, True)}
        if self.provider == "cuda":
            self._try_cuda(bundle.vocabulary.end)

    def initial_state(self, rows: int = 1) -> State:
        return tuple(np.zeros(tensor.shape(rows), tensor.dtype) for tensor in self._tensors)

    def encode(self, source: IntArray) -> State:
        if self._encoder is None:
            raise BundleError("bundle-no-encoder", path=str(self._bundle.directory))
        return self._encoder.encode(source)

    def join(self, states: Sequence[State]) -> State:
        # States on a device are copied to the host, and back by the next step; this is rare.
        try:
            return tuple(
                tensor.join(parts) for tensor, *parts in zip(self._tensors, *states, strict=True)
            )
        except Exception:
            self._fall_back_to_cpu()
            raise

    def split(self, state: State) -> Sequence[State]:
        arrays = [np.asarray(array) for array in state]
        rows = arrays[0].shape[self._tensors[0].row_axis] if arrays else 0
        return [
            tuple(
                array.take([row], tensor.row_axis)
                for tensor, array in zip(self._tensors, arrays, strict=True)
            )
            for row in range(rows)
        ]

    def prefill(self, tokens: IntArray, parent: IntArray, state: State) -> State:
        feed = self._feed(tokens[-1], parent, state, 0, predict=False)
        feed["before"] = tokens[:-1]
        return self._check_state(self._run(self._state_outputs, feed), tokens.shape[1])

    def release_memory(self) -> None:
        if isinstance(self._session, DeviceSession):
            return
        # ONNX Runtime's CPU allocator shrinks at the end of a run that asks for it.
        options = ort.RunOptions()
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        row = np.zeros(1, np.int64)
        feed = self._feed(row, row, self.initial_state(), 0, predict=False)
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
        targets: Targets | None = None,
    ) -> StepOutput:
        rows, k = len(token), min(k, self.vocabulary_size)
        scored = TARGET_LOG_PROB if self._finds_targets else LOG_PROB
        names = [*(TOP if k else ()), *([] if targets is None else [scored])]
        feed = self._feed(token, parent, state, k, predict=bool(names))
        if k:
            feed["mask"] = self._default_mask if mask is None else mask
            feed["mask_row"] = self._first_mask if mask_row is None else mask_row
        if targets is not None and self._finds_targets:
            feed["target_row"], feed["target_token"] = targets
        arrays = self._run([*names, *self._state_outputs], feed)
        after = self._check_state(arrays[len(names) :], rows)
        found = dict(zip(names, arrays, strict=False))
        count = 0 if targets is None else len(targets.row)
        shapes = {LOG_PROB: (rows, self.vocabulary_size), TARGET_LOG_PROB: (count,)}
        for name, array in found.items():
            expected = shapes.get(name, (rows, k))
            if array.shape != expected:
                raise wrong_output(name, array, str(list(expected)))
        if k:
            self._check_tokens(found)
        if not k:
            found |= zip(TOP, (np.empty((rows, 0)), np.empty((rows, 0), np.int64)), strict=True)
        # An 8-bit graph computes finite numbers from a state that is not.
        non_finite = self._non_finite_rows(after)
        if non_finite is not None:
            found[TOP[0]] = np.where(non_finite[:, None], np.nan, found[TOP[0]])
        target_log_prob = None
        if targets is not None:
            target_log_prob = found[scored] if self._finds_targets else found[LOG_PROB][targets]
            if non_finite is not None:
                target_log_prob = np.where(non_finite[targets.row], np.nan, target_log_prob)
        return StepOutput(found[TOP[0]], found[TOP[1]], after, target_log_prob)

    def log_prob(self, token: IntArray, parent: IntArray, state: State) -> tuple[FloatArray, State]:
        """Consumes one token per row, as `step` does, and returns all log-probabilities [B, V]."""
        feed = self._feed(token, parent, state, 0, predict=True)
        log_prob, *arrays = self._run([LOG_PROB, *self._state_outputs], feed)
        expected = len(token), self.vocabulary_size
        if log_prob.shape != expected:
            raise wrong_output(LOG_PROB, log_prob, str(list(expected)))
        return log_prob, self._check_state(arrays, len(token))

    def _run(self, names: Sequence[str], feed: dict[str, Any]) -> Sequence[Any]:
        try:
            return self._session.run(names, feed)
        except Exception:
            self._fall_back_to_cpu()
            raise

    def _feed(
        self, token: IntArray, parent: IntArray, state: State, k: int, predict: bool
    ) -> dict[str, npt.NDArray[Any]]:
        feed: dict[str, npt.NDArray[Any]] = dict(zip(self._state_inputs, state, strict=True))
        feed["token"], feed["parent"] = token, parent
        feed["k"], feed["predict"] = np.array([k], np.int64), self._predict[predict]
        return feed

    def _check_state(self, state: Sequence[npt.NDArray[Any]], rows: int) -> State:
        for tensor, array in zip(self._tensors, state, strict=True):
            if not tensor.matches(array, rows):
                raise wrong_output(tensor.output, array, tensor.description(rows))
        return tuple(state)

    def _check_tokens(self, found: dict[str, npt.NDArray[Any]]) -> None:
        """Marks candidates outside the vocabulary by a NaN, which fails their search."""
        score, token = (found[name] for name in TOP)
        if token.size and not (token.min() >= 0 and token.max() < self.vocabulary_size):
            outside = (token < 0) | (token >= self.vocabulary_size)
            found[TOP[0]], found[TOP[1]] = (
                np.where(outside, np.nan, score),
                np.where(outside, 0, token),
            )

    def _non_finite_rows(self, state: State) -> npt.NDArray[np.bool_] | None:
        """Which rows of a state have a NaN or an infinity [B]; None if no row has.

        A state on a device is not checked, since it would have to be copied for that.
        """
        if not all(isinstance(array, np.ndarray) for array in state) or is_finite(state):
            return None
        rows = np.zeros(state[0].shape[self._tensors[0].row_axis], np.bool_)
        for tensor, array in zip(self._tensors, state, strict=True):
            axes = tuple(axis for axis in range(array.ndim) if axis != tensor.row_axis)
            rows |= ~np.isfinite(array).all(axis=axes)
        return rows

    def _use(self, session: ort.InferenceSession) -> None:
        self.provider = provider_of(session)
        on_cuda = self.provider == "cuda"
        self._session = DeviceSession(session, self._state_outputs) if on_cuda else session

    def _try_cuda(self, token: int) -> None:
        """Takes a first step: CUDA loads many of its libraries only then."""
        row = np.zeros(1, np.int64)
        try:
            targets = Targets(row, row + token)
            self.step(row + token, row, self.initial_state(), 1, targets=targets)
        except SearchError:
            pass  # the graph is at fault, on any provider: the first search reports it
        except Exception as error:
            if self._require_cuda:
                raise ProviderError("provider-cuda") from error

    def _fall_back_to_cpu(self) -> None:
        """Continues on the CPU after a failure on CUDA, unless CUDA is required."""
        if self.provider == "cpu" or self._require_cuda:
            return
        try:
            session = open_session(self._bundle.read_graph(), "cpu", self._threads)
        except BundleError:
            _log.warning(
                "The model failed on CUDA, and cannot be opened on the CPU: its graph is gone."
            )
        else:
            self._use(session)
            _log.warning("The model failed on CUDA, and runs on the CPU until it is loaded again.")

    def _check_graph(self, bundle: Bundle, session: ort.InferenceSession) -> None:
        """Checks names and types of the graph's inputs and outputs.

        Raises:
            BundleError: They are not as the manifest says, or an input is missing or unknown.
        """
        path, graph = str(bundle.graph_path), bundle.manifest.graph
        required = {node.name: node.type for node in session.get_inputs()}
        optional = {node.name: node.type for node in session.get_overridable_initializers()}
        inputs = {"token", "parent", "k", *self._state_inputs}
        for name, dtype in OPTIONAL_INPUTS.items():
            if optional.get(name) != ORT_TYPES[dtype]:
                raise BundleError("bundle-graph-input", path=path, name=name, type=dtype)
        if self._finds_targets:
            for name, dtype in TARGET_INPUTS.items():
                if optional.get(name) != ORT_TYPES[dtype]:
                    raise BundleError("bundle-graph-input", path=path, name=name, type=dtype)
        for name in required.keys() - inputs:
            raise BundleError("bundle-graph-unknown-input", path=path, name=name)
        found = required | {node.name: node.type for node in session.get_outputs()}
        for name in sorted({*inputs, LOG_PROB, *TOP, *self._state_outputs}):
            dtype = (graph.inputs.get(name) or graph.outputs[name]).dtype
            if name not in found or found[name] != ORT_TYPES.get(dtype):
                raise BundleError(
                    "bundle-graph-type",
                    path=path,
                    name=name,
                    expected=dtype,
                    found=found.get(name, "missing"),
                )
        shapes = {node.name: node.shape for node in session.get_inputs()}
        for state in graph.state:
            sizes = shapes[state.input]  # axes of any size have a name in the graph
            if len(sizes) != len(state.initial) or any(
                isinstance(size, int) and size != own
                for size, own in zip(sizes, state.initial, strict=True)
            ):
                raise BundleError(
                    "bundle-graph-type",
                    path=path,
                    name=state.input,
                    expected=str([*state.initial]),
                    found=str(sizes),
                )
