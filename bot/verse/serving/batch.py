"""Many searches, one step of the model at a time."""

import bisect
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ...errors import LianjuError
from ..errors import SearchError
from ..model.language_model import FloatArray, IntArray, LanguageModel, State, StepOutput
from ..search.beam import BeamSearch, advance_beams
from ..search.search import Hypothesis, Search, joined
from .prefix_cache import PrefixCache

__all__ = ["Batch", "Slot", "model_failed", "priority_class_of", "run_search"]

# Rows of an asker up to which its searches count as narrow, less narrow, ...
PRIORITY_CLASS_ROWS = (8, 32, 128)
STEP_WORK = 8  # what a call costs beside its rows, in rows
READ_TOKENS = 640  # what newcomers may read between two steps: as long as a wide step takes
# What one level may have at once. On a CPU, more rows take as much longer as they are more, and
# more memory; a GPU takes them at little more than the price of one.
MAX_ROWS = {"cpu": 320, "cuda": 8192}


def priority_class_of(rows: int) -> int:
    """How wide an asker's searches are together; narrower ones need not wait for wider ones."""
    return bisect.bisect_left(PRIORITY_CLASS_ROWS, rows)


@dataclass(eq=False)
class Slot:
    """One search's place in a batch.

    Attributes:
        search: The search as of its last step.
        level: How wide it and what else its asker wants are, see `priority_class_of`.
        error: Why it ended early, if it did.
        rows: The row of the state of each row of its last step.
    """

    search: Search
    level: int = 0
    error: LianjuError | None = None
    rows: IntArray = field(default_factory=lambda: np.zeros(1, np.int64))


@dataclass(eq=False)
class StateBatch:
    """Seats of one level whose rows share a state.

    Attributes:
        age: Tokens that all its rows have consumed, where the state tells; else 0.
        size: Rows of the state.
        credit: Its share of what the narrowest level was given, less its own steps, in rows.
    """

    level: int
    age: int
    state: State = ()
    size: int = 0
    seats: list[Slot] = field(default_factory=list)
    credit: float = 0.0

    @property
    def work(self) -> int:
        """What its next step costs, in rows."""
        return STEP_WORK + sum(len(seat.search.token) for seat in self.seats)

    def fail(self, error: Exception) -> list[Slot]:
        """Fails all its seats, and gives them back; whoever comes next starts afresh."""
        failed, self.seats, self.size = self.seats, [], 0
        for seat in failed:
            seat.error = _as_search_error(error)
        return failed


