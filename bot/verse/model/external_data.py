"""Detects external data: weights that an ONNX file leaves to other files, which nobody checked.

ONNX Runtime reads such files when it opens a graph, from anywhere before version 1.24. Ours, since
the package onnx, which parses graphs, is not needed for anything else here. Encoding and field
numbers: https://protobuf.dev/programming-guides/encoding/ and onnx.proto3.
"""

from collections.abc import Iterator

__all__ = ["has_external_data"]

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # wire types
MAX_DEPTH = 100  # of messages, as in protobuf itself
EXTERNAL_DATA, DATA_LOCATION = 13, 14  # fields of a TensorProto

# For each message its fields that lead to tensors, by number, and what message each holds.
MESSAGES = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}


def has_external_data(model: bytes) -> bool:
    """Returns whether any tensor of an ONNX file names another file.

    Raises:
        ValueError: It is no ONNX file; the message is a clause.
    """
    return _any_external(memoryview(model), "model", 0)


def _any_external(content: memoryview, message: str, depth: int) -> bool:
    if depth > MAX_DEPTH:
        raise ValueError("it is nested too deeply")
    if message == "tensor":
        return any(
            number == EXTERNAL_DATA or (number == DATA_LOCATION and value)
            for number, value in _fields(content)
        )
    inner = MESSAGES[message]
    return any(
        _any_external(value, inner[number], depth + 1)
        for number, value in _fields(content)
        if number in inner and isinstance(value, memoryview)
    )


def _fields(content: memoryview) -> Iterator[tuple[int, memoryview | int]]:
    """Yields number and value of each field of a message."""
    place = 0
    while place < len(content):
        key, place = _varint(content, place)
        wire_type = key & 7
        if wire_type == VARINT:
            value, place = _varint(content, place)
            yield key >> 3, value
            continue
        if wire_type == BYTES:
            size, place = _varint(content, place)
        elif wire_type in (FIXED32, FIXED64):
            size = 4 if wire_type == FIXED32 else 8
        else:
            raise ValueError("it is no ONNX file")
        if place + size > len(content):
            raise ValueError("it is truncated")
        yield key >> 3, content[place : place + size]
        place += size


def _varint(content: memoryview, place: int) -> tuple[int, int]:
    """Returns the number at a place, and the place after it."""
    number = 0
    for shift in range(0, 70, 7):
        if place >= len(content):
            raise ValueError("it is truncated")
        byte = content[place]
        number |= (byte & 0x7F) << shift
        place += 1
        if byte < 0x80:
            return number, place
    raise ValueError("it is no ONNX file")
