"""Runs in the bot's process before anything else: a clock that can be set, and a stopwatch.

The campaign puts this folder into PYTHONPATH, so that the bot itself needs no code for tests.
`CAMPAIGN_CLOCK` names a file with seconds to add to `time.time`; what asks the system directly,
such as `datetime.now`, goes on with the true time. `CAMPAIGN_BLOCKS` names a file with one line for
each callback that kept the event loop: seconds, seconds of computing, and where it was meanwhile.
"""

import asyncio
import mmap
import os
import struct
import sys
import threading
import time
import traceback
from pathlib import Path

BLOCKED_S = 0.1
LOOK_EVERY_S = 0.03
PLACES = 6  # of a stack


def _set_clock(path: str) -> None:
    with Path(path).open("rb") as file:
        offset = mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ)
    true_time = time.time
    time.time = lambda: true_time() + struct.unpack("<q", offset)[0]  # type: ignore[assignment]


def _watch_callbacks(path: str) -> None:
    run = asyncio.Handle._run  # type: ignore[attr-defined]
    stopwatch = Stopwatch()

    def timed_run(handle: asyncio.Handle) -> None:
        before, computed, delayed = time.perf_counter(), time.thread_time(), _delay()
        stopwatch.started = before
        run(handle)
        stopwatch.started = None
        if time.perf_counter() - before > BLOCKED_S:
            seconds = time.perf_counter() - before - (_delay() - delayed)
            computed = time.thread_time() - computed
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(f"{seconds:.3f} {computed:.3f} {stopwatch.seen}\n")

    asyncio.Handle._run = timed_run  # type: ignore[attr-defined]


class Stopwatch:
    """Looks where the first thread is when a callback takes long.

    Attributes:
        started: When the present callback began; None between two.
        seen: The innermost places where it was seen.
    """

    def __init__(self) -> None:
        self.started: float | None = None
        self.seen = ""
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        main = threading.main_thread().ident
        while True:
            time.sleep(LOOK_EVERY_S)
            started = self.started
            if started is not None and time.perf_counter() - started > BLOCKED_S / 2:
                frames = traceback.extract_stack(sys._current_frames()[main])[-PLACES:]
                self.seen = " < ".join(
                    f"{Path(each.filename).name}:{each.lineno} {each.name}"
                    for each in reversed(frames)
                )


def _delay() -> float:
    """Seconds that this thread has waited for a processor."""
    os.lseek(_SCHEDULE, 0, os.SEEK_SET)
    return int(os.read(_SCHEDULE, 100).split()[1]) / 1e9


if "CAMPAIGN_CLOCK" in os.environ:
    _set_clock(os.environ["CAMPAIGN_CLOCK"])
if "CAMPAIGN_BLOCKS" in os.environ and Path("/proc/self/schedstat").exists():
    _SCHEDULE = os.open("/proc/self/schedstat", os.O_RDONLY)  # of the first thread
    _watch_callbacks(os.environ["CAMPAIGN_BLOCKS"])
