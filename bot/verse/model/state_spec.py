"""Type and shape of the tensors of a hidden state."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .manifest import ROWS, StateTensor

__all__ = ["StateSpec"]

Array = npt.NDArray[Any]


class StateSpec:
    """Type and shape of one state tensor, prepared for a quick check after every step.

    Attributes:
        row_axis: The axis that has one entry per row.
    """

    def __init__(self, tensor: StateTensor) -> None:
        self._tensor = tensor
        self.row_axis = tensor.row_axis
        self._rank = len(tensor.initial)
        self._dtype = np.dtype(tensor.dtype)
        self._fixed = [
            (axis, size) for axis, size in enumerate(tensor.initial) if size not in (0, ROWS)
        ]

    def initial(self, rows: int) -> Array:
        """Returns the tensor before the first token."""
        return np.zeros(self._tensor.shape(rows), self._dtype)

    def matches(self, array: Array, rows: int) -> bool:
        """Returns whether type and shape are right; an axis that grows may have any size."""
        shape = array.shape
        if array.dtype != self._dtype or len(shape) != self._rank or shape[self.row_axis] != rows:
            return False
        for axis, size in self._fixed:  # noqa: SIM110 - a generator would take twice as long
            if shape[axis] != size:
                return False
        return True

    def describe(self, rows: int) -> str:
        """Returns shape and type in words; 0 stands for an axis that grows."""
        return f"{list(self._tensor.shape(rows))} {self._tensor.dtype}"

    def join(self, parts: Sequence[Array]) -> Array:
        """Concatenates the rows; growing axes are padded with zeros at the front if need be."""
        if self._tensor.padding:
            growing = np.array([size == 0 for size in self._tensor.initial])
            shapes = np.array([part.shape for part in parts])
            missing = ((shapes.max(axis=0) - shapes) * growing).tolist()
            parts = [
                np.pad(part, [(size, 0) for size in sizes])
                for part, sizes in zip(parts, missing, strict=True)
            ]
        return np.concatenate(parts, axis=self.row_axis)
