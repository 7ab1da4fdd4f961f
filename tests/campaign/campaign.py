"""The campaign: one life of the bot after another, each with random events, an end, and checks."""

import asyncio
import itertools
import random
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any

from ..discord.process import Ended, Served, serving
from .actions import ACTIONS
from .checks import could_delete, ids_in_files, log_faults, read_database
from .conversations import Conversations
from .faulty_discord import START_ROUTES, TROUBLES, FaultyDiscord
from .ledger import Key, Ledger
from .machine import Machine
from .operator import FAULTS, Surroundings
from .playing import PLAYS
from .report import Report
from .scene import MARKS, MEMBER, Scene, World
from .watch import Watch

WORKERS = 16  # events at a time
EVENTS = (40, 160)  # of one life
FAULT_SHARE = 0.08  # of all events
DEADLINE_S = 5
STOP_S = 20.0  # a stop may take the deadline, on a busy machine
BLOCKED_S = 0.1
DEAF_S = 10.0  # Discord drops whoever misses heartbeats
BEAT_EVERY_S = 1.0  # discord.py sends at most 110 messages a minute
REFUSED = 2  # exit status


class Campaign:
    """Runs one bot through many lives.

    Args:
        fake: Its Discord.
        machine: Its files.
        report: Where counts and faults go.
        memory_mb: The most that it may hold.
    """

    def __init__(
        self, fake: FaultyDiscord, machine: Machine, report: Report, memory_mb: float
    ) -> None:
        self._fake, self._machine, self._report = fake, machine, report
        self._memory_mb = memory_mb
        self._world, self._ledger = World(), Ledger()
        fake.guilds = set(map(str, self._world.guilds))
        self._numbers = itertools.count(1)
        self._last = 0  # the number of the latest event
        self._over = False

    async def run(self, minutes: float, events: int | None = None) -> None:
        """Lives until the time is over, or until so many events have happened."""
        until = time.monotonic() + 60 * minutes
        for life in itertools.count(1):
            rng = self._dice(f"life {life}")
            if self._over or time.monotonic() > until:
                break
            await self._live(rng, until, events)
        self._report.measure("favorites in the end", self._ledger.kept)

    def _dice(self, what: str) -> random.Random:
        """Random numbers that depend on the seed and on this alone."""
        return random.Random(f"{self._report.seed}/{what}")  # noqa: S311 -- nothing is secret

    def _take(self, quota: int, until: float, events: int | None) -> Iterator[int]:
        """The numbers of one life's events."""
        for _ in range(quota):
            if time.monotonic() > until or (events is not None and self._last >= events):
                self._over = True
                return
            self._last = next(self._numbers)
            yield self._last

    async def _live(self, rng: random.Random, until: float, events: int | None) -> None:
        may_refuse = self._trouble_start(rng)
        left = set(self._ledger.left)
        self._fake.ready.clear()
        async with serving(fork=False, **self._settings()) as served:
            ended = asyncio.ensure_future(served.ended())
            ready = asyncio.ensure_future(self._fake.ready.wait())
            await asyncio.wait({ready, ended}, return_when=asyncio.FIRST_COMPLETED)
            ready.cancel()
            for route in START_ROUTES:
                self._fake.troubles[route].clear()
            self._machine.heal_bundle()
            if ended.done():
                self._check_refusal(await ended, may_refuse)
                return
            self._report.count("starts", "online")
            self._machine.take_blocks()  # nobody waits for a bot that is not online
            numbers = self._take(rng.randint(*EVENTS), until, events)
            await self._be_online(served, ended, numbers, rng)
        log = (await ended).log
        self._check_log(log)
        self._check_blocks()
        self._check_database(left, log)

    def _settings(self) -> dict[str, object]:
        return self._machine.environment | {
            "DISCORD_TOKEN": self._fake.token,
            "LIANJU_REST_BASE": self._fake.rest_base,
            "LIANJU_DATABASE": f"sqlite+aiosqlite:///{self._machine.database}",
            "LIANJU_BUNDLE": self._machine.bundle,
            "LIANJU_PROVIDER": "cpu",
            "LIANJU_THREADS": 1,
            "LIANJU_DEADLINE": DEADLINE_S,
            "LIANJU_LOG_LEVEL": "debug",
        }

    def _trouble_start(self, rng: random.Random) -> bool:
        """Breaks some starts; returns whether the bot may refuse to start."""
        dice = rng.random()
        if dice < 0.05:
            self._machine.damage_bundle(rng.randrange(5))
        elif dice < 0.2:
            route, trouble = rng.choice(list(START_ROUTES)), rng.choice(TROUBLES)
            self._fake.troubles[route] = [trouble]
            self._report.count("faults of the network", f"{trouble} on {route}")
        return dice < 0.2

    async def _be_online(
        self,
        served: Served,
        ended: "asyncio.Future[Ended]",
        numbers: Iterator[int],
        rng: random.Random,
    ) -> None:
        self._machine.is_dead.clear()
        watch = Watch(served.pid)
        conversations = Conversations(self._fake, self._report, watch, ended)
        around = Surroundings(
            self._fake, self._machine, served, self._world, self._ledger, self._report
        )

        async def work() -> None:
            for number in numbers:
                await self._happen(number, conversations, around)
                if conversations.ending.is_set():
                    return

        async def first_done() -> None:
            tasks = [group.create_task(work()) for _ in range(WORKERS)]
            await asyncio.wait({*tasks, ended}, return_when=asyncio.FIRST_COMPLETED)

        async with asyncio.TaskGroup() as group:
            beating = group.create_task(self._feel_pulse(watch, conversations))
            await first_done()
            memory_mb = watch.memory_mb() or 0.0
            self._report.measure("most memory, MB", memory_mb)
            if memory_mb > self._memory_mb:
                self._report.fault("memory", self._last, f"{memory_mb:.0f} MB", served.log)
            finished = await self._end(served, ended, conversations, rng)
            self._machine.is_dead.set()
            beating.cancel()
        conversations.close(finished=finished)
        for route in list(self._fake.troubles):
            self._fake.troubles[route].clear()

    async def _happen(
        self, number: int, conversations: Conversations, around: Surroundings
    ) -> None:
        """One event, which depends on the seed and its number."""
        rng = self._dice(f"event {number}")
        if rng.random() < FAULT_SHARE:
            (fault,) = rng.choices(list(FAULTS), list(FAULTS.values()))
            self._report.count("faults injected", await fault(around, rng))
            return
        acts = ACTIONS | PLAYS
        (act,) = rng.choices(list(acts), list(acts.values()))
        await act(
            Scene(
                rng,
                number,
                self._world,
                self._ledger,
                self._report,
                self._fake,
                conversations,
                self._read_favorite,
                self._read_verse,
                self._is_on_disk,
            )
        )

    def _is_on_disk(self, member: int) -> bool:
        if self._machine.readers:
            return False  # the write-ahead log is truncated later
        return bool(ids_in_files(self._machine.database, [member]))

    async def _feel_pulse(self, watch: Watch, conversations: Conversations) -> None:
        """Asks for heartbeats, which a blocked event loop delays."""
        fake = self._fake
        while not conversations.ending.is_set():
            await fake.connected.wait()
            sessions = len(fake.identified) + len(fake.resumed)
            lap = watch.lap()
            try:
                await fake.beat()
            except TimeoutError:
                seconds = watch.waited(lap)
            else:
                seconds = watch.waited(lap)
            same = sessions == len(fake.identified) + len(fake.resumed)
            if same and fake.connected.is_set() and not conversations.ending.is_set():
                self._report.count("heartbeats", "measured")
                self._report.measure("slowest heartbeat, s", seconds)
                if seconds > DEAF_S:
                    self._report.fault("deaf", self._last, f"{seconds:.3f} s")
            await asyncio.sleep(BEAT_EVERY_S)

    async def _end(
        self,
        served: Served,
        ended: "asyncio.Future[Ended]",
        conversations: Conversations,
        rng: random.Random,
    ) -> bool:
        """Ends the process; returns whether it had to finish what it had begun."""
        if ended.done():
            conversations.ending.set()
            status = (await ended).status
            self._report.fault("died", self._last, f"exit status {status}", (await ended).log)
            return False
        how = rng.choices(["kill -9", "SIGTERM", "SIGTERM, then kill -9"], [6, 3, 1])[0]
        self._report.count("ends", how)
        conversations.end()
        if how != "kill -9":
            served.signal(signal.SIGTERM)
            since = time.monotonic()
            patience = STOP_S if how == "SIGTERM" else rng.uniform(0, 0.5)
            await asyncio.wait({ended}, timeout=patience)
            if how == "SIGTERM":
                self._report.measure("slowest stop, s", time.monotonic() - since)
                if not ended.done():
                    self._report.fault("slow-stop", self._last, f"over {STOP_S} s", served.log)
                elif status := (await ended).status:
                    self._report.fault("stop", self._last, f"status {status}", (await ended).log)
        served.kill()
        await ended
        return how == "SIGTERM"

    # --- checks after an end ---

    def _check_refusal(self, ended: Ended, may_refuse: bool) -> None:
        self._report.count("starts", "refused with a sentence")
        last = ended.log.rstrip().rpartition("\n")[2]
        if not may_refuse or ended.status != REFUSED or not last.startswith("lianju: "):
            self._report.fault("start", self._last, f"exit status {ended.status}", ended.log)
        self._check_log(ended.log)

    def _check_log(self, log: str) -> None:
        self._report.count("log", "checked")
        for kind, what in log_faults(log):
            self._report.fault(kind, self._last, what, log)

    def _check_blocks(self) -> None:
        """Callbacks that kept the event loop by computing or waiting, not for a busy processor."""
        for line in self._machine.take_blocks():
            seconds, computed, where = line.split(" ", 2)
            self._report.measure("longest callback, s", float(seconds))
            self._report.measure("longest callback, s of computing", float(computed))
            if float(seconds) > BLOCKED_S:
                what = f"{seconds} s, of which {computed} s computing: {where}"
                self._report.fault("blocked", self._last, what)

    def _check_database(self, left: set[int], log: str) -> None:
        """Compares what is stored with what was acknowledged.

        Args:
            left: Servers that the process had left before it started.
            log: Of the process.
        """
        try:
            stored = read_database(self._machine.database)
        except sqlite3.Error as error:
            self._report.fault("database", self._last, str(error))
            return
        self._report.count("database", "checked")
        for what in stored.faults:
            self._report.fault("database", self._last, what)
        for what in self._ledger.differences(stored.favorites):
            self._report.fault("favorite", self._last, what)
        plays, members = self._world.plays, self._world.members
        for what in plays.differences(
            stored.plays, lambda member: member not in members, self._ledger.left
        ):
            self._report.fault("plays", self._last, what)
        for member in self._ledger.forgotten & stored.members:
            self._report.fault("forgotten", self._last, f"a row names member {member}")
        for member in self._ledger.forgotten:
            if chr(MARKS + (member - MEMBER) % 4000) in stored.lines:
                self._report.fault("forgotten", self._last, f"a line of member {member}")
        if stored.is_clean:
            self._report.count("database", "has nothing of what was deleted")
            for id_, files in ids_in_files(self._machine.database, self._ledger.forgotten).items():
                self._report.fault("forgotten-bytes", self._last, f"member {id_} in {files}")
        for guild in left & stored.servers if could_delete(log) else ():
            self._report.fault("left", self._last, f"settings of server {guild}", log)
        self._ledger.adopt(stored.favorites)

    def _read_favorite(self, number: int) -> Key | None:
        return self._read_row(
            """SELECT user_id, guild_id, line, answer FROM favourite
            JOIN couplet ON couplet.id = couplet_id WHERE favourite.id = ?""",
            number,
        )

    def _read_verse(self, number: int) -> tuple[str, str] | None:
        return self._read_row("SELECT line, answer FROM couplet WHERE id = ?", number)

    def _read_row(self, query: str, number: int) -> Any:
        uri = f"{self._machine.database.as_uri()}?mode=ro"
        with suppress(sqlite3.Error), closing(sqlite3.connect(uri, uri=True)) as database:
            return database.execute(query, (number,)).fetchone()
        return None
