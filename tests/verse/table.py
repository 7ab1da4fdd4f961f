"""A language model without a network: its state is the history of every row."""

import random

import numpy as np
from lianju.bot.verse.model.language_model import StepOutput

NEVER = -1  # fills the history before the first token
LONGEST = 24


class RandomTable:
    """Random log-probabilities for every prefix, the same for the same seed."""

    def __init__(self, seed, size, coarse):
        self._seed, self._size, self._coarse = seed, size, coarse

    def __call__(self, prefix):
        rng = random.Random(f"{self._seed}/{prefix}")  # noqa: S311 -- toy numbers
        if self._coarse:
            return [-float(rng.randint(1, 3)) for _ in range(self._size)]
        return [-rng.expovariate(0.5) for _ in range(self._size)]

    def score(self, prompt, tokens):
        """The sum of the log-probabilities of `tokens` after `prompt`."""
        return sum(self(prompt + tokens[:i])[token] for i, token in enumerate(tokens))


def random_table(seed, size, coarse=False):
    return RandomTable(seed, size, coarse)


class TableModel:
    """Looks log-probabilities up by the whole history, which is the hidden state [rows, LONGEST].

    Attributes:
        calls: Rows of every step so far.
        prefills: Steps and rows of every prefill so far.
    """

    state_grows = False
    provider = "cpu"

    def __init__(self, log_prob, size):
        self._log_prob, self._size = log_prob, size
        self.calls, self.prefills, self.releases = [], [], 0

    def initial_state(self, rows=1):
        return (np.full((rows, LONGEST), NEVER),)

    def join(self, states):
        return (np.concatenate([state for (state,) in states]),)

    def release_memory(self):
        self.releases += 1

    def split(self, state):
        return [(row[None],) for row in state[0]]

    def prefill(self, tokens, parent, state):
        self.prefills.append(tokens.shape)
        (after,) = state
        for token in tokens:
            after = self._after(token, parent, after)
            parent = np.arange(len(token))
        return (after,)

    def _after(self, token, parent, state):
        after = state[parent]
        after[np.arange(len(token)), (after != NEVER).sum(axis=1)] = token
        return after

    def histories(self, state):
        return [tuple(int(t) for t in row if t != NEVER) for row in state[0]]

    def step(self, token, parent, state, k, mask=None, mask_row=None, targets=None):
        self.calls.append(len(token))
        after = self._after(token, parent, state[0])
        scores = np.array([self._log_prob(history) for history in self.histories((after,))])
        found = None if targets is None else scores[targets]
        if mask is not None:
            scores = scores + mask[np.zeros(1, int) if mask_row is None else mask_row]
        order = np.argsort(-scores, axis=1, kind="stable")[:, : min(k, self._size)]
        return StepOutput(np.take_along_axis(scores, order, axis=1), order, (after,), found)
