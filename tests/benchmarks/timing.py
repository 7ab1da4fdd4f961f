"""Times several ways to do the same thing in turn, so that all see the same load of the machine."""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

# The threads of one runtime go on spinning for a while and would slow down the next one.
PAUSE_S = 0.05

Run = Callable[[], object]


class Contender(NamedTuple):
    """One way to do what is measured.

    Attributes:
        name: Of the way.
        prepare: Warms up for the turn of this number, and returns what is then timed.
    """

    name: str
    prepare: Callable[[int], Run]


def repeated(name: str, run: Run) -> Contender:
    """Returns a contender that does the same in every turn, once untimed and once timed."""

    def prepare(turn: int) -> Run:
        run()
        return run

    return Contender(name, prepare)


def milliseconds(run: Run) -> float:
    """Returns the wall-clock milliseconds of one run."""
    time.sleep(PAUSE_S)
    started = time.perf_counter()
    run()
    return (time.perf_counter() - started) * 1e3


def median_ms(contenders: Sequence[Contender], repeat: int) -> dict[str, float]:
    """Returns the median milliseconds of each contender over so many turns, by name."""
    taken: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for turn in range(repeat):
        for contender in contenders:
            taken[contender.name].append(milliseconds(contender.prepare(turn)))
    return {name: statistics.median(each) for name, each in taken.items()}
