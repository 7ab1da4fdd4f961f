"""The recurrent language model: embedding, stacked recurrent layers, output layer.

Shapes: B sequences, T tokens, L layers, H hidden size, V vocabulary size.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor, nn

from .attention import WindowAttention

State = tuple[Tensor, ...]
"""The hidden state, each tensor [L, B, H]: (h, c) for an LSTM, (h,) otherwise; with attention its
memory [1, B, M] comes last."""

Cell = Literal["lstm", "gru", "rnn"]


@dataclass(frozen=True)
class ModelConfig:
    """What a checkpoint needs to build its model again.

    Attributes:
        nonlinearity: of the plain recurrent cell; the gated cells have their own.
        tied: the output layer shares the embedding's weights (Press & Wolf 2017); where the
            embedding is narrower than the hidden state, a projection stands between them.
        bias: whether the recurrent layers and the output layer have biases.
        dropout: probability, on the embedding, between the layers and before the output.
        initialization: "identity" is IRNN's (Le, Jaitly & Hinton 2015): recurrent weights the
            identity, biases zero; for the plain recurrent cell only.
        attention_heads: of attention over the last layer's earlier outputs; 0 is none.
        attention_size: of each head's keys and values.
        attention_window: how many outputs are remembered.
    """

    vocabulary_size: int
    cell: Cell = "lstm"
    nonlinearity: Literal["tanh", "relu"] = "tanh"
    layers: int = 2
    embedding_size: int = 256
    hidden_size: int = 256
    tied: bool = False
    bias: bool = True
    dropout: float = 0.0
    initialization: Literal["uniform", "identity"] = "uniform"
    attention_heads: int = 0
    attention_size: int = 32
    attention_window: int = 40

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ModelConfig:
        """Reads what a checkpoint or a graph has of its configuration.

        Raises:
            TypeError: a key is missing or unknown.
        """
        renamed = {"initialisation": "initialization"}  # before version 0.2
        return cls(**{renamed.get(key, key): value for key, value in values.items()})

    @property
    def place_size(self) -> int:
        """Numbers of each place of the memory: keys, values, and whether it is taken."""
        return 2 * self.attention_heads * self.attention_size + 1


class LanguageModel(nn.Module):
    """Predicts the next token from those before it; hidden state goes in and comes out."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        if config.initialization == "identity" and config.cell != "rnn":
            raise ValueError('initialization "identity" is for cell "rnn" only.')
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary_size, config.embedding_size)
        sizes = (config.embedding_size, config.hidden_size, config.layers)
        common = {
            "bias": config.bias,
            "batch_first": True,
            # PyTorch warns of dropout between layers where there is only one.
            "dropout": config.dropout if config.layers > 1 else 0.0,
        }
        self.recurrent: nn.RNNBase
        if config.cell == "lstm":
            self.recurrent = nn.LSTM(*sizes, **common)
        elif config.cell == "gru":
            self.recurrent = nn.GRU(*sizes, **common)
        else:
            self.recurrent = nn.RNN(*sizes, nonlinearity=config.nonlinearity, **common)
        self.attention = (
            WindowAttention(
                config.hidden_size,
                config.attention_heads,
                config.attention_size,
                config.attention_window,
            )
            if config.attention_heads
            else None
        )
        narrow = config.tied and config.embedding_size != config.hidden_size
        self.projection = (
            nn.Linear(config.hidden_size, config.embedding_size, bias=False) if narrow else None
        )
        width = config.embedding_size if config.tied else config.hidden_size
        self.output = nn.Linear(width, config.vocabulary_size, bias=config.bias)
        self.dropout = nn.Dropout(config.dropout)
        self._initialize()
        if config.tied:
            self.output.weight = self.embedding.weight

    def _initialize(self) -> None:
        # A tied embedding is an output matrix too: small, so that the first logits are near zero.
        nn.init.normal_(self.embedding.weight, std=1 / math.sqrt(self.config.embedding_size))
        if self.config.bias:
            nn.init.zeros_(self.output.bias)
        if self.config.initialization != "identity":
            return
        for name, parameter in self.recurrent.named_parameters():
            if name.startswith("weight_hh"):
                nn.init.eye_(parameter)
            elif name.startswith("weight_ih"):
                nn.init.normal_(parameter, std=0.001)
            else:
                nn.init.zeros_(parameter)

    def features(self, tokens: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Runs the layers below the output.

        Args:
            tokens: [B, T] token ids.
            state: from an earlier call; None is the zero state.

        Returns:
            What the output layer reads, [B, T, H] (or the embedding size where tied), and the
            state after the last token.
        """
        embedded = self.dropout(self.embedding(tokens))
        lstm = self.config.cell == "lstm"
        given = None if state is None else (state[:2] if lstm else state[0])
        hidden, after = self.recurrent(embedded, given)
        after = after if lstm else (after,)
        hidden = self.dropout(hidden)
        if self.attention is not None:
            seen, memory = self.attention(hidden, None if state is None else state[-1])
            hidden, after = hidden + self.dropout(seen), (*after, memory)
        if self.projection is not None:
            hidden = self.projection(hidden)
        return hidden, after

    def forward(self, tokens: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Returns the logits of the next tokens, [B, T, V], and the state after the last token."""
        hidden, after = self.features(tokens, state)
        return self.output(hidden), after
