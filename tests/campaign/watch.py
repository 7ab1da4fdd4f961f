"""Measures a process from outside, without the time in which others had the processor."""

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..discord.soak import memory_mb


@dataclass(frozen=True)
class Lap:
    """A moment of a process.

    Attributes:
        at: Seconds.
        delays: How long each thread has waited for a processor, in seconds.
        own: Seconds that our own event loop has computed or waited for a processor.
    """

    at: float
    delays: dict[str, float]
    own: float


class Watch:
    """Measures a process.

    Args:
        pid: The process.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._threads = Path(f"/proc/{pid}/task")

    def lap(self) -> Lap:
        delays = {}
        with suppress(OSError):  # it has ended
            for thread in self._threads.iterdir():
                _, delays[thread.name] = _schedule(thread)
        return Lap(time.perf_counter(), delays, sum(_schedule(Path("/proc/self"))))

    def waited(self, since: Lap) -> float:
        """Seconds since a lap, without those in which the processor was busy with others.

        The process and we ourselves may have waited at the same time, so only the longer wait of
        the two is left out.
        """
        now = self.lap()
        delays = (now.delays[name] - since.delays.get(name, 0.0) for name in now.delays)
        return max(0.0, now.at - since.at - max([now.own - since.own, *delays]))

    def memory_mb(self) -> float | None:
        """The most memory that it has held; None if it has ended."""
        with suppress(OSError, KeyError):
            return memory_mb(self._pid)["VmHWM"]
        return None


def _schedule(process: Path) -> tuple[float, float]:
    """Seconds that a thread has computed, and that it has waited for a processor."""
    try:
        computed, waited, _ = (process / "schedstat").read_text(encoding="ascii").split()
    except (OSError, ValueError):  # a thread that has ended, a kernel without it
        return 0.0, 0.0
    return int(computed) / 1e9, int(waited) / 1e9
