"""Where a model can run; imported by the command line, so without NumPy and ONNX Runtime."""

from typing import Literal, get_args

__all__ = ["PROVIDERS", "Device", "Provider"]

Device = Literal["cuda", "cpu"]
Provider = Literal["auto", Device]
"""What an operator can request; `auto` is CUDA if it can be used, and the CPU otherwise."""

PROVIDERS = get_args(Provider)
