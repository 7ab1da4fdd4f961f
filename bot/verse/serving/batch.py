"""Continuous batching: many searches share the steps of one model."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ...errors import LianjuError
from ...observer import NOBODY, Observer
from ..errors import SearchError
from ..model.language_model import FloatArray, IntArray, LanguageModel, State, StepOutput, Targets
from ..model.provider import Device
from ..search.search import Search, concatenate
from .fair_share import Demand, FairShare, step_cost
from .prefix_cache import Prefix, PrefixCache
from .step_input import step_input

__all__ = ["Batch", "Slot"]

PREFILL_TOKENS = 640  # of new prompts between two steps: they take as long as a wide step
# The largest number of rows of a priority class. On a CPU time and memory grow with the rows; on a
# GPU they hardly do.
MAX_ROWS: dict[Device, int] = {"cpu": 320, "cuda": 8192}


@dataclass(eq=False)
class Slot:
    """One search in a batch.

    Attributes:
        search: The search after its last step.
        priority_class: See `priority_class_of`.
        error: Why it ended early, if it did.
        rows: For each row of its last step, the row of the state.
        on_admitted: Called when there is room for it.
    """

    search: Search
    priority_class: int = 0
    error: LianjuError | None = None
    rows: IntArray = field(default_factory=lambda: np.zeros(1, np.int64))
    on_admitted: Callable[[], None] = lambda: None


@dataclass(eq=False)
class StateBatch:
    """Slots of one priority class whose rows share a state.

    Attributes:
        priority_class: Of the slots.
        length: Tokens that all rows have consumed if only states of equal length can be joined;
            else 0.
        state: The shared state.
        size: Rows of the state.
        slots: The slots.
    """

    priority_class: int
    length: int
    state: State = ()
    size: int = 0
    slots: list[Slot] = field(default_factory=list)

    @property
    def demand(self) -> Demand:
        """The next step."""
        rows = sum(len(slot.search.token) for slot in self.slots)
        return Demand(self.priority_class, step_cost(rows))


class Batch:
    """Runs searches of any kind, width and progress together.

    Searches of one priority class share each step of the model; `FairShare` chooses the class that
    takes the next step. A new search joins its class at the next step, after its prompt except the
    last token has been consumed in a call of its own, or waits while the class has its maximum of
    rows. A search that is done leaves at once.

    Args:
        model: The language model.
        prefix_cache: Computes the states after prompts; None caches nothing.
        observer: Is told of every step.
    """

    def __init__(
        self,
        model: LanguageModel,
        prefix_cache: PrefixCache | None = None,
        observer: Observer = NOBODY,
    ) -> None:
        self._model = model
        self._observer = observer
        self._prefix_cache = prefix_cache or PrefixCache(model, cached_bytes=0)
        self._fair_share = FairShare[StateBatch]()
        self._waiting: list[Slot] = []
        self._batches: list[StateBatch] = []

    def __len__(self) -> int:
        return len(self._waiting) + sum(len(batch.slots) for batch in self._batches)

    def add(
        self,
        search: Search,
        priority_class: int = 0,
        on_admitted: Callable[[], None] = lambda: None,
    ) -> Slot:
        """Adds a search."""
        slot = Slot(search, priority_class, on_admitted=on_admitted)
        self._waiting.append(slot)
        return slot

    def remove(self, slot: Slot) -> None:
        """Removes a search, if it is still there."""
        for slots in (self._waiting, *(batch.slots for batch in self._batches)):
            if slot in slots:
                slots.remove(slot)

    def step(self) -> list[Slot]:
        """Advances the searches of one priority class by one token.

        Returns:
            The slots that have left: with an `error`, or with a search that is done.
        """
        left = self._admit() if self._waiting else []
        self._drop_empty_batches()
        if self._batches:
            left += self._advance(self._next_batch())
            self._drop_empty_batches()
        return left

    def _next_batch(self) -> StateBatch:
        if len(self._batches) == 1:
            return self._batches[0]
        return self._fair_share.choose({batch: batch.demand for batch in self._batches})

    def _drop_empty_batches(self) -> None:
        for batch in [batch for batch in self._batches if not batch.slots]:
            self._batches.remove(batch)
            self._fair_share.forget(batch)

    def _admit(self) -> list[Slot]:
        """Consumes the prompts of waiting searches; returns those whose prompt failed."""
        admitted = self._take_waiting()
        for slot in admitted:
            slot.on_admitted()
        prefixes = {slot: Prefix(slot.search.source, slot.search.prompt[:-1]) for slot in admitted}
        states = self._prefix_cache.states_after(prefixes.values())
        failed: list[Slot] = []
        groups: defaultdict[tuple[int, int], dict[Slot, State]] = defaultdict(dict)
        for slot, prefix in prefixes.items():
            state = states[prefix]
            if isinstance(state, Exception):
                failed += _fail([slot], state)
            else:
                length = len(prefix.tokens) if self._model.state_grows else 0
                groups[slot.priority_class, length][slot] = state
        for (priority_class, length), group in groups.items():
            failed += self._join(priority_class, length, group)
        return failed

    def _take_waiting(self) -> list[Slot]:
        """Takes the searches for which there is room, in their order within each class."""
        rows = Counter[int]()
        for batch in self._batches:
            rows[batch.priority_class] += sum(slot.search.max_rows for slot in batch.slots)
        max_rows = MAX_ROWS[self._model.provider]
        tokens, taken, waiting, full = 0, [], [], set()
        for slot in self._waiting:
            priority_class, more = slot.priority_class, slot.search.max_rows
            too_many = 0 < rows[priority_class] > max_rows - more
            if priority_class in full or tokens > PREFILL_TOKENS or too_many:
                full.add(priority_class)
                waiting.append(slot)
            else:
                rows[priority_class] += more
                tokens += len(slot.search.source) + len(slot.search.prompt)
                taken.append(slot)
        self._waiting = waiting
        return taken

    def _join(self, priority_class: int, length: int, states: Mapping[Slot, State]) -> list[Slot]:
        """Adds slots with their states to the batch of their class and length.

        Returns:
            All of them, if their states cannot be joined.
        """
        key = (priority_class, length)
        batch = next((it for it in self._batches if (it.priority_class, it.length) == key), None)
        if batch is None:
            batch = StateBatch(priority_class, length)
            self._batches.append(batch)
        different = {id(state): state for state in states.values()}
        parts = [*([batch.state] if batch.size else []), *different.values()]
        try:
            state = parts[0] if len(parts) == 1 else self._model.join(parts)
        except Exception as error:  # the slots that are in the batch already go on
            return _fail(states, error)
        row = {state_id: np.array([batch.size + i]) for i, state_id in enumerate(different)}
        for slot, own in states.items():
            slot.rows = row[id(own)]
        batch.slots += states
        batch.size += len(different)
        batch.state = state
        return []

    def _advance(self, batch: StateBatch) -> list[Slot]:
        """Takes one step with a batch; returns the slots that have left."""
        slots = batch.slots
        searches = [slot.search for slot in slots]
        rows = step_input(searches, [slot.rows for slot in slots])
        began = time.perf_counter()
        try:
            output = self._model.step(
                rows.token,
                rows.parent,
                batch.state,
                max(search.k for search in searches),
                rows.mask,
                rows.mask_row,
                _targets(searches, rows.row),
            )
        except Exception as error:
            batch.slots = []
            return _fail(slots, error)
        self._observer.step_taken(len(rows.token), time.perf_counter() - began)
        batch.state, batch.size = output.state, len(rows.token)
        if self._model.state_grows:
            batch.length += 1
        _advance_slots(slots, output, rows.row)
        left = [slot for slot in slots if slot.error or slot.search.done]
        if left:
            batch.slots = [slot for slot in slots if not (slot.error or slot.search.done)]
        return left


def _fail(slots: Iterable[Slot], error: Exception) -> list[Slot]:
    """Sets the error of all slots and returns them."""
    if not isinstance(error, LianjuError):
        cause, error = error, SearchError("model-failed")
        error.__cause__ = cause
    failed = list(slots)
    for slot in failed:
        slot.error = error
    return failed


def _advance_slots(slots: Sequence[Slot], output: StepOutput, row: IntArray) -> None:
    """Advances the search of every slot; those with equal keys in one call.

    Args:
        slots: The slots of the step.
        output: The output of the step.
        row: The row of `output` for each row of the searches, one after another.
    """
    groups: defaultdict[Hashable, list[Slot]] = defaultdict(list)
    targets: dict[Slot, FloatArray] = {}
    begin = scored = 0
    for slot in slots:
        search = slot.search
        end = begin + len(search.token)
        slot.rows = row[begin:end]
        begin = end
        groups[type(search), search.batch_key].append(slot)
        if search.target is not None and output.target_log_prob is not None:
            targets[slot] = output.target_log_prob[scored : scored + len(search.target)]
            scored += len(search.target)
    for group in groups.values():
        searches = [slot.search for slot in group]
        if group[0] in targets:
            found = _as_candidates(group, targets)
        else:
            rows, k = concatenate([slot.rows for slot in group]), searches[0].k
            found = output.top_log_prob[rows, :k], output.top_token[rows, :k]
        after: Sequence[Search | Exception]
        try:
            after = type(searches[0]).advance_all(searches, *found)
        except Exception as error:  # the other groups go on
            after = [error] * len(group)
        for slot, it in zip(group, after, strict=True):
            if isinstance(it, Exception):
                _fail([slot], it)
            else:
                slot.search = it


def _targets(searches: Sequence[Search], row: IntArray) -> Targets | None:
    """Returns the targets of all searches, one search after another; None if none has any.

    Args:
        searches: The searches of a step.
        row: The row of the step for each row of the searches, one after another.
    """
    rows, tokens, begin = [], [], 0
    for search in searches:
        end = begin + len(search.token)
        if search.target is not None:
            rows.append(row[begin:end])
            tokens.append(search.target)
        begin = end
    return Targets(concatenate(rows), concatenate(tokens)) if rows else None


def _as_candidates(
    slots: Iterable[Slot], log_prob: Mapping[Slot, FloatArray]
) -> tuple[FloatArray, IntArray]:
    """Returns the targets of slots as the only candidates of their rows [rows, 1]."""
    tokens = [slot.search.target for slot in slots if slot.search.target is not None]
    found = concatenate([log_prob[slot] for slot in slots])
    return found[:, None], concatenate(tokens)[:, None]
