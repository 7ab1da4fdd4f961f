"""The prefix cache: prompts are consumed in few calls of the model, and none twice."""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from ..errors import SearchError
from ..model.language_model import LanguageModel, State, is_finite

__all__ = ["PrefixCache"]

Tokens = tuple[int, ...]

CACHED_BYTES = 8 << 20  # about 400 lines of seven characters with the bundle that ships


class PrefixCache:
    """Returns the hidden state after a prompt, computed from the longest prefix in the cache.

    Many requests of a server begin with the same line, and the next line of a poem follows all
    lines before it: common prefixes are computed once. The least recently used are evicted.

    Args:
        model: The language model.
        cached_bytes: The size of the states in the cache.
    """

    def __init__(self, model: LanguageModel, cached_bytes: int = CACHED_BYTES) -> None:
        self._model = model
        self._start = model.initial_state()
        self._bytes_left = cached_bytes
        self._cached: OrderedDict[Tokens, State] = OrderedDict()

    def states_after(self, prompts: Iterable[Tokens]) -> dict[Tokens, State | Exception]:
        """Computes the states after prompts.

        Prompts with cached prefixes of one length and as many further tokens share a call.

        Returns:
            The state after each, of one row; or the exception that the model raised.
        """
        found: dict[Tokens, State | Exception] = {}
        prefixes: dict[Tokens, State] = {}  # referenced here, since the cache may evict them
        missing: defaultdict[tuple[int, int], dict[Tokens, None]] = defaultdict(dict)
        for prompt in prompts:
            length = self._cached_length(prompt)
            prefixes[prompt[:length]] = self._state(prompt[:length])
            if length == len(prompt):
                found[prompt] = prefixes[prompt]
            else:
                missing[length, len(prompt)][prompt] = None
        for (length, _), group in missing.items():
            try:
                states = dict(zip(group, self._prefill([*group], length, prefixes), strict=True))
            except Exception as error:  # the other prompts are not affected
                found |= dict.fromkeys(group, error)
                continue
            for prompt, state in states.items():
                if is_finite(state):
                    found[prompt] = state
                    self._add(prompt, state)
                else:
                    found[prompt] = SearchError("model-fault")
        return found

    def _cached_length(self, prompt: Tokens) -> int:
        """The length of the longest cached prefix."""
        return next((n for n in range(len(prompt), 0, -1) if prompt[:n] in self._cached), 0)

    def _state(self, prefix: Tokens) -> State:
        if not prefix:
            return self._start
        self._cached.move_to_end(prefix)
        return self._cached[prefix]

    def _prefill(
        self, prompts: Sequence[Tokens], length: int, prefixes: Mapping[Tokens, State]
    ) -> Sequence[State]:
        """Computes the states after prompts of one length from prefixes of `length` tokens."""
        different = list(dict.fromkeys(prompt[:length] for prompt in prompts))
        states = [prefixes[prefix] for prefix in different]
        state = states[0] if len(states) == 1 else self._model.join(states)
        parent = np.array([different.index(prompt[:length]) for prompt in prompts])
        tokens = np.array([prompt[length:] for prompt in prompts], np.int64).T
        return self._model.split(self._model.prefill(tokens, parent, state))

    def _add(self, prompt: Tokens, state: State) -> None:
        self._cached[prompt] = state
        self._bytes_left -= _size(state)
        while self._bytes_left < 0:
            _, evicted = self._cached.popitem(last=False)
            self._bytes_left += _size(evicted)


def _size(state: State) -> int:
    return sum(array.nbytes for array in state)
