"""The bundle loaded anew in a running `lianju serve`, at SIGHUP or by `lianju reload`.

The process listens on a socket beside its database. Whoever connects asks for a reload, and is told
what became of it. So nobody has to guess which process it is, or whether it still lives.
"""

import asyncio
import json
import logging
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import LianjuError
from .store.opening import database_path

if TYPE_CHECKING:  # the command does without what the bot needs
    from .resources import Resources

__all__ = ["ReloadError", "ask_to_reload", "keep_reloading"]

PATIENCE_S = 120.0  # what loading the largest bundle may take

_log = logging.getLogger(__name__)


class ReloadError(LianjuError):
    """Nothing was reloaded; the message says why."""


@dataclass(frozen=True)
class Reply:
    """What became of a reload.

    Attributes:
        done: Whether another bundle is in service.
        sentence: What to tell the operator.
    """

    done: bool
    sentence: str


async def keep_reloading(resources: "Resources", reload_requested: asyncio.Event) -> None:
    """Reloads whenever it is asked to, until it is cancelled.

    Args:
        resources: What to reload.
        hung_up: Set by SIGHUP. However many come while it reloads, they are one more wish.
    """
    async with _listening(resources):
        while True:
            await reload_requested.wait()
            reload_requested.clear()
            await _reload(resources)


async def _reload(resources: "Resources") -> Reply:
    try:
        await resources.reload()
    except LianjuError as error:
        _log.error("not reloaded: %s", error)
        return Reply(False, f"Not reloaded, the bundle is as it was: {error}")
    except Exception as error:
        _log.error("not reloaded", exc_info=error)
        return Reply(False, "Not reloaded, the bundle is as it was: the bot's log says why.")
    manifest, provider = resources.composer.bundle.manifest, resources.composer.provider
    where = "CUDA" if provider == "cuda" else "the CPU"
    return Reply(True, f"Reloaded: {manifest.name} {manifest.version} answers now, on {where}.")


@asynccontextmanager
async def _listening(resources: "Resources") -> AsyncIterator[None]:
    """Listens for `lianju reload` as long as the block runs."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reply = await _reload(resources)
        with suppress(OSError):  # who asked may have left
            writer.write(json.dumps(asdict(reply)).encode())
            await writer.drain()
        writer.close()

    path = _socket_path(resources.settings.database)
    if sys.platform == "win32":
        yield
        return
    try:
        # Takes the place of what a process left that was killed, or of one that is about to end.
        server = await asyncio.start_unix_server(answer, _address(path))
        path.chmod(0o600)
        ours = path.stat().st_ino
    except OSError as error:
        _log.warning("no `lianju reload` for this process (%s): send it SIGHUP instead", error)
        yield
        return
    try:
        yield
    finally:
        server.close()
        with suppress(OSError):
            if path.stat().st_ino == ours:
                path.unlink()


def ask_to_reload(database: str) -> str:
    """Has the `lianju serve` of a database load its bundle anew, and waits for that.

    Args:
        database: The URL of the database.

    Returns:
        A sentence that says what was done.

    Raises:
        ReloadError: Nothing was reloaded.
        StoreError: The URL names no file.
    """
    path = _socket_path(database)
    if sys.platform == "win32":
        raise ReloadError("This system has no way to ask a running bot: restart it instead.")
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE_S)
            connection.connect(_address(path))
            with connection.makefile(encoding="utf-8", errors="replace") as stream:
                heard = stream.read()
    except (FileNotFoundError, ConnectionRefusedError):
        raise ReloadError(
            f"No `lianju serve` with the database {database_path(database)} is ready here: "
            "start it, or wait until it is."
        ) from None
    except TimeoutError:
        raise ReloadError("The bot does not answer: its log says what became of it.") from None
    except OSError as error:
        raise ReloadError(f"{path} cannot be reached: {error.strerror or error}.") from None
    if not heard:
        raise ReloadError("Not reloaded: the bot has stopped meanwhile.")
    try:
        reply = Reply(**json.loads(heard))
    except (ValueError, TypeError):  # cut off, or of another version
        raise ReloadError("The bot's reply makes no sense: its log says what it did.") from None
    if not reply.done:
        raise ReloadError(reply.sentence)
    return reply.sentence


def _socket_path(database: str) -> Path:
    path = database_path(database)
    return path.with_name(f"{path.name}.sock")


def _address(path: Path) -> str:
    """The shorter way to a socket: its address may have no more than about a hundred bytes."""
    return min(str(path), os.path.relpath(path), key=len)
