"""Engines by themselves, each in a process of its own: what the machine allows at most."""

import asyncio
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from lianju.bot.engine import open_local_engine

from .closed_loop import closed_loop, default_requests


def rate_of(engines: int, bundle: Path, prompts: list[str], clients: int, seconds: float) -> float:
    """Returns the answers a second of engines with one thread each that know nothing of each other.

    Args:
        engines: How many there are.
        bundle: Their bundle.
        prompts: What they are asked.
        clients: How many clients each has, in its own process.
        seconds: How long they are asked.
    """
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(engines, mp_context=spawn) as pool:
        running = [pool.submit(_rate, bundle, prompts, clients, seconds) for _ in range(engines)]
        return sum(each.result() for each in running)


def _rate(bundle: Path, prompts: list[str], clients: int, seconds: float) -> float:
    engine = open_local_engine(bundle, "cpu", threads=1)
    loop = closed_loop(engine, default_requests(prompts), clients, seconds, warm_up_s=seconds / 2)
    load = asyncio.run(loop)
    asyncio.run(engine.close())
    return load.rate
