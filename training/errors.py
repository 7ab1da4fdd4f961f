"""Errors that the command line prints as one sentence."""

from __future__ import annotations

import sys
from typing import NoReturn

import click


class TrainingError(Exception):
    """An error that the user can correct; the message says how."""


class CorpusError(TrainingError):
    """The source of the poems or a prepared corpus cannot be read."""


class RecipeError(TrainingError):
    """A recipe has an unknown key, a wrong type or a value out of range."""


class CheckpointError(TrainingError):
    """A checkpoint is missing or damaged, or does not fit the run."""


def run_command(cli: click.Command, name: str, *errors: type[Exception]) -> NoReturn:
    """Runs a command line; an error of the user is one sentence and exit status 2.

    Args:
        cli: The command line.
        name: Its name, for messages.
        errors: Types of errors whose message is one sentence for the user.
    """
    try:
        status = cli(standalone_mode=False)
    except click.Abort:
        sys.exit(130)
    except click.ClickException as error:
        message = error.format_message()
    except errors as error:
        message = str(error)
    except OSError as error:
        message = f"{error.filename}: {error.strerror}."
    except ModuleNotFoundError as error:
        if str(error.name).partition(".")[0] == "lianju":
            raise  # a module of ours is missing, and no extra brings it
        message = f"{error.name} is not installed: run pip install 'lianju[training]'."
    else:
        sys.exit(status if isinstance(status, int) else 0)
    click.echo(f"{name}: {message}", err=True)
    sys.exit(2)
