"""Texts that commands are given, also by standard input, and files that they write."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import click

from ..verse import PromptError, RequestError

__all__ = ["open_output", "read_poem_argument", "verse_argument"]

STDIN = "-"


@contextmanager
def open_output(out: str) -> Iterator[IO[bytes]]:
    """Opens standard output for `-`, else a file that appears only once it is complete.

    Raises:
        RequestError: The file cannot be written.
    """
    if out == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(out).resolve()  # a link stays a link
    # A pipe or a device is written to directly; replacing it would destroy it.
    special = path.exists() and not path.is_file()
    temporary = path if special else path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as stream:
            yield stream
        if not special:
            temporary.replace(path)
    except OSError as error:
        raise RequestError("cli-unwritable", path=out, reason=str(error.strerror)) from None
    finally:
        if not special:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def read_poem_argument(text: str) -> str:
    """Returns a poem that the command line gives; `-` stands for standard input, in UTF-8.

    Raises:
        PromptError: Standard input is no text in UTF-8.
    """
    if text != STDIN:
        return text
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise PromptError("cli-stdin-not-utf8") from None


def verse_argument(
    name: str, *, required: bool = True
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Returns a decorator that adds an argument of one text, which may have spaces in quotes."""

    def read(context: click.Context, _: click.Parameter, texts: Sequence[str]) -> str | None:
        if len(texts) > 1:
            command, text = str(context.info_name), " ".join(texts)
            raise RequestError("cli-quotes", name=name.upper(), command=command, text=text)
        return next(iter(texts), None)

    metavar = name.upper() if required else f"[{name.upper()}]"
    return click.argument(name, nargs=-1, required=required, callback=read, metavar=metavar)
