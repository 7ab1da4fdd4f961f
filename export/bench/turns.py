"""Taking turns: every way sees the same machine, and each turn begins with what is not counted."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

# The threads of one runtime go on spinning for a while and would slow the next one down.
PAUSE = 0.05  # seconds

Run = Callable[[], object]


@dataclass(frozen=True)
class Way:
    """One way to do what is measured.

    Attributes:
        prepare: warms up for the turn of this number, and returns what is then timed.
    """

    name: str
    prepare: Callable[[int], Run]


def again(name: str, run: Run) -> Way:
    """The way that does the same at every turn, and once before it uncounted."""

    def prepare(turn: int) -> Run:
        run()
        return run

    return Way(name, prepare)


def take_turns(ways: Sequence[Way], repeat: int) -> dict[str, list[float]]:
    """Runs every way as often as `repeat`, one after another in each turn.

    Returns:
        Milliseconds of each turn, by the way's name.
    """
    taken: dict[str, list[float]] = {way.name: [] for way in ways}
    for turn in range(repeat):
        for way in ways:
            time.sleep(PAUSE)
            run = way.prepare(turn)
            started = time.perf_counter()
            run()
            taken[way.name].append((time.perf_counter() - started) * 1e3)
    return taken


def medians(ways: Sequence[Way], repeat: int) -> dict[str, float]:
    """The median milliseconds of every way, by its name, from taking turns."""
    return {name: statistics.median(taken) for name, taken in take_turns(ways, repeat).items()}
