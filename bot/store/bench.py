"""`lianju bench-store`: how long members wait for a database that many servers have filled."""

import asyncio
import os
import sqlite3
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from .opening import prepare
from .records import Couplet, Page
from .store import BUSY_S, Store, open_store

__all__ = ["Report", "Row", "bench", "fill"]

NOW = 1_800_000_000
DAY = 86_400
YEARS = 2
PERIODS = (("all time", None), ("month", NOW - 30 * DAY), ("week", NOW - 7 * DAY))
NEWCOMER = 10**9  # the id of a user who has kept nothing
PAGE = 10
FAVOURITE_MS, PAGE_MS = 5.0, 10.0  # targets
STARTS = 9
HEART_BYTES = 60_000  # written to the log for one, or so
HAN = [chr(code) for code in range(0x4E00, 0x4E00 + 2000)]

Operation = Callable[[int], Awaitable[object]]
Ranking = Callable[[int, float | None, int, int], Awaitable[Page[Any]]]


@dataclass(frozen=True)
class Row:
    """What was measured of one operation.

    Attributes:
        target_ms: What the 95th percentile should not exceed, if there is such an aim.
    """

    name: str
    median_ms: float
    p95_ms: float
    target_ms: float | None

    @property
    def missed(self) -> bool:
        """Whether it takes longer than it should."""
        return self.target_ms is not None and self.p95_ms > self.target_ms


@dataclass(frozen=True)
class Report:
    """All that was measured.

    Attributes:
        repeat: How often each operation ran, but for the starts.
        fill_s: Seconds that it took to fill the database.
        size_mb: Its size on disk.
    """

    favorites: int
    servers: int
    repeat: int
    fill_s: float
    size_mb: float
    rows: list[Row]

    def __str__(self) -> str:
        head = (
            f"{self.favorites} favorites, {self.servers} servers: filled in {self.fill_s:.0f} s,"
            f" {self.size_mb:.0f} MB; each {self.repeat} times"
        )
        lines = [head, f"{'median':>10} {'p95':>10} {'target':>8}"]
        for row in self.rows:
            target = "" if row.target_ms is None else f"{row.target_ms:.0f} ms"
            missed = "  MISSED" if row.missed else ""
            lines.append(
                f"{row.median_ms:7.2f} ms {row.p95_ms:7.2f} ms {target:>8}  {row.name}{missed}"
            )
        return "\n".join(lines)


def bench(favorites: int, servers: int, repeat: int) -> Report:
    """Fills a database in the folder for temporary files and measures the store on it."""
    with TemporaryDirectory() as folder:
        path, empty = Path(folder) / "full.sqlite3", Path(folder) / "empty.sqlite3"
        started = time.perf_counter()
        fill(path, favorites, servers)
        fill_s = time.perf_counter() - started
        prepare(empty, BUSY_S).close()
        rows = asyncio.run(_bench(path, empty, repeat))
        size_mb = path.stat().st_size / 1e6
    return Report(favorites, servers, repeat, fill_s, size_mb, rows)


def fill(path: Path, favorites: int, servers: int, seed: int = 1) -> None:
    """Makes a database of two years: a few servers are large and many small, as Zipf has it.

    So are the members and the couplets of each server. Members are in several servers.
    """
    rng = np.random.default_rng(seed)
    share = 1 / np.arange(1, servers + 1)
    size = np.ceil(share / share.sum() * favorites).astype(np.int64)  # favorites of each server
    guild = np.repeat(np.arange(servers), 2 * size + 8)  # more than needed, as some come up twice
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
    # Each member keeps each couplet once, and no server more than its size as long as that does.
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
    prepare(path, BUSY_S).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        # A crash may lose it all, but nothing waits for the disk.
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


