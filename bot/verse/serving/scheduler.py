"""One engine for everybody: a worker thread around the batch, with an asyncio face."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from ..errors import BusyError, DeadlineError, NothingAllowedError
from ..model.language_model import LanguageModel
from ..search.search import Hypothesis, Job, Search, SearchResults
from .batch import Batch, Slot, model_failed, priority_class_of
from .prefix_cache import PrefixCache

__all__ = ["Scheduler", "outcome"]

STEP_GRACE_S = 1.0  # how long after its deadline an asker is kept waiting for a step to end
CLOSE_TIMEOUT_S = 10.0  # how long the engine is waited for in the end
IDLE_S = 1.0  # how long there must be nothing to do before memory goes back to the system
# After so much work of its own between two steps the engine lets other threads have the
# interpreter, which they would get from it only every sys.getswitchinterval(), by default 5 ms.
YIELD_AFTER_S = 1e-3
YIELD_S = 5e-5

_log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(eq=False)
class QueuedJob:
    """One asker's place in the engine.

    Attributes:
        seats: Of its searches.
        waiting: Those whose search goes on.
    """

    job: Job[Any]
    deadline: float
    future: Future[Any] = field(default_factory=Future)
    seats: list[Slot] = field(default_factory=list)
    waiting: set[Slot] = field(default_factory=set)


def outcome(seat: Slot) -> list[Hypothesis]:
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
    """Does the jobs of many askers at once, all in one thread of its own.

    The thread starts with the first asker and ends with `close`.

    Args:
        model: The language model; nobody else may call it meanwhile.
        capacity: How many askers may be waiting or running; one more is refused.
        clock: Monotonic seconds.
    """

    def __init__(
        self, model: LanguageModel, capacity: int = 64, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._model = model
        self._capacity = capacity
        self._clock = clock
        self._changed = threading.Condition()
        self._arrivals: list[QueuedJob] = []
        self._in_flight = 0
        self._closed = False
        self._thread: threading.Thread | None = None

    async def run(self, job: Job[T], deadline_s: float) -> T:
        """Does a job beside those of others; cancelling the task abandons it.

        Args:
            job: The job, not yet begun; only the engine's thread runs it.
            deadline_s: Seconds from now that it may take, its waiting included. Then a
                `DeadlineError` is thrown into it, and what it returns for that is its result.

        Returns:
            What the job returns.

        Raises:
            BusyError: `capacity` askers are here already, or the engine is closed.
            DeadlineError: The deadline passed.
            SearchError: The model failed.
            Exception: Whatever else the job raises.
        """
        ticket = QueuedJob(job, self._clock() + deadline_s)
        with self._changed:
            if self._closed:
                raise _closing()
            if self._in_flight >= self._capacity:
                raise BusyError(
                    "Too many people are asking at once: try again in a moment.", "busy-full"
                )
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="lianju-engine", daemon=True)
                thread.start()
                self._thread = thread
            self._in_flight += 1
            self._arrivals.append(ticket)
            self._changed.notify()
        try:
            async with asyncio.timeout(deadline_s + STEP_GRACE_S):
                result: T = await asyncio.wrap_future(ticket.future)
        except TimeoutError:
            raise _late() from None
        return result

    async def search(self, searches: Sequence[Search], deadline_s: float) -> SearchResults:
        """Runs searches beside each other and those of others; see `run`.

        Returns:
            What each found.
        """

        def job() -> Job[SearchResults]:
            return (yield searches)

        return await self.run(job(), deadline_s)

    def close(self) -> None:
        """Ends the engine after the step under way; whoever still waits gets a `BusyError`."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(CLOSE_TIMEOUT_S)
            if self._thread.is_alive():
                _log.warning("a step of the model hangs: the engine is left to it")

    def _run(self) -> None:
        worker = EngineLoop(self._model, self._clock, self._leave)
        while self._wait(worker):
            arrivals = self._take_arrivals(worker)
            try:
                worker.begin(arrivals)
                worker.step()
            except Exception:  # a fault of ours, not of the model's: whoever comes next is served
                _log.exception("fault in the engine")
                worker.fail_all(model_failed())
                worker = EngineLoop(self._model, self._clock, self._leave)
        self._take_arrivals(worker)
        worker.fail_all(_closing())

    def _leave(self) -> None:
        with self._changed:
            self._in_flight -= 1

    def _wait(self, worker: "EngineLoop") -> bool:
        """Waits until there is something to do; False once closed."""

        def awaited() -> bool:
            return bool(self._arrivals or worker.tickets or self._closed)

        with self._changed:
            is_idle = not self._changed.wait_for(awaited, IDLE_S)
        if is_idle:
            with suppress(Exception):  # whoever asks next will be told
                self._model.rest()
        with self._changed:
            self._changed.wait_for(awaited)
            return not self._closed

    def _take_arrivals(self, worker: "EngineLoop") -> list[QueuedJob]:
        with self._changed:
            arrivals, self._arrivals = self._arrivals, []
        worker.tickets |= dict.fromkeys(arrivals)
        return arrivals


