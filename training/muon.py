"""Muon: momentum whose update is orthogonalized (Jordan and others 2024, the `Muon` repository).

`torch.optim.Muon` iterates in bfloat16 whatever the processor, which takes some ninety times as
long where there are no instructions for it, and it cannot treat a matrix as several blocks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from .precision import supports_bf16

STEPS = 5
# The quintic a·x + b·x³ + c·x⁵ that takes singular values of 0.001 to 1 to about 0.7 to 1.2.
COEFFICIENTS = (3.4445, -4.7750, 2.0315)


class Muon(torch.optim.Optimizer):
    """Muon with Nesterov momentum and decoupled weight decay.

    Args:
        matrices: Each matrix [R, C] with its number of blocks: equal parts of its rows that are
            orthogonalized separately, [r, C] each.
        learning_rate: Learning rate, to be multiplied by sqrt(max(1, r / C)).
        momentum: Decay of the running mean of gradients, 0 to 1.
        weight_decay: Share of the weights subtracted at each step, times the learning rate.
    """

    def __init__(
        self,
        matrices: Mapping[nn.Parameter, int],
        learning_rate: float,
        momentum: float,
        weight_decay: float,
    ) -> None:
        defaults = {"lr": learning_rate, "momentum": momentum, "weight_decay": weight_decay}
        super().__init__(list(matrices), defaults)
        self._blocks = dict(matrices)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Updates the matrices that have a gradient, in place; there is no `closure`."""
        for group in self.param_groups:
            for matrix in group["params"]:
                if matrix.grad is None:
                    continue
                # [blocks, r, C]
                gradient = matrix.grad.reshape(self._blocks[matrix], -1, matrix.shape[1])
                state = self.state[matrix]
                if not state:
                    state["momentum"] = torch.zeros_like(gradient)
                state["momentum"].lerp_(gradient, 1 - group["momentum"])
                # Nesterov: look ahead by one more step of the momentum.
                update = orthogonalize(gradient.lerp(state["momentum"], group["momentum"]))
                rows, columns = update.shape[1:]
                matrix.mul_(1 - group["lr"] * group["weight_decay"])
                rate = group["lr"] * math.sqrt(max(1.0, rows / columns))
                matrix.sub_(update.flatten(0, 1), alpha=rate)


def orthogonalize(matrices: Tensor) -> Tensor:
    """Brings all singular values near 1 by Newton-Schulz iteration.

    Args:
        matrices: Matrices [N, R, C], float32.

    Returns:
        Matrices [N, R, C], float32; the iteration is in bfloat16 where the device has instructions
        for it.
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
