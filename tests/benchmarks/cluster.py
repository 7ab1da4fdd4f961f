"""An engine in the process, over HTTP and behind Ray Serve: `python -m tests.benchmarks.cluster`.

All places are on this machine and take turns, with one thread for each engine. First one client
sends the same requests to each, which tells what HTTP and Ray add to an answer. Then more and more
clients ask, each for the next answer as soon as it has one. They are all in one process, which
needs a part of the machine as well; a table tells who computes how much for an answer.
"""

import asyncio
import itertools
import os
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from lianju.bot.engine import RemoteEngine, open_local_engine
from lianju.bot.verse import Beam, Request, Rerank

from ..ray_serve import LOOKS_S, application, computed_s, processes_below, ray_serving
from .closed_loop import Composes, Load, closed_loop, default_requests
from .table import print_table
from .two_engines import rate_of
from .workload import DEADLINE_S, Engine, engine_options

CLIENTS = (1, 16, 64, 256)
PROMPTS = 256
CHECKED = 8  # requests whose answers must be the same everywhere
WARM_UP_S = 2.0
ALONE = 32  # clients of each engine by itself
CLIENT, SERVER, PROXY, REST = "clients", "engine", "proxy", "rest of Ray"
PROXIES = re.compile("ProxyActor|haproxy", re.IGNORECASE)  # of Ray's processes
LISTENING = "listening address="


@dataclass
class Place:
    """Where an engine answers.

    Attributes:
        name: Of the place.
        engine: What is asked.
        processes: The processes that work for it, by what they do.
        loads: What was seen, by the number of clients.
    """

    name: str
    engine: Composes
    processes: dict[int, str] = field(default_factory=dict)
    loads: dict[int, Load] = field(default_factory=dict)

    def computed(self) -> Counter[str]:
        """Seconds that the processes have computed, by what they do."""
        seconds = Counter({CLIENT: time.process_time()})
        for pid, what in self.processes.items():
            with suppress(FileNotFoundError):  # it has ended
                seconds[what] += computed_s(pid)
        return seconds

    async def ask(self, request: Request) -> float:
        """Returns the milliseconds of one answer."""
        started = time.perf_counter()
        await self.engine.compose(request, DEADLINE_S, 1)
        return (time.perf_counter() - started) * 1e3


@click.command()
@engine_options
@click.option("--seconds", type=click.FloatRange(0.1), default=10.0, show_default=True)
@click.option("--rounds", type=click.IntRange(1), default=40, show_default=True)
@click.option("--clients", type=click.IntRange(1), multiple=True, default=CLIENTS)
def main(engine: Engine, seconds: float, rounds: int, clients: Sequence[int]) -> None:
    """Measures what HTTP and Ray Serve add, and what replicas bring."""
    prompts, bundle = engine.prompts(PROMPTS), engine.bundle.directory
    asyncio.run(measure(bundle, prompts, seconds, rounds, clients))
    one, two = (rate_of(count, bundle, prompts, ALONE, seconds) for count in (1, 2))
    print_table(
        "Engines by themselves, with their clients in their own process",
        ("", "answers/s"),
        [("one", f"{one:.1f}"), ("two", f"{two:.1f}"), ("ratio", f"{two / one:.2f}")],
    )


async def measure(
    bundle: Path, prompts: Sequence[str], seconds: float, rounds: int, clients: Sequence[int]
) -> None:
    """Asks all places, and prints what was seen."""
    async with AsyncExitStack() as stack:
        places = [each async for each in _places_without_ray(stack, bundle)]
        await check_answers(places, prompts)
        await print_overhead("One client, before Ray runs", places, prompts, rounds)
        places += [each async for each in _places_on_ray(stack, bundle)]
        await check_answers(places, prompts)
        await print_overhead("One client, while Ray runs", places, prompts, rounds)
        for count, place in itertools.product(clients, places):
            requests = default_requests(prompts)
            place.loads[count] = await closed_loop(
                place.engine, requests, count, seconds, WARM_UP_S, place.computed
            )
    print_loads(places, clients)


def _variables(bundle: Path) -> dict[str, object]:
    return {
        "LIANJU_BUNDLE": bundle,
        "LIANJU_PROVIDER": "cpu",
        "LIANJU_THREADS": 1,
        "LIANJU_DEADLINE": int(DEADLINE_S),
    }


async def _places_without_ray(stack: AsyncExitStack, bundle: Path) -> AsyncIterator[Place]:
    engine = open_local_engine(bundle, "cpu", threads=1)
    stack.push_async_callback(engine.close)
    yield Place("in the process", engine)
    pid, address = await stack.enter_async_context(web_serving(_variables(bundle)))
    yield Place("HTTP", await _remote(stack, address), {pid: SERVER})