class EngineLoop:
    """What the engine's thread does between two looks at who has come.

    Deadlines and cancellations are seen between two steps. What an asker wants is as wide as all
    its searches together, and the narrow need not wait for the wide, see `Batch`.

    Args:
        model: The language model.
        clock: Monotonic seconds.
        leave: Called for everyone who leaves.

    Attributes:
        tickets: Of all who are here, begun or not.
    """

    def __init__(
        self, model: LanguageModel, clock: Callable[[], float], leave: Callable[[], None]
    ) -> None:
        self._batch = Batch(model, PrefixCache(model))
        self._clock = clock
        self._leave = leave
        self._seated: dict[Slot, QueuedJob] = {}
        self._rested = time.perf_counter()
        self.tickets: dict[QueuedJob, None] = {}

    def begin(self, arrivals: Sequence[QueuedJob]) -> None:
        """Begins the jobs of some of those who are here."""
        for ticket in arrivals:
            if not self._is_gone(ticket):
                self._resume(ticket, partial(next, ticket.job))

    def step(self) -> None:
        """Lets those go who are late or gone, and advances the others."""
        for ticket in list(self.tickets):
            self._is_gone(ticket)
        left = self._batch.step()
        self._rested = time.perf_counter()  # others had the interpreter during the step
        for seat in left:
            if seat in self._seated:  # its asker may have failed by another seat
                self._note(self._seated.pop(seat), seat)

    def fail_all(self, reason: Exception) -> None:
        """Ends what everybody here wants."""
        for ticket in list(self.tickets):
            self._complete(ticket, error=reason)

    def _is_gone(self, ticket: QueuedJob) -> bool:
        """Lets somebody go who has gone already, or whose deadline has passed."""
        if ticket.future.cancelled():
            self._complete(ticket)
        elif self._clock() >= ticket.deadline:
            late = _late([_partial_results(seat) for seat in ticket.seats])
            self._resume(ticket, lambda: ticket.job.throw(late))
            if ticket in self.tickets:
                self._complete(ticket, error=late)
        return ticket not in self.tickets

    def _note(self, ticket: QueuedJob, seat: Slot) -> None:
        """A search has ended, perhaps the last one of its asker, perhaps with a failure."""
        ticket.waiting.discard(seat)
        if seat.error and not isinstance(seat.error, NothingAllowedError):
            self._complete(ticket, error=seat.error)
        elif not ticket.waiting:
            found = [outcome(each) for each in ticket.seats]
            self._resume(ticket, lambda: ticket.job.send(found))

    def _resume(self, ticket: QueuedJob, proceed: Callable[[], Sequence[Search]]) -> None:
        """Lets a job run until it wants searches, which are seated, or ends."""
        self._remove(ticket)
        if time.perf_counter() - self._rested > YIELD_AFTER_S:
            time.sleep(YIELD_S)
            self._rested = time.perf_counter()
        try:
            searches = proceed()
            while not searches:
                searches = ticket.job.send([])
            level = priority_class_of(sum(search.width for search in searches))
        except StopIteration as end:
            self._complete(ticket, end.value)
            return
        except Exception as error:
            self._complete(ticket, error=error)
            return
        ticket.seats = [self._batch.join(search, level) for search in searches]
        ticket.waiting = set(ticket.seats)
        self._seated |= dict.fromkeys(ticket.seats, ticket)

    def _remove(self, ticket: QueuedJob) -> None:
        for seat in ticket.waiting:
            self._batch.leave(seat)
            self._seated.pop(seat, None)

    def _complete(
        self, ticket: QueuedJob, result: object = None, error: Exception | None = None
    ) -> None:
        self._remove(ticket)
        ticket.job.close()
        del self.tickets[ticket]
        self._leave()
        if not ticket.future.set_running_or_notify_cancel():
            return
        if error:
            ticket.future.set_exception(error)
        else:
            ticket.future.set_result(result)


def _partial_results(seat: Slot) -> list[Hypothesis]:
    return [] if seat.error else seat.search.partial_results()


def _late(found: SearchResults | None = None) -> DeadlineError:
    return DeadlineError(
        "The answer took too long: try again, or a smaller width.", "deadline", found or ()
    )


def _closing() -> BusyError:
    return BusyError("Lianju is shutting down: ask again in a minute.", "busy-closing")
