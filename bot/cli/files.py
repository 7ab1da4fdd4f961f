"""Texts that commands are given, also by standard input, and files that they write."""

import datetime
import errno
import os
import stat
import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import click

from ..characters import describe
from ..errors import LianjuError
from ..verse import PromptError, RequestError

__all__ = [
    "SPACES",
    "STDIN",
    "check_not_source",
    "check_output",
    "check_plain",
    "open_output",
    "read_day",
    "read_poem_argument",
    "read_text_file",
    "verse_argument",
]

STDIN = "-"
SPACES = "\t\n\v\f\r"  # control characters that verse may have


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


def check_output(out: str, example: str, *, force: bool, source: str | None = None) -> None:
    """Checks the name of a file to write before the work is done.

    Args:
        out: The name; `-` for standard output.
        example: A name as it should be.
        force: Whether a file may be replaced.
        source: The file that is read, which is never replaced; `-` for standard input.

    Raises:
        LianjuError: It has not the ending of such files, or is taken.
    """
    if out == "-":
        return
    path, ending = Path(out), Path(example).suffix
    if not out:
        raise LianjuError("cli-out-no-name", ending=ending)
    if path.is_dir():
        raise LianjuError("cli-out-folder", path=out, example=str(path / example))
    if path.suffix.lower() != ending and not (path.exists() and not path.is_file()):
        raise LianjuError("cli-out-name", path=out, kind=ending[1:].upper(), ending=ending)
    if source is not None:
        check_not_source(out, source)
    if path.is_file() and not force:
        raise LianjuError("cli-out-exists", path=out)


def check_not_source(out: str, source: str) -> None:
    """Checks that a file to write is not the one that is read, which would be lost.

    Args:
        out: The file to write; `-` for standard output.
        source: The file to read; `-` for standard input, which may be a file too.

    Raises:
        RequestError: Both are one file, by whatever names.
    """
    if out == "-" or (source == STDIN and sys.stdin is None):
        return
    with suppress(OSError):  # one of them does not exist, or standard input is closed
        read = os.fstat(sys.stdin.fileno()) if source == STDIN else Path(source).stat()
        written = Path(out).stat()
        if stat.S_ISREG(written.st_mode) and os.path.samestat(read, written):
            raise RequestError("cli-out-is-source", path=out)


def check_plain(name: str, text: str, allowed: str = "") -> None:
    """Checks that a text has no control characters, which no picture can show.

    Args:
        name: What the text is, such as `--title`.
        text: The text.
        allowed: Control characters that it may have.

    Raises:
        RequestError: It has others.
    """
    for character in text:
        if unicodedata.category(character) == "Cc" and character not in allowed:
            raise RequestError("cli-control", name=name, character=describe(character))


def read_day(text: str) -> datetime.date:
    """Returns a date.

    Raises:
        LianjuError: It is none.
    """
    try:
        return datetime.datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 -- no time
    except ValueError:
        raise LianjuError("picture-date", value=text) from None


def read_text_file(path: Path) -> str:
    """Returns the text of a file, in UTF-8.

    Raises:
        PromptError: It cannot be read, or is no text in UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise PromptError("cli-not-utf8", path=str(path)) from None
    except OSError as error:
        raise PromptError("cli-unreadable", path=str(path), reason=str(error.strerror)) from None


def read_poem_argument(text: str) -> str:
    """Returns a poem that the command line gives; `-` stands for standard input, in UTF-8.

    Raises:
        PromptError: Standard input is closed, or is no text in UTF-8.
    """
    if text != STDIN:
        return text
    if sys.stdin is None:  # it was closed, as by <&- in a shell
        raise PromptError("cli-unreadable", path=STDIN, reason=os.strerror(errno.EBADF))
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig").rstrip("\r\n")
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
