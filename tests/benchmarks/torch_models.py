"""The language model in PyTorch behind the same searches, in the ways that simple code runs it.

Until the prompt is complete its tokens are only collected; the first step that predicts reads them.

Shapes: B rows, T tokens so far, H hidden size, V vocabulary size.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import torch
from lianju.bot.verse.model.language_model import State, StepOutput, Targets
from lianju.training.model import LanguageModel
from torch import Tensor


class TorchModel(ABC):
    """A language model in PyTorch behind a search, one search at a time.

    Its state is the tokens of every row [B, T], then what a subclass carries.

    Args:
        model: In evaluation mode.
    """

    state_grows = True
    provider = "cpu"

    def __init__(self, model: LanguageModel) -> None:
        self.model = model

    def initial_state(self, rows: int = 1) -> State:
        """Returns a state without a token."""
        return (np.zeros((rows, 0), np.int64),)

    def join(self, states: Sequence[State]) -> State:
        """Not supported: one search runs at a time."""
        raise NotImplementedError

    def release_memory(self) -> None:  # noqa: B027 - no subclass has to
        """Does nothing: no memory is kept between searches."""

    def split(self, state: State) -> Sequence[State]:
        """Returns the tokens of each row; nothing else is carried before the first prediction."""
        return [(history[None],) for history in state[0]]

    def prefill(self, tokens: np.ndarray, parent: np.ndarray, state: State) -> State:
        """Collects the tokens [steps, B]: the first step that predicts reads them all."""
        return (np.concatenate((state[0][parent], tokens.T), axis=1),)

    @torch.inference_mode()
    def step(
        self,
        token: np.ndarray,
        parent: np.ndarray,
        state: State,
        k: int,
        mask: np.ndarray | None = None,
        mask_row: np.ndarray | None = None,
        targets: Targets | None = None,
    ) -> StepOutput:
        """See `lianju.bot.verse.model.language_model.LanguageModel`."""
        history = np.concatenate((state[0][parent], token[:, None]), axis=1)
        carried = tuple(torch.from_numpy(array)[:, parent] for array in state[1:])
        logits, carried = self.logits(torch.from_numpy(history), carried)
        log_prob = logits.log_softmax(-1)
        allowed = log_prob if mask is None else log_prob + torch.from_numpy(mask[mask_row])
        top = allowed.topk(k)
        after = (history, *(tensor.numpy() for tensor in carried))
        scored = None if targets is None else log_prob.numpy()[targets]
        return StepOutput(top.values.numpy(), top.indices.numpy(), after, scored)

    @abstractmethod
    def logits(
        self, history: Tensor, carried: tuple[Tensor, ...]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Returns the logits of the next token [B, V] and what to carry to the next step."""


class RerunAllPositions(TorchModel):
    """The whole prefix through the whole network at every step."""

    def logits(
        self, history: Tensor, carried: tuple[Tensor, ...]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        return self.model(history)[0][:, -1], ()


class RerunLastPosition(TorchModel):
    """The whole prefix through the recurrent layers, the output layer for the last token alone."""

    def logits(
        self, history: Tensor, carried: tuple[Tensor, ...]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        features, _ = self.model.features(history)
        return self.model.output(features[:, -1]), ()


class Stepwise(TorchModel):
    """One token a step, the hidden state carried along."""

    def logits(
        self, history: Tensor, carried: tuple[Tensor, ...]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        tokens, state = (history[:, -1:], carried) if carried else (history, None)
        features, after = self.model.features(tokens, state)
        return self.model.output(features[:, -1]), after
