"""The commands of the report card: grade, stamp, tune."""

from __future__ import annotations

import json
import math
from functools import partial
from pathlib import Path

import click
from lianju.bot.verse.planning.generation import POOL_TEMPERATURE, PRIOR_WEIGHT

from ..errors import ExportError

_FOLDER = click.Path(file_okay=False, path_type=Path)
_PATH = click.Path(path_type=Path)

_corpus = click.option("--corpus", type=_FOLDER, required=True, help="The prepared corpus.")
_judge = click.option(
    "--judge",
    type=_PATH,
    help="A checkpoint or a bundle of another seed and size, to find prompts by their answers.",
)
_option = partial(click.option, show_default=True)
_count = partial(_option, type=click.IntRange(2))
_seed = _option("--seed", type=click.IntRange(0), default=0)


def _finite(
    ctx: click.Context, parameter: click.Parameter, values: tuple[float, ...]
) -> tuple[float, ...]:
    for value in values:
        if not math.isfinite(value):
            raise click.BadParameter(f"{value} is not a finite number.", ctx, parameter)
    return values


_grid = partial(_option, multiple=True, callback=_finite)


@click.command()
@click.argument("directory", type=_PATH)
@_corpus
@click.option("--out", type=_FOLDER, required=True, help="The folder of the card.")
@_judge
@_count("--prompts", default=1000, help="Held-out first lines to answer, at most.")
@_count("--poems", default=1000, help="Quatrains to write, at most.")
@_seed
@_option("--threads", type=click.IntRange(0), default=0, help="0 takes every core.")
def grade(
    directory: Path,
    corpus: Path,
    out: Path,
    judge: Path | None,
    prompts: int,
    poems: int,
    seed: int,
    threads: int,
) -> None:
    """Writes the report card of the bundle DIRECTORY, measured beside what poets wrote.

    The card is card.json and card.md; answers.tsv and quatrains.txt hold the graded verse.
    """
    from .figures import grade as measure
    from .generation import answers_table, quatrains_text
    from .report import show

    if out.exists() and not out.is_dir():
        raise ExportError(f"{out} is not a folder: choose another --out.")
    card, results = measure(
        directory, corpus, judge, prompts=prompts, poems=poems, seed=seed, threads=threads
    )
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in (
            ("card.json", json.dumps(card.as_dict(), ensure_ascii=False, indent=2) + "\n"),
            ("card.md", card.markdown()),
            ("answers.tsv", answers_table(results.answers)),
            ("quatrains.txt", quatrains_text(results.quatrains)),
        ):
            (out / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ExportError(f"{error.filename}: {error.strerror}.") from error
    show(card.markdown())


@click.command()
@click.argument("directory", type=_PATH)
@_corpus
@_judge
@_count("--prompts", default=200, help="First lines of the validation part to answer, at most.")
@_grid(
    *("--weight", "weights"),
    type=click.FloatRange(0, 2),
    default=(0.0, 0.75, PRIOR_WEIGHT),
    help="Share of a line's own log-probability that is subtracted; repeat for more.",
)
@_grid(
    *("--pool", "pools"),
    type=click.IntRange(5, 5000),
    default=(60,),
    help="Number of lines to draw; repeat for more.",
)
@_grid(
    *("--temperature", "temperatures"),
    type=click.FloatRange(0.1, 2),
    default=(POOL_TEMPERATURE,),
    help="Of the draw; repeat for more.",
)
@_seed
def tune(
    directory: Path,
    corpus: Path,
    judge: Path | None,
    prompts: int,
    weights: tuple[float, ...],
    pools: tuple[int, ...],
    temperatures: tuple[float, ...],
    seed: int,
) -> None:
    """Prints how the answers of the bundle DIRECTORY change under other settings.

    Uses the validation part, so that the report card stays a test of what was chosen.
    """
    from .report import show
    from .tune import Grid, as_table
    from .tune import tune as try_all

    grid = Grid(weights, pools, temperatures)
    show(as_table(try_all(directory, corpus, grid, prompts, judge, seed)).markdown())


@click.command()
@click.argument("directory", type=_PATH)
@click.argument("card", type=_PATH)
def stamp(directory: Path, card: Path) -> None:
    """Writes the figures of CARD, a card.json, into the manifest of the bundle DIRECTORY.

    Only if they were measured on exactly the files that the bundle has.
    """
    from .stamp import METRIC
    from .stamp import stamp as write

    rows = write(directory, card)["rows"]
    click.echo(f"{directory}: {len(rows)} figures are in the manifest, as metrics.{METRIC}.")
