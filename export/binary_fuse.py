"""Building fuse tables: every key's four slots are made to give its value."""

from __future__ import annotations

import math

import numpy as np
from lianju.bot.verse.text.binary_fuse import ARITY, BinaryFuseFilter, FuseShape, Keys, mix
from numpy.typing import NDArray

from .errors import ExportError

_ATTEMPTS = 64
_GROWTH = 1.01  # of a table whose keys had no solution
_SMALLEST_SEGMENT = 8


def fuse_set(keys: Keys, bits: int) -> BinaryFuseFilter:
    """Builds the table that `has` all of `keys`, and one in 2^`bits` of other keys."""
    keys = np.unique(keys)
    return _build(keys, None, bits)


def fuse_map(keys: Keys, values: NDArray[np.integer], bits: int) -> BinaryFuseFilter:
    """Builds the table that gives each of `keys`, all different, its value of `bits` bits."""
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
    raise ExportError("The keys of a table must differ, and two of these do not.")


def _overhead(keys: int) -> float:
    """How many slots a key needs (after Graf and Lemire 2022, section 4.1)."""
    if keys < 2:
        return 1.0
    return max(1.06, 0.77 + 0.305 * math.log(600_000) / math.log(keys))


def _shape(keys: int, slots: float, seed: int, bits: int) -> FuseShape:
    power = math.floor(math.log(max(2, keys)) / math.log(2.91) - 0.5)
    segment = max(_SMALLEST_SEGMENT, 1 << max(0, min(power, 18)))
    segments = max(1, math.ceil(slots / segment) - (ARITY - 1))
    return FuseShape(seed, bits, segment, segments)


# Keys that are alone on a slot, and those slots, in the order of being taken off.
_Order = list[tuple[NDArray[np.intp], NDArray[np.intp]]]


def _peel(places: NDArray[np.intp], slots: int) -> _Order | None:
    """Takes off, again and again, all keys that are alone on a slot; None if some stay."""
    count = np.zeros(slots, np.int32)
    total = np.zeros(slots, np.int64)  # of the numbers of the keys on a slot: of one key, itself
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
) -> NDArray[np.unsignedinteger]:
    """Fills the slots, last taken first: each key's own slot makes up for its other three."""
    values = np.zeros(shape.slots, np.uint16 if shape.bits <= 16 else np.uint32)
    for key, slot in reversed(order):
        others = np.bitwise_xor.reduce(values[places[:, key]], axis=0)
        values[slot] = others ^ wanted[key].astype(values.dtype)
    return values