async def _bench(path: Path, empty: Path, repeat: int) -> list[Row]:
    # What a heart waits for beside its own work, and what other programs can make slow.
    with (path.parent / "disk").open("wb", buffering=0) as disk:

        async def write(_: int) -> None:
            disk.write(bytes(HEART_BYTES))
            os.fsync(disk.fileno())

        rows = [await _measure("write and sync, the disk alone", None, write, repeat)]
    store = await open_store(_url(path))
    try:
        operations = await _operations(store, _Sample(path, repeat + 1))
        rows += [await _measure(*operation, repeat) for operation in operations]
    finally:
        await store.close()

    def start(file: Path) -> Operation:
        async def open_and_close(_: int) -> None:
            await (await open_store(_url(file))).close()

        return open_and_close

    rows.append(await _measure("start with an empty database", None, start(empty), STARTS))
    rows.append(await _measure("start with this database", None, start(path), STARTS))
    return rows


class _Sample:
    """Favorites drawn at random, so that the larger a server the more are its own."""

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
        self.couplets = tuple(map(Couplet, lines, answers))


async def _operations(store: Store, sample: _Sample) -> list[tuple[str, float | None, Operation]]:
    """What is measured, in this order, and how long it may take."""
    everywhere, largest = sample.servers, (sample.server,) * len(sample.servers)
    best = (await store.leaderboard.couplets(sample.server, None, 0, PAGE)).items
    ten = [each.couplet for each in best]
    new = [Couplet("新", str(number)) for number in range(len(everywhere))]

    def heart(servers: Sequence[int], couplets: Sequence[Couplet]) -> Operation:
        return lambda n: store.favorites.toggle(NEWCOMER + n, servers[n], couplets[n], 1, NOW)

    def favorites(members: Sequence[int], offset: int) -> Operation:
        return lambda n: store.favorites.page(members[n], offset, PAGE)

    most = [ten[0]] * len(everywhere)
    kept = (await store.favorites.page(sample.member, 0, 1)).total
    keenest = [sample.member] * len(everywhere)
    operations: list[tuple[str, float | None, Operation]] = [
        ("keep a new couplet", FAVOURITE_MS, heart(everywhere, new)),
        ("keep a couplet of the server", FAVOURITE_MS, heart(everywhere, sample.couplets)),
        ("give it up", FAVOURITE_MS, heart(everywhere, sample.couplets)),
        ("keep the most loved couplet", FAVOURITE_MS, heart(largest, most)),
        ("give it up", FAVOURITE_MS, heart(largest, most)),
        (
            "count the hearts of ten couplets",
            FAVOURITE_MS,
            lambda _: store.favorites.counts(sample.server, ten),
        ),
        (
            "suggest lines with a character",
            PAGE_MS,
            lambda n: store.leaderboard.lines(sample.server, sample.couplets[n].answer[0], 25),
        ),
        ("favorites, first page", PAGE_MS, favorites(sample.members, 0)),
        (f"favorites, last page of {kept}", PAGE_MS, favorites(keenest, kept - PAGE)),
    ]
    for kind, read in (
        ("couplets", store.leaderboard.couplets),
        ("members", store.leaderboard.members),
    ):

        def page(
            servers: Sequence[int], since: float | None, offset: int, read: Ranking = read
        ) -> Operation:
            return lambda n: read(servers[n], since, offset, PAGE)

        for period, since in PERIODS:
            total = (await read(sample.server, since, 0, 1)).total
            last = max(0, total - PAGE)
            operations += [
                (f"{kind}, {period}, a server", PAGE_MS, page(everywhere, since, 0)),
                (f"{kind}, {period}, the largest", PAGE_MS, page(largest, since, 0)),
                (
                    f"{kind}, {period}, the largest, last page of {total}",
                    PAGE_MS,
                    page(largest, since, last),
                ),
            ]
    return operations


async def _measure(name: str, target_ms: float | None, operation: Operation, repeat: int) -> Row:
    taken = []
    for number in range(repeat + 1):
        started = time.perf_counter()
        await operation(number)
        taken.append((time.perf_counter() - started) * 1e3)
    taken = taken[1:]  # without the one that has its statements compiled
    return Row(name, statistics.median(taken), statistics.quantiles(taken, n=20)[-1], target_ms)


def _url(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path.as_posix()}"
