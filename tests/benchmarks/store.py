"""The store on a database that many servers have filled: `python -m tests.benchmarks.store`.

Fills a database in the folder for temporary files and deletes it afterwards. With `--database
postgres` it starts a server there, as durable as one is by default, and copies the file into it by
`lianju migrate-database`. A target is for the 95th percentile.
"""

import asyncio
import os
import sqlite3
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import click
import numpy as np
from lianju.bot.store.database_file import create_or_migrate
from lianju.bot.store.postgres.copying import copy_database
from lianju.bot.store.store import BUSY_S, Store, open_store
from lianju.bot.verses import Page, Verse

from ..postgres import running_server
from .table import print_table

NOW = 1_800_000_000
DAY = 86_400
YEARS = 2
PERIODS = (("all time", None), ("month", NOW - 30 * DAY), ("week", NOW - 7 * DAY))
NEW_USER = 10**9  # the id of a user without favorites
PAGE = 10
FAVORITE_MS, PAGE_MS = 5.0, 10.0  # targets
STARTS = 9
LOG_BYTES = 60_000  # that one favorite writes, or so
SIZE = "SELECT pg_database_size($1::text::name)"
HAN = [chr(code) for code in range(0x4E00, 0x4E00 + 2000)]

Call = Callable[[int], Awaitable[object]]
Ranking = Callable[[int, float | None, int, int], Awaitable[Page[Any]]]


class Operation(NamedTuple):
    """What is measured.

    Attributes:
        name: Of the operation.
        target_ms: What the 95th percentile should not exceed; None where there is no target.
        call: Does it; takes the number of the repetition.
    """

    name: str
    target_ms: float | None
    call: Call


class Result(NamedTuple):
    """What was measured of one operation."""

    operation: Operation
    median_ms: float
    p95_ms: float

    def cells(self) -> tuple[str, str, str, str, str]:
        """Returns a row of the table."""
        name, target_ms, _ = self.operation
        times = f"{self.median_ms:.2f} ms", f"{self.p95_ms:.2f} ms"
        if target_ms is None:
            return name, *times, "", ""
        return name, *times, f"{target_ms:.0f} ms", "missed" if self.p95_ms > target_ms else ""


@click.command()
@click.option("--favorites", type=click.IntRange(1000, 10**8), default=1_000_000, show_default=True)
@click.option("--servers", type=click.IntRange(1, 10**6), default=10_000, show_default=True)
@click.option("--repeat", type=click.IntRange(20, 10_000), default=500, show_default=True)
@click.option("--database", type=click.Choice(["sqlite", "postgres"]), default="sqlite")
def main(favorites: int, servers: int, repeat: int, database: str) -> None:
    """Measures each operation of the store."""
    with TemporaryDirectory() as folder, ExitStack() as stack:
        path, empty = Path(folder) / "full.sqlite3", Path(folder) / "empty.sqlite3"
        started = time.perf_counter()
        fill(path, favorites, servers)
        create_or_migrate(empty, BUSY_S).close()
        size_mb = path.stat().st_size / 1e6
        full, none = _url(path), _url(empty)
        if database == "postgres":
            server = stack.enter_context(running_server(durable=True))
            source, full, none = full, server.create(), server.create()
            started = time.perf_counter()
            copy_database(source, full, lambda *_: None)
            (size,) = server.execute("postgres", SIZE, full.rpartition("/")[2])[0]
            size_mb = size / 1e6
        seconds = time.perf_counter() - started
        results = asyncio.run(_measure_all(full, none, path, repeat))
    print_table(
        f"{favorites} favorites, {servers} servers: filled in {seconds:.0f} s, {size_mb:.0f} MB; "
        f"each {repeat} times",
        ("", "median", "95 %", "target", ""),
        [result.cells() for result in results],
    )


