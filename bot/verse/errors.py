"""What can go wrong between a request and its answer, each as one sentence for its reader."""

from collections.abc import Sequence
from typing import Any

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
    """A bundle is missing, incomplete, altered, or no model that runs."""


class PromptError(LianjuError):
    """The text that was given cannot be a prompt."""


class ProviderError(LianjuError):
    """The execution provider that was asked for is not to be had on this machine."""


class RequestError(LianjuError):
    """A number of a request is out of bounds, or its wishes exclude each other."""


class SearchError(LianjuError):
    """A search found nothing that its rules allow, or the model failed under it."""


class NothingAllowedError(SearchError):
    """The rules of a search leave nothing."""


class BusyError(LianjuError):
    """The queue is full."""


class DeadlineError(LianjuError):
    """The deadline passed before the search had its answer.

    Attributes:
        found: What each search had found until then, if anything.
    """

    def __init__(self, found: Sequence[Any] = ()) -> None:
        super().__init__("deadline")
        self.found = found
