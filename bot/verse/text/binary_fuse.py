"""A fuse table: a value for each of many keys, in little more than the values' own bits.

The table holds no keys. Each key has four slots, and its value is their exclusive or; a key that
was never put in gets a value as good as random. Graf and Lemire 2022, "Binary Fuse Filters", with
four slots in four neighbouring segments.
"""

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["ARITY", "BinaryFuseFilter", "FuseShape", "Keys", "mix"]

Keys = npt.NDArray[np.uint64]
"""Hashes that stand for the keys: [n], 64 bits each."""

ARITY = 4
_MAX_BITS = 24  # of a value, so that it lies in at most four bytes wherever it begins
_MAX_SEGMENT = 1 << 18  # three offsets into a segment come from one hash of 64 bits
_GROUP = 8  # so many values of any number of bits fill whole bytes
_HEADER = struct.Struct("<QBII")
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def mix(keys: Keys) -> Keys:
    """Spreads every bit of each key over all 64 (SplitMix64: Steele and others 2014)."""
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return keys ^ (keys >> np.uint64(31))


@dataclass(frozen=True)
class FuseShape:
    """Where a table keeps what.

    Attributes:
        seed: Gives the same keys other slots, for a builder that found no solution.
        bits: Of a value, 1 to 24.
        segment: Slots of a segment, a power of two from 8 on.
        segments: In how many of them the first slot of a key may lie.

    Raises:
        ValueError: A table of this shape cannot be.
    """

    seed: int
    bits: int
    segment: int
    segments: int

    def __post_init__(self) -> None:
        segment_fits = self.segment & (self.segment - 1) == 0 and (
            _GROUP <= self.segment <= _MAX_SEGMENT
        )
        if not (
            1 <= self.bits <= _MAX_BITS
            and segment_fits
            and self.segments > 0
            and self.slots < 1 << 32
        ):
            raise ValueError("has a table of an impossible shape")

    @property
    def slots(self) -> int:
        """How many slots there are."""
        return (self.segments + ARITY - 1) * self.segment

    @property
    def bytes(self) -> int:
        """How many bytes the packed values take."""
        return self.slots * self.bits // 8

    def hashes(self, keys: Keys) -> Keys:
        """The hash of each key that tells its slots and its fingerprint."""
        return mix(keys ^ np.uint64(self.seed))

    def places(self, hashes: Keys) -> npt.NDArray[np.intp]:
        """The slots of each key, from `hashes`: [ARITY, n]."""
        offsets = mix(hashes + _GOLDEN)
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
        """What a table that is a set holds for each key: `bits` bits of its hash."""
        return hashes & np.uint64((1 << self.bits) - 1)


class BinaryFuseFilter:
    """A table to look keys up in.

    Args:
        shape: Where it keeps what.
        values: One of each slot.
    """

    def __init__(self, shape: FuseShape, values: npt.NDArray[np.unsignedinteger[Any]]) -> None:
        self.shape = shape
        self._values = values

    def values(self, keys: Keys) -> Keys:
        """The value of each key; of one that is not in the table, some value."""
        return self._at(self.shape.hashes(keys))

    def has(self, keys: Keys) -> npt.NDArray[np.bool_]:
        """Of a table of fingerprints: whether it has each key; 1 in 2^bits others seem to be in."""
        hashes = self.shape.hashes(keys)
        found: npt.NDArray[np.bool_] = self._at(hashes) == self.shape.fingerprints(hashes)
        return found

    def dump(self) -> bytes:
        """The table as bytes: its shape, then the values packed, little end first."""
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
            The table, and the bytes after it.

        Raises:
            ValueError: There is no such table; the message ends a sentence.
        """
        if len(content) < _HEADER.size:
            raise ValueError("is cut short")
        shape = FuseShape(*_HEADER.unpack_from(content))
        end = _HEADER.size + shape.bytes
        if len(content) < end:
            raise ValueError("is cut short")
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
    """How many bytes a value touches that begins `shift` bits into one."""
    return -(-(shift + bits) // 8)
