"""The recurrent language model: embedding, stacked recurrent layers, output layer.

Shapes: B sequences, T tokens, L layers, H hidden size, V vocabulary size.
"""

from __future__ import annotations

import math

from torch import Tensor, nn

from .attention import WindowAttention
from .recipe import ModelConfig

State = tuple[Tensor, ...]
"""The hidden state, each tensor [L, B, H]: (h, c) for an LSTM, (h,) otherwise; with attention its
cache [1, B, C] comes next, and an encoder-decoder's memory [1, B, S, C] last."""

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


def recurrent_layers(
    config: ModelConfig, hidden_size: int, layers: int, *, bidirectional: bool = False
) -> nn.RNNBase:
    """Returns stacked recurrent layers over embedded tokens [B, T, E], initialized."""
    sizes = (config.embedding_size, hidden_size, layers)
    common = {
        "bias": config.bias,
        "batch_first": True,
        "bidirectional": bidirectional,
        # PyTorch warns of dropout between layers where there is only one.
        "dropout": config.dropout if layers > 1 else 0.0,
    }
    recurrent: nn.RNNBase
    if config.cell == "lstm":
        recurrent = nn.LSTM(*sizes, **common)
    elif config.cell == "gru":
        recurrent = nn.GRU(*sizes, **common)
    else:
        recurrent = nn.RNN(*sizes, nonlinearity=config.nonlinearity, **common)
    if config.initialization == "identity":
        for name, parameter in recurrent.named_parameters():
            if name.startswith("weight_hh"):
                nn.init.eye_(parameter)
            elif name.startswith("weight_ih"):
                nn.init.normal_(parameter, std=0.001)
            else:
                nn.init.zeros_(parameter)
    return recurrent


class LanguageModel(nn.Module):
    """Predicts the next token; the hidden state is an argument and a result."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary_size, config.embedding_size)
        self.recurrent = recurrent_layers(config, config.hidden_size, config.layers)
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
        # A tied embedding is an output matrix too: small, so that the first logits are near zero.
        nn.init.normal_(self.embedding.weight, std=1 / math.sqrt(config.embedding_size))
        if config.bias:
            nn.init.zeros_(self.output.bias)
        if config.tied:
            self.output.weight = self.embedding.weight

    def encode(self, source: Tensor) -> State:
        """Returns the state that a target begins with; only an encoder-decoder has one."""
        raise NotImplementedError

    def features(self, tokens: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Runs all layers below the output layer.

        Args:
            tokens: Token ids, [B, T].
            state: The state after earlier tokens; None is the zero state.

        Returns:
            The input of the output layer, [B, T, H] (or the embedding size where tied), and the
            state after the last token.
        """
        hidden, after = self.hidden(tokens, state)
        if self.projection is not None:
            hidden = self.projection(hidden)
        return hidden, after

    def hidden(self, tokens: Tensor, state: State | None) -> tuple[Tensor, State]:
        """Runs the recurrent layers and the attention; see `features`.

        Returns:
            The hidden states that tokens are predicted from, [B, T, H], and the state after them.
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
        return hidden, after

    def forward(self, tokens: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Returns the logits of the next tokens, [B, T, V], and the state after the last token."""
        hidden, after = self.features(tokens, state)
        return self.output(hidden), after
