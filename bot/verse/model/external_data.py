"""Finds external data: weights that an ONNX file leaves to other files.

ONNX Runtime reads such files when it opens a graph, from anywhere before version 1.24; nobody would
have checked them. Ours, since the package onnx, which parses graphs, is not needed for anything
else here. Encoding and field numbers: https://protobuf.dev/programming-guides/encoding/ and
onnx.proto3.
"""

from collections.abc import Iterator

__all__ = ["external_files"]

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # wire types
MAX_DEPTH = 100  # of messages, as in protobuf itself
EXTERNAL_DATA, DATA_LOCATION = 13, 14  # fields of a TensorProto
KEY, VALUE = 1, 2  # fields of an entry of its external data

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


def external_files(model: bytes) -> set[str]:
    """Returns the names of the files that hold data of the tensors of an ONNX file.

    Raises:
        ValueError: It is no ONNX file; the message is a clause.
    """
    return set(_locations(memoryview(model), "model", 0))


def _locations(content: memoryview, message: str, depth: int) -> Iterator[str]:
    if depth > MAX_DEPTH:
        raise ValueError("it is nested too deeply")
    inner = MESSAGES.get(message, {})
    is_external, location = False, ""
    for number, value in _fields(content):
        if message == "tensor" and number in (EXTERNAL_DATA, DATA_LOCATION):
            is_external = is_external or number == EXTERNAL_DATA or bool(value)
            if isinstance(value, memoryview):
                entry = {
                    field: bytes(text)
                    for field, text in _fields(value)
                    if not isinstance(text, int)
                }
                if entry.get(KEY) == b"location":
                    location = entry.get(VALUE, b"").decode("utf-8", "replace")
        elif number in inner and isinstance(value, memoryview):
            yield from _locations(value, inner[number], depth + 1)
    if is_external:
        yield location


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
