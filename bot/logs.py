"""The log of `lianju serve`: a line an event, as text or JSON, and nothing that users wrote."""

import asyncio
import logging
from collections.abc import Iterator
from traceback import format_tb
from types import TracebackType
from typing import Any

import discord
from pythonjsonlogger.json import JsonFormatter

from .settings import LogFormat, LogLevel

__all__ = ["log_faults_of", "set_up_logging", "trace"]

OURS = "lianju"

_log = logging.getLogger(__name__)

Fault = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def set_up_logging(style: LogFormat, level: LogLevel) -> None:
    """Sends the log of this process to standard error.

    Args:
        style: `text`, or `json` with one object a line.
        level: Of Lianju's own lines. Those of libraries begin at warnings, whatever this is:
            below, they hold sessions, URLs with secrets in them, SQL and what users wrote.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(_Text() if style == "text" else _Json())
    logging.raiseExceptions = False  # or a line that cannot be written would be quoted in full
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    logging.getLogger(OURS).setLevel(level.upper())


def log_faults_of(loop: asyncio.AbstractEventLoop) -> None:
    """Lets an event loop report what nobody awaited; its own way quotes the errors' messages."""

    def report(_: object, context: dict[str, Any]) -> None:
        _log.error(context["message"], exc_info=context.get("exception"))

    loop.set_exception_handler(report)


def trace(error: BaseException) -> str:
    """The traceback without the errors' messages, which may quote what the user wrote."""
    return "".join(_trace(error)).rstrip()


def _trace(error: BaseException) -> Iterator[str]:
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before:
        yield from _trace(before)
        yield "which led to\n"
    yield from format_tb(error.__traceback__)
    status = f" {error.status} {error.code}" if isinstance(error, discord.HTTPException) else ""
    yield f"{type(error).__module__}.{type(error).__qualname__}{status}\n"


class _Text(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatException(self, ei: Fault) -> str:  # noqa: N802 -- as logging calls it
        return trace(ei[1]) if ei[1] is not None else ""


class _Json(JsonFormatter):
    """Whatever a line was given beside its message becomes a field."""

    def __init__(self) -> None:
        super().__init__(
            "%(levelname)s %(name)s %(message)s",
            rename_fields={"levelname": "level", "name": "logger"},
            timestamp="time",
            json_ensure_ascii=False,
        )

    def formatException(self, ei: Any) -> str:  # noqa: N802 -- as logging calls it
        return trace(ei[1]) if ei[1] is not None else ""
