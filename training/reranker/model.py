"""The re-ranker: reads the lines so far and a candidate for the next one, and judges it.

A small encoder without recurrence. Where a language model weighs one character at a time, it sees
the whole candidate at once, each character beside the one at the same place of the line before, and
looks back at all lines so far.

Shapes: P poems, C tokens of context, N candidates, T tokens of a candidate, D width, E embedding
size, V vocabulary size.
"""

from __future__ import annotations

import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn
from torch.nn import functional

from ..recipe import Count

OUTPUTS = ("poet", "next")
"""Names of the two logits: written by a poet rather than by the model; and the line that follows
this context rather than a poet's line from elsewhere."""


class RerankerConfig(BaseModel):
    """The shape of a re-ranker.

    Attributes:
        context: Tokens of context that it reads, at most; the last ones count.
        places: Places of a candidate with an embedding of their own; all later ones share the last.
        context_blocks: Convolution blocks over the context.
        blocks: Convolution blocks over the candidate; attention to the context follows the first.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    vocabulary_size: Count
    embedding_size: Count = 128
    width: Count = 192
    heads: Count = 4
    context: Count = 64
    places: Count = 16
    context_blocks: Count = 2
    blocks: Count = 3


class Block(nn.Module):
    """A residual convolution over three neighboring places, with a nonlinear layer after it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.inner = nn.Linear(3 * width, 2 * width)
        self.outer = nn.Linear(2 * width, width)

    def forward(self, rows: Tensor) -> Tensor:
        """[N, T, D] to [N, T, D]; places beyond the ends are zeros."""
        normal = self.norm(rows)
        padded = functional.pad(normal, (0, 0, 1, 1))
        neighbors = torch.cat((padded[:, :-2], normal, padded[:, 2:]), dim=-1)
        changed: Tensor = self.outer(functional.relu(self.inner(neighbors)))
        return rows + changed


class ContextAttention(nn.Module):
    """Residual attention from each place of a candidate to the context of its poem."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.query = nn.Linear(width, width)
        self.keys_values = nn.Linear(width, 2 * width)
        self.output = nn.Linear(width, width)

    def forward(self, rows: Tensor, context: Tensor, hidden: Tensor, poem: Tensor) -> Tensor:
        """Attends.

        Args:
            rows: The candidates, [N, T, D].
            context: The contexts, [P, C, D].
            hidden: Whether a place of a context is padding, [P, C].
            poem: The poem of each candidate, [N].
        """
        keys, values = self._split_heads(self.keys_values(context)).chunk(2, dim=-1)
        query = self._split_heads(self.query(self.norm(rows)))
        scores = query @ keys[poem].transpose(-1, -2) / keys.shape[-1] ** 0.5
        scores = scores.masked_fill(hidden[poem][:, None, None], -1e9)
        found = torch.softmax(scores, dim=-1) @ values[poem]
        added: Tensor = self.output(found.transpose(1, 2).flatten(2))
        return rows + added

    def _split_heads(self, rows: Tensor) -> Tensor:
        """[N, T, heads * D'] as [N, heads, T, D']."""
        return rows.reshape(*rows.shape[:2], self.heads, -1).transpose(1, 2)


class Reranker(nn.Module):
    """Judges candidates for the next line; see `OUTPUTS`.

    Token ids are those of the language model; `vocabulary_size` itself is padding.
    """

    def __init__(self, config: RerankerConfig) -> None:
        super().__init__()
        self.config = config
        size, width = config.embedding_size, config.width
        self.embedding = nn.Embedding(
            config.vocabulary_size + 1, size, padding_idx=config.vocabulary_size
        )
        nn.init.normal_(self.embedding.weight, std=size**-0.5)
        with torch.no_grad():
            self.embedding.weight[config.vocabulary_size] = 0
        self.context_input = nn.Linear(size, width)
        self.context_places = nn.Embedding(config.context, width)
        self.context_blocks = nn.ModuleList(Block(width) for _ in range(config.context_blocks))
        self.input = nn.Linear(3 * size, width)
        self.from_start = nn.Embedding(config.places, width)
        self.from_end = nn.Embedding(config.places, width)
        self.blocks = nn.ModuleList(Block(width) for _ in range(config.blocks))
        self.attentions = nn.ModuleList(
            ContextAttention(width, config.heads) for _ in range(config.blocks - 1)
        )
        self.norm = nn.LayerNorm(width)
        self.pooled = nn.Linear(3 * width, width)
        self.output = nn.Linear(width, len(OUTPUTS))
        for places in (self.context_places, self.from_start, self.from_end):
            nn.init.normal_(places.weight, std=0.02)

    def forward(self, context: Tensor, candidates: Tensor, poem: Tensor) -> Tensor:
        """Judges candidates of one length.

        Args:
            context: Token ids of all lines so far with line tokens between them, padded in front to
                one length not below T and not above `config.context`, [P, C].
            candidates: Token ids of the candidates, [N, T].
            poem: The number of each candidate's context, [N].

        Returns:
            The logits, [N, 2].
        """
        length, count = context.shape[1], candidates.shape[1]
        embedded = self.embedding(context)
        hidden = context == self.config.vocabulary_size
        place = torch.arange(length, device=context.device)
        rows = self.context_input(embedded) + self.context_places(length - 1 - place)
        # Padding stays zero, so that a context is the same beside longer ones.
        shown = (~hidden)[..., None].to(rows.dtype)
        rows = rows * shown
        for block in self.context_blocks:
            rows = block(rows) * shown

        own, opposite = self.embedding(candidates), embedded[:, length - count :][poem]
        place = torch.arange(count, device=context.device)
        last = self.config.places - 1
        places = self.from_start(place.clamp(max=last)) + self.from_end(
            (count - 1 - place).clamp(max=last)
        )
        line = self.input(torch.cat((own, opposite, own * opposite), dim=-1)) + places
        for number, block in enumerate(self.blocks):
            line = block(line)
            if number < len(self.attentions):
                line = self.attentions[number](line, rows, hidden, poem)
        line = self.norm(line)
        pooled = torch.cat((line.amax(1), line.mean(1), line[:, -1]), dim=-1)
        logits: Tensor = self.output(functional.relu(self.pooled(pooled)))
        return logits
