"""The command line: `lianju`, or `python -m lianju.bot`."""

import functools
import io
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, get_args

import click

from .errors import LianjuError
from .verse.errors import PromptError, RequestError
from .verse.request import Form, Known, Request, Rerank, Sample, Strictness

if TYPE_CHECKING:
    from .verse.composer import Composer
    from .verse.model.session import Provider
    from .verse.request import Script

__all__ = ["main"]

BAD_INPUT = 2  # exit status
INTERRUPTED = 130
OTHER_COMMANDS = "lianju.commands"  # entry points of what needs more than the runtime


class _Commands(click.Group):
    """Commands of the runtime, and those that join as entry points, imported only when needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *entry_points(group=OTHER_COMMANDS).names})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if command := super().get_command(ctx, cmd_name):
            return command
        for entry in entry_points(group=OTHER_COMMANDS, name=cmd_name):
            return _load(entry)
        return None


def _load(entry: EntryPoint) -> click.Command:
    """The command of an entry point, or one that says what it lacks."""
    try:
        command: click.Command = entry.load()
    except ModuleNotFoundError as error:
        missing = f"`lianju {entry.name}` needs {error.name}: run pip install 'lianju[training]'."

        def refuse() -> None:
            raise LianjuError(missing)

        anything = {"ignore_unknown_options": True, "allow_extra_args": True}
        return click.Command(
            entry.name,
            callback=refuse,
            context_settings=anything,
            help="(run pip install 'lianju[training]' to have it)",
        )
    return command


def _search_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the options that `poem` and `generate` share."""
    options = (
        click.option(
            "--beam", type=int, metavar="W", help="The likeliest lines, by a beam of 1 to 64."
        ),
        click.option(
            "--count", type=int, metavar="N", help="How many candidates, 1 to 20 (default 5)."
        ),
        click.option(
            "--length", type=int, metavar="L", help="Characters, 1 to 64 (default: the prompt's)."
        ),
        click.option("--plain", is_flag=True, help="The reference beam search, free of rules."),
        click.option("--sample", is_flag=True, help="Draw lines at random, without a beam."),
        click.option("--temperature", type=float, metavar="T", help="0.1 to 2 (default 0.8)."),
        click.option("--top-k", type=int, metavar="K", help="1 to 1000 (default 100)."),
        click.option("--top-p", type=float, metavar="P", help="0.05 to 1 (default 0.9)."),
        click.option("--seed", type=int, metavar="S", help="Other lines; the same for one seed."),
        click.option(
            "--script",
            type=click.Choice(["auto", "simplified", "traditional"]),
            default="auto",
            help="Characters of the answer (default: the prompt's).",
        ),
        click.option(
            "--rhyme", metavar="GROUP", help="A rhyme group, such as 东 (default: the prompt's)."
        ),
        click.option(
            "--rules",
            "strictness",
            type=click.Choice(get_args(Strictness)),
            default="strict",
            help="Tones and rhyme kept (default), rhyme kept and tones preferred, or neither.",
        ),
        click.option(
            "--known",
            type=click.Choice(get_args(Known)),
            default="exclude",
            help="Lines that the corpus has: none (default), or welcome.",
        ),
        click.option("--bundle", type=click.Path(path_type=Path), help="The model's directory."),
        click.option(
            "--provider", type=click.Choice(["auto", "cuda", "cpu"]), help="Where the model runs."
        ),
    )
    return functools.reduce(lambda wrapped, option: option(wrapped), reversed(options), command)


