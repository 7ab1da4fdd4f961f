"""What may be asked of the composer, and what it answers."""

from dataclasses import dataclass
from typing import Literal, get_args

from .errors import RequestError

__all__ = [
    "COUNT",
    "LENGTH",
    "WIDTH",
    "Answer",
    "Bounds",
    "Candidate",
    "Request",
    "Script",
]

Script = Literal["auto", "simplified", "traditional"]
"""The characters of the answer; `auto` follows the prompt."""


@dataclass(frozen=True)
class Bounds:
    """The range of a number, both ends included."""

    low: int
    high: int

    def check(self, name: str, value: int) -> None:
        """Refuses a value out of range.

        Raises:
            RequestError: It is out of range; the message holds the value and the range.
        """
        if not self.low <= value <= self.high:
            raise RequestError(
                f"{name} {value} is out of range: choose from {self.low} to {self.high}.",
                "request-range",
                value=value,
                low=self.low,
                high=self.high,
            )


WIDTH = Bounds(1, 64)
COUNT = Bounds(1, 20)
LENGTH = Bounds(1, 64)
DEFAULT_COUNT = 5


@dataclass(frozen=True)
class Request:
    """One wish for next lines.

    Attributes:
        text: What the user wrote.
        width: Beam width; None is 5, or `count` if that is more.
        count: How many lines; None is 5, or `width` if that is less.
        length: Tokens of the new line; None is the length of the prompt's last line.
        plain: The reference search: no rule but that `<unk>` is excluded, `length` an upper bound.
        script: Simplified or traditional characters.

    Raises:
        RequestError: A number is out of its range, or `count` above `width`.
    """

    text: str
    width: int | None = None
    count: int | None = None
    length: int | None = None
    plain: bool = False
    script: Script = "auto"

    def __post_init__(self) -> None:
        for name, bounds, value in (
            ("Beam width", WIDTH, self.width),
            ("Count", COUNT, self.count),
            ("Length", LENGTH, self.length),
        ):
            if value is not None:
                bounds.check(name, value)
        if self.lines > self.beam:
            raise RequestError(
                f"A beam of width {self.beam} cannot give {self.lines} lines: "
                "ask for fewer, or for a wider beam.",
                "request-width",
                width=self.beam,
                lines=self.lines,
            )
        if self.script not in get_args(Script):
            raise RequestError(
                f"The script {self.script} is not known: choose from {', '.join(get_args(Script))}."
            )

    @property
    def beam(self) -> int:
        """The beam width in force."""
        return self.width or max(DEFAULT_COUNT, self.lines)

    @property
    def lines(self) -> int:
        """The number of lines in force."""
        return self.count or min(DEFAULT_COUNT, self.width or DEFAULT_COUNT)


@dataclass(frozen=True)
class Candidate:
    """One next line.

    Attributes:
        text: The line, in the script of the answer.
        log_prob: Natural-log probability of the line, its ending included.
    """

    text: str
    log_prob: float


@dataclass(frozen=True)
class Answer:
    """Next lines, best first.

    Attributes:
        line: The prompt as the model read it, in the script of the answer.
        candidates: At most as many as were asked for.
        width: The beam width used.
        length: The length asked for, given or derived.
        plain: Whether the rules were off.
        elapsed_ms: Wall-clock milliseconds from request to answer.
        bundle_name: Name of the bundle that answered.
        bundle_version: Its version.
    """

    line: str
    candidates: tuple[Candidate, ...]
    width: int
    length: int
    plain: bool
    elapsed_ms: float
    bundle_name: str
    bundle_version: str
