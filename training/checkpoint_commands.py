"""The commands that make a checkpoint out of others: average, transfer, widen and prefer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from .options import FOLDER, NEW_FILE, finite


@click.command()
@click.argument("checkpoint", type=NEW_FILE)
@click.argument("other", type=NEW_FILE)
@click.option(
    "--share",
    type=click.FloatRange(0, 1),
    callback=finite,
    default=0.5,
    show_default=True,
    help="Of CHECKPOINT; the rest is OTHER's.",
)
@click.option("--out", type=NEW_FILE, required=True)
def average(checkpoint: Path, other: Path, share: float, out: Path) -> None:
    """Averages the weights of CHECKPOINT and OTHER, of which one began with the other's."""
    from .averaging import average_checkpoints

    average_checkpoints(checkpoint, other, share, out)
    click.echo(f"Wrote {out}")


@click.command()
@click.argument("checkpoint", type=NEW_FILE)
@click.argument("taught", type=NEW_FILE)
@click.argument("before", type=NEW_FILE)
@click.option(
    "--share",
    type=click.FloatRange(0, 2),
    callback=finite,
    default=1.0,
    show_default=True,
    help="Of the difference that is added.",
)
@click.option("--out", type=NEW_FILE, required=True)
def transfer(checkpoint: Path, taught: Path, before: Path, share: float, out: Path) -> None:
    """Adds to CHECKPOINT what TAUGHT has learned since it was BEFORE; all began alike."""
    from .averaging import transfer_learned

    transfer_learned(checkpoint, taught, before, share, out)
    click.echo(f"Wrote {out}")


@click.command()
@click.argument("checkpoint", type=NEW_FILE)
@click.option("--hidden-size", type=click.IntRange(1), required=True, help="Of the wider model.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--out", type=NEW_FILE, required=True)
def widen(checkpoint: Path, hidden_size: int, seed: int, out: Path) -> None:
    """Gives the model of CHECKPOINT more hidden units, so that it predicts the same.

    It is to be trained further; copies of units then learn different things.
    """
    from .widening import widen_checkpoint

    widen_checkpoint(checkpoint, hidden_size, out, seed)
    click.echo(f"Wrote {out}")


@click.command()
@click.argument("checkpoint", type=NEW_FILE)
@click.argument("corpus", type=FOLDER)
@click.option(
    "--marks",
    "files",
    type=NEW_FILE,
    multiple=True,
    required=True,
    help="A file of marks; can be given several times.",
)
@click.option("--out", type=NEW_FILE, required=True)
@click.option("--epochs", type=click.IntRange(1), default=2, show_default=True)
@click.option(
    "--learning-rate", type=click.FloatRange(0, 1, min_open=True), default=4e-4, show_default=True
)
@click.option(
    "--scale",
    type=click.FloatRange(0, 100, min_open=True),
    default=0.5,
    show_default=True,
    help="Of a difference of log-probabilities, in the loss of a pair.",
)
@click.option(
    "--corpus-weight",
    "corpus_weight",
    type=click.FloatRange(0, 100),
    default=0.5,
    show_default=True,
    help="Of the corpus's loss beside that of the pairs.",
)
@click.option(
    "--held-out",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.1,
    show_default=True,
    help="Share of the contexts that is kept for measuring; those that share a line stay together.",
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@click.option("--threads", type=click.IntRange(1), help="Processor threads; all by default.")
def prefer(
    checkpoint: Path,
    corpus: Path,
    files: tuple[Path, ...],
    out: Path,
    corpus_weight: float,
    threads: int | None,
    **options: Any,
) -> None:
    """Teaches the model of CHECKPOINT to prefer the lines that readers marked higher.

    Marks are meant to be on a scale of about 0 to 9: a distance of two marks counts up to 4. CORPUS
    is trained on at the same time, so that the model does not unlearn it. The checkpoint --out is
    written after each epoch.
    """
    import torch

    from .preference import Options, learn_preferences

    if threads:
        torch.set_num_threads(threads)
    learn_preferences(
        checkpoint, corpus, files, out, Options(corpus=corpus_weight, **options), click.echo
    )
    click.echo(f"Wrote {out}")
