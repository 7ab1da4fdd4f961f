"""A job in the scheduler: its deadline, its errors, its cancellation, and the jobs after it."""

import asyncio
import threading
from contextlib import suppress
from dataclasses import replace

import pytest
from lianju.bot.verse.errors import BusyError, DeadlineError, SearchError
from lianju.bot.verse.search.beam import BeamSearch
from lianju.bot.verse.search.search import Hypothesis
from lianju.bot.verse.serving import batch as batching
from lianju.bot.verse.serving import scheduler as scheduling
from lianju.bot.verse.serving.scheduler import Scheduler

from .controlled_model import once
from .searching import run_search
from .table import random_table
from .test_batch import MIXED, TOKENS, assert_same, search, table_model

LONG = 3600.0
TABLE = random_table(1, len(TOKENS))  # that of `table_model`
MANY = 1000  # steps: more than any test takes


async def begun(engine, job, deadline_s=LONG):
    """A task that has submitted a job."""
    task = asyncio.create_task(engine.run(job, deadline_s))
    await asyncio.sleep(0)
    return task


async def assert_serves(engine):
    """The scheduler runs jobs, and has its whole capacity."""
    async with asyncio.timeout(30):
        while True:
            try:
                found = await asyncio.gather(*(engine.run(once(MIXED[0]), LONG) for _ in range(3)))
            except BusyError:  # cancelled jobs end between two steps
                await asyncio.sleep(0)
            else:
                break
    for (paths,) in found:
        assert_same(paths, run_search(table_model(), MIXED[0]))


async def test_a_job_runs_in_the_worker_thread(engine, gate):
    threads = []

    def job():
        threads.append(threading.current_thread().name)
        (first,) = yield (MIXED[0],)
        threads.append(threading.current_thread().name)
        second, third = yield (MIXED[2], MIXED[3])
        return first, second, third

    gate.let(MANY)
    found = await engine.run(job(), LONG)
    for paths, one in zip(found, (MIXED[0], MIXED[2], MIXED[3]), strict=True):
        assert_same(paths, run_search(table_model(), one))
    assert threads == ["lianju-engine"] * 2


class TestDeadline:
    async def test_what_the_job_returns_is_the_result(self, engine, gate, clock):
        def job():
            try:
                yield (greedy, MIXED[2])
            except DeadlineError as late:
                return late.found

        greedy = BeamSearch(replace(search((3, 4), width=1, length=2).params, line_tokens=2))
        asked = await begun(engine, job(), deadline_s=10)
        await gate.begun()
        gate.let()
        await gate.begun()
        clock.now = 10.0
        gate.let(MANY)
        # After two steps the first has a whole line without its ending, the second has none.
        (line,), nothing = await asked
        assert nothing == []
        tokens, score = (), 0.0
        for _ in range(2):
            row = TABLE((3, 4, *tokens))
            best = max((3, 4, 5), key=row.__getitem__)
            tokens, score = (*tokens, best), score + row[best]
        assert line == Hypothesis(tokens, pytest.approx(score), ended=False)
        await assert_serves(engine)

    async def test_nothing_happens_before_the_deadline(self, engine, gate, clock):
        asked = await begun(engine, once(MIXED[0]), deadline_s=10)
        await gate.begun()
        clock.now = 9.999
        gate.let(MANY)
        assert_same((await asked)[0], run_search(table_model(), MIXED[0]))

    async def test_a_job_that_yields_more_searches_is_ended(self, engine, gate, clock):
        wanted, closed = [], []

        def stubborn():
            try:
                while True:
                    wanted.append(len(gate.calls))
                    with suppress(DeadlineError):
                        yield (MIXED[1],)
            finally:
                closed.append(True)

        asked = await begun(engine, stubborn(), deadline_s=10)
        await gate.begun()
        clock.now = 10.0
        gate.let(MANY)
        with pytest.raises(DeadlineError):
            await asked
        assert wanted == [0, 1]  # after no step and after one; the second search does not run
        assert len(gate.calls) == 1
        assert closed == [True]
        await assert_serves(engine)

    async def test_a_job_that_is_late_in_the_queue_is_not_started(self, engine, gate, clock):
        first = await begun(engine, once(MIXED[0]))
        await gate.begun()
        reached = []

        def job():
            reached.append(True)
            yield (MIXED[0],)

        late = await begun(engine, job(), deadline_s=1)
        clock.now = 1.0
        gate.let(MANY)
        with pytest.raises(DeadlineError):
            await late
        await first
        assert reached == []

    async def test_clients_do_not_wait_for_a_step_that_hangs(self, engine, gate, monkeypatch):
        monkeypatch.setattr(scheduling, "STEP_GRACE_S", 0.01)
        asked = [await begun(engine, once(MIXED[0]), deadline_s=0.01) for _ in range(2)]
        await gate.begun()  # on the scheduler's clock no time has passed
        for task in asked:
            async with asyncio.timeout(5):
                with pytest.raises(DeadlineError):
                    await task
        gate.let(MANY)
        monkeypatch.undo()
        await assert_serves(engine)


class TestErrors:
    async def test_an_exception_of_a_job_is_raised_to_its_client(self, engine, gate):
        def job():
            yield (MIXED[0],)
            raise ValueError("no such rhyme")

        def at_once():
            raise KeyError("rhyme")
            yield ()

        gate.let(MANY)
        with pytest.raises(ValueError, match="no such rhyme"):
            await engine.run(job(), LONG)
        with pytest.raises(KeyError):
            await engine.run(at_once(), LONG)
        await assert_serves(engine)

    async def test_an_exception_of_the_runner_fails_present_jobs_only(
        self, engine, gate, monkeypatch, caplog
    ):
        present = [await begun(engine, once(one)) for one in MIXED[:2]]
        await gate.begun()
        monkeypatch.setattr(batching, "step_input", lambda *arguments: 1 / 0)
        waiting = await begun(engine, once(MIXED[2]))
        gate.let(MANY)
        for task in (*present, waiting):
            with pytest.raises(SearchError) as caught:
                await task
            assert caught.value.key == "model-failed"
        monkeypatch.undo()
        await assert_serves(engine)
        assert "fault in the engine" in caplog.text
        assert "ZeroDivisionError" in caplog.text


