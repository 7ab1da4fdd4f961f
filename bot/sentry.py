"""Reports unexpected errors to Sentry: where they happened, and nothing that users wrote."""

import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

from pydantic import SecretStr

from .errors import LianjuError
from .logs import describe_error, is_outage
from .settings import SENTRY_DSN

__all__ = ["SentryError", "open_sentry", "reporting"]

FLUSH_S = 1.0

# Of an event, of an exception in it and of a frame: what is sent. The rest may quote users, name
# the machine, or both.
EVENT = ("event_id", "timestamp", "platform", "level", "release", "environment", "sdk")
TAGS = ("incident",)
EXCEPTION = ("type", "module", "mechanism")
FRAME = (
    *("filename", "function", "module", "lineno", "in_app"),
    *("pre_context", "context_line", "post_context"),  # the source
)
# What failed in the connection to Sentry would be sent there, for ever.
OWN_LOGGERS = ("sentry_sdk", "urllib3")


class SentryError(LianjuError):
    """Errors cannot be reported to Sentry."""


@contextmanager
def reporting(dsn: SecretStr | None) -> Iterator[None]:
    """Reports the unexpected errors in the block; does nothing without a DSN.

    These are errors with an incident id, failures of which no user is told, errors in the log with
    a traceback, and the error that ends the block. Errors of ours, which are no surprise, and
    outages of Discord or of the network are not reported.

    Raises:
        SentryError: The SDK is missing, or the DSN is none.
    """
    if dsn is None:
        yield
        return
    sentry = open_sentry(dsn)
    handler = _Handler()
    logging.getLogger().addHandler(handler)
    try:
        yield
    except Exception as error:
        _report(error)
        raise
    finally:
        logging.getLogger().removeHandler(handler)
        sentry.get_client().close(timeout=FLUSH_S)


def open_sentry(dsn: SecretStr, **options: Any) -> Any:
    """Sets up the SDK and returns it.

    Args:
        dsn: The project's address, which has a key in it.
        options: Further options of the SDK, for tests.

    Raises:
        SentryError: The SDK is missing, or the DSN is none.
    """
    try:
        import sentry_sdk
        from sentry_sdk.utils import BadDsn
    except ModuleNotFoundError:
        raise SentryError("sentry-missing") from None
    try:
        sentry_sdk.init(
            dsn.get_secret_value(),
            release=f"lianju@{version('lianju')}",
            before_send=_scrub,
            # Integrations add breadcrumbs, arguments, bodies and the command line.
            default_integrations=False,
            auto_enabling_integrations=False,
            max_breadcrumbs=0,
            include_local_variables=False,
            max_request_body_size="never",
            spotlight=False,
            **options,
        )
    except BadDsn:
        raise SentryError("setting-secret-value", name=SENTRY_DSN) from None
    return sentry_sdk


class _Handler(logging.Handler):
    """Reports the errors of records, whatever their messages say."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.split(".")[0] in OWN_LOGGERS:
            return
        incident = getattr(record, "incident", None)
        error = None
        if record.exc_info and record.levelno >= logging.ERROR:
            error = record.exc_info[1]
        elif incident is not None or hasattr(record, "failures"):
            error = sys.exc_info()[1]  # the log has its traceback in the message
        if error is not None:
            _report(error, incident)


def _report(error: BaseException, incident: str | None = None) -> None:
    if isinstance(error, LianjuError | ConnectionError) or is_outage(error):
        return
    import sentry_sdk

    tags = {} if incident is None else {"incident": incident}
    sentry_sdk.capture_exception(error, tags=tags)


def _scrub(event: Any, hint: Mapping[str, Any]) -> Any:
    """Returns what is sent of an event."""
    kept = _pick(event, EVENT) | {"tags": _pick(event.get("tags", {}), TAGS)}
    runtime = event.get("contexts", {}).get("runtime")
    if runtime is not None:
        kept["contexts"] = {"runtime": runtime}
    exceptions = event.get("exception", {}).get("values", [])
    kept["exception"] = {"values": [_scrub_exception(each) for each in exceptions]}
    error = (hint.get("exc_info") or (None, None, None))[1]
    if exceptions and error is not None:
        kept["exception"]["values"][-1]["value"] = describe_error(error)
    return kept


def _scrub_exception(exception: Mapping[str, Any]) -> dict[str, Any]:
    kept = _pick(exception, EXCEPTION)
    frames = (exception.get("stacktrace") or {}).get("frames", [])
    kept["stacktrace"] = {"frames": [_pick(frame, FRAME) for frame in frames]}
    return kept


def _pick(values: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: values[name] for name in names if name in values}
