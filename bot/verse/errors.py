"""Errors between a request and its answer; each is one sentence for the user."""

from collections.abc import Sequence
from typing import Any

from ..characters import printable
from ..errors import LianjuError

__all__ = [
    "BundleError",
    "BusyError",
    "DeadlineError",
    "NothingAllowedError",
    "PromptError",
    "ProviderError",
    "RequestError",
    "SearchError",
]


class BundleError(LianjuError):
    """A bundle is missing, incomplete or altered, or its model cannot run.

    Facts that are text may quote the bundle, and are cleaned of control characters.
    """

    def __init__(self, key: str, **facts: str | int | float) -> None:
        cleaned = {
            name: printable(fact) if isinstance(fact, str) else fact for name, fact in facts.items()
        }
        super().__init__(key, **cleaned)


class PromptError(LianjuError):
    """A text cannot be a prompt."""


class ProviderError(LianjuError):
    """The requested execution provider is not available on this machine."""


class RequestError(LianjuError):
    """A value of a request is out of range, or two of them exclude each other."""


class SearchError(LianjuError):
    """The constraints of a search leave nothing, or the model failed."""


class NothingAllowedError(SearchError):
    """The constraints of a search leave nothing."""


class BusyError(LianjuError):
    """The queue is full, or the composer is closed."""


class DeadlineError(LianjuError):
    """The deadline passed before the request was complete.

    Attributes:
        found: The partial results of each running search.
    """

    def __init__(self, found: Sequence[Any] = ()) -> None:
        super().__init__("deadline")
        self.found = found