class TestCancellation:
    async def test_before_the_start(self, engine, gate):
        first = await begun(engine, once(MIXED[0]))
        await gate.begun()
        reached = []

        def job():
            reached.append(True)
            yield (MIXED[1],)

        gone = await begun(engine, job())
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        gate.let(MANY)
        await first
        await assert_serves(engine)
        assert reached == []

    async def test_between_two_steps(self, engine, gate):
        closed = []

        def job():
            try:
                yield (search((3,), width=1, length=20),)
            finally:
                closed.append(threading.current_thread().name)

        gone = await begun(engine, job())
        await gate.begun()
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert closed == []
        gate.let(MANY)
        await assert_serves(engine)
        assert closed == ["lianju-engine"]

    async def test_while_waiting_for_room(self, engine, gate, monkeypatch):
        monkeypatch.setitem(batching.MAX_ROWS, "cpu", 5)
        first = await begun(engine, once(search((3, 4), width=5, length=6)))
        await gate.begun()
        gone = await begun(engine, once(search((4, 4), width=4, length=20)))
        patient = await begun(engine, once(search((5, 4), width=3, length=2)))
        for _ in range(3):  # by now all have arrived, and two of them wait
            gate.let()
            await gate.begun()
        assert max(gate.calls) <= 5
        assert not patient.done()
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        gate.let(MANY)
        await first
        (paths,) = await patient
        assert_same(paths, run_search(table_model(), search((5, 4), width=3, length=2)))
        assert len(gate.calls) < 20
        await assert_serves(engine)


async def test_close_refuses_running_waiting_and_new_jobs(engine, gate, monkeypatch):
    monkeypatch.setitem(batching.MAX_ROWS, "cpu", 5)
    asked = [await begun(engine, once(search((n, 4), width=5, length=6))) for n in (3, 4)]
    for _ in range(2):
        await gate.begun()
        gate.let()
    await gate.begun()
    closing = asyncio.create_task(asyncio.to_thread(engine.close))
    while not engine._closed:  # noqa: ASYNC110 -- nothing signals it
        await asyncio.sleep(0)
    with pytest.raises(BusyError) as caught:
        await engine.run(once(MIXED[0]), LONG)
    assert caught.value.key == "busy-closing"
    gate.let()
    for task in asked:
        with pytest.raises(BusyError) as caught:
            await task
        assert caught.value.key == "busy-closing"
    await closing
    assert len(gate.calls) == 3  # the current step was the last


async def test_the_capacity_counts_jobs_and_not_searches(engine, gate):
    tasks = [await begun(engine, once(*MIXED)) for _ in range(3)]
    await gate.begun()
    with pytest.raises(BusyError) as caught:
        await engine.run(once(MIXED[0]), LONG)
    assert caught.value.key == "busy-full"
    gate.let(MANY)
    for found in await asyncio.gather(*tasks):
        assert len(found) == len(MIXED)


class ReleasingModel:
    """A table model that records when its memory is released."""

    def __init__(self, fails=False):
        self._model, self._fails = table_model(), fails
        self.released, self.releases = threading.Semaphore(0), 0

    def __getattr__(self, name):
        return getattr(self._model, name)

    def release_memory(self):
        self.releases += 1
        self.released.release()
        if self._fails:
            raise RuntimeError("no memory to give memory back")


@pytest.mark.parametrize("fails", [False, True])
async def test_memory_is_released_once_after_work(fails, monkeypatch):
    monkeypatch.setattr(scheduling, "IDLE_S", 0.0)
    model = ReleasingModel(fails)
    engine = Scheduler(model)
    for times in (1, 2, 3):
        (paths,) = await engine.run(once(MIXED[1]), LONG)
        assert_same(paths, run_search(table_model(), MIXED[1]))
        await asyncio.to_thread(model.released.acquire)
        # A second release without work would mostly have happened by now.
        assert model.releases == times
    engine.close()
    assert model.releases == 3


async def test_memory_is_not_released_during_work(engine, gate, monkeypatch):
    monkeypatch.setattr(scheduling, "IDLE_S", 0.0)
    asked = await begun(engine, once(search((3,), width=1, length=6)))
    for _ in range(7):
        await gate.begun()
        assert gate.releases == 0
        gate.let()
    await asked


async def test_a_job_that_yields_no_search_objects_fails_alone():
    engine = Scheduler(table_model())

    def nonsense():
        yield ("no search",)

    with pytest.raises(AttributeError):
        await engine.run(nonsense(), LONG)
    (found,) = await engine.run(once(*MIXED[:1]), LONG)
    assert_same(found, run_search(table_model(), MIXED[0]))
    engine.close()


async def test_a_job_that_yields_no_searches_is_resumed_at_once():
    engine = Scheduler(table_model())

    def idle():
        found = yield ()
        return found

    assert await engine.run(idle(), LONG) == []
    engine.close()


async def test_a_thread_that_cannot_start_takes_no_capacity(monkeypatch):
    engine = Scheduler(table_model(), capacity=1)

    def refuse(_):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="new thread"):
            await engine.run(once(*MIXED[:1]), LONG)
    (found,) = await engine.run(once(*MIXED[:1]), LONG)
    assert_same(found, run_search(table_model(), MIXED[0]))
    engine.close()
