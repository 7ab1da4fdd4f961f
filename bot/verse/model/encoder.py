"""The encoder of a bundle on ONNX Runtime."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BundleError, SearchError
from .bundle import GraphFile
from .language_model import IntArray, State
from .manifest import SOURCE, EncoderPart, StateTensor
from .session import ORT_TYPES, open_session

__all__ = ["Encoder", "wrong_output"]


class Encoder:
    """Reads a source, and returns the state that its target begins with.

    The graph is small, and always runs on the CPU.

    Args:
        graph: Its graph.
        part: What the manifest says of it.
        tensors: The state tensors of the step graph.
        threads: Threads within one operator; 0 for all cores.

    Raises:
        BundleError: The graph cannot be run, or has other inputs or outputs than the manifest says.
    """

    def __init__(
        self, graph: GraphFile, part: EncoderPart, tensors: Sequence[StateTensor], threads: int = 0
    ) -> None:
        self._session = open_session(graph, "cpu", threads)
        self._tensors, self._outputs = tensors, list(part.outputs)
        wanted = {SOURCE: "int64"} | {name: part.outputs[name].dtype for name in self._outputs}
        nodes = (*self._session.get_inputs(), *self._session.get_outputs())
        found = {node.name: node.type for node in nodes}
        for name in sorted(wanted | found):
            if found.get(name) != ORT_TYPES.get(wanted.get(name, "")):
                raise BundleError(
                    "bundle-graph-type",
                    path=str(graph.path),
                    name=name,
                    expected=wanted.get(name, "missing"),
                    found=found.get(name, "missing"),
                )

    def encode(self, source: IntArray) -> State:
        """Returns the state after sources; see `LanguageModel.encode`.

        Raises:
            SearchError: The graph failed, or returned another type or shape.
        """
        try:
            arrays = self._session.run(self._outputs, {SOURCE: source})
        except Exception as error:  # ONNX Runtime's errors share no other base
            raise SearchError("model-fault") from error
        found = dict(zip(self._outputs, arrays, strict=True))
        rows = len(source)
        for tensor in self._tensors:
            name = tensor.input
            if name not in found:
                found[name] = np.zeros(tensor.shape(rows), tensor.dtype)
            elif not tensor.matches(found[name], rows):
                raise wrong_output(name, found[name], tensor.description(rows))
        return tuple(found[tensor.input] for tensor in self._tensors)


def wrong_output(name: str, array: npt.NDArray[Any], expected: str) -> SearchError:
    """Returns the error of an output whose type or shape is not what the manifest says."""
    found = f"{list(array.shape)} {array.dtype}"
    return SearchError("model-output", name=name, found=found, expected=expected)
