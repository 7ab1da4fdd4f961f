"""Many requests at once: their total time, the slowest of them, and the event loop meanwhile."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from lianju.bot.verse.composer import Composer
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.bot.verse.request import Request, Rerank

from .answer import over_floor
from .engine import CROWD, DEADLINE, Engine, run_together, searches_of
from .floor import Floor
from .prompts import draw_prompts, plain
from .recording import record
from .report import Row, Section
from .turns import PAUSE, Run

TIMES_SERIAL, TIMES_SERIAL_CUDA = 1.5, 20.0
TIMES_SLOWEST = 1.3
LAG_MS = 5.0
TICK = 0.001  # seconds
CUDA_CROWD = 1024
CUDA_ROUNDS = 3


@dataclass(frozen=True)
class Crowd:
    """How long requests took that came at once.

    Attributes:
        total_ms: until the last was answered.
        slowest_ms: of the one that waited longest, from its own call.
        lags_ms: by how much a task that wakes every millisecond woke late.
    """

    total_ms: float
    slowest_ms: float
    lags_ms: Sequence[float]


async def ask_at_once(composer: Composer, requests: Sequence[Request]) -> Crowd:
    """Puts all requests at once, and watches the loop."""
    lags: list[float] = []
    ticking = asyncio.create_task(_tick(lags))
    await asyncio.sleep(2 * TICK)
    lags.clear()

    async def ask(request: Request) -> float:
        asked = time.perf_counter()
        await composer.compose(request, DEADLINE)
        return time.perf_counter() - asked

    started = time.perf_counter()
    waits = await asyncio.gather(*map(ask, requests))
    total = time.perf_counter() - started
    await asyncio.sleep(TICK)  # the last wake counts too
    ticking.cancel()
    with suppress(asyncio.CancelledError):
        await ticking
    return Crowd(total * 1e3, max(waits) * 1e3, lags)


async def _tick(lags: list[float]) -> None:
    while True:
        slept = time.perf_counter()
        await asyncio.sleep(TICK)
        lags.append((time.perf_counter() - slept - TICK) * 1e3)


def measure_crowd(engine: Engine, prompts: Sequence[str], rounds: int) -> Section:
    """Measures 64 requests at once beside the same ones in other ways, in turns.

    Every time the engine has seen none of the prompts.
    """
    requests = [plain(prompt) for prompt in prompts[:CROWD]]
    searches = searches_of(engine, requests)
    floor = _floor(engine, requests)
    crowds = []
    taken: dict[str, list[float]] = {"serial": [], "batch": [], "floor": []}
    for _ in range(rounds):
        crowds.append(run_crowd(engine, requests))
        composer = _warm(engine)
        taken["serial"].append(_timed(lambda each=composer: list(map(each.compose_now, requests))))
        run_together(engine.model, searches[:1])
        taken["batch"].append(_timed(lambda: run_together(engine.model, searches)))
        if floor:
            floor.run()
            taken["floor"].append(_timed(floor.run))
    total = statistics.median(crowd.total_ms for crowd in crowds)
    slowest = statistics.median(crowd.slowest_ms for crowd in crowds)
    serial, batch = (statistics.median(taken[name]) for name in ("serial", "batch"))
    bare = statistics.median(taken["floor"]) if taken["floor"] else None
    rows = [
        Row(f"{CROWD} requests at once, all new prompts", total, "ms"),
        over_floor(total, bare),
        Row(
            "rate over that of one after another",
            serial / total,
            "×",
            TIMES_SERIAL,
            "at least",
            f"{serial:.0f} ms",
            depth=1,
        ),
        Row(
            "the slowest over the same batch by itself",
            slowest / batch,
            "×",
            TIMES_SLOWEST,
            note=f"{slowest:.0f} ms, {batch:.0f} ms",
            depth=1,
        ),
    ]
    if engine.model.provider == "cuda":
        rows.append(_on_cuda(engine, serial / CROWD))
    return Section("Many at once, through the scheduler", rows)


def measure_lag(engine: Engine, prompts: Sequence[str], rounds: int) -> Section:
    """Measures how late the event loop runs while 64 requests are answered."""
    rows = []
    chosen = [Request(prompt, choosing=Rerank(n)) for n, prompt in enumerate(prompts[:CROWD])]
    usual = [plain(prompt) for prompt in prompts[:CROWD]]
    for name, requests, times in (
        (f"{CROWD} plain requests", usual, rounds),
        (f"{CROWD} of the default kind", chosen, max(1, rounds // 3)),
    ):
        crowds = [run_crowd(engine, requests) for _ in range(times)]
        lags = np.concatenate([crowd.lags_ms for crowd in crowds])
        p99 = float(np.quantile(lags, 0.99))
        note = f"median {np.median(lags):.2f}, max {lags.max():.1f} of {len(lags)}"
        rows.append(Row(f"99 % of wakes, {name}", p99, "ms", LAG_MS, note=note))
    return Section("Lag of the event loop meanwhile", rows)


def run_crowd(engine: Engine, requests: Sequence[Request]) -> Crowd:
    """Puts requests at once to a composer that is warm and has seen none of their prompts."""
    composer = engine.composer(capacity=len(requests))

    async def ask() -> Crowd:
        await composer.compose(Request(engine.line, **_kind(requests[0])), DEADLINE)
        time.sleep(PAUSE)  # noqa: ASYNC251 - nothing else runs
        return await ask_at_once(composer, requests)

    try:
        return asyncio.run(ask())
    finally:
        composer.close()


def _kind(request: Request) -> dict[str, object]:
    if request.plain:
        return {"width": request.width, "plain": True}
    return {"choosing": request.choosing}


def _on_cuda(engine: Engine, serial_ms: float) -> Row:
    """The row for many more requests than a CPU would take, against `serial_ms` each."""
    requests = [
        plain(prompt) for prompt in draw_prompts(engine.composer(), engine.line, CUDA_CROWD)
    ]
    totals = [run_crowd(engine, requests).total_ms for _ in range(CUDA_ROUNDS)]
    total = statistics.median(totals)
    name = f"rate of {CUDA_CROWD} at once over one after another"
    ratio = serial_ms * CUDA_CROWD / total
    return Row(name, ratio, "×", TIMES_SERIAL_CUDA, "at least", f"{total:.0f} ms")


def _warm(engine: Engine) -> Composer:
    composer = engine.composer()
    composer.compose_now(plain(engine.line))
    return composer


def _timed(run: Run) -> float:
    time.sleep(PAUSE)
    started = time.perf_counter()
    run()
    return (time.perf_counter() - started) * 1e3


def _floor(engine: Engine, requests: Sequence[Request]) -> Floor:
    """The bare products of all these rows, in as few calls as there can be."""
    provider = engine.model.provider
    searches = searches_of(engine, requests)

    def work(model: OnnxModel) -> None:
        run_together(model, searches)

    recording = record(engine.bundle, provider, engine.threads, work)
    return Floor(recording, provider, engine.threads)
