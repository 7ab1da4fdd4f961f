"""`lianju bench`: how fast this machine answers, and with how much memory."""

import asyncio
import itertools
import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from ..verse import Beam, Poem, Request, RequestError, Rerank, Sample, SearchError
from .request import bundle_option, provider_option

if TYPE_CHECKING:
    from ..verse import Composer, Provider

__all__ = ["bench", "draw_prompts"]

KINDS: dict[str, Callable[[str, int], Request]] = {
    "plain beam, width 5": lambda line, _: Request(line, search=Beam(plain=True)),
    "next line": lambda line, seed: Request(line, search=Rerank(seed)),
    "quatrain": lambda line, seed: Request(line, Poem("jueju"), Rerank(seed)),
    "sample": lambda line, seed: Request(line, search=Sample(seed=seed)),
}
"""How to make a request of each kind from a line and a seed."""

AT_ONCE = (1, 8, 64)
COLD_STARTS = 5
DEADLINE_S = 600.0  # no request here is to be cut short
IDLE_S = 2.0  # the engine releases memory after one second without work
SAMPLED = 20  # lines of one request


class Load(NamedTuple):
    """Latency and rate of one kind of request.

    Attributes:
        kind: One of `KINDS`.
        at_once: How many requests were sent at the same time.
        requests: How many were answered in all.
        median_ms: Milliseconds from request to answer.
        p95_ms: Their 95th percentile.
        rate: Answers a second.
    """

    kind: str
    at_once: int
    requests: int
    median_ms: float
    p95_ms: float
    rate: float


@click.command()
@click.argument("line", default="黄河远上白云间")
@bundle_option
@provider_option
@click.option("--threads", type=click.IntRange(0), help="0 takes every core.")
@click.option(
    "--repeat",
    type=click.IntRange(1, 1000),
    default=20,
    show_default=True,
    help="Requests of each kind, or as many as are sent at once if that is more.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def bench(
    line: str,
    bundle: Path | None,
    provider: "Provider | None",
    threads: int | None,
    repeat: int,
    as_json: bool,
) -> None:
    """Measure how fast this machine answers.

    Requests of each kind are sent one at a time, 8 at once and 64 at once. Each has a prompt of its
    own, which the model has drawn after LINE. At the end `lianju poem` is started 5 times.
    """
    from ..settings import load_settings
    from ..verse import open_composer

    settings = load_settings()
    provider = provider or settings.provider
    threads = settings.threads if threads is None else threads
    composer = open_composer(bundle or settings.bundle, provider, threads, max(AT_ONCE))
    loads, skipped = _measure_loads(composer, line, repeat)
    time.sleep(IDLE_S)
    memory_mb = _resident_mb()
    composer.close()
    click.secho("cold start …", dim=True, err=True)
    manifest = composer.bundle.manifest
    report = {
        "line": line,
        "bundle": {"name": manifest.name, "version": manifest.version},
        "precision": manifest.graph.precision,
        "provider": composer.provider,
        "cores": os.cpu_count(),
        "threads": threads,
        "loads": [load._asdict() for load in loads],
        "skipped": skipped,
        "cold_start_s": _cold_start_s(line, composer.bundle.directory, provider, threads),
        "requests": sum(load.requests for load in loads),
        "idle_mb": memory_mb,
    }
    click.echo(json.dumps(report, ensure_ascii=False) if as_json else _table(report))


def draw_prompts(composer: "Composer", line: str, count: int) -> list[str]:
    """Returns up to `count` different lines that the model has drawn after a line."""
    prompts: dict[str, None] = {}
    for seed in range(2 * math.ceil(count / SAMPLED)):
        request = Request(line, search=Sample(seed=seed), count=SAMPLED)
        texts = [candidate.text for candidate in composer.compose_now(request).candidates]
        prompts |= dict.fromkeys(filter(None, texts))
    return list(prompts)[:count] or [line]


def _measure_loads(
    composer: "Composer", line: str, repeat: int
) -> tuple[list[Load], dict[str, str]]:
    """Returns the measurements, and why other kinds cannot be answered for this line, by kind."""
    rounds = {at_once: max(1, repeat // at_once) for at_once in AT_ONCE}
    wanted = len(KINDS) * sum(at_once * count for at_once, count in rounds.items())
    prompts = itertools.cycle(draw_prompts(composer, line, wanted))
    loads, skipped = [], {}
    for kind, request in KINDS.items():
        click.secho(f"{kind} …", dim=True, err=True)
        try:
            composer.compose_now(request(line, 0))
        except (RequestError, SearchError) as error:
            skipped[kind] = str(error)
            continue
        for at_once, count in rounds.items():
            drawn = enumerate(itertools.islice(prompts, at_once * count))
            requests = [request(prompt, seed) for seed, prompt in drawn]
            loads.append(asyncio.run(_measure_load(composer, kind, requests, at_once)))
    return loads, skipped


async def _measure_load(
    composer: "Composer", kind: str, requests: Sequence[Request], at_once: int
) -> Load:
    async def answer(request: Request) -> float:
        started = time.perf_counter()
        await composer.compose(request, DEADLINE_S)
        return (time.perf_counter() - started) * 1e3

    latencies: list[float] = []
    started = time.perf_counter()
    for first in range(0, len(requests), at_once):
        latencies += await asyncio.gather(*map(answer, requests[first : first + at_once]))
    rate = len(requests) / (time.perf_counter() - started)
    p95 = sorted(latencies)[math.ceil(0.95 * len(latencies)) - 1]
    return Load(kind, at_once, len(requests), statistics.median(latencies), p95, rate)


def _cold_start_s(line: str, bundle: Path, provider: str, threads: int) -> float:
    """Returns the median seconds of a whole `lianju poem`."""
    command = [sys.executable, "-m", "lianju.bot", "poem", line]
    command += ["--bundle", str(bundle), "--provider", provider]
    environment = {**os.environ, "LIANJU_THREADS": str(threads)}
    seconds = []
    for _ in range(COLD_STARTS):
        started = time.perf_counter()
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)  # noqa: S603 -- our own command
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def _resident_mb() -> float | None:
    """Returns what this process holds in memory; None where the system is not Linux."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    (line,) = (it for it in status.read_text().splitlines() if it.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024 / 1e6


def _table(report: dict[str, Any]) -> str:
    memory = "?" if report["idle_mb"] is None else f"{report['idle_mb']:.0f} MB"
    rows = [f"{'request':22}{'at once':>8}{'median':>12}{'95 %':>12}{'answers/s':>12}"]
    for load in report["loads"]:
        row = "{kind:22}{at_once:>8}{median_ms:>9.1f} ms{p95_ms:>9.1f} ms{rate:>12.1f}"
        rows.append(row.format_map(load))
    rows += [f"{kind:22}{reason}" for kind, reason in report["skipped"].items()]
    head = "{bundle[name]} {bundle[version]}, {precision} on {provider}; cores: {cores}\n"
    foot = "\ncold start of `lianju poem`: {cold_start_s:.2f} s"
    foot += f"\nmemory, idle after {report['requests']} requests: {memory}"
    return head.format_map(report) + "\n".join(rows) + foot.format_map(report)
