"""What the scheduler tells an observer."""

import asyncio
from contextlib import suppress

import pytest
from lianju.bot.observer import Observer
from lianju.bot.verse.errors import BusyError, DeadlineError
from lianju.bot.verse.serving import batch as batching
from lianju.bot.verse.serving.scheduler import Scheduler

from .controlled_model import Clock, ControlledModel, once
from .test_batch import MIXED, search, table_model

LONG = 3600.0


class Recorder(Observer):
    """Keeps what it is told."""

    def __init__(self):
        self.waiting = self.running = 0
        self.most_waiting = 0
        self.times = []
        self.rows = []

    def job_arrived(self):
        self.waiting += 1
        self.most_waiting = max(self.most_waiting, self.waiting)

    def job_started(self):
        self.waiting -= 1
        self.running += 1

    def job_ended(self, waited_s, ran_s):
        if ran_s is None:
            self.waiting -= 1
        else:
            self.running -= 1
        self.times.append((waited_s, ran_s))

    def step_taken(self, rows, seconds):
        assert seconds >= 0
        self.rows.append(rows)


@pytest.fixture
def model():
    return ControlledModel(table_model())


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def engine(model, recorder):
    engine = Scheduler(model, capacity=3, clock=Clock(), observer=recorder)
    yield engine
    model.let(1000)
    engine.close()


async def begin(engine, *searches, deadline_s=LONG):
    task = asyncio.create_task(engine.run(once(*searches), deadline_s))
    await asyncio.sleep(0)
    return task


async def test_every_step_and_its_rows_are_told(engine, model, recorder):
    steps, step = [], model.step

    def counted(token, *rest):
        steps.append(len(token))
        return step(token, *rest)

    model.step = counted
    model.let(1000)
    await asyncio.gather(*(engine.run(once(one), LONG) for one in MIXED[:3]))
    assert recorder.rows == steps
    assert max(steps) > 1


async def test_job_waits_until_the_model_has_room_for_it(engine, model, recorder, monkeypatch):
    monkeypatch.setitem(batching.MAX_ROWS, "cpu", 1)
    first = await begin(engine, search((3,), width=1, length=9))
    await model.begun()
    second = await begin(engine, search((4,), width=1, length=9))
    model.let()
    await model.begun()  # the second was taken up before, and found no room
    assert (recorder.waiting, recorder.running) == (1, 1)
    await asyncio.sleep(0.05)
    model.let(1000)
    await asyncio.gather(first, second)
    assert (recorder.waiting, recorder.running) == (0, 0)
    (first_waited, first_ran), (second_waited, second_ran) = recorder.times
    assert first_waited >= 0
    assert second_waited >= 0.05
    assert first_ran >= 0.05
    assert second_ran > 0


async def test_job_with_several_searches_starts_once(engine, model, recorder):
    model.let(1000)

    def job():
        yield (MIXED[0], MIXED[2])
        yield (MIXED[3],)

    await engine.run(job(), LONG)
    assert (recorder.waiting, recorder.running, len(recorder.times)) == (0, 0, 1)


@pytest.mark.parametrize("end", ["refused", "late", "cancelled", "closed"])
async def test_nothing_is_left_of_jobs_that_end_early(end, engine, model, recorder):
    first = await begin(engine, MIXED[1])
    await model.begun()
    second = await begin(engine, MIXED[0], deadline_s=5)
    if end == "refused":
        await begin(engine, MIXED[0])
        with pytest.raises(BusyError):
            await engine.run(once(MIXED[0]), LONG)
        assert recorder.most_waiting <= 3
    elif end == "late":
        engine._clock.now = 6.0
    elif end == "cancelled":
        first.cancel()
        second.cancel()
    model.let(1000)
    if end == "closed":
        engine.close()
    for task in (first, second):
        with suppress(BusyError, DeadlineError, asyncio.CancelledError):
            await task
    if end == "late":
        assert recorder.times[0][1] is None  # it never started
    engine.close()
    assert (recorder.waiting, recorder.running) == (0, 0)
