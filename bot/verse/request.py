"""What may be asked of the composer, and what it answers."""

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar, get_args

from .errors import RequestError

__all__ = [
    "COUNT",
    "LENGTH",
    "SEED",
    "TEMPERATURE",
    "TOP_K",
    "TOP_P",
    "WIDTH",
    "Answer",
    "Bounds",
    "Candidate",
    "Choosing",
    "Request",
    "Sampling",
    "Script",
]

Script = Literal["auto", "simplified", "traditional"]
"""The characters of the answer; `auto` follows the prompt."""


Number = TypeVar("Number", int, float)


@dataclass(frozen=True)
class Bounds(Generic[Number]):
    """The range of a number, both ends included."""

    low: Number
    high: Number

    def check(self, name: str, value: Number) -> None:
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
TEMPERATURE = Bounds(0.1, 2.0)
TOP_K = Bounds(1, 1000)
TOP_P = Bounds(0.05, 1.0)
SEED = Bounds(0, 2**32 - 1)
DEFAULT_COUNT = 5
POOL_PER_WIDTH = 20  # as many lines are drawn for each line that a beam would keep


@dataclass(frozen=True)
class Sampling:
    """How lines are drawn at random.

    Attributes:
        temperature: Below 1 the likely becomes likelier still, above 1 the unlikely comes up.
        top_k: Only so many of the likeliest tokens can be drawn.
        top_p: Of these, only the likeliest that together have this share of the probability.
        seed: Where chance starts from; None draws a seed, which the answer tells.

    Raises:
        RequestError: A number is out of its range.
    """

    temperature: float = 0.8
    top_k: int = 100
    top_p: float = 0.9
    seed: int | None = None

    def __post_init__(self) -> None:
        TEMPERATURE.check("Temperature", self.temperature)
        TOP_K.check("Top-k", self.top_k)
        TOP_P.check("Top-p", self.top_p)
        if self.seed is not None:
            SEED.check("Seed", self.seed)


@dataclass(frozen=True)
class Choosing:
    """How the lines that suit this very prompt are chosen from a pool drawn at random.

    Attributes:
        seed: Where chance starts from; None draws a seed, which the answer tells.

    Raises:
        RequestError: The seed is out of its range.
    """

    seed: int | None = 0

    def __post_init__(self) -> None:
        if self.seed is not None:
            SEED.check("Seed", self.seed)


@dataclass(frozen=True)
class Request:
    """One wish for next lines.

    Attributes:
        text: What the user wrote.
        width: Beam width; None is 5, or `count` if that is more. Of lines to choose from, 20
            times as many are drawn.
        count: How many lines; None is 5, or `width` if that is less.
        length: Tokens of the new line; None is the length of the prompt's last line.
        plain: The reference search: no rule but that `<unk>` is excluded, `length` an upper bound.
        script: Simplified or traditional characters.
        sampling: Draws lines at random instead of searching with a beam.
        choosing: Chooses lines from a pool instead of the likeliest; a model without the tokens
            `<s>` and `</l>` searches with a beam all the same.

    Raises:
        RequestError: A number is out of its range, `count` above `width`, or wishes exclude each
            other.
    """

    text: str
    width: int | None = None
    count: int | None = None
    length: int | None = None
    plain: bool = False
    script: Script = "auto"
    sampling: Sampling | None = None
    choosing: Choosing | None = None

    def __post_init__(self) -> None:
        for name, bounds, value in (
            ("Beam width", WIDTH, self.width),
            ("Count", COUNT, self.count),
            ("Length", LENGTH, self.length),
        ):
            if value is not None:
                bounds.check(name, value)
        beam = self.width is not None or self.plain
        if (self.sampling and (beam or self.choosing)) or (self.plain and self.choosing):
            raise RequestError(
                "A beam, sampling and choosing from a pool exclude each other: take one of them.",
                "request-sampling",
            )
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
    def pool(self) -> int:
        """How many lines to draw where some of them are to be chosen."""
        return POOL_PER_WIDTH * self.beam

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
        objective: By how much this prompt calls for the line, where lines were chosen by that.
    """

    text: str
    log_prob: float
    objective: float | None = None


@dataclass(frozen=True)
class Answer:
    """Next lines, best first.

    Attributes:
        line: The prompt as the model read it, in the script of the answer.
        candidates: At most as many as were asked for.
        width: The beam width; the lines chosen from were 20 times as many.
        length: The length asked for, given or derived.
        plain: Whether the rules were off.
        elapsed_ms: Wall-clock milliseconds from request to answer.
        bundle_name: Name of the bundle that answered.
        bundle_version: Its version.
        sampling: How the lines were drawn, its seed included, if they were.
        choosing: How the lines were chosen, if they were.
    """

    line: str
    candidates: tuple[Candidate, ...]
    width: int
    length: int
    plain: bool
    elapsed_ms: float
    bundle_name: str
    bundle_version: str
    sampling: Sampling | None = None
    choosing: Choosing | None = None

    @property
    def seed(self) -> int | None:
        """What draws the same lines again; None if nothing was left to chance."""
        chance = self.sampling or self.choosing
        return chance.seed if chance else None
