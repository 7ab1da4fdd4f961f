"""One engine for everybody: a worker thread around the batch, with an asyncio face."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field

from .batch import Batch, Seat, level_of
from .errors import BusyError, DeadlineError, LianjuError, NothingAllowedError
from .memory import give_back_memory
from .prompts import PromptReader
from .search import Hypothesis, Search
from .step import Stepper

__all__ = ["Scheduler", "outcome"]

HANGING_S = 1.0  # how long after its deadline an asker is kept waiting for a step to end
IDLE_S = 1.0  # how long there must be nothing to do before memory goes back to the system


@dataclass(eq=False)
class _Ticket:
    """One asker's place in the engine.

    Attributes:
        waiting: Its seats whose search goes on.
    """

    searches: Sequence[Search]
    deadline: float
    future: Future[list[list[Hypothesis]]] = field(default_factory=Future)
    seats: list[Seat] = field(default_factory=list)
    waiting: set[Seat] = field(default_factory=set)


def outcome(seat: Seat) -> list[Hypothesis]:
    """What the search of a seat that has left found; nothing, if its rules left nothing.

    Raises:
        SearchError: The model failed.
    """
    if isinstance(seat.error, NothingAllowedError):
        return []
    if seat.error:
        raise seat.error
    return seat.search.result()


class Scheduler:
    """Runs searches for many askers at once, all in one thread of its own.

    Deadlines and cancellations are looked at between two steps. What an asker wants is as wide as
    all its searches together, and the narrow need not wait for the wide, see `Batch`. The thread
    starts with the first search and ends with `close`.

    Args:
        model: The language model; only the engine's thread calls it.
        capacity: How many places there are; one asker more is refused.
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
        self._taken = 0
        self._closed = False
        self._thread: threading.Thread | None = None

    @contextmanager
    def place(self) -> Iterator[None]:
        """Holds one of the places, in which one may `search` again and again.

        Raises:
            BusyError: All are taken, or the engine is closed.
        """
        with self._changed:
            if self._closed:
                raise _closing()
            if self._taken >= self._capacity:
                raise BusyError(
                    "Too many people are asking at once: try again in a moment.", "busy-full"
                )
            self._taken += 1
        try:
            yield
        finally:
            with self._changed:
                self._taken -= 1

    async def search(self, searches: Sequence[Search], deadline_s: float) -> list[list[Hypothesis]]:
        """Runs searches beside each other and those of others; cancelling the task abandons them.

        Whoever calls it holds a `place`.

        Args:
            searches: The searches, from their start.
            deadline_s: Seconds from now that they may take, their waiting included.

        Returns:
            What each found, which is nothing where its rules left nothing.

        Raises:
            BusyError: The engine is closed.
            DeadlineError: The deadline passed; it has what was found until then.
            SearchError: The model failed.
        """
        ticket = _Ticket(searches, self._clock() + deadline_s)
        with self._changed:
            if self._closed:
                raise _closing()
            self._arrivals.append(ticket)
            self._changed.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="lianju-engine", daemon=True)
                self._thread.start()
        try:
            async with asyncio.timeout(deadline_s + HANGING_S):
                return await asyncio.wrap_future(ticket.future)
        except TimeoutError:
            raise _late() from None

    def close(self) -> None:
        """Ends the engine after the step under way; whoever still waits gets a `BusyError`."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        batch = Batch(self._model, PromptReader(self._model))
        seated: dict[Seat, _Ticket] = {}
        while self._take_arrivals(batch, seated):
            self._dismiss(batch, seated)
            for seat in batch.step():
                if ticket := seated.pop(seat, None):
                    self._note(batch, seated, ticket, seat)
        for ticket in dict.fromkeys(seated.values()):
            self._settle(ticket, _closing())

    def _take_arrivals(self, batch: Batch, seated: dict[Seat, _Ticket]) -> bool:
        """Seats the arrivals, waiting for some if there is nothing to do; False once closed."""
        with self._changed:
            awaited = lambda: self._arrivals or seated or self._closed  # noqa: E731
            if not self._changed.wait_for(awaited, IDLE_S):
                give_back_memory()
                self._changed.wait_for(awaited)
            arrivals, self._arrivals = self._arrivals, []
        for ticket in arrivals:
            level = level_of(sum(search.width for search in ticket.searches))
            ticket.seats = [batch.join(search, level) for search in ticket.searches]
            ticket.waiting = set(ticket.seats)
            seated |= dict.fromkeys(ticket.seats, ticket)
        return not self._closed

    def _note(self, batch: Batch, seated: dict[Seat, _Ticket], ticket: _Ticket, seat: Seat) -> None:
        """A search has ended; its asker is answered with the last one, or the first that failed."""
        ticket.waiting.discard(seat)
        try:
            outcome(seat)
        except LianjuError as error:
            self._expel(batch, seated, ticket)
            self._settle(ticket, error)
            return
        if not ticket.waiting:
            self._settle(ticket, [outcome(each) for each in ticket.seats])

    def _dismiss(self, batch: Batch, seated: dict[Seat, _Ticket]) -> None:
        """Lets those go whose asker is gone or whose deadline has passed."""
        now = self._clock()
        for ticket in dict.fromkeys(seated.values()):
            if ticket.future.cancelled() or now >= ticket.deadline:
                self._expel(batch, seated, ticket)
                self._settle(ticket, _late([_so_far(seat) for seat in ticket.seats]))

    @staticmethod
    def _expel(batch: Batch, seated: dict[Seat, _Ticket], ticket: _Ticket) -> None:
        for seat in ticket.waiting:
            batch.leave(seat)
            seated.pop(seat, None)

    @staticmethod
    def _settle(ticket: _Ticket, found: list[list[Hypothesis]] | LianjuError) -> None:
        if not ticket.future.set_running_or_notify_cancel():
            return
        if isinstance(found, LianjuError):
            ticket.future.set_exception(found)
        else:
            ticket.future.set_result(found)


def _so_far(seat: Seat) -> list[Hypothesis]:
    return [] if seat.error else seat.search.so_far()


def _late(found: Sequence[list[Hypothesis]] = ()) -> DeadlineError:
    return DeadlineError(
        "The answer took too long: try again, or a smaller width.", "deadline", found
    )


def _closing() -> BusyError:
    return BusyError("Lianju is shutting down: ask again in a minute.", "busy-closing")
