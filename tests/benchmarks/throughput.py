"""Many requests at once: `python -m tests.benchmarks.throughput`.

Measures 64 requests at once against one after another, a narrow request behind wide ones, how late
the event loop runs meanwhile, and how fast a full queue refuses. Figures are medians over rounds
unless their row says otherwise; every composer is warm and has read none of the prompts.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

import click
import numpy as np
from lianju.bot.verse import Composer, NextLine, Request, Rerank
from lianju.bot.verse.errors import BusyError

from .table import print_table
from .timing import PAUSE_S, milliseconds
from .workload import AT_ONCE, DEADLINE_S, LINE, WIDE, WIDTH, Engine, engine_options, plain

AHEAD = 10  # wide requests before the narrow one
ARRIVALS = (0.35, 0.45, 0.55)  # when it comes, as shares of the time that the wide ones take
LONG = 40  # tokens: such requests are still running when the refusals are measured
REFUSALS = 20  # a round
TICK_S = 0.001

Result = TypeVar("Result")


@click.command()
@engine_options
@click.option("--rounds", type=click.IntRange(1), default=10, show_default=True)
@click.option("--at-once", type=click.IntRange(AHEAD + 1), default=AT_ONCE, show_default=True)
def main(engine: Engine, rounds: int, at_once: int) -> None:
    """Measures the scheduler under load."""
    prompts = engine.prompts(at_once)
    beams = [plain(prompt) for prompt in prompts]
    reranked = [Request(prompt, search=Rerank(seed)) for seed, prompt in enumerate(prompts)]
    together, serial, lags = [], [], []
    for _ in range(rounds):
        total, late = answer_together(engine, beams)
        together.append(total)
        lags += late
        composer = engine.composer()
        composer.compose_now(plain(LINE))
        serial.append(milliseconds(lambda each=composer: list(map(each.compose_now, beams))))
    few = range(-(-rounds // 3))  # of what takes long
    default_lags = [lag for _ in few for lag in answer_together(engine, reranked)[1]]
    wide = [plain(prompt, WIDE) for prompt in prompts[:AHEAD]]
    wide_ms = statistics.median(answer_together(engine, wide)[0] for _ in range(rounds))
    alone, behind = [], []
    for turn in range(rounds):
        arrival_ms = wide_ms * ARRIVALS[turn % len(ARRIVALS)]
        alone.append(narrow_ms(engine, prompts[AHEAD], (), 0))
        behind.append(narrow_ms(engine, prompts[AHEAD], wide, arrival_ms))
    refusals = [refusal for _ in few for refusal in refusal_ms(engine, prompts)]
    total, one_by_one = statistics.median(together), statistics.median(serial)
    rows = [
        (f"{at_once} requests at once", total),
        ("one after another", one_by_one),
        (f"event loop late, 99 % of ticks, {at_once} plain beams", np.quantile(lags, 0.99)),
        (
            f"event loop late, 99 % of ticks, {at_once} of the default kind",
            np.quantile(default_lags, 0.99),
        ),
        (f"width {WIDTH} alone", statistics.median(alone)),
        (f"width {WIDTH} behind {AHEAD} of width {WIDE}", statistics.median(behind)),
        (f"{AHEAD} of width {WIDE} by themselves", wide_ms),
        (f"a full queue of {at_once} refuses one more", statistics.median(refusals)),
    ]
    print_table(
        f"{at_once} at once have {one_by_one / total:.2f} times the rate of one after another",
        ("", "ms"),
        [(name, f"{value:.2f}") for name, value in rows],
    )


def answer_together(engine: Engine, requests: Sequence[Request]) -> tuple[float, list[float]]:
    """Returns the milliseconds of all requests at once, and by how many each tick came late."""

    async def measure(composer: Composer) -> tuple[float, list[float]]:
        lags: list[float] = []
        ticking = asyncio.create_task(_tick(lags))
        await asyncio.sleep(2 * TICK_S)
        lags.clear()
        started = time.perf_counter()
        await asyncio.gather(*(composer.compose(request, DEADLINE_S) for request in requests))
        total = (time.perf_counter() - started) * 1e3
        await asyncio.sleep(TICK_S)  # the last tick counts too
        ticking.cancel()
        with suppress(asyncio.CancelledError):
            await ticking
        return total, lags

    return _run_warm(engine, replace(requests[0], text=LINE), measure, len(requests))


def narrow_ms(engine: Engine, prompt: str, wide: Sequence[Request], arrival_ms: float) -> float:
    """Returns the milliseconds of a narrow request that comes so long after wide ones."""

    async def measure(composer: Composer) -> float:
        running = [_start(composer, request) for request in wide]
        await asyncio.sleep(arrival_ms / 1e3)
        started = time.perf_counter()
        await composer.compose(plain(prompt), DEADLINE_S)
        waited = (time.perf_counter() - started) * 1e3
        await asyncio.gather(*running)
        return waited

    return _run_warm(engine, plain(LINE), measure)


def refusal_ms(engine: Engine, prompts: Sequence[str]) -> list[float]:
    """Returns the milliseconds of refusals by a full queue."""

    async def measure(composer: Composer) -> list[float]:
        taken: list[float] = []
        while len(taken) < REFUSALS:
            long = (replace(plain(prompt, WIDE), form=NextLine(LONG)) for prompt in prompts)
            running = [_start(composer, request) for request in long]
            await asyncio.sleep(TICK_S)  # all have been sent
            while len(taken) < REFUSALS:
                started = time.perf_counter()
                try:
                    await composer.compose(plain(prompts[0]), DEADLINE_S)
                except BusyError:
                    taken.append((time.perf_counter() - started) * 1e3)
                else:
                    break  # some are answered already: fill the queue again
                await asyncio.sleep(TICK_S)
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            await asyncio.sleep(PAUSE_S)  # the engine removes them between two steps
        return taken

    return _run_warm(engine, plain(LINE), measure, len(prompts))


def _run_warm(
    engine: Engine,
    first: Request,
    measure: Callable[[Composer], Awaitable[Result]],
    capacity: int = AT_ONCE,
) -> Result:
    """Returns what is measured on a new composer after its first answer."""
    composer = engine.composer(capacity=capacity)

    async def run() -> Result:
        await composer.compose(first, DEADLINE_S)
        await asyncio.sleep(PAUSE_S)
        return await measure(composer)

    try:
        return asyncio.run(run())
    finally:
        composer.close()


def _start(composer: Composer, request: Request) -> asyncio.Task[object]:
    return asyncio.create_task(composer.compose(request, DEADLINE_S))


async def _tick(lags: list[float]) -> None:
    """Adds by how many milliseconds each wait for a millisecond took longer."""
    while True:
        started = time.perf_counter()
        await asyncio.sleep(TICK_S)
        lags.append((time.perf_counter() - started - TICK_S) * 1e3)


if __name__ == "__main__":
    main()
