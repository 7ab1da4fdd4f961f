"""Errors of an engine that is a service, and errors as JSON."""

import math

from pydantic import BaseModel, ConfigDict

from ..errors import LianjuError
from ..i18n import ENGLISH, SURROGATES, Localizer, messages
from ..verse import (
    BusyError,
    DeadlineError,
    NothingAllowedError,
    PromptError,
    RequestError,
    SearchError,
)

__all__ = ["ErrorBody", "ServiceError"]

MAX_EXACT = 2**53  # of an integer in JSON, for clients in JavaScript


class ServiceError(LianjuError):
    """The service that answers cannot be reached, or does not keep its contract."""


class ErrorFields(BaseModel):
    """Why there is no answer."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    key: str
    """Which error it is; keys do not change."""
    message: str
    """The sentence for the user, in the language of Accept-Language."""
    facts: dict[str, str | int | float]
    """The values in the sentence."""


class ErrorBody(BaseModel):
    """An error."""

    error: ErrorFields

    @classmethod
    def of(cls, error: LianjuError, localizer: Localizer) -> "ErrorBody":
        """Returns the fields of an error, with its sentence."""
        facts = {name: _json_fact(fact) for name, fact in error.facts.items()}
        message = localizer.format(error.key, **error.facts)
        return cls(error=ErrorFields(key=error.key, message=message, facts=facts))

    def to_error(self, status: int) -> LianjuError:
        """Returns the error that a service answered with.

        Args:
            status: The HTTP status.
        """
        key, facts = self.error.key, self.error.facts
        known = messages(ENGLISH).has_message(key) and not key.startswith("api-")
        if not known or "key" in facts or "self" in facts:
            return ServiceError("service-odd")
        if status == 504:
            return DeadlineError()
        if status in (429, 503):
            return BusyError(key, **facts)
        if status != 422:
            return SearchError(key, **facts)
        if key.startswith("prompt-"):
            return PromptError(key, **facts)
        return (NothingAllowedError if key == "search-nothing" else RequestError)(key, **facts)


def _json_fact(fact: str | int | float) -> str | int | float:
    if isinstance(fact, str):
        return SURROGATES.sub("\ufffd", fact)
    return fact if math.isfinite(fact) and abs(fact) <= MAX_EXACT else str(fact)
