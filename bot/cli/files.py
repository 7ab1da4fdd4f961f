"""What commands read from standard input, and files that they write."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from ..verse import PromptError, RequestError

__all__ = ["open_output", "read_poem_argument"]

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
        PromptError: It is no text in UTF-8.
    """
    if text != STDIN:
        return text
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise PromptError("prompt-not-text") from None
