"""Ranges and choices of the values in a request."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from .errors import RequestError

__all__ = ["Bounds", "check_choice"]

Number = TypeVar("Number", int, float)


@dataclass(frozen=True)
class Bounds(Generic[Number]):
    """The range of a number, both ends included."""

    low: Number
    high: Number

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}"

    def check(self, name: str, value: Number | None) -> None:
        """Checks that a value is in range, or None.

        Raises:
            RequestError: It is not; the error has the name, the value and the range.
        """
        if value is not None and not self.low <= value <= self.high:
            raise RequestError(
                "request-range", name=name, value=value, low=self.low, high=self.high
            )


def check_choice(value: str, choices: Sequence[str]) -> None:
    """Checks that a value is one of those that an option has.

    Raises:
        RequestError: It is not.
    """
    if value not in choices:
        raise RequestError("unknown-choice", value=value, choices=", ".join(choices))
