"""Builds binary fuse filters: finds slots such that the four of each key give its value.

Ours, because the wheels for such filters (pyfusefilter) store sets alone, not values, and have no
look-up of arrays.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from lianju.bot.verse.text.binary_fuse import ARITY, BinaryFuseFilter, FuseShape, Keys, mix
from numpy.typing import NDArray

from .errors import ExportError

_ATTEMPTS = 64
_GROWTH = 1.01  # of the table after a failed attempt
_SMALLEST_SEGMENT = 8


def build_set(keys: Keys, bits: int) -> BinaryFuseFilter:
    """Builds a filter that has all of `keys`, and one in 2^`bits` of other keys."""
    keys = np.unique(keys)
    return _build(keys, None, bits)


def build_map(keys: Keys, values: NDArray[np.integer], bits: int) -> BinaryFuseFilter:
    """Builds a filter that gives each of the different `keys` its value of `bits` bits."""
    return _build(keys, values.astype(np.uint32), bits)


def _build(keys: Keys, values: NDArray[np.uint32] | None, bits: int) -> BinaryFuseFilter:
    slots = len(keys) * _overhead(len(keys))
    for attempt in range(_ATTEMPTS):
        seed = int(mix(np.asarray([attempt + 1], np.uint64))[0])
        shape = _shape(len(keys), slots, seed, bits)
        hashes = shape.hashes(keys)
        places = shape.places(hashes)
        order = _peel(places, shape.slots)
        if order is not None:
            wanted = shape.fingerprints(hashes).astype(np.uint32) if values is None else values
            return BinaryFuseFilter(shape, _solve(places, order, wanted, shape))
        slots *= _GROWTH
    raise ExportError("The keys of a filter must be different.")


def _overhead(keys: int) -> float:
    """Returns the number of slots for each key (after Graf and Lemire 2022, section 4.1)."""
    if keys < 2:
        return 1.0
    return max(1.06, 0.77 + 0.305 * math.log(600_000) / math.log(keys))


def _shape(keys: int, slots: float, seed: int, bits: int) -> FuseShape:
    power = math.floor(math.log(max(2, keys)) / math.log(2.91) - 0.5)
    segment = max(_SMALLEST_SEGMENT, 1 << max(0, min(power, 18)))
    segments = max(1, math.ceil(slots / segment) - (ARITY - 1))
    return FuseShape(seed, bits, segment, segments)


_Order = list[tuple[NDArray[np.intp], NDArray[np.intp]]]
"""Batches of keys, each the only one left in a slot, and those slots, in the order of removal."""


def _peel(places: NDArray[np.intp], slots: int) -> _Order | None:
    """Removes keys that are alone in a slot until none is left; returns None if some remain."""
    count = np.zeros(slots, np.int32)
    total = np.zeros(slots, np.int64)  # sum of key numbers; of a single key, its own
    number = np.arange(places.shape[1])
    for place in places:
        np.add.at(count, place, 1)
        np.add.at(total, place, number)
    order: _Order = []
    left = places.shape[1]
    slot = np.flatnonzero(count == 1)
    while len(slot):
        key, first = np.unique(total[slot], return_index=True)
        order.append((key, slot[first]))
        left -= len(key)
        for place in places[:, key]:
            np.subtract.at(count, place, 1)
            np.subtract.at(total, place, key)
        touched = np.unique(places[:, key])
        slot = touched[count[touched] == 1]
    return None if left else order


def _solve(
    places: NDArray[np.intp], order: _Order, wanted: NDArray[np.uint32], shape: FuseShape
) -> NDArray[np.uint16] | NDArray[np.uint32]:
    """Fills the slots in reverse order: each key's slot completes its other three."""
    values: NDArray[Any] = np.zeros(shape.slots, np.uint16 if shape.bits <= 16 else np.uint32)
    for key, slot in reversed(order):
        others = np.bitwise_xor.reduce(values[places[:, key]], axis=0)
        values[slot] = others ^ wanted[key].astype(values.dtype)
    return values
