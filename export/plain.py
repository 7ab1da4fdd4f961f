"""The plain ways to run the language model in PyTorch, as steppers for the same search.

Each reads the whole prompt in its first call, as such loops do: until the prompt is complete they
only collect it.

Shapes: B rows, T tokens so far, H hidden size, V vocabulary size.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import torch
from lianju.bot.verse.step import State, StepOutput
from lianju.training.model import LanguageModel
from torch import Tensor


class PlainStepper(ABC):
    """A language model in PyTorch behind a search, one search at a time.

    Its state is the tokens of every row [B, T], how many of them the model has read [B], then
    whatever a subclass carries.

    Args:
        model: in evaluation mode.
    """

    grows = True
    provider = "cpu"

    def __init__(self, model: LanguageModel) -> None:
        self.model = model

    def initial_state(self, rows: int = 1) -> State:
        """No token yet."""
        return (np.zeros((rows, 0), np.int64), np.zeros(rows, np.int64))

    def join(self, states: Sequence[State]) -> State:
        """Refuses: these ways know one search only."""
        raise NotImplementedError

    @torch.inference_mode()
    def step(
        self,
        token: np.ndarray,
        parent: np.ndarray,
        state: State,
        k: int,
        mask: np.ndarray | None = None,
        mask_row: np.ndarray | None = None,
        whole: bool = False,
        before: np.ndarray | None = None,
    ) -> StepOutput:
        """See `lianju.bot.verse.step.Stepper`; while no candidates are wanted it only collects.

        Args:
            token: consumed by each row [B].
            parent: the row of `state` that each row continues [B].
            state: after the step before.
            k: how many candidates.
            mask: additive [masks, V].
            mask_row: which mask each row uses [B].
            whole: whether all log-probabilities are wanted.
            before: consumed by each row ahead of `token` [S, B].
        """
        told = token[None] if before is None else np.concatenate((before, token[None]))
        history = np.concatenate((state[0][parent], told.T), axis=1)
        read = state[1][parent]
        carried = tuple(torch.from_numpy(array)[:, parent] for array in state[2:])
        if k == 0 and not whole:
            nothing = np.zeros((len(token), 0))
            after = (history, read, *(tensor.numpy() for tensor in carried))
            return StepOutput(nothing, nothing.astype(np.int64), after)
        unread = history.shape[1] - int(read[0])  # rows are of one age
        logits, carried = self.logits(torch.from_numpy(history), unread, carried)
        log_prob = logits.log_softmax(-1)
        allowed = log_prob if mask is None else log_prob + torch.from_numpy(mask[mask_row])
        top = allowed.topk(k)
        read = np.full_like(read, history.shape[1])
        after = (history, read, *(tensor.numpy() for tensor in carried))
        every = log_prob.numpy() if whole else None
        return StepOutput(top.values.numpy(), top.indices.numpy(), after, every)

    @abstractmethod
    def logits(
        self, history: Tensor, unread: int, carried: tuple[Tensor, ...]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Returns the logits of the next token [B, V] and what to carry to the next step.

        Args:
            history: all tokens [B, T].
            unread: how many of them `carried` does not know, the last ones.
            carried: from the step before; empty at first.
        """


class RerunAllPositions(PlainStepper):
    """The plainest: the whole prefix through the whole network at every step."""

    def logits(
        self, history: Tensor, unread: int, carried: tuple[Tensor, ...]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        return self.model(history)[0][:, -1], ()


class RerunLastPosition(PlainStepper):
    """The whole prefix through the recurrent layers, the output layer for the last token alone."""

    def logits(
        self, history: Tensor, unread: int, carried: tuple[Tensor, ...]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        features, _ = self.model.features(history)
        return self.model.output(features[:, -1]), ()


class Stepwise(PlainStepper):
    """What is new at each step, the hidden state carried along."""

    def logits(
        self, history: Tensor, unread: int, carried: tuple[Tensor, ...]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        features, after = self.model.features(history[:, -unread:], carried or None)
        return self.model.output(features[:, -1]), after
