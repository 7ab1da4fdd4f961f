"""Muon: momentum whose update is orthogonalized (Jordan and others 2024).

`torch.optim.Muon` iterates in bfloat16 whatever the processor, which takes some ninety times as
long where there are no instructions for it, and takes one matrix after another.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .precision import supports_bf16

STEPS = 5
# The quintic a·x + b·x³ + c·x⁵ that takes singular values of 0.001 to 1 into about 0.7 to 1.2.
COEFFICIENTS = (3.4445, -4.7750, 2.0315)


class Muon(torch.optim.Optimizer):
    """Muon with Nesterov momentum and decoupled weight decay, over matrices.

    Args:
        matrices: [R, C] each; those of one shape are orthogonalized together.
        learning_rate: times sqrt(max(1, R / C)).
        momentum: the share of the running mean of gradients that is kept.
        weight_decay: share of a weight taken off each step, times the learning rate.
    """

    def __init__(
        self,
        matrices: Sequence[nn.Parameter],
        learning_rate: float,
        momentum: float,
        weight_decay: float,
    ) -> None:
        defaults = {"lr": learning_rate, "momentum": momentum, "weight_decay": weight_decay}
        super().__init__(matrices, defaults)

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Updates the matrices that have a gradient, in place."""
        for group in self.param_groups:
            momentum = group["momentum"]
            alike: defaultdict[torch.Size, list[Tensor]] = defaultdict(list)
            for matrix in group["params"]:
                if matrix.grad is not None:
                    alike[matrix.shape].append(matrix)
            for (rows, columns), matrices in alike.items():
                directions = []
                for matrix in matrices:
                    state = self.state[matrix]
                    if not state:
                        state["momentum"] = torch.zeros_like(matrix)
                    state["momentum"].lerp_(matrix.grad, 1 - momentum)
                    directions.append(matrix.grad.lerp(state["momentum"], momentum))
                updates = orthogonalize(torch.stack(directions))
                rate = group["lr"] * math.sqrt(max(1.0, rows / columns))
                for matrix, update in zip(matrices, updates, strict=True):
                    matrix.mul_(1 - group["lr"] * group["weight_decay"])
                    matrix.sub_(update, alpha=rate)


def orthogonalize(matrices: Tensor) -> Tensor:
    """Brings all singular values near 1 by Newton-Schulz iteration.

    Args:
        matrices: [N, R, C] float32.

    Returns:
        [N, R, C] float32; iterated in bfloat16 where the device has instructions for it.
    """
    a, b, c = COEFFICIENTS
    dtype = torch.bfloat16 if supports_bf16(matrices.device) else torch.float32
    tall = matrices.shape[1] > matrices.shape[2]
    x = (matrices.mT if tall else matrices).to(dtype)
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(STEPS):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return (x.mT if tall else x).float()
