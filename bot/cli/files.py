"""Files that a command writes."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from ..verse import RequestError

__all__ = ["open_output"]


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
