"""Errors as JSON, with the HTTP status that says who can mend them."""

from starlette.requests import Request
from starlette.responses import JSONResponse

from ..engine.errors import ErrorBody, ServiceError
from ..errors import LianjuError
from ..picture import PictureError
from ..verse import BusyError, DeadlineError, NothingAllowedError, PromptError, RequestError
from .language import localizer_of

__all__ = ["WebError", "error_headers", "error_response", "status_of"]

RETRY_AFTER_S = 1  # of a full queue: a place is free after the next answer
CLOSING_RETRY_AFTER_S = 10


class WebError(LianjuError):
    """A request that HTTP has a status for.

    Args:
        status: The status.
        key: Key of the message.
        facts: Its variables.
    """

    def __init__(self, status: int, key: str, **facts: str | int | float) -> None:
        super().__init__(key, **facts)
        self.status = status


def status_of(error: LianjuError) -> int:
    """Returns the HTTP status of an error."""
    match error:
        case WebError():
            return error.status
        case PictureError():
            return 429 if error.key == "picture-busy" else 422
        case PromptError() | RequestError() | NothingAllowedError():
            return 422
        case BusyError():
            return 503 if error.key == "busy-closing" else 429
        case DeadlineError():
            return 504
        case ServiceError():  # where this application asks a service itself
            return 503
    return 500


def error_response(request: Request, error: LianjuError) -> JSONResponse:
    """Returns the response for an error, in the language of the request."""
    content = ErrorBody.of(error, localizer_of(request)).model_dump()
    return JSONResponse(content, status_of(error), error_headers(error))


def error_headers(error: LianjuError) -> dict[str, str]:
    """Returns the headers that belong to an error's status."""
    match status_of(error):
        case 429:
            return {"Retry-After": str(error.facts.get("seconds", RETRY_AFTER_S))}
        case 503:
            return {"Retry-After": str(CLOSING_RETRY_AFTER_S)}
        case 401:
            return {"WWW-Authenticate": "Bearer"}
        case 413:
            return {"Connection": "close"}  # the rest of the body is not read
    return {}
