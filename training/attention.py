"""Attention over a model's own earlier outputs, within a window.

A recurrent state has to squeeze all that was said into one vector; a poem's parallel lines call
for the very character that stood at the same place one line before. Looking back at earlier
outputs is due to Cheng, Dong & Lapata (2016), for language models to Daniluk and others (2017);
the learned bias by distance is that of Raffel and others (2020), one for each position.

Shapes: B sequences, T tokens, H hidden size, N heads, D size of a head, W window.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

EMPTY = -1e4
"""The score of a place that holds nothing; its weight becomes 0."""


class WindowAttention(nn.Module):
    """Adds to every output what the last `window` outputs, itself included, have to say to it.

    The memory [1, B, W(2ND + 1)] has for each place, newest last, its keys, its values, and a 1 if
    it is taken; a memory of zeros is empty.
    """

    def __init__(self, hidden_size: int, heads: int, head_size: int, window: int) -> None:
        super().__init__()
        self.heads, self.head_size, self.window = heads, head_size, window
        width = heads * head_size
        self.query = nn.Linear(hidden_size, width, bias=False)
        self.remember = nn.Linear(hidden_size, 2 * width, bias=False)
        self.speak = nn.Linear(width, hidden_size, bias=False)
        self.distance_bias = nn.Parameter(torch.zeros(heads, window))
        nn.init.zeros_(self.speak.weight)  # at first it changes nothing

    def forward(self, hidden: Tensor, memory: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Looks back from every output.

        Args:
            hidden: outputs of the layers below, [B, T, H].
            memory: after the outputs before these, [1, B, W(2ND + 1)]; None is an empty one.

        Returns:
            What is to be added to the outputs [B, T, H], and the memory after them.
        """
        batch, length, _ = hidden.shape
        taken = hidden.new_ones(batch, length, 1)
        entries = torch.cat((self.remember(hidden), taken), dim=-1)
        if memory is not None:
            earlier = memory[0].to(entries.dtype).unflatten(-1, (self.window, -1))
            entries = torch.cat((earlier, entries), dim=1)
        places = entries.shape[1]
        keys, values, taken = entries.split([self.query.out_features] * 2 + [1], dim=-1)
        scores = self._heads(self.query(hidden)) @ self._heads(keys).transpose(2, 3)
        # How far each place lies behind each output [T, places]; only 0 … W-1 can be seen.
        here = torch.arange(places - length, places, device=hidden.device)
        behind = here[:, None] - torch.arange(places, device=hidden.device)
        bias = self.distance_bias[:, behind.clamp(0, self.window - 1)]
        unseen = ((behind < 0) | (behind >= self.window)) | (taken <= 0).transpose(1, 2)
        scores = (scores / math.sqrt(self.head_size) + bias).float()
        scores = scores.masked_fill(unseen[:, None], EMPTY)
        weights = functional.softmax(scores, dim=-1).to(hidden.dtype)
        context = (weights @ self._heads(values)).transpose(1, 2).flatten(2)
        return self.speak(context), self._newest(entries)

    def _heads(self, rows: Tensor) -> Tensor:
        """[B, T, ND] as [B, N, T, D]."""
        return rows.unflatten(-1, (self.heads, self.head_size)).transpose(1, 2)

    def _newest(self, entries: Tensor) -> Tensor:
        missing = self.window - entries.shape[1]
        if missing > 0:
            entries = functional.pad(entries, (0, 0, missing, 0))
        return entries[:, -self.window :].flatten(1)[None]
