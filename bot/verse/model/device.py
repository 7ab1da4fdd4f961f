"""Sessions that keep the state in device memory from step to step."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .session import ORT_TYPES, ort

__all__ = ["DeviceArray", "DeviceSession"]

CACHED_CONSTANTS = 256  # 6 MB of masks at V = 6,000
DTYPES = {ort_type: np.dtype(name) for name, ort_type in ORT_TYPES.items()}


class DeviceArray:
    """An output in device memory; NumPy can copy it from there.

    Attributes:
        value: The value of ONNX Runtime that holds the memory.
        shape: Its shape.
        dtype: Its NumPy type.
    """

    def __init__(self, value: ort.OrtValue, session: ort.InferenceSession) -> None:
        self.value = value
        # The memory is freed by the session's allocator, so the session must outlive the value:
        # attributes are deleted in this order.
        self._session = session
        self.shape = tuple(value.shape())
        self.dtype = DTYPES[value.data_type()]

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        """Returns a copy in host memory."""
        return np.array(self.value.numpy(), dtype)


class DeviceSession:
    """Runs a graph on a device, with the interface of ONNX Runtime's own session.

    A read-only array is a constant: the device caches the most recently used ones, so that a mask
    is copied once and not at every step.

    Args:
        session: The session, on that device.
        kept: The outputs that stay in device memory.
        device: ONNX Runtime's name of the device.
    """

    def __init__(
        self, session: ort.InferenceSession, kept: Collection[str], device: str = "cuda"
    ) -> None:
        self._session = session
        self._kept = frozenset(kept)
        self._device = device
        # By memory and shape. The array is referenced so that its memory is not reused.
        self._constants: dict[tuple[Any, ...], tuple[npt.NDArray[Any], ort.OrtValue]] = {}

    def run(
        self, names: Sequence[str], feed: Mapping[str, npt.NDArray[Any] | DeviceArray]
    ) -> list[Any]:
        """Runs the graph.

        Args:
            names: The outputs to compute.
            feed: The inputs, in host or device memory.

        Returns:
            A `DeviceArray` for each output that is kept, and a NumPy array for each other one.
        """
        # A binding that is used again would write into the state of the earlier step.
        binding = self._session.io_binding()
        values = {name: self._value(array) for name, array in feed.items()}
        for name, value in values.items():
            binding.bind_ortvalue_input(name, value)
        for name in names:
            binding.bind_output(name, self._device if name in self._kept else "cpu")
        binding.synchronize_inputs()
        self._session.run_with_iobinding(binding)
        binding.synchronize_outputs()
        return [
            DeviceArray(value, self._session) if name in self._kept else value.numpy()
            for name, value in zip(names, binding.get_outputs(), strict=True)
        ]

    def _value(self, array: npt.NDArray[Any] | DeviceArray) -> ort.OrtValue:
        if isinstance(array, DeviceArray):
            return array.value
        if array.flags.writeable:
            return ort.OrtValue.ortvalue_from_numpy(array)
        key = (array.ctypes.data, array.shape, array.strides, array.dtype)
        found = self._constants.pop(key, None) or (
            array,
            ort.OrtValue.ortvalue_from_numpy(array, self._device),
        )
        self._constants[key] = found  # the most recently used is last
        if len(self._constants) > CACHED_CONSTANTS:
            del self._constants[next(iter(self._constants))]
        return found[1]
