"""The number formats that a device computes fast in."""

from __future__ import annotations

from typing import Literal

import torch

from .errors import TrainingError

Precision = Literal["auto", "fp32", "bf16"]


def supports_bf16(device: torch.device) -> bool:
    """Whether the device is faster in bfloat16: a GPU with instructions for it, or AVX-512."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return torch.backends.cpu.get_cpu_capability().startswith("AVX512")


def choose_dtype(precision: Precision, device: torch.device) -> torch.dtype:
    """Returns the number format of the forward and backward pass.

    Raises:
        TrainingError: bf16 is required and the device has no instructions for it.
    """
    if precision == "bf16" and not supports_bf16(device):
        raise TrainingError(
            "This device has no bfloat16 instructions: give --set run.precision=auto."
        )
    if precision == "fp32" or not supports_bf16(device):
        return torch.float32
    return torch.bfloat16
