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
cache [1, B, C] comes last."""

Cell = Literal["lstm", "gru", "rnn"]

# Weights that checkpoints and graphs of versions before 0.2 have under another name.
_OLD_WEIGHT_NAMES = {
    "attention.remember.": "attention.keys_values.",
    "attention.speak.": "attention.output.",
}


def current_weight_name(name: str) -> str:
    """Returns the present name of a weight in a checkpoint or a graph of any version."""
    for old, new in _OLD_WEIGHT_NAMES.items():
        if name.startswith(old):
            return new + name.removeprefix(old)
    return name


@dataclass(frozen=True)
class ModelConfig:
    """The shape of a model, as a checkpoint stores it.

    Attributes:
        nonlinearity: Activation of the plain recurrent cell; LSTM and GRU ignore it.
        tied: The output layer shares the embedding's weights (Press & Wolf 2017); where the
            embedding is narrower than the hidden state, there is a projection between them.
        bias: Whether the recurrent layers and the output layer have biases.
        dropout: Probability, on the embedding, between the layers and before the output.
        initialization: "identity" is IRNN's (Le, Jaitly & Hinton 2015): recurrent weights the
            identity, biases zero; for the plain recurrent cell only.
        attention_heads: Heads of the attention over the last layer's earlier outputs; 0 is none.
        attention_size: Size of each head's keys and values.
        attention_window: How many outputs, the present one included, can be attended to.
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
        """Builds a configuration from the values in a checkpoint or a graph.

        Raises:
            TypeError: A key is missing or unknown.
        """
        renamed = {"initialisation": "initialization"}  # before version 0.2
        return cls(**{renamed.get(key, key): value for key, value in values.items()})


class LanguageModel(nn.Module):
    """Predicts the next token; the hidden state is an argument and a result."""

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
        """Runs all layers below the output layer.

        Args:
            tokens: Token ids, [B, T].
            state: The state after earlier tokens; None is the zero state.

        Returns:
            The input of the output layer, [B, T, H] (or the embedding size where tied), and the
            state after the last token.
        """
        embedded = self.dropout(self.embedding(tokens))
        lstm = self.config.cell == "lstm"
        before = None if state is None else (state[:2] if lstm else state[0])
        hidden, after = self.recurrent(embedded, before)
        after = after if lstm else (after,)
        hidden = self.dropout(hidden)
        if self.attention is not None:
            added, cache = self.attention(hidden, None if state is None else state[-1])
            hidden, after = hidden + self.dropout(added), (*after, cache)
        if self.projection is not None:
            hidden = self.projection(hidden)
        return hidden, after

    def forward(self, tokens: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Returns the logits of the next tokens, [B, T, V], and the state after the last token."""
        hidden, after = self.features(tokens, state)
        return self.output(hidden), after
