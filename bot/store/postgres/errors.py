"""Errors of PostgreSQL and of the way to it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, DisconnectionError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from ..errors import DamagedFileError, StoreBusyError, StoreError

__all__ = ["convert_error", "converted_errors"]

NOT_TEXT = "22021"
ZERO_BYTE = "utf-8", "\0", 0, 1, "PostgreSQL does not store it"
# https://www.postgresql.org/docs/current/errcodes-appendix.html
BUSY = ("55P03", "40P01", "40001", "57014", "53300")
KEYS = {
    "28": "store-login",
    "3D": "store-no-such-database",
    "42501": "store-forbidden",
    "3F": "store-forbidden",
    "25006": "store-standby",
    "53100": "store-disk-full",
    "XX001": "store-damaged",
    "XX002": "store-damaged",
}
LOST = ("08", "57P")  # the server stops, starts or has ended the connection


@contextmanager
def converted_errors(
    server: str, for_members: Callable[[StoreError, StoreError], StoreError] | None = None
) -> Iterator[None]:
    """Converts errors of SQLAlchemy, asyncpg and the network to the store's.

    Args:
        server: Names the server, without a password.
        for_members: Chooses between the errors for the operator and for members; the former by
            default.

    Raises:
        StoreError: Something of the kind failed.
        IntegrityError: A constraint was violated: a bug, which deserves its traceback.
    """
    try:
        yield
    except IntegrityError as error:
        # The server's own text quotes what users wrote.
        *_, first = _causes(error)
        reason = Exception(type(first).__name__)
        raise IntegrityError(error.statement, None, reason, hide_parameters=True) from None
    except Exception as error:
        # While it connects, SQLAlchemy leaves the errors of asyncpg as they are.
        is_driver = type(error).__module__.startswith("asyncpg.")
        if not is_driver and not isinstance(error, DBAPIError | PoolTimeoutError | OSError):
            raise
        converted = convert_error(server, error)
        raise (converted[0] if for_members is None else for_members(*converted)) from None


def convert_error(server: str, error: BaseException) -> tuple[StoreError, StoreError]:
    """Returns the store's errors for one of the driver, for the log and for members.

    Args:
        server: Names the server, without a password.
        error: Raised by SQLAlchemy, asyncpg or the network.

    Raises:
        UnicodeEncodeError: A text had characters that no database stores.
    """
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, UnicodeEncodeError):
            raise cause from None
    first = causes[-1]
    code = next((found for each in causes if (found := getattr(each, "sqlstate", None))), "")
    if code == NOT_TEXT:
        raise UnicodeEncodeError(*ZERO_BYTE) from None
    if code in BUSY or isinstance(first, PoolTimeoutError):
        busy = StoreBusyError()
        return busy, busy
    is_lost = isinstance(first, OSError | DisconnectionError) or _is_closed(first)
    if is_lost or code.startswith(LOST):
        reason = getattr(first, "strerror", None) or type(first).__name__
        return StoreError("store-unreachable", path=server, reason=reason), StoreError("store-away")
    for key in (code, code[:2]):
        if key in KEYS:
            kind = DamagedFileError if KEYS[key] == "store-damaged" else StoreError
            return kind(KEYS[key], path=server), StoreError("store-failed")
    # The message alone: details and the driver's own errors may quote what users wrote.
    reason = getattr(first, "message", None) if code else type(first).__name__
    converted = StoreError("store-unusable", path=server, reason=reason or code)
    return converted, StoreError("store-failed")


def _causes(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.orig if isinstance(found, DBAPIError) else found.__cause__


def _is_closed(error: BaseException) -> bool:
    return type(error).__name__ in ("InterfaceError", "ConnectionDoesNotExistError") and any(
        word in str(error) for word in ("closed", "released", "terminat")
    )
