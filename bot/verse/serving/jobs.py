"""Jobs: generators that yield searches, all run in one batch."""

import math
import time
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from ...observer import NOBODY, Observer
from ..errors import DeadlineError, NothingAllowedError
from ..model.language_model import LanguageModel
from ..search.search import Job, Search
from .batch import Batch, Slot
from .fair_share import priority_class_of
from .prefix_cache import PrefixCache

__all__ = ["JobRunner", "QueuedJob", "run_job"]

# After so much work of its own between two steps the runner lets other threads run, which would
# otherwise have to wait for sys.getswitchinterval(), by default 5 ms.
YIELD_AFTER_S = 1e-3
YIELD_S = 5e-5

T = TypeVar("T")


@dataclass(eq=False)
class QueuedJob:
    """A job of one client.

    Attributes:
        job: The job.
        deadline: In seconds of the runner's clock.
        group: Whose share of the queue it takes.
        future: The result.
        slots: The searches that it has yielded last.
        running: Those of them that are not done.
        arrived_at: When it was made, in seconds of `time.perf_counter`.
        started_at: When there was room for the first of its searches; None while it waits.
    """

    job: Job[Any]
    deadline: float = math.inf
    group: Hashable | None = None
    future: Future[Any] = field(default_factory=Future)
    slots: list[Slot] = field(default_factory=list)
    running: set[Slot] = field(default_factory=set)
    arrived_at: float = field(default_factory=time.perf_counter)
    started_at: float | None = None


class JobRunner:
    """Runs jobs together: the one loop that drives a batch is a repeated call of `step`.

    Deadlines and cancellations take effect between two steps. The priority class of a job's
    searches follows from the rows of all of them.

    Args:
        model: The language model.
        prefix_cache: Computes the states after prompts; None caches nothing.
        clock: Monotonic seconds.
        on_complete: Called with every job that has ended.
        yields: Whether it lets other threads run between jobs.
        observer: Is told of jobs that start and end, and of steps.

    Attributes:
        jobs: All jobs that have not ended, started or not.
    """

    def __init__(
        self,
        model: LanguageModel,
        prefix_cache: PrefixCache | None,
        clock: Callable[[], float] = time.monotonic,
        on_complete: Callable[[QueuedJob], None] = lambda _: None,
        yields: bool = False,
        observer: Observer = NOBODY,
    ) -> None:
        self._batch = Batch(model, prefix_cache, observer)
        self._observer = observer
        self._clock = clock
        self._on_complete = on_complete
        self._yields = yields
        self._last_yield = time.perf_counter()
        self._job_of: dict[Slot, QueuedJob] = {}
        self.jobs: dict[QueuedJob, None] = {}

    def add(self, jobs: Iterable[QueuedJob]) -> None:
        """Adds jobs."""
        self.jobs |= dict.fromkeys(jobs)

    def start(self, jobs: Iterable[QueuedJob]) -> None:
        """Starts jobs that have been added."""
        for job in jobs:
            if not self._end_if_over(job):
                self._resume(job, partial(next, job.job))

    def step(self) -> None:
        """Ends jobs that are cancelled or late, and advances the others."""
        for job in list(self.jobs):
            self._end_if_over(job)
        left = self._batch.step()
        self._last_yield = time.perf_counter()  # other threads can run during a step
        for slot in left:
            if slot in self._job_of:  # its job may have failed because of another slot
                self._search_ended(self._job_of.pop(slot), slot)

    def fail_all(self, error: Exception) -> None:
        """Ends all jobs with an error."""
        for job in list(self.jobs):
            self._complete(job, error=error)

    def _end_if_over(self, job: QueuedJob) -> bool:
        """Ends a job that is cancelled or past its deadline; returns whether it has ended."""
        if job.future.cancelled():
            self._complete(job)
        elif self._clock() >= job.deadline:
            late = DeadlineError(
                [[] if slot.error else slot.search.partial_results() for slot in job.slots]
            )
            self._resume(job, partial(job.job.throw, late))
            if job in self.jobs:  # it has yielded more searches
                self._complete(job, error=late)
        return job not in self.jobs

    def _search_ended(self, job: QueuedJob, slot: Slot) -> None:
        job.running.discard(slot)
        if slot.error and not isinstance(slot.error, NothingAllowedError):
            self._complete(job, error=slot.error)
        elif not job.running:
            results = [[] if each.error else each.search.result() for each in job.slots]
            self._resume(job, partial(job.job.send, results))

    def _resume(self, job: QueuedJob, proceed: Callable[[], Sequence[Search]]) -> None:
        """Runs a job until it yields searches, which are added to the batch, or ends."""
        self._remove_searches(job)
        if self._yields and time.perf_counter() - self._last_yield > YIELD_AFTER_S:
            time.sleep(YIELD_S)
            self._last_yield = time.perf_counter()
        try:
            searches = proceed()
            while not searches:
                searches = job.job.send([])
            priority_class = priority_class_of(sum(search.max_rows for search in searches))
        except StopIteration as end:
            self._complete(job, end.value)
            return
        except Exception as error:
            self._complete(job, error=error)
            return
        start = partial(self._job_started, job)
        job.slots = [self._batch.add(search, priority_class, start) for search in searches]
        job.running = set(job.slots)
        self._job_of |= dict.fromkeys(job.slots, job)

    def _job_started(self, job: QueuedJob) -> None:
        if job.started_at is None:
            job.started_at = time.perf_counter()
            self._observer.job_started()

    def _remove_searches(self, job: QueuedJob) -> None:
        for slot in job.running:
            self._batch.remove(slot)
            self._job_of.pop(slot, None)

    def _complete(
        self, job: QueuedJob, result: object = None, error: Exception | None = None
    ) -> None:
        self._remove_searches(job)
        job.slots, job.running = [], set()  # they refer to the job: a cycle would keep the model
        job.job.close()
        del self.jobs[job]
        now = time.perf_counter()
        ran_s = None if job.started_at is None else now - job.started_at
        self._observer.job_ended(now - job.arrived_at - (ran_s or 0), ran_s)
        self._on_complete(job)
        if not job.future.set_running_or_notify_cancel():
            return
        if error:
            job.future.set_exception(error)
        else:
            job.future.set_result(result)


def run_job(model: LanguageModel, job: Job[T], prefix_cache: PrefixCache | None = None) -> T:
    """Runs one job in the calling thread.

    Args:
        model: The language model.
        job: The job, not yet started.
        prefix_cache: Computes the states after prompts; None caches nothing.

    Raises:
        SearchError: The model failed.
        Exception: Whatever the job raises.
    """
    runner = JobRunner(model, prefix_cache)
    queued = QueuedJob(job)
    runner.add([queued])
    runner.start([queued])
    while runner.jobs:
        runner.step()
    result: T = queued.future.result()
    return result
