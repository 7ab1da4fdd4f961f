"""The command of the re-ranker: rerank."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..errors import TrainingError
from ..options import FOLDER, NEW_FILE, finite


@click.command()
@click.argument("groups", type=NEW_FILE)
@click.option(
    "--validation",
    type=NEW_FILE,
    required=True,
    help="Ranking groups of held-out poems.",
)
@click.option("--out", type=FOLDER, required=True, help="The run's folder.")
@click.option(
    "--minutes",
    type=click.FloatRange(min=0, min_open=True),
    callback=finite,
    default=60,
    show_default=True,
    help="Training time; the learning rate's schedule fits it.",
)
@click.option(
    "--embedding",
    type=NEW_FILE,
    metavar="CHECKPOINT",
    help="Begin with the embedding of this language model.",
)
@click.option("--others", type=click.IntRange(1), default=5, show_default=True)
@click.option(
    "--learning-rate", type=click.FloatRange(0, 1, min_open=True), default=2e-3, show_default=True
)
@click.option(
    "--dropout", type=click.FloatRange(0, 0.9), default=0.0, show_default=True, callback=finite
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@click.option("--threads", type=click.IntRange(1), help="Processor threads; all by default.")
def rerank(
    groups: Path,
    validation: Path,
    out: Path,
    minutes: float,
    embedding: Path | None,
    threads: int | None,
    **options: Any,
) -> None:
    """Trains a re-ranker on GROUPS, which `lianju-export groups` has drawn.

    --others is how many poets' lines from elsewhere compete with each true next line, --dropout the
    share of characters that are hidden.
    """
    import torch

    from .groups import RankingGroups
    from .trainer import Options, RerankerTrainer, language_model_embedding

    if (out / "best.pt").exists():
        raise TrainingError(f"{out} holds a run already: give another --out.")
    if threads:
        torch.set_num_threads(threads)
    drawn, held_out = (RankingGroups.load(path) for path in (groups, validation))
    if drawn.tokens != held_out.tokens:
        raise TrainingError(f"{groups} and {validation} were drawn with different vocabularies.")
    best = RerankerTrainer(
        drawn,
        held_out,
        out,
        Options(minutes=minutes, **options),
        embedding=language_model_embedding(embedding, drawn.tokens) if embedding else None,
        report=click.echo,
    ).run()
    click.echo(
        f"Done: {out / 'best.pt'}, validation loss {best.loss:.4f}, poets' lines above "
        f"{best.poet:.1%} of the drawn ones, first among poets' lines {best.first:.1%}"
    )
