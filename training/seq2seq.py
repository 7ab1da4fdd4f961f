"""The encoder-decoder: a language model whose first state is what an encoder makes of a source.

The decoder is `LanguageModel`. Its first state is the encoder's last one, and it attends to the
encoder's outputs after its recurrent layers (Luong, Pham & Manning 2015), so that with teacher
forcing a whole target is one call. Scores are dot products, or additive (Bahdanau, Cho & Bengio
2015). The memory that it attends to is a part of its state, so whatever runs a language model runs
an encoder-decoder too, once the source is encoded.

Shapes: B sequences, S tokens of a source, T tokens of a target, L layers, H hidden size, N heads,
D head size.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from .data import IGNORED
from .model import LanguageModel, State, recurrent_layers
from .recipe import ModelConfig


class MemoryAttention(nn.Module):
    """Attends from the decoder's outputs to a memory of the encoder's.

    The memory [1, B, S, 2ND + 1] has an entry for each token of the source: a key, a value and a 1
    that marks it as present. Entries of zeros are absent.
    """

    def __init__(self, hidden_size: int, heads: int, head_size: int, *, additive: bool) -> None:
        super().__init__()
        self.heads, self.head_size = heads, head_size
        width = heads * head_size
        self.query = nn.Linear(hidden_size, width, bias=False)
        self.keys_values = nn.Linear(hidden_size, 2 * width, bias=False)
        self.context = nn.Linear(width, hidden_size, bias=False)
        self.hidden = nn.Linear(hidden_size, hidden_size, bias=False)
        nn.init.eye_(self.hidden.weight)  # at first an output passes by
        self.energy = nn.Parameter(torch.empty(heads, head_size)) if additive else None
        if self.energy is not None:
            nn.init.normal_(self.energy, std=1 / math.sqrt(head_size))

    def remember(self, outputs: Tensor, present: Tensor) -> Tensor:
        """Returns the memory of outputs.

        Args:
            outputs: Of the encoder, [B, S, H].
            present: Which of them are of tokens, not of padding, [B, S].
        """
        entries = self.keys_values(outputs)
        marks = present[..., None].to(entries.dtype)
        return torch.cat((entries * marks, marks), dim=-1)[None]

    def no_memory(self, hidden: Tensor) -> Tensor:
        """Returns a memory without entries, [1, B, 0, 2ND + 1]."""
        return hidden.new_zeros(1, len(hidden), 0, 2 * self.heads * self.head_size + 1)

    def forward(self, hidden: Tensor, memory: Tensor) -> Tensor:
        """Attends from each output.

        Args:
            hidden: Outputs of the decoder's recurrent layers, [B, T, H].
            memory: See above.

        Returns:
            tanh of a map of output and context, [B, T, H].
        """
        width = self.heads * self.head_size
        keys, values, present = torch.split(memory[0].to(hidden.dtype), [width, width, 1], dim=-1)
        query, keys, values = map(self._split_heads, (self.query(hidden), keys, values))
        if self.energy is None:
            scores = query @ keys.mT / math.sqrt(self.head_size)  # [B, N, T, S]
        else:
            sums = torch.tanh(query[:, :, :, None] + keys[:, :, None])
            scores = (sums * self.energy[:, None, None]).sum(-1)
        absent = present[:, None, None, :, 0] == 0
        # Not -inf: the values of a memory without entries are zeros, and so is its context.
        scores = scores.masked_fill(absent, torch.finfo(scores.dtype).min)
        context = scores.softmax(-1).to(values.dtype) @ values
        combined: Tensor = self.hidden(hidden) + self.context(context.transpose(1, 2).flatten(2))
        return combined.tanh()

    def _split_heads(self, rows: Tensor) -> Tensor:
        """[B, S, ND] as [B, N, S, D]."""
        return rows.reshape(*rows.shape[:2], self.heads, self.head_size).transpose(1, 2)


class EncoderDecoder(LanguageModel):
    """Predicts the next token of a target, from the state that `encode` returns for its source.

    Encoder and decoder share the embedding.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        size, layers = config.hidden_size, config.encoder_layers
        self.directions = 2 if config.bidirectional else 1
        self.encoder = recurrent_layers(
            config, size // self.directions, layers, bidirectional=config.bidirectional
        )
        names = ("h", "c") if config.cell == "lstm" else ("h",)
        self.bridge = (
            nn.ModuleDict(
                {name: nn.Linear(layers * size, config.layers * size, bias=False) for name in names}
            )
            if layers != config.layers
            else None
        )
        self.memory = (
            MemoryAttention(
                size,
                config.memory_heads,
                config.memory_size,
                additive=config.attention == "additive",
            )
            if config.has_memory
            else None
        )

    def encode(self, source: Tensor) -> State:
        """Returns the decoder's first state.

        Args:
            source: Token ids, [B, S], padded with `IGNORED` at the end.
        """
        present = source != IGNORED
        embedded = self.dropout(self.embedding(source.clamp_min(0)))
        if bool(present.all()):
            outputs, last = self.encoder(embedded)
        else:  # several times slower
            packed = pack_padded_sequence(
                embedded, present.sum(1).cpu(), batch_first=True, enforce_sorted=False
            )
            outputs, last = self.encoder(packed)
            outputs, _ = pad_packed_sequence(outputs, batch_first=True)
        lasts = last if self.config.cell == "lstm" else (last,)
        state = [self._first_state(*each) for each in zip("hc", lasts, strict=False)]
        if self.attention is not None:
            state.append(self.attention.no_cache(outputs))
        if self.memory is not None:
            state.append(self.memory.remember(self.dropout(outputs), present))
        return tuple(state)

    def hidden(self, tokens: Tensor, state: State | None) -> tuple[Tensor, State]:
        if self.memory is None:
            return super().hidden(tokens, state)
        hidden, after = super().hidden(tokens, None if state is None else state[:-1])
        memory = self.memory.no_memory(hidden) if state is None else state[-1]
        return self.dropout(self.memory(hidden, memory)), (*after, memory)

    def _first_state(self, name: str, last: Tensor) -> Tensor:
        """Returns a state [L, B, H] of the decoder from the encoder's last one."""
        rows, layers = last.shape[1], self.config.encoder_layers
        by_layer = last.reshape(layers, self.directions, rows, -1).transpose(1, 2).flatten(2)
        if self.bridge is None:
            return by_layer
        state: Tensor = self.bridge[name](by_layer.transpose(0, 1).flatten(1))
        if name == "h":  # within the range of an output
            state = state.relu() if self.config.is_relu else state.tanh()
        # cuDNN takes contiguous states alone.
        return state.reshape(rows, self.config.layers, -1).transpose(0, 1).contiguous()


def build_model(config: ModelConfig) -> LanguageModel:
    """Returns a new model of the configured kind."""
    return EncoderDecoder(config) if config.has_encoder else LanguageModel(config)
