"""Many searches, one step of the model at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from .errors import LianjuError, SearchError
from .rules import Mask
from .search import Hypothesis, Search
from .step import FloatArray, IntArray, State, StepOutput, Stepper

__all__ = ["Batch", "Seat", "run_search"]


@dataclass(eq=False)
class Seat:
    """One search's place in a batch.

    Attributes:
        search: The search as of its last step.
        error: Why it ended early, if it did.
        first_row: Where its rows begin in the state.
    """

    search: Search
    error: LianjuError | None = None
    first_row: int = 0


@dataclass(eq=False)
class _Cohort:
    """Seats whose rows share a state."""

    state: State
    rows: int = 0
    seats: list[Seat] = field(default_factory=list)


class Batch:
    """Advances searches of any kind, width and progress together, one graph call a step.

    A newcomer joins at the next step, a finished search leaves at once. Where the model's state
    grows with age, searches that joined at different steps cannot share a call and take turns.
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
            seat.first_row = cohort.rows  # all start from the one new row
        cohort.seats += self._newcomers
        self._newcomers = []

    def _advance(self, cohort: _Cohort) -> list[Seat]:
        searches = [seat.search for seat in cohort.seats]
        tokens = [search.token for search in searches]
        k = max(search.k for search in searches)
        masks = [search.mask for search in searches] if k else []
        mask, mask_row = _share_masks(masks, list(map(len, tokens)))
        try:
            output = self._model.step(
                np.concatenate(tokens),
                np.concatenate([seat.search.parent + seat.first_row for seat in cohort.seats]),
                cohort.state,
                k,
                mask,
                mask_row,
                _join_targets(searches, tokens),
            )
        except Exception as error:  # whoever comes next starts afresh
            left, cohort.seats = cohort.seats, []
            for seat in left:
                seat.error = _as_search_error(error)
            return left
        cohort.state, cohort.rows = output.state, 0
        for seat, token in zip(cohort.seats, tokens, strict=True):
            seat.first_row, cohort.rows = cohort.rows, cohort.rows + len(token)
            rows = slice(seat.first_row, cohort.rows)
            try:
                seat.search = seat.search.advance(*_candidates(seat.search, output, rows))
            except Exception as error:  # the others go on
                seat.error = _as_search_error(error)
        left = [seat for seat in cohort.seats if seat.error or seat.search.done]
        cohort.seats = [seat for seat in cohort.seats if not (seat.error or seat.search.done)]
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


def _join_targets(searches: Sequence[Search], tokens: Sequence[IntArray]) -> IntArray | None:
    """The target of every row [rows], if any search has one; others get any token."""
    targets = [search.target for search in searches]
    if all(target is None for target in targets):
        return None
    pairs = zip(targets, tokens, strict=True)
    return np.concatenate([token if target is None else target for target, token in pairs])


def _candidates(search: Search, output: StepOutput, rows: slice) -> tuple[FloatArray, IntArray]:
    """What a step found for one search: its candidates, or its targets as the only ones."""
    if search.target is None or output.target_log_prob is None:
        return output.top_log_prob[rows], output.top_token[rows]
    return output.target_log_prob[rows, None], search.target[:, None]


def _share_masks(
    masks: Sequence[Mask], rows: Sequence[int]
) -> tuple[Mask, IntArray] | tuple[None, None]:
    """Stacks the different masks [masks, V] and tells which each row uses, [rows] or [1]."""
    if not masks:
        return None, None
    different = {id(mask): mask for mask in masks}
    if len(different) == 1:
        return masks[0][None], np.zeros(1, np.int64)
    place = {key: number for number, key in enumerate(different)}
    return np.stack(list(different.values())), np.repeat([place[id(mask)] for mask in masks], rows)
