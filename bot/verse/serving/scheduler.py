"""The scheduler: a worker thread that runs the jobs of all clients, with an asyncio interface."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import TypeVar

from ...observer import NOBODY, Observer
from ..errors import BusyError, DeadlineError, SearchError
from ..model.language_model import LanguageModel
from ..search.search import Job
from .admission import Admission
from .jobs import JobRunner, QueuedJob, run_job
from .prefix_cache import PrefixCache

__all__ = ["Scheduler"]

STEP_GRACE_S = 1.0  # how long a client waits after its deadline for the current step to end
CLOSE_TIMEOUT_S = 10.0  # how long `close` waits for the current step to end
IDLE_S = 1.0  # how long the worker is idle before memory is released
_log = logging.getLogger(__name__)

T = TypeVar("T")


class Scheduler:
    """Runs the jobs of many clients together in one worker thread.

    The thread starts with the first job and ends with `close`.

    Args:
        model: The language model; nothing else may call it while jobs run.
        capacity: How many jobs may wait or run; further ones are refused, as are those of a group
            that has its share (`Admission`).
        clock: Monotonic seconds.
        observer: Is told of jobs and steps.
    """

    def __init__(
        self,
        model: LanguageModel,
        capacity: int = 64,
        clock: Callable[[], float] = time.monotonic,
        observer: Observer = NOBODY,
    ) -> None:
        self._model = model
        self._prefix_cache = PrefixCache(model)
        self._admission = Admission(capacity)
        self._clock = clock
        self._observer = observer
        self._changed = threading.Condition()
        self._arrivals: list[QueuedJob] = []
        self._closed = False
        self._thread: threading.Thread | None = None

    def run_now(self, job: Job[T]) -> T:
        """Runs a job in the calling thread, while no other job runs.

        Raises:
            SearchError: The model failed.
            Exception: Whatever the job raises.
        """
        return run_job(self._model, job, self._prefix_cache)

    async def run(self, job: Job[T], deadline_s: float, group: Hashable | None = None) -> T:
        """Runs a job together with those of other clients; cancelling the task cancels the job.

        Args:
            job: The job, not yet started; only the worker thread runs it.
            deadline_s: Seconds from now that it may take, with its time in the queue. Then a
                `DeadlineError` is thrown into it, and what it returns is the result.
            group: Whose share of the places it takes; None for no share.

        Raises:
            BusyError: There is no place for the job, or the scheduler is closed.
            DeadlineError: The deadline passed.
            SearchError: The model failed.
            Exception: Whatever the job raises.
        """
        queued = QueuedJob(job, self._clock() + deadline_s, group)
        with self._changed:
            if self._closed:
                raise BusyError("busy-closing")
            if self._thread is None:
                thread = threading.Thread(target=self._work, name="lianju-engine", daemon=True)
                thread.start()
                self._thread = thread
            self._admission.acquire(group)
            self._arrivals.append(queued)
            self._observer.job_arrived()
            self._changed.notify()
        try:
            async with asyncio.timeout(deadline_s + STEP_GRACE_S):
                result: T = await asyncio.wrap_future(queued.future)
        except TimeoutError:
            raise DeadlineError from None
        return result

    def close(self, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """Ends the worker thread after the current step; waiting clients get a `BusyError`.

        Args:
            timeout_s: Seconds to wait at most for the step to end.
        """
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(min(timeout_s, CLOSE_TIMEOUT_S))
            if self._thread.is_alive():
                _log.warning("A step of the model does not end: its thread is abandoned.")

    def _work(self) -> None:
        """Runs in the worker thread until `close`."""
        runner = self._new_runner()
        while self._wait(runner):
            arrivals = self._take_arrivals(runner)
            try:
                runner.start(arrivals)
                runner.step()
            except Exception:  # an error of ours, not of the model: later jobs are not affected
                _log.exception("fault in the engine")
                runner.fail_all(SearchError("model-failed"))
                self._prefix_cache = PrefixCache(self._model)
                runner = self._new_runner()
        self._take_arrivals(runner)
        runner.fail_all(BusyError("busy-closing"))

    def _new_runner(self) -> JobRunner:
        return JobRunner(
            self._model,
            self._prefix_cache,
            self._clock,
            self._job_completed,
            yields=True,
            observer=self._observer,
        )

    def _job_completed(self, job: QueuedJob) -> None:
        with self._changed:
            self._admission.release(job.group)

    def _wait(self, runner: JobRunner) -> bool:
        """Waits until there is a job; returns False once closed."""

        def has_work() -> bool:
            return bool(self._arrivals or runner.jobs or self._closed)

        with self._changed:
            is_idle = not self._changed.wait_for(has_work, IDLE_S)
        if is_idle:
            with suppress(Exception):  # if the model fails, the next client learns of it
                self._model.release_memory()
        with self._changed:
            self._changed.wait_for(has_work)
            return not self._closed

    def _take_arrivals(self, runner: JobRunner) -> list[QueuedJob]:
        with self._changed:
            arrivals, self._arrivals = self._arrivals, []
        runner.add(arrivals)
        return arrivals