def fill(path: Path, favorites: int, servers: int, seed: int = 1) -> None:
    """Writes a database of two years in which the sizes of servers follow Zipf's law.

    Some members and couplets of each server have many favorites, most have few. Members are in
    several servers.
    """
    rng = np.random.default_rng(seed)
    share = 1 / np.arange(1, servers + 1)
    size = np.ceil(share / share.sum() * favorites).astype(np.int64)  # favorites of each server
    guild = np.repeat(np.arange(servers), 2 * size + 8)  # more than needed: some are drawn twice
    people = max(10, favorites // 5)
    home = rng.integers(people, size=servers)

    couplets = 3 + size // 3
    first = np.cumsum(couplets) - couplets  # each server's first couplet
    couplet = first[guild] + (rng.random(guild.size) ** 2 * couplets[guild]).astype(np.int64)
    user, author = (
        (home[guild] + (rng.random(guild.size) ** 3 * (3 + size[guild] // 20)).astype(np.int64))
        % people
        + 1
        for _ in range(2)
    )
    kept_at = NOW - rng.integers(YEARS * 365 * DAY, size=guild.size)
    # Each member keeps each couplet once; a server exceeds its size only where the rest is too few.
    _, once = np.unique(user * couplets.sum() + couplet, return_index=True)
    chosen = rng.permutation(once)
    chosen = chosen[np.argsort(guild[chosen], kind="stable")]
    held = np.bincount(guild[chosen], minlength=servers)
    nth = np.arange(chosen.size) - np.repeat(np.cumsum(held) - held, held)
    chosen = chosen[np.argsort(nth >= size[guild[chosen]], kind="stable")][:favorites]
    chosen = chosen[np.argsort(kept_at[chosen])]
    used, couplet = np.unique(couplet[chosen], return_inverse=True)
    rows = (user[chosen], guild[chosen] + 1, couplet + 1, author[chosen], kept_at[chosen])
    lines, answers = (
        rng.choice(HAN, (count, 7)).view("U7").ravel().tolist()
        for count in (used.size // 5 + 1, used.size)
    )
    create_or_migrate(path, BUSY_S).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        # Without a journal: nothing waits for the disk, and after a crash it is filled anew.
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000"):
            database.execute(f"PRAGMA {pragma}")
        database.execute("BEGIN")
        database.executemany(
            "INSERT INTO couplet VALUES (?, ?, ?)",
            ((number, lines[number // 5], answer) for number, answer in enumerate(answers, 1)),
        )
        database.executemany(
            "INSERT INTO favourite (user_id, guild_id, couplet_id, author_id, kept_at)"
            " VALUES (?, ?, ?, ?, ?)",
            zip(*(row.tolist() for row in rows), strict=True),
        )
        database.execute("COMMIT")


async def _measure_all(full: str, empty: str, path: Path, repeat: int) -> list[Result]:
    with (path.parent / "disk").open("wb", buffering=0) as disk:

        async def write(_: int) -> None:
            disk.write(bytes(LOG_BYTES))
            os.fsync(disk.fileno())

        # The part of every write that does not depend on the store.
        results = [await _measure(Operation("write and sync, the disk alone", None, write), repeat)]
    store = await open_store(full)
    try:
        operations = await _operations(store, _Sample(path, repeat + 1))
        results += [await _measure(operation, repeat) for operation in operations]
    finally:
        await store.close()

    async def start(url: str) -> None:
        await (await open_store(url)).close()

    for name, url in (("an empty", empty), ("this", full)):
        operation = Operation(f"start with {name} database", None, lambda _, it=url: start(it))
        results.append(await _measure(operation, STARTS))
    return results


class _Sample:
    """Random favorites, so that larger servers have more of them."""

    def __init__(self, path: Path, size: int) -> None:
        largest = "SELECT {0} FROM favourite GROUP BY {0} ORDER BY count(*) DESC LIMIT 1"
        with closing(sqlite3.connect(path)) as database:
            (count,) = database.execute("SELECT max(id) FROM favourite").fetchone()
            drawn = [
                database.execute(
                    "SELECT user_id, guild_id, line, answer FROM favourite"
                    " JOIN couplet ON couplet.id = couplet_id WHERE favourite.id = ?",
                    (number,),
                ).fetchone()
                for number in np.random.default_rng(2).integers(1, count + 1, size).tolist()
            ]
            (self.server,) = database.execute(largest.format("guild_id")).fetchone()
            (self.member,) = database.execute(largest.format("user_id")).fetchone()
        self.members, self.servers, lines, answers = zip(*drawn, strict=True)
        self.couplets = tuple(map(Verse, lines, answers))


async def _operations(store: Store, sample: _Sample) -> list[Operation]:
    """Returns what is measured, in this order: some operations undo those before them."""
    everywhere, largest = sample.servers, (sample.server,) * len(sample.servers)
    best = (await store.leaderboard.verses(sample.server, None, 0, PAGE)).items
    ten = [each.verse for each in best]
    new = [Verse("新", str(number)) for number in range(len(everywhere))]

    def toggle(servers: Sequence[int], couplets: Sequence[Verse]) -> Call:
        return lambda n: store.favorites.toggle(NEW_USER + n, servers[n], couplets[n], 1, NOW)

    def favorites(members: Sequence[int], offset: int) -> Call:
        return lambda n: store.favorites.page(members[n], offset, PAGE)

    most = [ten[0]] * len(everywhere)
    kept = (await store.favorites.page(sample.member, 0, 1)).total
    keenest = [sample.member] * len(everywhere)
    operations = [
        Operation("keep a new couplet", FAVORITE_MS, toggle(everywhere, new)),
        Operation("keep a couplet of the server", FAVORITE_MS, toggle(everywhere, sample.couplets)),
        Operation("remove it", FAVORITE_MS, toggle(everywhere, sample.couplets)),
        Operation("keep the most popular couplet", FAVORITE_MS, toggle(largest, most)),
        Operation("remove it", FAVORITE_MS, toggle(largest, most)),
        Operation(
            "count the favorites of ten couplets",
            FAVORITE_MS,
            lambda _: store.favorites.counts(sample.server, ten),
        ),
        Operation(
            "suggest lines with a character",
            PAGE_MS,
            lambda n: store.leaderboard.lines(sample.server, sample.couplets[n].answer[0], 25),
        ),
        Operation("favorites, first page", PAGE_MS, favorites(sample.members, 0)),
        Operation(f"favorites, last page of {kept}", PAGE_MS, favorites(keenest, kept - PAGE)),
    ]
    for kind, read in (
        ("couplets", store.leaderboard.verses),
        ("members", store.leaderboard.members),
    ):

        def page(
            servers: Sequence[int], since: float | None, offset: int, read: Ranking = read
        ) -> Call:
            return lambda n: read(servers[n], since, offset, PAGE)

        for period, since in PERIODS:
            total = (await read(sample.server, since, 0, 1)).total
            end = max(0, total - PAGE)
            name = f"{kind}, {period}"
            operations += [
                Operation(f"{name}, a server", PAGE_MS, page(everywhere, since, 0)),
                Operation(f"{name}, the largest", PAGE_MS, page(largest, since, 0)),
                Operation(
                    f"{name}, the largest, last page of {total}", PAGE_MS, page(largest, since, end)
                ),
            ]
    return operations


async def _measure(operation: Operation, repeat: int) -> Result:
    taken = []
    for number in range(repeat + 1):
        started = time.perf_counter()
        await operation.call(number)
        taken.append((time.perf_counter() - started) * 1e3)
    del taken[0]  # the one that has its statements compiled
    return Result(operation, statistics.median(taken), statistics.quantiles(taken, n=20)[-1])


def _url(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path.as_posix()}"


if __name__ == "__main__":
    main()
