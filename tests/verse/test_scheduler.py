import asyncio
import threading
from dataclasses import replace

import pytest
from lianju.bot.verse.errors import BusyError, DeadlineError, SearchError
from lianju.bot.verse.search.beam import BeamSearch
from lianju.bot.verse.search.constraints import ConstraintFactory
from lianju.bot.verse.serving.scheduler import Scheduler

from .controlled_model import once
from .searching import run_search
from .test_batch import MIXED, TOKENS, Faulty, assert_same, crash, search, table_model

LONG = 3600.0


async def search_one(engine, one, deadline_s):
    (found,) = await engine.run(once(one), deadline_s)
    return found


async def started(engine, one, deadline_s=LONG):
    """A task that has submitted a search."""
    task = asyncio.create_task(search_one(engine, one, deadline_s))
    await asyncio.sleep(0)
    return task


async def test_concurrent_jobs_get_the_results_of_each_alone():
    engine = Scheduler(table_model(), capacity=len(MIXED) * 4)
    found = await asyncio.gather(*(search_one(engine, one, LONG) for one in MIXED * 4))
    for paths, one in zip(found, MIXED * 4, strict=True):
        assert_same(paths, run_search(table_model(), one))
    engine.close()


async def test_a_new_job_joins_at_the_next_step(engine, gate):
    first = await started(engine, search((3,), width=1, length=9))
    await gate.begun()
    second = await started(engine, search((4,), width=1, length=1))
    gate.let()
    await gate.begun()
    gate.let()
    await gate.begun()
    assert gate.calls == [1, 2]
    gate.let(1000)
    # The second finds its answer while the first is still at work.
    await second
    assert not first.done() or len(gate.calls) > 2
    await first


async def test_a_job_beyond_the_capacity_is_refused(engine, gate):
    tasks = [await started(engine, one) for one in MIXED[:3]]
    with pytest.raises(BusyError) as caught:
        await search_one(engine, MIXED[0], LONG)
    assert caught.value.key == "busy-full"
    gate.let(1000)
    await asyncio.gather(*tasks)
    assert await search_one(engine, MIXED[0], LONG)


async def test_deadlines_take_effect_between_two_steps(engine, gate, clock):
    late = await started(engine, MIXED[1], deadline_s=10)
    patient = await started(engine, MIXED[4], deadline_s=100)
    await gate.begun()
    clock.now = 10.0
    gate.let(1000)
    with pytest.raises(DeadlineError):
        await late
    assert_same(await patient, run_search(table_model(), MIXED[4]))


async def test_time_in_the_queue_counts_towards_the_deadline(engine, gate, clock):
    first = await started(engine, MIXED[1])
    await gate.begun()
    late = await started(engine, MIXED[0], deadline_s=5)
    clock.now = 5.0
    gate.let(1000)
    with pytest.raises(DeadlineError):
        await late
    await first


async def test_a_canceled_job_takes_no_further_step(engine, gate):
    gone = await started(engine, search((3,), width=1, length=20))
    await gate.begun()
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    stays = await started(engine, search((3,), width=1, length=1))
    gate.let(1000)
    await stays
    # One step of the first, then two of the second alone.
    assert gate.calls == [1, 1, 1]


async def test_a_group_has_its_share_of_the_capacity(gate):
    engine = Scheduler(gate, capacity=4)

    def submit(group):
        return asyncio.create_task(engine.run(once(MIXED[0]), LONG, group))

    tasks = [submit("greedy") for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(BusyError) as caught:
        await tasks.pop()
    assert caught.value.key == "busy-group"
    tasks.append(submit("other"))
    gate.let(1000)
    await asyncio.gather(*tasks)
    tasks = [submit("greedy") for _ in range(2)]  # the places are free again
    gate.let(1000)
    await asyncio.gather(*tasks)
    engine.close()


async def test_a_canceled_job_frees_its_capacity(engine, gate):
    tasks = [await started(engine, one) for one in MIXED[:3]]
    await gate.begun()
    for task in tasks:
        task.cancel()
    gate.let(1000)
    await asyncio.gather(*tasks, return_exceptions=True)
    await wait_for_free_place(engine)


async def wait_for_free_place(engine):
    while True:
        try:
            return await search_one(engine, MIXED[0], LONG)
        except BusyError:
            await asyncio.sleep(0)


async def test_after_a_failed_step_later_jobs_are_served():
    engine = Scheduler(Faulty(0, crash))
    with pytest.raises(SearchError) as caught:
        await search_one(engine, MIXED[0], LONG)
    assert caught.value.key == "model-failed"
    assert_same(await search_one(engine, MIXED[0], LONG), run_search(table_model(), MIXED[0]))
    engine.close()


async def test_close_refuses_running_and_new_jobs(engine, gate):
    waiting = await started(engine, MIXED[1])
    await gate.begun()
    closing = asyncio.create_task(asyncio.to_thread(engine.close))
    while not engine._closed:  # noqa: ASYNC110 -- nothing signals it
        await asyncio.sleep(0)
    late = await started(engine, MIXED[0])
    gate.let(1000)
    for task in (waiting, late):
        with pytest.raises(BusyError) as caught:
            await task
        assert caught.value.key == "busy-closing"
    await closing


async def test_close_ends_the_thread():
    before = threading.active_count()
    engine = Scheduler(table_model())
    await search_one(engine, MIXED[0], LONG)
    engine.close()
    engine.close()
    assert threading.active_count() == before


async def test_the_event_loop_runs_during_a_step(engine, gate):
    task = await started(engine, MIXED[0])
    await gate.begun()  # the model is inside its step, and here we are
    assert not task.done()
    gate.let(1000)
    await task


async def test_the_searches_of_a_job_run_together_and_their_results_keep_the_order(gate, clock):
    engine = Scheduler(
        gate, capacity=1, clock=clock
    )  # a job counts once, however many searches it has
    gate.let(1000)
    found = await engine.run(once(*MIXED), LONG)
    for one, paths in zip(MIXED, found, strict=True):
        assert_same(paths, run_search(table_model(), one))
    engine.close()


async def test_a_search_that_may_find_nothing_has_an_empty_result(engine, gate):
    gate.let(1000)
    everything = ConstraintFactory(TOKENS).banned(range(len(TOKENS)))
    nothing = BeamSearch(replace(MIXED[0].params, constraints=(everything,)))
    found = await engine.run(once(nothing, MIXED[0]), LONG)
    assert found[0] == []
    assert_same(found[1], run_search(table_model(), MIXED[0]))


async def test_a_failed_search_ends_its_job_and_frees_its_capacity(clock):
    engine = Scheduler(Faulty(2, crash), capacity=1, clock=clock)
    with pytest.raises(SearchError):
        await engine.run(once(*MIXED), LONG)
    (found,) = await engine.run(once(*MIXED[:1]), LONG)
    assert_same(found, run_search(table_model(), MIXED[0]))
    engine.close()
