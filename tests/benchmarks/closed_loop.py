"""A closed loop of clients: each sends its next request when it has the answer to the last one."""

import asyncio
import itertools
import statistics
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from lianju.bot.verse import Answer, BusyError, Request, Rerank

from .workload import DEADLINE_S

RETRY_S = 1.0  # as a full queue asks for


class Composes(Protocol):
    """What is asked: an engine, wherever it is."""

    async def compose(self, request: Request, deadline_s: float, group: int) -> Answer: ...


@dataclass
class Load:
    """What clients saw.

    Attributes:
        seconds: How long they asked.
        latencies: Milliseconds of each answer that came in this time.
        refused: How many requests found no place.
        computed: Seconds that processes computed meanwhile, by what they do.
    """

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    refused: int = 0
    computed: Counter[str] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    @property
    def median_ms(self) -> float:
        """The median of the latencies."""
        return statistics.median(self.latencies)

    @property
    def p99_ms(self) -> float:
        """What 99 % of the latencies stayed below."""
        return sorted(self.latencies)[len(self.latencies) * 99 // 100]

    def computed_ms(self, what: str) -> float:
        """Milliseconds that processes computed for an answer."""
        return 1e3 * self.computed[what] / len(self.latencies)


def default_requests(prompts: Sequence[str]) -> Iterator[Request]:
    """Yields requests of the default kind, each with another seed."""
    for seed, prompt in enumerate(itertools.cycle(prompts)):
        yield Request(prompt, search=Rerank(seed))


async def closed_loop(
    engine: Composes,
    requests: Iterator[Request],
    clients: int,
    seconds: float,
    warm_up_s: float,
    computed: Callable[[], Counter[str]] = Counter,
) -> Load:
    """Lets clients ask for some time, and then waits for the last answers.

    Args:
        engine: What is asked.
        requests: What is sent; all clients share it.
        clients: How many there are, each as from another server.
        seconds: How long is measured.
        warm_up_s: How long they ask before that.
        computed: Returns the seconds that processes have computed, by what they do.
    """
    load, clock = Load(seconds), asyncio.get_running_loop().time
    begins = clock() + warm_up_s
    ends = begins + seconds

    async def ask(group: int) -> None:
        while (sent := clock()) < ends:
            try:
                await engine.compose(next(requests), DEADLINE_S, group)
            except BusyError:
                load.refused += begins <= clock() < ends
                await asyncio.sleep(RETRY_S)
            else:
                if begins <= (answered := clock()) < ends:
                    load.latencies.append((answered - sent) * 1e3)

    async def measure() -> None:
        await asyncio.sleep(begins - clock())
        before = computed()
        await asyncio.sleep(ends - clock())
        load.computed = computed()
        load.computed.subtract(before)

    await asyncio.gather(measure(), *map(ask, range(1, clients + 1)))
    return load
