"""The adding problem as pairs: what recurrent nets of different kinds remember over 100 steps.

A source has letters, `x` or `y`, and among them two digits from 0 to 4, one in each half. Its
target is the sum of the digits, in Chinese. This follows the adding problem of Hochreiter &
Schmidhuber (1997), by which Le, Jaitly & Hinton (2015) compared recurrent nets of rectified linear
units, whose recurrent weights begin as the identity, with others.

Usage:
    python docs/examples/memory.py pairs memory.tsv
    lianju-train prepare --pairs memory.tsv --out data/memory
    lianju-train train data/memory --preset memory --out runs/lstm
    python docs/examples/memory.py curves memory.png runs/lstm
"""

from collections import Counter
from math import exp, log
from pathlib import Path

import click
import numpy as np
from lianju.training.checkpoint import load_trained
from lianju.training.errors import CheckpointError, TrainingError, run_command
from lianju.training.options import FOLDER, NEW_FILE
from lianju.training.run_log import read_log

DIGITS = range(5)
SUMS = "〇一二三四五六七八"  # Han, since the trainer reports the perplexity of Han characters alone


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Measures how far back recurrent nets of different kinds remember."""


@cli.command()
@click.argument("file", type=NEW_FILE)
@click.option("--count", type=click.IntRange(1), default=50_000, show_default=True)
@click.option(
    "--length",
    type=click.IntRange(20, 1000),
    default=100,
    show_default=True,
    help="Letters and digits of a source.",
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
def pairs(file: Path, count: int, length: int, seed: int) -> None:
    """Writes FILE, for lianju-train prepare --pairs."""
    rng = np.random.default_rng(seed)
    file.write_text("".join(f"{pair(rng, length)}\n" for _ in range(count)), encoding="utf-8")


def pair(rng: np.random.Generator, length: int) -> str:
    """Returns a line of the file."""
    source = rng.choice(["x", "y"], length).tolist()
    half = length // 2
    one, other = rng.integers(len(DIGITS), size=2).tolist()
    source[rng.integers(half)] = str(one)
    source[rng.integers(half, length)] = str(other)
    return f"{' '.join(source)}\t{SUMS[one + other]}"


@cli.command()
@click.argument("file", type=NEW_FILE)
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=FOLDER)
def curves(file: Path, runs: tuple[Path, ...]) -> None:
    """Draws how well each RUN knows the sum, against its training, into FILE, a PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for run in runs:
        rows = [row for row in read_log(run / "log.csv") if row["validation_han_perplexity"]]
        if not rows:
            raise CheckpointError(f"{run} has measured nothing: give the folder of a run.")
        updates = [int(row["update"]) for row in rows]
        measured = [float(row["validation_han_perplexity"]) for row in rows]
        axes.plot(updates, measured, label=name(run))
    for known, level in {"neither digit": both_unknown(), "one digit": len(DIGITS)}.items():
        axes.axhline(level, color="gray", linewidth=0.8, linestyle=":")
        along = axes.get_yaxis_transform()  # x is a share of the width
        axes.text(0.99, level, f"knows {known}", transform=along, ha="right", va="bottom")
    axes.set_yscale("log")
    axes.set_xlabel("updates")
    axes.set_ylabel("validation perplexity of the sum")
    axes.legend()
    figure.savefig(file, format="png", dpi=100)


def name(run: Path) -> str:
    """Returns what kind of net a run has trained."""
    config = load_trained(run / "last.pt").model.config
    if config.cell != "rnn":
        return config.cell.upper()
    start = ", from the identity" if config.initialization == "identity" else ""
    return f"RNN, {config.nonlinearity}{start}"


def both_unknown() -> float:
    """Returns the perplexity of the sum for a net that knows neither digit."""
    counts = Counter(one + other for one in DIGITS for other in DIGITS)
    shares = [count / counts.total() for count in counts.values()]
    return exp(-sum(share * log(share) for share in shares))


if __name__ == "__main__":
    run_command(cli, "memory.py", TrainingError)