class Batch:
    """Advances searches of any kind, width and progress together, one graph call a step.

    A newcomer's prompt is read, but for its last token, in a call of its own, and it joins at the
    next step, unless its level has its full number of rows; a finished search leaves at once. Rows
    that continue one row by one token are the same and computed once, be they of one search or of
    several.

    Searches of one level share a step. The narrowest level has half of the machine, if it wants it,
    and the wider ones share the other half: so a narrow search takes at most twice the time that
    it takes beside others of its level, and wide ones go on all the same.

    Where the model's state grows with age and cannot be padded, searches of different age cannot
    share a call either.

    Args:
        model: The language model.
        reader: Reads the prompts; None reads each anew.
    """

    def __init__(self, model: LanguageModel, reader: PrefixCache | None = None) -> None:
        self._model = model
        self._reader = reader or PrefixCache(model, cached_bytes=0)
        self._newcomers: list[Slot] = []
        self._cohorts: list[StateBatch] = []

    def __len__(self) -> int:
        return len(self._newcomers) + sum(len(cohort.seats) for cohort in self._cohorts)

    def join(self, search: Search, level: int = 0) -> Slot:
        """Takes a search in; its first step is the next of its level."""
        seat = Slot(search, level)
        self._newcomers.append(seat)
        return seat

    def leave(self, seat: Slot) -> None:
        """Lets a search go before its end."""
        for seats in (self._newcomers, *(cohort.seats for cohort in self._cohorts)):
            if seat in seats:
                seats.remove(seat)

    def step(self) -> list[Slot]:
        """Advances the searches of one level by one token.

        Returns:
            The seats that left: with an `error`, or with a search that is done.
        """
        left = self._admit() if self._newcomers else []
        self._drop_empty_batches()  # somebody may have left
        if self._cohorts:
            left += self._advance(self._next_batch())
            self._drop_empty_batches()
        return left

    def _drop_empty_batches(self) -> None:
        """Lets cohorts go that nobody is in any more, and their states with them."""
        self._cohorts = [cohort for cohort in self._cohorts if cohort.seats]

    def _next_batch(self) -> StateBatch:
        """The widest cohort that has waited long enough, or the narrowest."""
        if len(self._cohorts) == 1:
            return self._cohorts[0]
        waited = [cohort for cohort in self._cohorts if cohort.credit >= cohort.work]
        if waited:
            turn = max(waited, key=lambda cohort: (cohort.level, cohort.credit))
        else:
            turn = min(self._cohorts, key=lambda cohort: cohort.level)
        narrowest = min(cohort.level for cohort in self._cohorts)
        if turn.level == narrowest:
            wider = [cohort for cohort in self._cohorts if cohort.level > narrowest]
            for cohort in self._cohorts:
                if cohort is not turn:
                    share = len(wider) if cohort in wider else 1
                    cohort.credit += turn.work / share
        turn.credit = max(0.0, turn.credit - turn.work)
        return turn

    def _admit(self) -> list[Slot]:
        """Reads the prompts of newcomers and seats them; returns those whose prompt failed."""
        newcomers = self._choose_newcomers()
        read = self._reader.read(dict.fromkeys(seat.search.prompt[:-1] for seat in newcomers))
        failed: list[Slot] = []
        groups: defaultdict[tuple[int, int], dict[Slot, State]] = defaultdict(dict)
        for seat in newcomers:
            text = seat.search.prompt[:-1]
            state = read[text]
            if isinstance(state, Exception):
                seat.error = _as_search_error(state)
                failed.append(seat)
            else:
                groups[seat.level, len(text) if self._model.grows else 0][seat] = state
        for (level, age), states in groups.items():
            failed += self._seat(level, age, states)
        return failed

    def _choose_newcomers(self) -> list[Slot]:
        """Those for whom there is room, first come, first served within each level."""
        rows = Counter[int]()
        for cohort in self._cohorts:
            rows[cohort.level] += sum(seat.search.width for seat in cohort.seats)
        most = MAX_ROWS[self._model.provider]
        tokens, chosen, waiting, full = 0, [], [], set()
        for seat in self._newcomers:
            level, more = seat.level, seat.search.width
            if level in full or tokens > READ_TOKENS or 0 < rows[level] > most - more:
                full.add(level)
                waiting.append(seat)
            else:
                rows[level] += more
                tokens += len(seat.search.prompt)
                chosen.append(seat)
        self._newcomers = waiting
        return chosen

    def _seat(self, level: int, age: int, states: Mapping[Slot, State]) -> list[Slot]:
        """Puts newcomers of one level and age behind those who are there.

        Returns:
            All of them, if their states cannot be put together.
        """
        cohort = next(
            (each for each in self._cohorts if (each.level, each.age) == (level, age)), None
        )
        if cohort is None:
            cohort = StateBatch(level, age)
            self._cohorts.append(cohort)
        different = {id(state): state for state in states.values()}
        parts = [*([cohort.state] if cohort.size else []), *different.values()]
        try:
            state = parts[0] if len(parts) == 1 else self._model.join(parts)
        except Exception as error:  # who is there already goes on
            for seat in states:
                seat.error = _as_search_error(error)
            return list(states)
        place = {key: np.array([cohort.size + i]) for i, key in enumerate(different)}
        for seat, own in states.items():
            seat.rows = place[id(own)]
        cohort.seats += states
        cohort.size += len(different)
        cohort.state = state
        return []

    def _advance(self, cohort: StateBatch) -> list[Slot]:
        seats = cohort.seats
        searches = [seat.search for seat in seats]
        tokens = [search.token for search in searches]
        mask, mask_row = _share_masks(searches, tokens)
        token = joined(tokens)
        parent = joined([seat.rows[seat.search.parent] for seat in seats])
        distinct, row = _merge(token, parent, mask_row)
        try:
            output = self._model.step(
                distinct.token,
                distinct.parent,
                cohort.state,
                max(search.k for search in searches),
                mask,
                distinct.mask_row,
                any(search.target is not None for search in searches),
            )
        except Exception as error:
            return cohort.fail(error)
        cohort.state, cohort.size = output.state, len(distinct.token)
        if self._model.grows:
            cohort.age += 1
        _move_on(seats, output, row, [len(token) for token in tokens])
        left = [seat for seat in seats if seat.error or seat.search.done]
        if left:
            cohort.seats = [seat for seat in seats if not (seat.error or seat.search.done)]
        return left


