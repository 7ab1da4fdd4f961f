"""One engine for everybody: a worker thread around the batch, with an asyncio face."""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from .batch import Batch, Seat
from .errors import BusyError, DeadlineError, LianjuError
from .search import Hypothesis, Search
from .step import Stepper

__all__ = ["Scheduler"]


@dataclass(eq=False)
class _Ticket:
    """One asker's place in the engine."""

    search: Search
    deadline: float
    future: Future[list[Hypothesis]] = field(default_factory=Future)


class Scheduler:
    """Runs searches for many askers at once, all in one thread of its own.

    Deadlines and cancellations are looked at between two steps. The thread starts with the first
    search and ends with `close`.

    Args:
        model: The language model; only the engine's thread calls it.
        capacity: How many searches may be waiting or running; one more is refused.
        clock: Monotonic seconds.
    """

    def __init__(
        self, model: Stepper, capacity: int = 64, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._model = model
        self._capacity = capacity
        self._clock = clock
        self._changed = threading.Condition()
        self._arrivals: list[_Ticket] = []
        self._in_flight = 0
        self._closed = False
        self._thread: threading.Thread | None = None

    async def search(self, search: Search, deadline_s: float) -> list[Hypothesis]:
        """Runs a search beside those of others; cancelling the task abandons it.

        Args:
            search: The search, from its start.
            deadline_s: Seconds from now that it may take, its waiting included.

        Raises:
            BusyError: `capacity` searches are here already, or the engine is closed.
            DeadlineError: The deadline passed.
            SearchError: Nothing is allowed, or the model failed.
        """
        ticket = _Ticket(search, self._clock() + deadline_s)
        with self._changed:
            if self._closed:
                raise _closing()
            if self._in_flight >= self._capacity:
                raise BusyError(
                    "Too many people are asking at once: try again in a moment.", "busy-full"
                )
            self._in_flight += 1
            self._arrivals.append(ticket)
            self._changed.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="lianju-engine", daemon=True)
                self._thread.start()
        return await asyncio.wrap_future(ticket.future)

    def close(self) -> None:
        """Ends the engine after the step under way; whoever still waits gets a `BusyError`."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        batch = Batch(self._model)
        seated: dict[Seat, _Ticket] = {}
        while self._take_arrivals(batch, seated):
            self._dismiss(batch, seated)
            for seat in batch.step():
                self._settle(seated.pop(seat), seat.error or seat.search.result())
        for ticket in seated.values():
            self._settle(ticket, _closing())

    def _take_arrivals(self, batch: Batch, seated: dict[Seat, _Ticket]) -> bool:
        """Seats the arrivals, waiting for some if there is nothing to do; False once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._arrivals or seated or self._closed)
            arrivals, self._arrivals = self._arrivals, []
        seated |= {batch.join(ticket.search): ticket for ticket in arrivals}
        return not self._closed

    def _dismiss(self, batch: Batch, seated: dict[Seat, _Ticket]) -> None:
        """Lets those go whose asker is gone or whose deadline has passed."""
        now = self._clock()
        for seat, ticket in list(seated.items()):
            if ticket.future.cancelled() or now >= ticket.deadline:
                batch.leave(seat)
                late = DeadlineError(
                    "The answer took too long: try again, or a smaller width.", "deadline"
                )
                self._settle(seated.pop(seat), late)

    def _settle(self, ticket: _Ticket, outcome: list[Hypothesis] | LianjuError) -> None:
        with self._changed:
            self._in_flight -= 1
        if not ticket.future.set_running_or_notify_cancel():
            return
        if isinstance(outcome, LianjuError):
            ticket.future.set_exception(outcome)
        else:
            ticket.future.set_result(outcome)


def _closing() -> BusyError:
    return BusyError("Lianju is shutting down: ask again in a minute.", "busy-closing")
