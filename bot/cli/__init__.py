"""The command line: one module a group of commands.

Command modules are imported at every start, so they import what a command needs inside of it.
"""

import io
import os
import sys
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points

import click

from ..errors import LianjuError
from .poem import generate, poem
from .serve import reload, serve
from .store import backup, bench_store, restore

__all__ = ["cli", "main"]

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


@click.group(cls=_Commands, invoke_without_command=True)
@click.version_option(package_name="lianju", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Lianju answers a line of Tang verse with the next line."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


for _command in (poem, generate, serve, reload, backup, restore, bench_store):
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
        return _fail(str(error))
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
    except OSError as error:  # of standard output: all else is dealt with where it is opened
        # Python would report it once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):  # the reader has gone
            return 1
        return _fail(f"The answer cannot be written: {error.strerror}.")


def _fail(sentence: str) -> int:
    click.echo(f"lianju: {sentence}", err=True)
    return BAD_INPUT
