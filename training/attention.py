"""Attention over a model's own earlier outputs, within a window.

A recurrent state compresses all earlier text into one vector. Parallel lines of a poem call for the
very character at the same position one line before, which attention can look up. Attention over
earlier outputs is due to Cheng, Dong & Lapata (2016), for language models to Daniluk and others
(2017); the learned bias is that of Raffel and others (2020), with one number for each distance.

Shapes: B sequences, T tokens, H hidden size, N heads, D head size, W window, S = T or W + T keys.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class WindowAttention(nn.Module):
    """Attends from each output to the last `window` outputs, itself included.

    The cache [1, B, W(2ND + 1)] has W entries, the newest last. An entry is a key, a value and a 1
    that marks it as present; entries of zeros are masked, so a cache of zeros is empty.
    """

    def __init__(self, hidden_size: int, heads: int, head_size: int, window: int) -> None:
        super().__init__()
        self.heads, self.head_size, self.window = heads, head_size, window
        width = heads * head_size
        self.query = nn.Linear(hidden_size, width, bias=False)
        self.keys_values = nn.Linear(hidden_size, 2 * width, bias=False)
        self.output = nn.Linear(width, hidden_size, bias=False)
        self.distance_bias = nn.Parameter(torch.zeros(heads, window))
        nn.init.zeros_(self.output.weight)  # at first attention adds nothing

    def forward(self, hidden: Tensor, cache: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Attends from every output.

        Args:
            hidden: Outputs of the recurrent layers, [B, T, H].
            cache: The cache after earlier outputs, [1, B, W(2ND + 1)]; None is an empty one.

        Returns:
            What is to be added to the outputs [B, T, H], and the cache after them.
        """
        length = hidden.shape[1]
        present = hidden.new_ones(*hidden.shape[:2], 1)
        entries = torch.cat((self.keys_values(hidden), present), dim=-1)
        if cache is not None:
            earlier = cache[0].to(entries.dtype).reshape(len(hidden), self.window, -1)
            entries = torch.cat((earlier, entries), dim=1)
        count = entries.shape[1]
        width = self.heads * self.head_size
        keys, values, present = torch.split(entries, [width, width, 1], dim=-1)
        # How far each key lies behind each output, [T, S].
        position = torch.arange(count, device=hidden.device)
        distance = position[count - length :, None] - position
        visible = (distance >= 0) & (distance < self.window) & (present > 0).transpose(1, 2)
        bias = self.distance_bias[:, distance.clamp(0, self.window - 1)].to(hidden.dtype)
        context = functional.scaled_dot_product_attention(
            self._split_heads(self.query(hidden)),
            self._split_heads(keys),
            self._split_heads(values),
            attn_mask=bias.masked_fill(~visible[:, None], -torch.inf),
        )
        added: Tensor = self.output(context.transpose(1, 2).flatten(2))
        return added, self._newest(entries)

    def no_cache(self, hidden: Tensor) -> Tensor:
        """Returns the cache before any output, for sequences [B, T, H]."""
        entry = 2 * self.heads * self.head_size + 1
        return hidden.new_zeros(1, len(hidden), self.window * entry)

    def _split_heads(self, rows: Tensor) -> Tensor:
        """[B, S, ND] as [B, N, S, D]."""
        return rows.reshape(*rows.shape[:2], self.heads, self.head_size).transpose(1, 2)

    def _newest(self, entries: Tensor) -> Tensor:
        missing = self.window - entries.shape[1]
        if missing > 0:
            entries = functional.pad(entries, (0, 0, missing, 0))
        return entries[:, -self.window :].flatten(1)[None]
