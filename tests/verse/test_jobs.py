"""An asker's whole job in the engine: its deadline, its faults, its going, and who comes next."""

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
from lianju.bot.verse.serving.jobs import run_search
from lianju.bot.verse.serving.scheduler import Scheduler

from .gate import once
from .table import random_table
from .test_batch import MIXED, TOKENS, assert_same, search, table_model

LONG = 3600.0
TABLE = random_table(1, len(TOKENS))  # that of `table_model`
MANY = 1000  # steps: all that any test wants


async def begun(engine, job, deadline_s=LONG):
    """A task whose job has been put to the engine."""
    task = asyncio.create_task(engine.run(job, deadline_s))
    await asyncio.sleep(0)
    return task


async def assert_serves(engine):
    """The engine answers, and has room again for as many as at first."""
    async with asyncio.timeout(30):
        while True:
            try:
                found = await asyncio.gather(*(engine.run(once(MIXED[0]), LONG) for _ in range(3)))
            except BusyError:  # it lets those go who are gone between two steps
                await asyncio.sleep(0)
            else:
                break
    for (paths,) in found:
        assert_same(paths, run_search(table_model(), MIXED[0]))


async def test_a_job_goes_from_search_to_search_in_the_engine_s_thread(engine, gate):
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
    async def test_what_the_job_returns_for_it_is_the_answer(self, engine, gate, clock):
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
        # Two steps: one has a line whose ending it has not seen, the other lacks a character.
        (line,), nothing = await asked
        assert nothing == []
        tokens, score = (), 0.0
        for _ in range(2):
            row = TABLE((3, 4, *tokens))
            best = max((3, 4, 5), key=row.__getitem__)
            tokens, score = (*tokens, best), score + row[best]
        assert line == Hypothesis(tokens, pytest.approx(score), ended=False)
        await assert_serves(engine)

    async def test_just_before_it_nothing_happens(self, engine, gate, clock):
        asked = await begun(engine, once(MIXED[0]), deadline_s=10)
        await gate.begun()
        clock.now = 9.999
        gate.let(MANY)
        assert_same((await asked)[0], run_search(table_model(), MIXED[0]))

    async def test_who_goes_on_after_it_is_ended(self, engine, gate, clock):
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
        assert wanted == [0, 1]  # after no step and after one; the second wish is not fulfilled
        assert len(gate.calls) == 1
        assert closed == [True]
        await assert_serves(engine)

    async def test_a_job_that_came_too_late_is_not_begun(self, engine, gate, clock):
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

    async def test_a_step_that_hangs_keeps_nobody(self, engine, gate, monkeypatch):
        monkeypatch.setattr(scheduling, "STEP_GRACE_S", 0.01)
        asked = [await begun(engine, once(MIXED[0]), deadline_s=0.01) for _ in range(2)]
        await gate.begun()  # and by the engine's clock no time has passed
        for task in asked:
            async with asyncio.timeout(5):
                with pytest.raises(DeadlineError):
                    await task
        gate.let(MANY)
        monkeypatch.undo()
        await assert_serves(engine)


class TestFaults:
    async def test_a_job_s_own_error_is_its_asker_s(self, engine, gate):
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

    async def test_a_fault_of_the_engine_fails_those_present_and_no_later_one(
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


class TestWhoIsGone:
    async def test_before_it_began(self, engine, gate):
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

    async def test_while_there_is_no_room(self, engine, gate, monkeypatch):
        monkeypatch.setitem(batching.MAX_ROWS, "cpu", 5)
        first = await begun(engine, once(search((3, 4), width=5, length=6)))
        await gate.begun()
        gone = await begun(engine, once(search((4, 4), width=4, length=20)))
        patient = await begun(engine, once(search((5, 4), width=3, length=2)))
        for _ in range(3):  # by now all have come, and two of them wait
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


async def test_closing_turns_away_who_is_there_who_waits_for_room_and_who_comes(
    engine, gate, monkeypatch
):
    monkeypatch.setitem(batching.MAX_ROWS, "cpu", 5)
    asked = [await begun(engine, once(search((n, 4), width=5, length=6))) for n in (3, 4)]
    for _ in range(2):
        await gate.begun()
        gate.let()
    await gate.begun()
    closing = asyncio.create_task(asyncio.to_thread(engine.close))
    while not engine._closed:  # noqa: ASYNC110 -- closing itself tells nobody
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
    assert len(gate.calls) == 3  # the step under way was the last


async def test_askers_are_counted_and_not_what_they_ask_for(engine, gate):
    tasks = [await begun(engine, once(*MIXED)) for _ in range(3)]
    await gate.begun()
    with pytest.raises(BusyError) as caught:
        await engine.run(once(MIXED[0]), LONG)
    assert caught.value.key == "busy-full"
    gate.let(MANY)
    for found in await asyncio.gather(*tasks):
        assert len(found) == len(MIXED)


class Restful:
    """A table model that tells when it has been sent to rest."""

    def __init__(self, fails=False):
        self._model, self._fails = table_model(), fails
        self.rested, self.rests = threading.Semaphore(0), 0

    def __getattr__(self, name):
        return getattr(self._model, name)

    def release_memory(self):
        self.rests += 1
        self.rested.release()
        if self._fails:
            raise RuntimeError("no memory to give memory back")


@pytest.mark.parametrize("fails", [False, True])
async def test_after_work_it_rests_once(fails, monkeypatch):
    monkeypatch.setattr(scheduling, "IDLE_S", 0.0)
    model = Restful(fails)
    engine = Scheduler(model)
    for times in (1, 2, 3):
        (paths,) = await engine.run(once(MIXED[1]), LONG)
        assert_same(paths, run_search(table_model(), MIXED[1]))
        await asyncio.to_thread(model.rested.acquire)
        # Would it rest again without work, it would have done so in the meantime of most turns.
        assert model.rests == times
    engine.close()
    assert model.rests == 3


async def test_while_there_is_work_it_does_not_rest(engine, gate, monkeypatch):
    monkeypatch.setattr(scheduling, "IDLE_S", 0.0)
    asked = await begun(engine, once(search((3,), width=1, length=6)))
    for _ in range(7):
        await gate.begun()
        assert gate.rests == 0
        gate.let()
    await asked


async def test_a_job_whose_first_wish_is_none_fails_alone():
    engine = Scheduler(table_model())

    def nonsense():
        yield ("no search",)

    with pytest.raises(AttributeError):
        await engine.run(nonsense(), LONG)
    (found,) = await engine.run(once(*MIXED[:1]), LONG)
    assert_same(found, run_search(table_model(), MIXED[0]))
    engine.close()


async def test_a_job_that_wants_no_search_goes_on_at_once():
    engine = Scheduler(table_model())

    def idle():
        found = yield ()
        return found

    assert await engine.run(idle(), LONG) == []
    engine.close()


async def test_a_thread_that_cannot_start_takes_no_place(monkeypatch):
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
