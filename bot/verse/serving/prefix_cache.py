"""Reading prompts: many in one call of the model, and none twice."""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from ..model.language_model import LanguageModel, State, is_finite
from ..search.search import not_a_number

__all__ = ["PrefixCache"]

Tokens = tuple[int, ...]

CACHED_BYTES = 8 << 20  # some 400 lines of seven characters for the bundle that ships


class PrefixCache:
    """Gives the hidden state after a text, which it reads from the longest opening that it knows.

    A server plays with one line all evening, a poem's next line follows those before it: what they
    have in common is read once. The texts least recently asked for are forgotten first.

    Args:
        model: The language model.
        cached_bytes: What the states that are kept may take.
    """

    def __init__(self, model: LanguageModel, cached_bytes: int = CACHED_BYTES) -> None:
        self._model = model
        self._start = model.initial_state()
        self._bytes_left = cached_bytes
        self._known: OrderedDict[Tokens, State] = OrderedDict()

    def read(self, texts: Iterable[Tokens]) -> dict[Tokens, State | Exception]:
        """Reads texts; those that lack as many tokens of what is known go through one call.

        Returns:
            The state after each, of one row; or what the model raised instead.
        """
        found: dict[Tokens, State | Exception] = {}
        openings: dict[Tokens, State] = {}  # held here: meanwhile they may be forgotten
        unread: defaultdict[tuple[int, int], dict[Tokens, None]] = defaultdict(dict)
        for text in texts:
            length = self._known_opening(text)
            openings[text[:length]] = self._state(text[:length])
            if length == len(text):
                found[text] = openings[text]
            else:
                unread[length, len(text)][text] = None
        for (length, _), alike in unread.items():
            try:
                states = dict(zip(alike, self._resume([*alike], length, openings), strict=True))
            except Exception as error:  # the other texts go on
                found |= dict.fromkeys(alike, error)
                continue
            for text, state in states.items():
                if is_finite(state):
                    found[text] = state
                    self._keep(text, state)
                else:
                    found[text] = not_a_number()
        return found

    def _known_opening(self, text: Tokens) -> int:
        """How many of the first tokens are known together."""
        return next((n for n in range(len(text), 0, -1) if text[:n] in self._known), 0)

    def _state(self, opening: Tokens) -> State:
        if not opening:
            return self._start
        self._known.move_to_end(opening)
        return self._known[opening]

    def _resume(
        self, texts: Sequence[Tokens], length: int, known: Mapping[Tokens, State]
    ) -> Sequence[State]:
        """Reads what follows the first `length` tokens of texts that are equally long."""
        openings = list(dict.fromkeys(text[:length] for text in texts))
        states = [known[opening] for opening in openings]
        state = states[0] if len(states) == 1 else self._model.join(states)
        parent = np.array([openings.index(text[:length]) for text in texts])
        tokens = np.array([text[length:] for text in texts], np.int64).T
        return self._model.split(self._model.read(tokens, parent, state))

    def _keep(self, text: Tokens, state: State) -> None:
        self._known[text] = state
        self._bytes_left -= _size(state)
        while self._bytes_left < 0:
            _, forgotten = self._known.popitem(last=False)
            self._bytes_left += _size(forgotten)


def _size(state: State) -> int:
    return sum(array.nbytes for array in state)
