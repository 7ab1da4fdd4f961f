"""Cross-entropy of the output layer, computed together with its gradient in chunks.

A softmax over the vocabulary costs more than the recurrent layers. Logits, loss and gradients are
computed for one chunk of positions after the other, so that each chunk stays in the processor's
cache, [positions, V] is never in memory as a whole, and matrix products can run in bfloat16. The
idea is that of the fused linear cross-entropy of Liger Kernel (Hsu and others 2024).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from .data import IGNORED
from .model import LanguageModel, State

# Positions a chunk. On two cores 256 to 2,048 take the same time; a GPU prefers large products.
CHUNK = {"cpu": 512, "cuda": 8192}


class _LinearCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor
    ) -> Tensor:
        dtype = hidden.dtype
        narrow = weight.to(dtype)
        narrow_bias = None if bias is None else bias.to(dtype)
        hidden_gradient = torch.empty_like(hidden)
        weight_gradient = torch.zeros_like(weight)
        bias_gradient = None if bias is None else torch.zeros_like(bias)
        total = torch.zeros((), dtype=torch.float32, device=hidden.device)
        chunk = CHUNK[hidden.device.type]
        for part, target, gradient in zip(
            torch.split(hidden, chunk),
            torch.split(targets, chunk),
            torch.split(hidden_gradient, chunk),
            strict=True,
        ):
            logits = torch.nn.functional.linear(part, narrow, narrow_bias)
            rows = torch.arange(len(part), device=part.device)
            # exp, sum and division in float32 inside the kernel; only the result is rounded.
            probability = torch.softmax(logits, dim=-1)
            total -= (
                probability[rows, target].float().clamp_min(torch.finfo(torch.float32).tiny).log()
            ).sum()
            probability[rows, target] -= 1
            torch.mm(probability, narrow, out=gradient)
            weight_gradient += probability.T @ part
            if bias_gradient is not None:
                bias_gradient += probability.sum(0, dtype=torch.float32)
        ctx.save_for_backward(hidden_gradient, weight_gradient, bias_gradient)
        return total

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        hidden, weight, bias = ctx.saved_tensors
        return (
            hidden * upstream.to(hidden.dtype),
            weight * upstream,
            None if bias is None else bias * upstream,
            None,
        )


def linear_cross_entropy(
    hidden: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor
) -> Tensor:
    """Returns the summed cross-entropy of `hidden @ weight.T + bias` against `targets`.

    Args:
        hidden: Inputs of the output layer, [N, H] float32 or bfloat16; the matrix products run in
            this format.
        weight: Weights of the output layer, [V, H] float32.
        bias: Biases of the output layer, [V] float32, or None.
        targets: Token ids, [N].

    Returns:
        A float32 scalar, in nats.
    """
    loss: Tensor = _LinearCrossEntropy.apply(hidden, weight, bias, targets)  # type: ignore[no-untyped-call]
    return loss


class SummedLoss(nn.Module):
    """A model with its loss as one module, as DistributedDataParallel needs it.

    Args:
        dtype: Number format of the matrix products, float32 or bfloat16.
    """

    def __init__(self, model: LanguageModel, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.model = model
        self._dtype = dtype

    def forward(
        self,
        inputs: Tensor,
        targets: Tensor,
        state: State | None,
        source: Tensor | None = None,
    ) -> tuple[Tensor, State]:
        """Returns the summed cross-entropy in nats over the targets, and the state after.

        Args:
            inputs: Token ids, [B, T].
            targets: Token ids, [B, T]; `IGNORED` is padding.
            state: The state before them.
            source: The sources of an encoder-decoder, [B, S], instead of a state.
        """
        model = self.model
        narrow = self._dtype != torch.float32
        with torch.autocast(inputs.device.type, self._dtype if narrow else None, enabled=narrow):
            if source is not None:
                state = model.encode(source)
            hidden, after = model.features(inputs, state)
        hidden = hidden.to(self._dtype)
        predicted = targets != IGNORED
        loss = linear_cross_entropy(
            hidden[predicted], model.output.weight, model.output.bias, targets[predicted]
        )
        return loss, after
