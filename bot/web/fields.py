"""The bodies of requests, and sentences for what is wrong with them."""

import json
from collections import Counter
from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..engine.errors import MAX_EXACT
from ..engine.mend_fields import MendFields
from ..engine.wire import RequestFields
from ..verse import COUNT, PromptError, RequestError
from .errors import WebError

__all__ = ["ComposeBody", "MendBody", "ScoreBody", "parse_body", "validate_fields"]

MAX_DEADLINE_MS = 840_000  # as of LIANJU_DEADLINE
MAX_VALUE = 100  # characters of a wrong value that an error quotes
EXPECTED = {
    "string_type": "text",
    "int_type": "integer",
    "int_from_float": "integer",
    "float_type": "number",
    "list_type": "list",
    "model_type": "object",
    "model_attributes_type": "object",
    "dict_type": "object",
    "too_short": "list",
    "too_long": "list",
}
"""What a field should be, by pydantic's type of error; names of `api-kind`."""

Deadline = Annotated[int, Field(ge=1, le=MAX_DEADLINE_MS)]
Body = TypeVar("Body", bound=BaseModel)


class ComposeBody(RequestFields):
    """A request for verse. It has a `line`, for an acrostic `heads`, or to revise a poem `keep`."""

    deadline_ms: Deadline | None = None
    """Milliseconds that the answer may take; the service has a limit of its own."""


class ScoreBody(BaseModel):
    """Lines to score as what follows a line."""

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", use_attribute_docstrings=True
    )

    line: str
    """One or several lines."""
    candidates: Annotated[list[str], Field(min_length=COUNT.low, max_length=COUNT.high)]
    """One or several lines each, which need not obey any rules."""
    deadline_ms: Deadline | None = None
    """Milliseconds that it may take; the service has a limit of its own."""


class MendBody(MendFields):
    """A poem, and places of it that want another character."""

    deadline_ms: Deadline | None = None
    """Milliseconds that it may take; the service has a limit of its own."""


def parse_body(model: type[Body], content: bytes) -> Body:
    """Returns the content of a request's body.

    Raises:
        WebError: It is not JSON.
        RequestError: A field is unknown, missing or wrong.
        PromptError: A text is not valid.
    """
    try:
        value = json.loads(content, parse_constant=_refuse_constant, object_pairs_hook=_object)
    except (ValueError, RecursionError):  # numbers of thousands of digits are refused as well
        raise WebError(422, "api-not-json") from None
    return validate_fields(model, value)


def validate_fields(model: type[Body], value: object) -> Body:
    """Returns the fields that a value has.

    Raises:
        RequestError: A field is unknown, missing or wrong.
        PromptError: A text is not valid.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise _request_error(model, error) from None


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Returns an object, of whose fields JSON would let the last of a name count.

    Raises:
        RequestError: It has a field twice.
    """
    names = [name for name, _ in pairs]
    for name, count in Counter(names).items():
        if count > 1:
            raise RequestError("api-repeated-field", name=name[:MAX_VALUE])
    return dict(pairs)


def _request_error(model: type[BaseModel], error: ValidationError) -> RequestError | PromptError:
    """Returns the first thing that is wrong."""
    first = error.errors(include_url=False)[0]
    name = str(next(iter(first["loc"]), "body"))
    value, kind, context = first["input"], first["type"], first.get("ctx", {})
    match kind:
        case "greater_than_equal" | "less_than_equal":
            low, high = _bounds(model, name)
            return RequestError("request-range", name=name, value=_fact(value), low=low, high=high)
        case "literal_error":
            choices = str(context["expected"]).replace("'", "").replace(" or ", ", ")
            return RequestError("unknown-choice", value=str(value)[:MAX_VALUE], choices=choices)
        case "extra_forbidden":
            names = ", ".join(model.model_fields)
            return RequestError("api-unknown-field", name=name[:MAX_VALUE], names=names)
        case "missing":
            return RequestError("api-missing-field", name=name)
        case "string_unicode":
            return PromptError("prompt-not-text")
    return RequestError("api-field", name=name, kind=EXPECTED.get(kind, "other"))


def _bounds(model: type[BaseModel], name: str) -> tuple[Any, Any]:
    schema = model.model_json_schema()["properties"][name]
    number = next(part for part in (schema, *schema.get("anyOf", ())) if "minimum" in part)
    return number["minimum"], number["maximum"]


def _fact(value: object) -> str | int | float:
    """Returns a value for a sentence, where numbers of hundreds of digits and infinity are text."""
    if isinstance(value, int | float) and abs(value) <= MAX_EXACT:
        return value
    return str(value)[:MAX_VALUE]
