"""The log of `lianju serve`: one line an event, as text or JSON, without anything users wrote."""

import asyncio
import logging
from collections.abc import Iterator
from traceback import format_tb
from types import TracebackType
from typing import Any

import aiohttp
import discord
from pythonjsonlogger.json import JsonFormatter

from .settings import LogFormat, LogLevel

__all__ = [
    "describe_error",
    "format_traceback",
    "is_outage",
    "log_unhandled_errors",
    "set_up_logging",
]

ROOT_LOGGER = "lianju"
# Of discord.py: their messages contain user ids, custom ids, and URLs with the secret of an
# interaction.
MESSAGES_WITH_SECRETS = ("discord.app_commands.tree", "discord.http", "discord.ui.view")

TOO_MANY_REQUESTS, SERVER_ERROR = 429, 500
CONNECTION_ERRORS = (
    aiohttp.ClientConnectionError,
    aiohttp.ClientPayloadError,
    discord.ConnectionClosed,
    discord.GatewayNotFound,
)

_log = logging.getLogger(__name__)

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def set_up_logging(style: LogFormat, level: LogLevel) -> None:
    """Sends the log of this process to standard error.

    Args:
        style: `text`, or `json` with one object a line.
        level: The level of Lianju's own loggers. Libraries always log from warnings on: their
            lower levels contain session ids, URLs with secrets, SQL and what users wrote.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(_Text() if style == "text" else _Json())
    logging.raiseExceptions = False  # else a record that cannot be written is quoted in full
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    for name in MESSAGES_WITH_SECRETS:
        logging.getLogger(name).addFilter(_drop_arguments)
    logging.getLogger(ROOT_LOGGER).setLevel(level.upper())


def log_unhandled_errors(loop: asyncio.AbstractEventLoop) -> None:
    """Logs errors that nobody awaited; the loop's default handler quotes their messages."""

    def log_error(_: object, context: dict[str, Any]) -> None:
        _log.error(context["message"], exc_info=context.get("exception"))

    loop.set_exception_handler(log_error)


def format_traceback(error: BaseException) -> str:
    """Returns the traceback without the errors' messages, which may quote what the user wrote.

    An outage of Discord or of the network has only a name: it says nothing about the code.
    """
    if is_outage(error):
        return describe_error(error)
    return "".join(_traceback_parts(error)).rstrip()


def _traceback_parts(error: BaseException) -> Iterator[str]:
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before:
        yield from _traceback_parts(before)
        yield "which led to\n"
    yield from format_tb(error.__traceback__)
    yield f"{describe_error(error)}\n"


def is_outage(error: BaseException) -> bool:
    """Returns whether Discord or the network failed."""
    if isinstance(error, discord.HTTPException):
        return error.status >= SERVER_ERROR or error.status == TOO_MANY_REQUESTS
    return isinstance(error, CONNECTION_ERRORS)


def describe_error(error: BaseException) -> str:
    """Returns the name of an error, with the status if Discord refused a request."""
    status = f" {error.status} {error.code}" if isinstance(error, discord.HTTPException) else ""
    return f"{type(error).__module__}.{type(error).__qualname__}{status}"


def _drop_arguments(record: logging.LogRecord) -> bool:
    """Leaves the pattern of a message, without the values in it."""
    record.args = ()
    return True


class _Text(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802 -- the name in logging
        return format_traceback(ei[1]) if ei[1] is not None else ""


class _Json(JsonFormatter):
    """Each extra attribute of a record becomes a field."""

    def __init__(self) -> None:
        super().__init__(
            "%(levelname)s %(name)s %(message)s",
            rename_fields={"levelname": "level", "name": "logger"},
            timestamp="time",
            json_ensure_ascii=False,
        )

    def formatException(self, ei: Any) -> str:  # noqa: N802 -- the name in logging
        return format_traceback(ei[1]) if ei[1] is not None else ""
