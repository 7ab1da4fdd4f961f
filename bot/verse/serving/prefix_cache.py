"""The prefix cache: prompts are consumed in few calls of the model, and none twice."""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from ..errors import SearchError
from ..model.language_model import LanguageModel, State, is_finite

__all__ = ["Prefix", "PrefixCache"]

Tokens = tuple[int, ...]

CACHED_BYTES = 8 << 20  # about 400 lines of seven characters with the bundle that ships


class Prefix(NamedTuple):
    """What a model reads before the first step of a search.

    Attributes:
        source: What an encoder reads; empty for a model without one.
        tokens: What the step graph reads after that.
    """

    source: Tokens
    tokens: Tokens

    def first(self, length: int) -> "Prefix":
        """Returns the prefix with so many of the tokens."""
        return Prefix(self.source, self.tokens[:length])


class PrefixCache:
    """Returns the hidden state after a prefix, computed from the longest one in the cache.

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
        self._cached: OrderedDict[Prefix, State] = OrderedDict()

    def states_after(self, prefixes: Iterable[Prefix]) -> dict[Prefix, State | Exception]:
        """Computes the states after prefixes.

        Sources of one length share a call, and so do prefixes that lack as many tokens after as
        many cached ones.

        Returns:
            The state after each, of one row; or the exception that the model raised.
        """
        found: dict[Prefix, State | Exception] = {}
        begun: dict[Prefix, Prefix] = {}
        starts: dict[Prefix, State | Exception] = {}  # referenced here: the cache may evict them
        sources: defaultdict[int, list[Prefix]] = defaultdict(list)
        for prefix in dict.fromkeys(prefixes):
            start = begun[prefix] = prefix.first(self._cached_length(prefix))
            state = self._state(start)
            if state is not None:
                starts[start] = state
            elif start not in sources[len(start.source)]:
                sources[len(start.source)].append(start)
        for group in sources.values():
            starts |= self._compute(group, self._encode)
        missing: defaultdict[tuple[int, int, int], list[Prefix]] = defaultdict(list)
        for prefix, start in begun.items():
            state_or_error = starts[start]
            if prefix == start or isinstance(state_or_error, Exception):
                found[prefix] = state_or_error
            else:
                sizes = len(start.source), len(start.tokens), len(prefix.tokens)
                missing[sizes].append(prefix)
        for (_, length, _), group in missing.items():
            found |= self._compute(group, partial(self._prefill, length=length, starts=starts))
        return found

    def _cached_length(self, prefix: Prefix) -> int:
        """The tokens of the longest cached prefix."""
        lengths = range(len(prefix.tokens), 0, -1)
        return next((n for n in lengths if prefix.first(n) in self._cached), 0)

    def _state(self, prefix: Prefix) -> State | None:
        """The state after a prefix that is cached or empty; None if its source is to be encoded."""
        if prefix in self._cached:
            self._cached.move_to_end(prefix)
            return self._cached[prefix]
        return None if prefix.source else self._start

    def _compute(
        self, prefixes: list[Prefix], states_of: Callable[[list[Prefix]], Sequence[State]]
    ) -> dict[Prefix, State | Exception]:
        """Computes states in one call and caches them; an exception stands for each of them."""
        try:
            states = dict(zip(prefixes, states_of(prefixes), strict=True))
        except Exception as error:  # other calls are not affected
            return dict.fromkeys(prefixes, error)
        found: dict[Prefix, State | Exception] = {}
        for prefix, state in states.items():
            if is_finite(state):
                found[prefix] = state
                self._add(prefix, state)
            else:
                found[prefix] = SearchError("model-fault")
        return found

    def _encode(self, prefixes: list[Prefix]) -> Sequence[State]:
        """Computes the states after sources of one length."""
        sources = np.array([prefix.source for prefix in prefixes], np.int64)
        return self._model.split(self._model.encode(sources))

    def _prefill(
        self, prefixes: list[Prefix], length: int, starts: Mapping[Prefix, State | Exception]
    ) -> Sequence[State]:
        """Computes the states after prefixes of one size from those after `length` tokens."""
        different = list(dict.fromkeys(prefix.first(length) for prefix in prefixes))
        found = (starts[start] for start in different)
        states = [state for state in found if not isinstance(state, Exception)]
        state = states[0] if len(states) == 1 else self._model.join(states)
        parent = np.array([different.index(prefix.first(length)) for prefix in prefixes])
        tokens = np.array([prefix.tokens[length:] for prefix in prefixes], np.int64).T
        return self._model.split(self._model.prefill(tokens, parent, state))

    def _add(self, prefix: Prefix, state: State) -> None:
        self._cached[prefix] = state
        self._bytes_left -= _size(state)
        while self._bytes_left < 0:
            _, evicted = self._cached.popitem(last=False)
            self._bytes_left += _size(evicted)


def _size(state: State) -> int:
    return sum(array.nbytes for array in state)