async def _places_on_ray(stack: AsyncExitStack, bundle: Path) -> AsyncIterator[Place]:
    # The log would pass through this terminal.
    variables = _variables(bundle) | {"LIANJU_LOG_LEVEL": "warning"}
    apps = [application(name, variables, replicas=n) for name, n in (("one", 1), ("two", 2))]
    ray = await stack.enter_async_context(ray_serving(*apps, cpus=3))
    below = processes_below(ray.pid)
    for name in ("one", "two"):
        replicas = await ray.replicas(name)
        others = {
            pid: PROXY if PROXIES.search(title) else REST
            for pid, title in below.items()
            if "ServeReplica" not in title
        }
        remote = await _remote(stack, f"{ray.address}/{name}")
        yield Place(f"Ray, replicas: {name}", remote, others | dict.fromkeys(replicas, SERVER))


async def _remote(stack: AsyncExitStack, address: str) -> RemoteEngine:
    remote = RemoteEngine([address])
    stack.push_async_callback(remote.close)
    return remote


@asynccontextmanager
async def web_serving(variables: dict[str, object]) -> AsyncIterator[tuple[int, str]]:
    """Runs `lianju web`; yields its process id and its address."""
    with TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("wb") as written:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "lianju.bot", "web", "--port", "0"),
                env=os.environ | {name: str(value) for name, value in variables.items()},
                stdin=asyncio.subprocess.DEVNULL,
                stderr=written,
                start_new_session=True,  # as Ray: systems may divide the processor by sessions
            )
        try:
            while LISTENING not in (text := log.read_text(encoding="utf-8")):
                if process.returncode is not None:
                    raise click.ClickException(text)
                await asyncio.sleep(LOOKS_S)
            yield process.pid, text.partition(LISTENING)[2].split()[0]
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def check_answers(places: Sequence[Place], prompts: Sequence[str]) -> None:
    """Checks that all places give the same answers.

    Raises:
        click.ClickException: They do not.
    """
    for request in itertools.islice(default_requests(prompts), CHECKED):
        answers = [await place.engine.compose(request, DEADLINE_S, 1) for place in places]
        if len({tuple(each.text for each in answer.candidates) for answer in answers}) > 1:
            raise click.ClickException(f"The answers to {request.text} differ.")


async def print_overhead(
    title: str, places: Sequence[Place], prompts: Sequence[str], rounds: int
) -> None:
    """Asks one place after the other for the same, and prints what each adds to the first one."""
    kinds = {
        "default": lambda line, seed: Request(line, search=Rerank(seed)),
        "smallest": lambda line, _: Request(line, search=Beam(1, plain=True), count=1),
    }
    rows = []
    for kind, request in kinds.items():
        taken: dict[str, list[float]] = {place.name: [] for place in places}
        used = dict.fromkeys(taken, 0.0)
        for turn in range(rounds):
            for number in range(len(places)):
                place = places[(turn + number) % len(places)]
                before = time.process_time()
                asked = request(prompts[turn % len(prompts)], turn)
                taken[place.name].append(await place.ask(asked))
                used[place.name] += time.process_time() - before
        first = taken[places[0].name]
        for name, times in taken.items():
            added = [time - base for time, base in zip(times, first, strict=True)]
            rows.append(
                (
                    f"{kind}, {name}",
                    f"{statistics.median(times):.2f}",
                    f"{statistics.median(added):.2f}",
                    f"{1e3 * used[name] / rounds:.2f}",
                )
            )
    head = ("kind, place", "median ms", "median of what it adds", "client computes")
    print_table(title, head, rows)


def print_loads(places: Iterable[Place], clients: Sequence[int]) -> None:
    """Prints what the closed loops saw, and who computed how much."""
    rows, shares = [], []
    for count, place in itertools.product(clients, places):
        load = place.loads[count]
        figures = (load.rate, load.median_ms, load.p99_ms)
        rows.append(
            (f"{count}, {place.name}", *(f"{each:.1f}" for each in figures), str(load.refused))
        )
        computed = (load.computed_ms(what) for what in (CLIENT, SERVER, PROXY, REST))
        shares.append((f"{count}, {place.name}", *(f"{each:.1f}" for each in computed)))
    head = ("clients, place", "answers/s", "median ms", "99 % ms", "refused")
    print_table("Clients that ask again as soon as they have an answer", head, rows)
    print_table(
        "Milliseconds computed for an answer; in the process, the clients' have the engine's",
        ("clients, place", CLIENT, SERVER, PROXY, REST),
        shares,
    )


if __name__ == "__main__":
    main()
