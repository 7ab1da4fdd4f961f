"""Graphs that take their weights from the file of another graph."""

from __future__ import annotations

from onnx import ModelProto, TensorProto

from .precision import without_activation_rounding

MIN_BYTES = 512  # of a tensor that is left in the other file; smaller ones are repeated


def build_gpu_graph(step: bytes, file: str) -> ModelProto:
    """Builds a graph with the weights of an 8-bit step graph, and products in fp32.

    ONNX Runtime has no CUDA kernel for products of 8-bit integers. It folds the conversion of the
    weights when it loads the graph, so they take as much device memory as in fp32.

    Args:
        step: The content of the 8-bit graph's file.
        file: Its name, by which the new graph refers to the data in it.
    """
    model = without_activation_rounding(ModelProto.FromString(step))
    refer(model, step, file)
    return model


def refer(model: ModelProto, content: bytes, file: str) -> None:
    """Lets a graph refer to another file for those weights that are in it.

    Args:
        model: The graph, which is changed.
        content: Of the other file.
        file: Its name.
    """
    for tensor in model.graph.initializer:
        size = len(tensor.raw_data)
        place = content.find(tensor.raw_data) if size >= MIN_BYTES else -1
        if place < 0:
            continue
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", file), ("offset", place), ("length", size)):
            tensor.external_data.add(key=key, value=str(value))
