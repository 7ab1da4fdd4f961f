"""The commands of report cards: grade, grade-couplets, grade-clinic, stamp."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import click

from ..errors import ExportError

_FOLDER = click.Path(file_okay=False, path_type=Path)
_PATH = click.Path(path_type=Path)

_option = partial(click.option, show_default=True)
_count = partial(_option, type=click.IntRange(2))


@click.command()
@click.argument("directory", type=_PATH)
@click.option("--corpus", type=_FOLDER, required=True, help="The prepared corpus.")
@click.option("--out", type=_FOLDER, required=True, help="The folder of the card.")
@_count("--prompts", default=1000, help="Held-out first lines to answer, at most.")
@_count("--poems", default=1000, help="Quatrains to write, at most.")
@_option("--seed", type=click.IntRange(0), default=0)
@_option(
    "--pairs",
    type=click.IntRange(0),
    default=2000,
    help="First lines to train the two-sample test on, at most; 0 leaves it out.",
)
@click.option(
    "--readings",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file with lines and the marks of readers.",
)
@_option("--threads", type=click.IntRange(0), default=0, help="0 takes every core.")
def grade(
    directory: Path,
    corpus: Path,
    out: Path,
    prompts: int,
    poems: int,
    seed: int,
    pairs: int,
    readings: Path | None,
    threads: int,
) -> None:
    """Writes the report card of the bundle DIRECTORY, measured beside what poets wrote.

    The card is card.json and card.md; answers.tsv and quatrains.txt hold the graded verse.
    """
    from .figures import grade as measure
    from .generation import answers_table, quatrains_text
    from .readings import read_readings
    from .report import show

    if out.exists() and not out.is_dir():
        raise ExportError(f"{out} is not a folder: choose another --out.")
    card, results = measure(
        directory,
        corpus,
        prompts=prompts,
        poems=poems,
        seed=seed,
        threads=threads,
        pairs=pairs,
        readings=read_readings(readings) if readings else (),
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


@click.command("grade-couplets")
@click.argument("directory", type=_PATH)
@click.option("--pairs", type=_FOLDER, required=True, help="The prepared couplets.")
@click.option("--out", type=_FOLDER, required=True, help="The folder of the card.")
@click.option(
    "--beside",
    type=_FOLDER,
    help="The bundle of a language model to compare with; by default the one that ships.",
)
@_count("--prompts", default=300, help="Held-out upper lines to answer, at most.")
@_option("--seed", type=click.IntRange(0), default=0)
@_option("--threads", type=click.IntRange(0), default=0, help="0 takes every core.")
def grade_couplets(directory: Path, pairs: Path, out: Path, **options: Any) -> None:
    """Measures the couplets of the bundle DIRECTORY beside those of poets.

    The card is card.json and card.md, with the answers to twenty lines that nobody trained on;
    answers.md holds the graded answers.
    """
    from .couplets import answers_table
    from .couplets import grade_couplets as measure
    from .report import show

    if out.exists() and not out.is_dir():
        raise ExportError(f"{out} is not a folder: choose another --out.")
    card = measure(directory, pairs, **options)
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in (
            ("card.json", json.dumps(card.as_dict(), ensure_ascii=False, indent=2) + "\n"),
            ("card.md", card.markdown()),
            ("answers.md", answers_table(card.answers)),
        ):
            (out / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ExportError(f"{error.filename}: {error.strerror}.") from error
    show(card.markdown())


@click.command("grade-clinic")
@click.argument("directory", type=_PATH)
@click.option("--corpus", type=_FOLDER, required=True, help="The prepared corpus.")
@_option("--split", type=click.Choice(("train", "validation", "test")), default="test")
@_count("--count", default=300, help="Poems of regulated form, at most.")
@_option("--seed", type=click.IntRange(0), default=0)
def grade_clinic(directory: Path, corpus: Path, split: str, count: int, seed: int) -> None:
    """Prints how many poems of poets `lianju check` calls faulty, by the tones of DIRECTORY.

    Each of those poems follows with what is told of it, for a reader to judge.
    """
    from .clinic import check_poems
    from .report import show

    show(check_poems(directory, corpus, split, count=count, seed=seed).markdown())


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