@click.group(cls=_Commands, invoke_without_command=True)
@click.version_option(package_name="lianju", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Lianju answers a line of Tang verse with the next line."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@cli.command()
@click.argument("line", required=False)
@_search_options
@click.option(
    "--form",
    type=click.Choice(get_args(Form)),
    default="next",
    help="One line more (default), the rest of a 绝句, or of a 律诗.",
)
@click.option("--heads", metavar="春夏秋冬", help="An acrostic: the first character of each line.")
@click.option("--chars", type=int, metavar="5|7", help="Of an acrostic's lines (default 7).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def poem(line: str | None, as_json: bool, **options: Any) -> None:
    """Offer next lines for LINE, best first; or whole poems."""
    from .cli.output import pretty, to_json

    if line is None and options["heads"] is None:
        raise RequestError("Write a line of verse, such as 黄河远上白云间, or give --heads.")

    request = _request(line or "", **options)
    with _open_composer(**options) as composer:
        answer = composer.compose_now(request)
    click.echo(to_json(answer) if as_json else pretty(answer))


@cli.command()
@click.argument(
    "source", metavar="IN", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--out",
    required=True,
    metavar="OUT",
    type=click.Path(dir_okay=False, allow_dash=True),
    help="The file to write; - prints.",
)
@_search_options
def generate(source: Path, out: str, **options: Any) -> None:
    """Answer a file of prompts, one a line, in the classic format, by beam search.

    For every prompt the file OUT gets a line `index<TAB>prompt`, a line `score<TAB>text` for each
    candidate, and an empty line.
    """
    from .cli.output import classic_block

    requests = {
        number: _request(prompt, classic=True, **options)
        for number, prompt in _read_prompts(source).items()
    }
    if Path(out).exists() and source.samefile(out):
        raise RequestError(f"{out} holds the prompts: choose another --out.")
    with _open_composer(**options) as composer:
        for number, request in requests.items():
            try:
                composer.read(request)
            except PromptError as error:
                raise PromptError(f"{source}, line {number}: {error}") from None
        spaced = composer.bundle.vocabulary.is_chinese or not composer.bundle.vocabulary.is_words
        with _output(out) as stream:
            for index, request in enumerate(requests.values()):
                answer = composer.compose_now(request)
                stream.write(classic_block(index, request.text, answer, spaced))


@cli.command()
@click.option(
    "--check", is_flag=True, help="Say whether it could start, without going online, and stop."
)
@click.pass_context
def serve(ctx: click.Context, check: bool) -> None:
    """Run the Discord bot, until it is told to stop."""
    if check:
        from .cli.check import run_checks

        ctx.exit(run_checks())
    from .serve import run
    from .settings import load_settings

    ctx.exit(run(load_settings()))


@cli.command()
def reload() -> None:
    """Have the running `lianju serve` load its bundle anew, and say how that went."""
    from .reload import ask_to_reload
    from .settings import load_settings

    click.echo(ask_to_reload(load_settings().database))


@cli.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
def backup(file: Path, force: bool) -> None:
    """Copy the database to FILE, also while the bot runs."""
    from .settings import load_settings
    from .store.backup import back_up

    click.echo(back_up(load_settings().database, file, force))


@cli.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Put the backup FILE in the place of the database, which is kept beside it.

    The bot must not run meanwhile.
    """
    from .settings import load_settings
    from .store.backup import restore

    click.echo(restore(load_settings().database, file))


@cli.command("bench-store")
@click.option("--favorites", type=click.IntRange(1000, 10**8), default=1_000_000, show_default=True)
@click.option("--servers", type=click.IntRange(1, 10**6), default=10_000, show_default=True)
@click.option(
    "--repeat", type=click.IntRange(20, 10_000), default=500, show_default=True, help="Of each."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def bench_store(favorites: int, servers: int, repeat: int, as_json: bool) -> None:
    """Measure the database when it is full.

    Fills one in the folder for temporary files, and deletes it afterwards.
    """
    from .store.bench import bench

    report = bench(favorites, servers, repeat)
    click.echo(json.dumps(asdict(report)) if as_json else str(report))


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command.

    Args:
        argv: The arguments; None takes those of the process.

    Returns:
        The exit status: 0, 2 after bad input, which is one sentence on standard error, or what the
        command says.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        return cli.main(argv, prog_name="lianju", standalone_mode=False) or 0
    except LianjuError as error:
        return _complain(str(error))
    except click.UsageError as error:
        # The sentence alone: without the usage, and without guesses at what was meant.
        known = getattr(error, "possibilities", None)
        sentence = (error.message if known else error.format_message()).rstrip(".")
        command = error.ctx.command_path if error.ctx else "lianju"
        return _complain(f"{sentence}: see `{command} --help`.")
    except click.ClickException as error:
        return _complain(error.format_message())
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except OSError as error:  # of standard output: all else is dealt with where it is opened
        # Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):  # the reader has gone
            return 1
        return _complain(f"The answer cannot be written: {error.strerror}.")


def _complain(sentence: str) -> int:
    click.echo(f"lianju: {sentence}", err=True)
    return BAD_INPUT


def _request(
    text: str,
    *,
    beam: int | None,
    count: int | None,
    length: int | None,
    plain: bool,
    script: "Script",
    sample: bool,
    temperature: float | None,
    top_k: int | None,
    top_p: float | None,
    seed: int | None,
    rhyme: str | None,
    strictness: Strictness,
    known: Known,
    form: Form = "next",
    heads: str | None = None,
    chars: int | None = None,
    classic: bool = False,
    **_: object,
) -> Request:
    drawn = {"temperature": temperature, "top_k": top_k, "top_p": top_p}
    given: dict[str, Any] = {name: value for name, value in drawn.items() if value is not None}
    if given and not sample:
        option = next(iter(given)).replace("_", "-")
        raise RequestError(f"--{option} is for lines drawn at random: add --sample, or drop it.")
    searches = classic or beam is not None or plain
    if seed is not None and searches and not sample:
        raise RequestError("--seed is for what is left to chance: a beam leaves nothing, drop it.")
    return Request(
        text,
        beam,
        count,
        length,
        plain,
        script,
        sampling=Sample(**given, seed=seed) if sample else None,
        choosing=None if sample or searches else Rerank(seed or 0),
        form=form,
        heads=heads,
        chars=chars,
        rhyme=rhyme,
        strictness=strictness,
        known=known,
    )


@contextmanager
def _open_composer(
    *, bundle: Path | None, provider: "Provider | None", **_: object
) -> Iterator["Composer"]:
    from .settings import load_settings
    from .verse.composer import open_composer

    settings = load_settings()
    composer = open_composer(
        bundle or settings.bundle, provider or settings.provider, settings.threads
    )
    try:
        yield composer
    finally:
        composer.close()


def _read_prompts(source: Path) -> dict[int, str]:
    """The prompts of a file, by line number."""
    try:
        text = source.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise PromptError(f"{source} is not UTF-8 text: save it as UTF-8.") from None
    except OSError as error:
        raise PromptError(f"{source} cannot be read: {error.strerror}.") from None
    prompts = {number: line.strip() for number, line in enumerate(text.rstrip().split("\n"), 1)}
    if prompts == {1: ""}:
        raise PromptError(f"{source} is empty: write one prompt a line.")
    return prompts


@contextmanager
def _output(out: str) -> Iterator[TextIO]:
    """Standard output for `-`; else a file that appears only once it is whole."""
    if out == "-":
        yield sys.stdout
        return
    path = Path(out).resolve()  # a link stays a link
    # A pipe or a device is written to as it is; replacing it would destroy it.
    special = path.exists() and not path.is_file()
    draft = path if special else path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with draft.open("w", encoding="utf-8", newline="\n") as stream:
            yield stream
        if not special:
            draft.replace(path)
    except OSError as error:
        raise RequestError(f"{out} cannot be written: {error.strerror}.") from None
    finally:
        if not special:
            with suppress(OSError):
                draft.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
