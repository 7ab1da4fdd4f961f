"""Many searches, one step of the model at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .errors import LianjuError, SearchError
from .search import Hypothesis, Search
from .step import FloatArray, IntArray, State, StepOutput, Stepper

__all__ = ["Batch", "Seat", "run_search"]


@dataclass(eq=False)
class Seat:
    """One search's place in a batch.

    Attributes:
        search: The search as of its last step.
        error: Why it ended early, if it did.
        rows: The row of the state of each row of its last step.
    """

    search: Search
    error: LianjuError | None = None
    rows: IntArray = field(default_factory=lambda: np.zeros(1, np.int64))


@dataclass(eq=False)
class _Cohort:
    """Seats whose rows share a state.

    Attributes:
        size: Rows of the state.
    """

    state: State
    size: int = 0
    seats: list[Seat] = field(default_factory=list)


class Batch:
    """Advances searches of any kind, width and progress together, one graph call a step.

    A newcomer joins at the next step, a finished search leaves at once. Rows that continue one row
    by one token are the same and computed once, be they of one search or of several: all read the
    same prompt, or have drawn the same so far. Where the model's state grows with age, searches
    that joined at different steps cannot share a call and take turns.
    """

    def __init__(self, model: Stepper) -> None:
        self._model = model
        self._newcomers: list[Seat] = []
        self._cohorts: list[_Cohort] = []

    def __len__(self) -> int:
        return len(self._newcomers) + sum(len(cohort.seats) for cohort in self._cohorts)

    def join(self, search: Search) -> Seat:
        """Takes a search in; its first step is the batch's next."""
        seat = Seat(search)
        self._newcomers.append(seat)
        return seat

    def leave(self, seat: Seat) -> None:
        """Lets a search go before its end."""
        for seats in (self._newcomers, *(cohort.seats for cohort in self._cohorts)):
            if seat in seats:
                seats.remove(seat)

    def step(self) -> list[Seat]:
        """Advances every search by one token.

        Returns:
            The seats that left: with an `error`, or with a search that is done.
        """
        self._cohorts = [cohort for cohort in self._cohorts if cohort.seats]
        self._admit()
        return [seat for cohort in self._cohorts for seat in self._advance(cohort)]

    def _admit(self) -> None:
        if not self._newcomers:
            return
        start = self._model.initial_state()
        if self._cohorts and not self._model.grows:
            cohort = self._cohorts[0]
            cohort.state = self._model.join((cohort.state, start))
        else:
            cohort = _Cohort(start)
            self._cohorts.append(cohort)
        for seat in self._newcomers:
            seat.rows = np.array([cohort.size])  # all start from the one new row
        cohort.seats += self._newcomers
        self._newcomers = []

    def _advance(self, cohort: _Cohort) -> list[Seat]:
        seats = cohort.seats
        searches = [seat.search for seat in seats]
        tokens = [search.token for search in searches]
        mask, mask_row = _share_masks(searches, tokens)
        distinct, row = _merge(
            np.concatenate(tokens),
            np.concatenate([seat.rows[seat.search.parent] for seat in seats]),
            mask_row,
        )
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
        except Exception as error:  # whoever comes next starts afresh
            cohort.seats = []
            for seat in seats:
                seat.error = _as_search_error(error)
            return seats
        cohort.state, cohort.size = output.state, len(distinct.token)
        ends = np.cumsum([len(token) for token in tokens])[:-1]
        for seat, rows in zip(seats, np.split(row, ends), strict=True):
            seat.rows = rows
            try:
                seat.search = seat.search.advance(*_candidates(seat.search, output, rows))
            except Exception as error:  # the others go on
                seat.error = _as_search_error(error)
        left = [seat for seat in seats if seat.error or seat.search.done]
        cohort.seats = [seat for seat in seats if not (seat.error or seat.search.done)]
        return left


def run_search(model: Stepper, search: Search) -> list[Hypothesis]:
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


def _as_search_error(error: Exception) -> LianjuError:
    if isinstance(error, LianjuError):
        return error
    fault = SearchError(
        "The model failed in the middle of a line: please try again.", "model-failed"
    )
    fault.__cause__ = error
    return fault


class _Rows(NamedTuple):
    """What the rows of a step have, each [rows]; one mask for all is [1]."""

    token: IntArray
    parent: IntArray
    mask_row: IntArray


def _merge(token: IntArray, parent: IntArray, mask_row: IntArray) -> tuple[_Rows, IntArray]:
    """The rows that differ, and which of them each of the given ones is [rows]."""
    key = (mask_row * (parent.max() + 1) + parent) * (token.max() + 1) + token
    _, first, row = np.unique(key, return_index=True, return_inverse=True)
    shared = mask_row if len(mask_row) == 1 else mask_row[first]
    return _Rows(token[first], parent[first], shared), row


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
    masks = [search.mask if search.k else None for search in searches]
    different = {id(mask): mask for mask in masks if mask is not None}
    if len(different) < 2:
        one = next(iter(different.values()), None)
        return None if one is None else one[None], np.zeros(1, np.int64)
    place = {key: number for number, key in enumerate(different)}
    uses = [0 if mask is None else place[id(mask)] for mask in masks]
    return np.stack(list(different.values())), np.repeat(uses, [len(token) for token in tokens])
