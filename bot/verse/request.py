"""What a client asks for: a form to write, and a search that finds it.

Each value is checked where it is made; a `RequestError` is raised if it is out of range.

Cogs, the command line and the web build a `Request`. `Composer.prepare` parses its text for one
bundle into a `PreparedRequest`, which every later stage uses.
"""

import secrets
from dataclasses import dataclass, replace
from typing import Literal, get_args

from .bounds import Bounds, check_choice
from .errors import RequestError
from .form import Couplet, Form, NextLine, PoemLine

__all__ = [
    "COUNT",
    "MAX_CHARACTERS",
    "MAX_LINES",
    "PLACED_LINES",
    "SEED",
    "WIDTH",
    "Beam",
    "Known",
    "Request",
    "Rerank",
    "Rules",
    "Sample",
    "Script",
    "SearchMode",
]

Script = Literal["auto", "simplified", "traditional"]
"""The characters of the answer; `auto` follows the prompt."""

Rules = Literal["strict", "loose", "free"]
"""How tones bind: `strict` keeps them, `loose` prefers them, `free` drops tones and rhyme."""

Known = Literal["exclude", "allow"]
"""Whether lines of the corpus may be answers."""

MAX_LINES = 7  # of a prompt: all but the last of a regulated poem (律诗)
MAX_CHARACTERS = 64  # of a prompt
PLACED_LINES = 23  # before one line of a long poem (排律)

WIDTH = Bounds(1, 64)
COUNT = Bounds(1, 20)
TEMPERATURE = Bounds(0.1, 2.0)
TOP_K = Bounds(1, 1000)
TOP_P = Bounds(0.05, 1.0)
SEED = Bounds(0, 2**32 - 1)
DEFAULT_COUNT = 5
NEXT_LINE = NextLine()
DRAWN_SEEDS = 1_000_000  # few enough to be typed again
POOL_PER_WIDTH = 12  # lines drawn for each line that a beam would keep


@dataclass(frozen=True)
class Beam:
    """Beam search: the most probable lines.

    Attributes:
        width: How many hypotheses live on after a step.
        plain: Whether this is the reference search: only `<unk>` is excluded, and the length is an
            upper bound.
    """

    width: int = DEFAULT_COUNT
    plain: bool = False

    def __post_init__(self) -> None:
        WIDTH.check("width", self.width)


@dataclass(frozen=True)
class Sample:
    """Sampling: lines drawn at random.

    Attributes:
        temperature: Divides log-probabilities; below 1 it favors probable tokens.
        top_k: Only this many of the most probable tokens can be drawn.
        top_p: Of these, only the most probable that together have this share of the probability.
        seed: Seed of the random numbers; None draws one, which the answer has.
    """

    temperature: float = 0.8
    top_k: int = 100
    top_p: float = 0.9
    seed: int | None = None

    def __post_init__(self) -> None:
        TEMPERATURE.check("temperature", self.temperature)
        TOP_K.check("top_k", self.top_k)
        TOP_P.check("top_p", self.top_p)
        SEED.check("seed", self.seed)


@dataclass(frozen=True)
class Rerank:
    """Draws a pool of lines, and keeps the best that differ.

    A model without the tokens `<s>` and `</l>` runs a beam search instead.

    Attributes:
        seed: Seed of the random numbers; None draws one, which the answer has.
        width: What a beam of this width would keep is drawn 12 times.
    """

    seed: int | None = 0
    width: int = DEFAULT_COUNT

    def __post_init__(self) -> None:
        SEED.check("seed", self.seed)
        WIDTH.check("width", self.width)

    @property
    def pool(self) -> int:
        """How many lines are drawn."""
        return POOL_PER_WIDTH * self.width


SearchMode = Beam | Sample | Rerank


@dataclass(frozen=True)
class Request:
    """One request for verse.

    Attributes:
        text: The lines to continue, or the line to answer; for an acrostic, the first character of
            each line; for a revision, the poem with a `?` for each open line or character.
        form: What to write.
        search: How to find it.
        count: How many candidates.
        script: Simplified or traditional characters.
        rhyme: A rhyme group of the 平水韵, or a character that rhymes; None follows the prompt.
        rules: How tones bind.
        known: Whether lines of the corpus may be answers.

    Raises:
        RequestError: A value is out of range, or two of them exclude each other.
    """

    text: str
    form: Form = NEXT_LINE
    search: SearchMode = Beam()
    count: int = DEFAULT_COUNT
    script: Script = "auto"
    rhyme: str | None = None
    rules: Rules = "strict"
    known: Known = "exclude"

    def __post_init__(self) -> None:
        COUNT.check("count", self.count)
        if not isinstance(self.search, Sample) and self.count > self.search.width:
            raise RequestError("request-width", width=self.search.width, lines=self.count)
        check_choice(self.script, get_args(Script))
        check_choice(self.rules, get_args(Rules))
        check_choice(self.known, get_args(Known))
        if self.is_plain and (
            not isinstance(self.form, NextLine) or self.rhyme or self.rules != "strict"
        ):
            raise RequestError("request-plain")
        if self.rhyme and isinstance(self.form, Couplet):
            raise RequestError("request-couplet-rhyme")
        if self.rhyme and isinstance(self.form, PoemLine):
            raise RequestError("request-line-rhyme")
        if self.rhyme and self.rules == "free":
            raise RequestError("request-free-rhyme")

    @property
    def is_plain(self) -> bool:
        """Whether this is the reference search."""
        return isinstance(self.search, Beam) and self.search.plain

    def with_drawn_seed(self) -> "Request":
        """Returns the request with a seed, which is drawn if its search needs one and has none."""
        if isinstance(self.search, Beam) or self.search.seed is not None:
            return self
        return replace(self, search=replace(self.search, seed=secrets.randbelow(DRAWN_SEEDS)))
