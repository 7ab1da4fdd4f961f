"""What may be asked of the composer, and what it answers."""

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar, get_args

from .errors import RequestError

__all__ = [
    "CHARS",
    "COUNT",
    "FORM_LINES",
    "LENGTH",
    "SEED",
    "TEMPERATURE",
    "TOP_K",
    "TOP_P",
    "WIDTH",
    "Answer",
    "Bounds",
    "Candidate",
    "Form",
    "Known",
    "Request",
    "Rerank",
    "Sample",
    "Script",
    "Strictness",
]

Script = Literal["auto", "simplified", "traditional"]
"""The characters of the answer; `auto` follows the prompt."""

Form = Literal["next", "jueju", "lushi"]
"""What is written: one line more, or the rest of a quatrain (绝句), or of eight lines (律诗)."""

Strictness = Literal["strict", "loose", "free"]
"""How tones bind: `strict` keeps them, `loose` prefers them, `free` knows no tone or rhyme."""

Known = Literal["exclude", "allow"]
"""Whether lines that the corpus has may be answers."""


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
HEADS = Bounds(2, 8)  # of an acrostic
CHARS = (5, 7)  # characters of a line of regulated verse
FORM_LINES = {"jueju": 4, "lushi": 8}
DEFAULT_COUNT = 5
POOL_PER_WIDTH = 12  # as many lines are drawn for each line that a beam would keep


@dataclass(frozen=True)
class Sample:
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
class Rerank:
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
        text: What the user wrote; empty for an acrostic.
        width: Beam width; None is 5, or `count` if that is more. Of lines to choose from, 12
            times as many are drawn.
        count: How many lines; None is 5, or `width` if that is less.
        length: Tokens of the new line; None is the length of the prompt's last line.
        plain: The reference search: no rule but that `<unk>` is excluded, `length` an upper bound.
        script: Simplified or traditional characters.
        sampling: Draws lines at random instead of searching with a beam.
        choosing: Chooses lines from a pool instead of the likeliest; a model without the tokens
            `<s>` and `</l>` searches with a beam all the same.
        form: How far to write.
        heads: The first characters of an acrostic's lines (藏头).
        chars: Characters of an acrostic's lines; None is 7.
        rhyme: A rhyme group of the 平水韵, or a character that rhymes; None follows the prompt.
        strictness: How tones bind.
        known: Whether lines that the corpus has may be answers.

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
    sampling: Sample | None = None
    choosing: Rerank | None = None
    form: Form = "next"
    heads: str | None = None
    chars: int | None = None
    rhyme: str | None = None
    strictness: Strictness = "strict"
    known: Known = "exclude"

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
        for name, choice, kind in (
            ("script", self.script, Script),
            ("form", self.form, Form),
            ("strictness", self.strictness, Strictness),
            ("choice for known lines", self.known, Known),
        ):
            if choice not in get_args(kind):
                choices = ", ".join(get_args(kind))
                raise RequestError(
                    f"The {name} {choice} is not known: choose from {choices}.",
                    "unknown-choice",
                    value=choice,
                    choices=choices,
                )
        self._check_form()

    def _check_form(self) -> None:
        """Refuses wishes for a form that do not go together."""
        formed = self.form != "next" or self.heads is not None
        if self.plain and (formed or self.rhyme or self.strictness != "strict"):
            raise RequestError(
                "The reference search knows no forms, rhymes or tones: drop --plain, or these.",
                "request-plain",
            )
        if formed and self.length is not None:
            raise RequestError(
                "The length of a poem's lines follows from its form: drop the length.",
                "request-form-length",
            )
        if self.rhyme and self.strictness == "free":
            raise RequestError(
                "A rhyme cannot be kept where the rules are free: choose strict or loose ones, "
                "or no rhyme.",
                "request-free-rhyme",
            )
        if self.chars is not None and self.chars not in CHARS:
            raise RequestError(
                f"Regulated verse has 5 or 7 characters to a line, not {self.chars}.",
                "request-chars",
                chars=self.chars,
            )
        if self.heads is None and self.chars is not None:
            raise RequestError(
                "The number of characters is for acrostics, and else that of your line: "
                "give heads, or drop it.",
                "request-chars-alone",
            )
        if self.heads is not None and self.text.strip():
            raise RequestError(
                "An acrostic begins with its heads: give either them or a line.",
                "request-heads-line",
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
    """One answer: a next line, or the rest of a poem.

    Attributes:
        lines: The new lines, in the script of the answer.
        log_prob: Natural-log probability of the lines, their endings included.
        objective: By how much this prompt calls for the lines, where they were chosen by that.
        known: Whether the corpus has each line; empty where the bundle cannot tell.
        relaxed: The rules that could not be kept, of `tones`, `rhyme` and `repetition`.
    """

    lines: tuple[str, ...]
    log_prob: float
    objective: float | None = None
    known: tuple[bool, ...] = ()
    relaxed: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The new lines behind each other."""
        return "\n".join(self.lines)


@dataclass(frozen=True)
class Answer:
    """Next lines, best first.

    Attributes:
        line: The prompt as the model read it, in the script of the answer.
        candidates: At most as many as were asked for.
        request: What was asked for, with the seed that was drawn if it left that open.
        length: Tokens of a new line, given or derived.
        elapsed_ms: Wall-clock milliseconds from request to answer.
        bundle_name: Name of the bundle that answered.
        bundle_version: Its version.
        known_answer: The line that follows the prompt in the corpus, if it is known.
        complete: False if the deadline came before the search was over: the candidates are the best
            whole lines found so far.
    """

    line: str
    candidates: tuple[Candidate, ...]
    request: Request
    length: int
    elapsed_ms: float
    bundle_name: str
    bundle_version: str
    known_answer: str | None = None
    complete: bool = True

    @property
    def width(self) -> int:
        """The beam width; the lines chosen from were 12 times as many."""
        return self.request.beam

    @property
    def plain(self) -> bool:
        """Whether the rules were off."""
        return self.request.plain

    @property
    def sampling(self) -> Sample | None:
        """How the lines were drawn, its seed included, if they were."""
        return self.request.sampling

    @property
    def choosing(self) -> Rerank | None:
        """How the lines were chosen, if they were."""
        return self.request.choosing

    @property
    def seed(self) -> int | None:
        """What draws the same lines again; None if nothing was left to chance."""
        chance = self.sampling or self.choosing
        return chance.seed if chance else None
