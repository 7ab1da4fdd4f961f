"""The command line: one module a group of commands.

Command modules are imported at every start, so they import what a command needs inside of it.
"""

import io
import os
import sys
from collections.abc import Sequence

import click

from ..errors import LianjuError
from .bench import bench
from .booklet import booklet
from .card import card
from .clinic import check
from .couplet import couplet
from .language import format_error, path_error
from .poem import generate, poem
from .score import score
from .serve import serve
from .store import backup, migrate_database, restore
from .web import web

__all__ = ["cli", "main"]

BAD_INPUT = 2  # exit status
INTERRUPTED = 130


@click.group(invoke_without_command=True)
@click.version_option(package_name="lianju", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Lianju answers a line of Tang verse with the next line."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


for _command in (
    poem,
    couplet,
    check,
    score,
    card,
    booklet,
    generate,
    serve,
    web,
    backup,
    restore,
    migrate_database,
    bench,
):
    cli.add_command(_command)


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
        return _fail(format_error(error))
    except click.UsageError as error:
        # The sentence alone: without the usage, and without guesses at what was meant.
        known = getattr(error, "possibilities", None)
        sentence = (error.message if known else error.format_message()).rstrip(".")
        command = error.ctx.command_path if error.ctx else "lianju"
        return _fail(f"{sentence}: see `{command} --help`.")
    except click.ClickException as error:
        return _fail(error.format_message())
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except OSError as error:
        if error.filename is not None:  # such as a folder that cannot be searched
            return _fail(format_error(path_error(error)))
        if isinstance(error, FileNotFoundError):  # from os.getcwd
            return _fail(format_error(LianjuError("cli-folder-gone")))
        # Of standard output. Python would report it once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):  # the reader has gone
            return 1
        return _fail(format_error(LianjuError("cli-output-failed", reason=str(error.strerror))))


def _fail(sentence: str) -> int:
    click.echo(f"lianju: {sentence}", err=True)
    return BAD_INPUT
