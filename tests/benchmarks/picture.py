"""How long pictures take: `python -m tests.benchmarks.picture`.

Each poem is drawn in each style, after a first picture of the style, which draws the background.
"""

import statistics
import time

import click
from lianju.bot.picture import STYLES, Card, render
from lianju.bot.picture.styles import background

from ..picture.cards import DAY, HEPTASYLLABIC, QUATRAIN, REGULATED
from .table import print_table

POEMS = {
    "couplet": QUATRAIN[:2],
    "quatrain": QUATRAIN,
    "8 lines of 5": REGULATED,
    "24 lines of 7": HEPTASYLLABIC * 3,
}


@click.command()
@click.option("--repeat", type=click.IntRange(1), default=20, help="Pictures of each kind.")
def main(repeat: int) -> None:
    """Measure how long pictures take: median times by the clock, and of the processor."""
    rows = []
    for style in STYLES:
        background.cache_clear()
        rows.append(_row(f"{style}, the first", Card(lines=QUATRAIN, style=style), 1))
        for name, lines in POEMS.items():
            card = Card(lines=lines, title="山居", writers=("王维",), date=DAY, style=style)
            rows.append(_row(f"{style}, {name}", card, repeat))
    print_table("Pictures", ("", "time", "processor", "size"), rows)


def _row(name: str, card: Card, repeat: int) -> tuple[str, str, str, str]:
    clock, processor = [], []
    for _ in range(repeat):
        started, used = time.perf_counter(), time.process_time()
        picture = render(card)
        clock.append(time.perf_counter() - started)
        processor.append(time.process_time() - used)
    medians = (f"{statistics.median(each) * 1e3:.0f} ms" for each in (clock, processor))
    return name, *medians, f"{len(picture) // 1000} kB"


if __name__ == "__main__":
    main()
