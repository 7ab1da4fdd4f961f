"""`lianju bench`: how fast the engine is, beside the plain ways and beside what it is to be."""

from .command import bench

__all__ = ["bench"]
