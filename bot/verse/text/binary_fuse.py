"""A binary fuse filter: a value for each of many keys, in little more than the values' own bits.

The filter does not store keys. Each key has four slots, in four neighboring segments, and its value
is their exclusive or; a key that was not inserted gets an arbitrary value (Graf and Lemire 2022,
"Binary Fuse Filters"). Ours, since pyxorfilter, the package at hand, holds sets without values.
"""

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["ARITY", "GOLDEN", "BinaryFuseFilter", "FuseShape", "Keys", "mix"]

Keys = npt.NDArray[np.uint64]
"""Hashes of the keys: [n], 64 bits each."""

ARITY = 4
_MAX_BITS = 24  # of a value, so that it spans at most four bytes at any bit offset
_MAX_SEGMENT = 1 << 18  # three offsets into a segment come from one hash of 64 bits
_GROUP = 8  # values; so many fill whole bytes at any number of bits
_HEADER = struct.Struct("<QBII")
GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def mix(keys: Keys) -> Keys:
    """Mixes every bit of each key into all 64 (SplitMix64: Steele and others 2014)."""
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return keys ^ (keys >> np.uint64(31))


@dataclass(frozen=True)
class FuseShape:
    """The layout of a filter.

    Attributes:
        seed: Seed of the hashes; another one gives the same keys other slots.
        bits: Bits of a value, 1 to 24.
        segment: Slots of a segment, a power of two of at least 8.
        segments: Number of segments in which the first slot of a key may lie.

    Raises:
        ValueError: The shape is invalid; the message is a predicate.
    """

    seed: int
    bits: int
    segment: int
    segments: int

    def __post_init__(self) -> None:
        if not (
            1 <= self.bits <= _MAX_BITS
            and _GROUP <= self.segment <= _MAX_SEGMENT
            and self.segment & (self.segment - 1) == 0
            and self.segments > 0
            and self.slots < 1 << 32
        ):
            raise ValueError("has a filter of an impossible shape")

    @property
    def slots(self) -> int:
        """The number of slots."""
        return (self.segments + ARITY - 1) * self.segment

    @property
    def bytes(self) -> int:
        """The size of the packed values in bytes."""
        return self.slots * self.bits // 8

    def hashes(self, keys: Keys) -> Keys:
        """Returns the hash of each key, from which its slots and its fingerprint follow."""
        return mix(keys ^ np.uint64(self.seed))

    def places(self, hashes: Keys) -> npt.NDArray[np.intp]:
        """Returns the slots of each key, from `hashes`: [ARITY, n]."""
        offsets = mix(hashes + GOLDEN)
        size = np.uint64(self.segment)
        within = size - np.uint64(1)
        # A product of two numbers below 2^32 maps the upper half of the hash to the slots evenly.
        first = ((hashes >> np.uint64(32)) * np.uint64(self.segments * self.segment)) >> np.uint64(
            32
        )
        places = np.empty((ARITY, len(hashes)), np.intp)
        places[0] = first
        for number in range(1, ARITY):
            shift = np.uint64(18 * (number - 1))
            places[number] = (first + np.uint64(number) * size) ^ ((offsets >> shift) & within)
        return places

    def fingerprints(self, hashes: Keys) -> Keys:
        """Returns the value that a set holds for each key: `bits` bits of its hash."""
        return hashes & np.uint64((1 << self.bits) - 1)


class BinaryFuseFilter:
    """A read-only binary fuse filter.

    Args:
        shape: Its layout.
        values: The value of each slot.
    """

    def __init__(self, shape: FuseShape, values: npt.NDArray[np.unsignedinteger[Any]]) -> None:
        self.shape = shape
        self._values = values

    def values(self, keys: Keys) -> Keys:
        """Returns the value of each key; for a key that was not inserted, an arbitrary one."""
        return self._at(self.shape.hashes(keys))

    def has(self, keys: Keys) -> npt.NDArray[np.bool_]:
        """Returns whether a set has each key; 1 in 2^bits other keys are false positives."""
        hashes = self.shape.hashes(keys)
        found: npt.NDArray[np.bool_] = self._at(hashes) == self.shape.fingerprints(hashes)
        return found

    def dump(self) -> bytes:
        """Returns the filter as bytes: its shape, then the packed values, little-endian."""
        shape = self.shape
        header = _HEADER.pack(shape.seed, shape.bits, shape.segment, shape.segments)
        groups = self._values.reshape(-1, _GROUP)
        packed = np.zeros((len(groups), shape.bits), np.uint8)
        for number in range(_GROUP):
            begin, shift = divmod(number * shape.bits, 8)
            shifted = groups[:, number].astype(np.uint32) << shift
            for column in range(begin, begin + _span(shift, shape.bits)):
                packed[:, column] |= (shifted >> 8 * (column - begin)).astype(np.uint8)
        return header + packed.tobytes()

    @classmethod
    def parse(cls, content: bytes) -> tuple["BinaryFuseFilter", bytes]:
        """Reads what `dump` wrote.

        Returns:
            The filter, and the bytes after it.

        Raises:
            ValueError: The content is no filter; the message is a predicate.
        """
        if len(content) < _HEADER.size:
            raise ValueError("is truncated")
        shape = FuseShape(*_HEADER.unpack_from(content))
        end = _HEADER.size + shape.bytes
        if len(content) < end:
            raise ValueError("is truncated")
        packed = np.frombuffer(content, np.uint8, shape.bytes, _HEADER.size)
        groups = packed.reshape(-1, shape.bits)
        values = np.zeros((len(groups), _GROUP), np.uint16 if shape.bits <= 16 else np.uint32)
        for number in range(_GROUP):
            begin, shift = divmod(number * shape.bits, 8)
            value = np.zeros(len(groups), np.uint32)
            for column in range(begin, begin + _span(shift, shape.bits)):
                value |= groups[:, column].astype(np.uint32) << 8 * (column - begin)
            values[:, number] = (value >> shift) & ((1 << shape.bits) - 1)
        return cls(shape, values.reshape(-1)), content[end:]

    def _at(self, hashes: Keys) -> Keys:
        found = np.zeros(len(hashes), self._values.dtype)
        for place in self.shape.places(hashes):
            found ^= self._values[place]
        return found.astype(np.uint64)


def _span(shift: int, bits: int) -> int:
    """Returns how many bytes a value spans that begins at bit `shift` of the first."""
    return -(-(shift + bits) // 8)
