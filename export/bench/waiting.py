"""Waiting: behind wider requests, and in front of a full queue."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import replace

from lianju.bot.verse.composer import Composer
from lianju.bot.verse.errors import BusyError
from lianju.bot.verse.serving.batch import Batch

from .answer import WIDE
from .engine import CROWD, DEADLINE, Engine, searches_of
from .prompts import WIDTH, plain
from .report import Row, Section
from .turns import PAUSE

AHEAD = 10
TIMES_ALONE = 2
REFUSE_MS = 1.0
REFUSALS = 20  # a round
LONG = 40  # tokens, to be there for as long as the refusals take
WAKE = 0.001  # seconds
# When the narrow request comes, as shares of the wide ones' time; their prompts are read by then.
ARRIVALS = (0.35, 0.45, 0.55)


def measure_waiting(engine: Engine, prompts: Sequence[str], rounds: int) -> Section:
    """Measures a narrow request that comes while wide ones are under way, and a refusal."""
    alone, behind, steps = [], [], []
    for turn in range(rounds):
        narrow, wide = prompts[AHEAD], prompts[:AHEAD]
        taken = wide_steps(engine, wide)
        # Without the first step that chooses: it has but one row a request.
        steps.append(statistics.median(taken[-(len(taken) // 2) :]))
        arrival = sum(taken) * ARRIVALS[turn % len(ARRIVALS)]
        alone.append(asyncio.run(_wait(engine, narrow, (), 0)))
        behind.append(asyncio.run(_wait(engine, narrow, wide, arrival)))
    alone_ms, behind_ms, step_ms = map(statistics.median, (alone, behind, steps))
    limit = TIMES_ALONE * alone_ms + step_ms
    refusals = [wait for _ in range(max(1, rounds // 3)) for wait in _refusals(engine, prompts)]
    rows = [
        Row(
            f"width {WIDTH} behind {AHEAD} of width {WIDE} under way",
            behind_ms,
            "ms",
            limit,
            note=f"2 × {alone_ms:.1f} alone + step of {step_ms:.1f}",
        ),
        Row(
            f"a full queue of {CROWD} refuses one more",
            statistics.median(refusals),
            "ms",
            REFUSE_MS,
            note=f"max {max(refusals):.2f} of {len(refusals)}",
        ),
    ]
    return Section("Waiting", rows)


def wide_steps(engine: Engine, prompts: Sequence[str]) -> list[float]:
    """Milliseconds of each step of wide requests together, in the calling thread."""
    batch = Batch(engine.model)
    for search in searches_of(engine, [plain(prompt, WIDE) for prompt in prompts]):
        batch.join(search)
    time.sleep(PAUSE)
    taken = []
    while batch:
        started = time.perf_counter()
        batch.step()
        taken.append((time.perf_counter() - started) * 1e3)
    return taken


async def _wait(engine: Engine, narrow: str, wide: Sequence[str], arrival_ms: float) -> float:
    """Milliseconds of a narrow request that comes so long after the wide ones."""
    composer = engine.composer()
    try:
        await composer.compose(plain(engine.line), DEADLINE)
        time.sleep(PAUSE)  # noqa: ASYNC251 - nothing else runs
        ahead = [_begin(composer, prompt) for prompt in wide]
        await asyncio.sleep(arrival_ms / 1e3)
        started = time.perf_counter()
        await composer.compose(plain(narrow), DEADLINE)
        waited = time.perf_counter() - started
        await asyncio.gather(*ahead)
    finally:
        composer.close()
    return waited * 1e3


def _refusals(engine: Engine, prompts: Sequence[str]) -> list[float]:
    """Milliseconds of refusals while as many wide requests as may be are under way."""
    return asyncio.run(_refuse(engine.composer(capacity=CROWD), prompts[:CROWD]))


async def _refuse(composer: Composer, prompts: Sequence[str]) -> list[float]:
    taken: list[float] = []
    try:
        while len(taken) < REFUSALS:
            tasks = [_begin(composer, prompt, LONG) for prompt in prompts]
            await asyncio.sleep(WAKE)  # all have asked
            while len(taken) < REFUSALS:
                started = time.perf_counter()
                try:
                    await composer.compose(plain(prompts[0]), DEADLINE)
                except BusyError:
                    taken.append((time.perf_counter() - started) * 1e3)
                else:
                    break  # some are answered already: fill it again
                await asyncio.sleep(WAKE)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.sleep(PAUSE)  # the engine lets them go between two steps
    finally:
        composer.close()
    return taken


def _begin(composer: Composer, prompt: str, length: int | None = None) -> asyncio.Task[object]:
    request = replace(plain(prompt, WIDE), length=length)
    return asyncio.create_task(composer.compose(request, DEADLINE))