def run_search(model: LanguageModel, search: Search) -> list[Hypothesis]:
    """Runs one search alone, to its end.

    Raises:
        SearchError: Nothing is allowed, or the model failed.
    """
    batch = Batch(model)
    seat = batch.join(search)
    while batch:
        batch.step()
    if seat.error:
        raise seat.error
    return seat.search.result()


def model_failed() -> SearchError:
    """What is raised where a step or what is done with it failed."""
    return SearchError(
        "The model failed in the middle of a line: please try again.", "model-failed"
    )


def _as_search_error(error: Exception) -> LianjuError:
    if isinstance(error, LianjuError):
        return error
    fault = model_failed()
    fault.__cause__ = error
    return fault


class _Rows(NamedTuple):
    """What the rows of a step have, each [rows]; one mask for all is [1]."""

    token: IntArray
    parent: IntArray
    mask_row: IntArray


def _merge(token: IntArray, parent: IntArray, mask_row: IntArray) -> tuple[_Rows, IntArray]:
    """The rows that differ, and which of them each of the given ones is [rows]."""
    key = (mask_row * (int(parent.max()) + 1) + parent) * (int(token.max()) + 1) + token
    if len(set(key.tolist())) == len(key):  # as a beam's rows always do
        return _Rows(token, parent, mask_row), np.arange(len(key))
    _, first, row = np.unique(key, return_index=True, return_inverse=True)
    shared = mask_row if len(mask_row) == 1 else mask_row[first]
    return _Rows(token[first], parent[first], shared), row


def _move_on(seats: Sequence[Slot], output: StepOutput, row: IntArray, counts: list[int]) -> None:
    """Gives every search what the step found for it; beams that are alike go on together.

    Args:
        row: The row of `output` for each row of all searches.
        counts: Rows of each search.
    """
    groups: defaultdict[Hashable, list[Slot]] = defaultdict(list)
    begin = 0
    for seat, count in zip(seats, counts, strict=True):
        seat.rows = row[begin : begin + count]
        begin += count
        search = seat.search
        groups[search.alike if isinstance(search, BeamSearch) else seat].append(seat)
    for group in groups.values():
        searches = [seat.search for seat in group]
        found = _candidates(searches[0], output, joined([seat.rows for seat in group]))
        for seat, after in zip(group, _advanced(searches, *found), strict=True):
            if isinstance(after, Exception):  # the others go on
                seat.error = _as_search_error(after)
            else:
                seat.search = after


def _advanced(
    searches: Sequence[Search], top_log_prob: FloatArray, top_token: IntArray
) -> Sequence[Search | Exception]:
    """Searches that are alike after a step, or what they raised."""
    try:
        beams = [search for search in searches if isinstance(search, BeamSearch)]
        if beams:
            return advance_beams(beams, top_log_prob, top_token)
        return [searches[0].advance(top_log_prob, top_token)]
    except Exception as error:
        return [error] * len(searches)


def _candidates(search: Search, output: StepOutput, rows: IntArray) -> tuple[FloatArray, IntArray]:
    """What a step found for one search: its candidates, or its targets as the only ones."""
    if search.target is None or output.log_prob is None:
        return output.top_log_prob[rows, : search.k], output.top_token[rows, : search.k]
    return output.log_prob[rows, search.target][:, None], search.target[:, None]


def _share_masks(
    searches: Sequence[Search], tokens: Sequence[IntArray]
) -> tuple[npt.NDArray[np.float32] | None, IntArray]:
    """Stacks the different masks [masks, V], and tells which each row uses, [rows] or [1].

    Searches that want no candidates take any.
    """
    if len(searches) == 1:
        return searches[0].mask[None], np.zeros(1, np.int64)
    masks = [search.mask if search.k else None for search in searches]
    different = {id(mask): mask for mask in masks if mask is not None}
    if len(different) < 2:
        one = next(iter(different.values()), None)
        return None if one is None else one[None], np.zeros(1, np.int64)
    place = {key: number for number, key in enumerate(different)}
    uses = [0 if mask is None else place[id(mask)] for mask in masks]
    return np.stack(list(different.values())), np.repeat(uses, [len(token) for token in tokens])
