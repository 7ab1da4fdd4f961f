"""A graph whose state stays on a device from step to step."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .session import ORT_TYPES, ort

__all__ = ["DeviceArray", "DeviceSession"]

CONSTANTS = 256  # 6 MB of masks at V = 6,000
DTYPES = {ort_type: np.dtype(name) for name, ort_type in ORT_TYPES.items()}


class DeviceArray:
    """An output of a graph that lies in the memory of a device; NumPy can read it from there.

    Attributes:
        value: The memory.
        shape: Its sizes.
        dtype: What it holds.
    """

    def __init__(self, value: ort.OrtValue, session: ort.InferenceSession) -> None:
        self.value = value
        # The memory goes back to an allocator of the session, which therefore must outlive it:
        # attributes are dropped in this order.
        self._session = session
        self.shape = tuple(value.shape())
        self.dtype = DTYPES[value.data_type()]

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        """A copy in the host's memory."""
        return np.array(self.value.numpy(), dtype)


class DeviceSession:
    """Runs a graph on a device; stands where ONNX Runtime's own session would.

    An array that nobody may write to is a constant: the device keeps a copy of those used last, so
    that a mask travels there once, however many steps it serves.

    Args:
        session: The session, on that device.
        kept: The outputs that stay there.
        device: ONNX Runtime's name for it.
    """

    def __init__(
        self, session: ort.InferenceSession, kept: Collection[str], device: str = "cuda"
    ) -> None:
        self._session = session
        self._kept = frozenset(kept)
        self._device = device
        # By memory and shape; the array itself is held so that its memory is no other's.
        self._constants: dict[tuple[Any, ...], tuple[npt.NDArray[Any], ort.OrtValue]] = {}

    def run(
        self, names: Sequence[str], feed: Mapping[str, npt.NDArray[Any] | DeviceArray]
    ) -> list[Any]:
        """Computes outputs.

        Args:
            names: Which.
            feed: The inputs, wherever they lie.

        Returns:
            A `DeviceArray` for each output that is kept, and a NumPy array for each other one.
        """
        # A binding of a step before would have this one write into that step's state.
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
        self._constants[key] = found  # now the one used last
        if len(self._constants) > CONSTANTS:
            del self._constants[next(iter(self._constants))]
        return found[1]
