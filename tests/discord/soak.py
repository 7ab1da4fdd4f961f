"""Asks a real `lianju serve` very often: `python -m tests.discord.soak --requests 10000`.

The bot is a process of its own that speaks with the fake Discord over sockets. The table tells how
fast it answers, and how much memory it holds meanwhile. `LIANJU_` variables are passed on to it.
"""

import argparse
import asyncio
import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from ..verse.toy import PROMPTS
from .fake_discord import FakeDiscord
from .interactions import EPHEMERAL, poem
from .process import serving

LINES = [*PROMPTS, *map("，".join, itertools.pairwise(PROMPTS)), *(line[:4] for line in PROMPTS)]
MODES = {"mixed": ("chosen", "beam"), "chosen": ("chosen",), "beam": ("beam",)}
USERS = 4096  # so many that no cooldown refuses any
IDLE_S = 2.0


@dataclass(frozen=True)
class Row:
    """The process at one moment.

    Attributes:
        after: Requests that were dealt with by then.
        refused: How many of them were not answered with verse.
        rate: Requests a second since the row before; None if there were none.
        median_ms: Of the time from a request to its answer, since the row before.
        worst_ms: What 99 % of them stayed below.
        resident_mb: VmRSS.
        private_mb: What of that is no part of a file.
        peak_mb: The most so far.
    """

    moment: str
    after: int
    refused: int
    rate: float | None
    median_ms: float | None
    worst_ms: float | None
    resident_mb: float
    private_mb: float
    peak_mb: float


class Soak:
    """Sends requests and notes what becomes of them.

    Args:
        fake: The Discord.
        pid: The bot's process.
        requests: How many to send.
        mode: Of `MODES`.

    Attributes:
        rows: What was seen so far.
        refusals: The sentences that came instead of verse, and how often.
    """

    def __init__(self, fake: FakeDiscord, pid: int, requests: int, mode: str) -> None:
        self._fake, self._pid = fake, pid
        self._numbers = iter(range(requests))
        self._modes = MODES[mode]
        tenths = (requests * number // 10 for number in range(1, 11))
        self._stops = {100, 1000, requests, *(tenth for tenth in tenths if tenth > 1000)}
        self.refusals: Counter[str] = Counter()
        self._dealt_with = 0
        self._times: list[float] = []
        self._since = time.perf_counter()
        self.rows = [self._row("started")]

    async def run(self, concurrency: int, idle_s: float) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(concurrency):
                group.create_task(self._ask())
        await asyncio.sleep(idle_s)
        self.rows.append(self._row("idle"))

    async def _ask(self) -> None:
        for number in self._numbers:
            asked = poem(LINES[number % len(LINES)], mode=self._modes[number % len(self._modes)])
            sent = time.perf_counter()
            user = 1 + number % USERS  # each in another server, as one has a share of the queue
            exchange = await self._fake.send(self._fake.interaction(asked, user=user, guild=user))
            try:
                message = await exchange.answered()
            except TimeoutError:  # as Discord does, the fake takes nothing after three seconds
                self.refusals["(no answer, as it was not acknowledged in time)"] += 1
            else:
                self._times.append((time.perf_counter() - sent) * 1e3)
                if message["flags"] & EPHEMERAL:
                    self.refusals[message["content"]] += 1
            self._fake.forget(exchange)
            self._dealt_with += 1
            if self._dealt_with in self._stops:
                self.rows.append(self._row("busy"))

    def _row(self, moment: str) -> Row:
        times, self._times = sorted(self._times), []
        now = time.perf_counter()
        elapsed_s, self._since = now - self._since, now
        sizes = memory_mb(self._pid)
        return Row(
            moment,
            self._dealt_with,
            self.refusals.total(),
            len(times) / elapsed_s if times else None,
            statistics.median(times) if times else None,
            times[len(times) * 99 // 100] if times else None,
            sizes["VmRSS"],
            sizes["RssAnon"],
            sizes["VmHWM"],
        )


def memory_mb(pid: int) -> dict[str, float]:
    """What Linux tells of a process, in megabytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    rows = (row.partition(":") for row in status.splitlines())
    return {
        name: int(value.split()[0]) * 1024 / 1e6 for name, _, value in rows if value.endswith(" kB")
    }


async def soak(
    requests: int,
    concurrency: int,
    mode: str = "mixed",
    idle_s: float = IDLE_S,
    seconds_to_acknowledge: float = 3,
    **variables,
) -> tuple[list[Row], Counter[str]]:
    """Runs it in the working folder.

    Returns:
        The rows, and how often there was which refusal and which line in the log, from warnings on.
    """
    async with FakeDiscord.running() as fake:
        fake.seconds_to_acknowledge = seconds_to_acknowledge
        settings = {
            "DISCORD_TOKEN": fake.token,
            "LIANJU_REST_BASE": fake.rest_base,
            "LIANJU_DATABASE": "sqlite+aiosqlite:///soak.sqlite3",
            "LIANJU_LOG_LEVEL": "warning",
        }
        async with serving(fork=False, **settings | variables) as served:
            await served.online(fake.ready)
            running = Soak(fake, served.pid, requests, mode)
            await running.run(concurrency, idle_s)
            ended = await served.stop()
    lines = (line.split(" ", 2)[-1] for line in ended.log.splitlines())  # without the time
    return running.rows, running.refusals + Counter(lines)


def table(rows: list[Row]) -> str:
    def cell(value: object) -> str:
        if isinstance(value, float):
            return f"{value:,.1f}"
        return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)

    head = ("", "after", "refused", "a second", "median ms", "99 % ms", "RSS MB", "private", "peak")
    lines = [head, *(tuple(map(cell, asdict(row).values())) for row in rows)]
    return "\n".join("".join(f"{text:>11}" for text in line) for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--mode", choices=MODES, default="mixed")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # where no .env is
        rows, complaints = asyncio.run(
            soak(arguments.requests, arguments.concurrency, arguments.mode)
        )
    print(json.dumps([asdict(row) for row in rows]) if arguments.json else table(rows))
    for complaint, times in complaints.most_common(10):
        print(f"{times:>6} times: {complaint}", file=sys.stderr)


if __name__ == "__main__":
    main()
