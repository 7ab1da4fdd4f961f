"""What a client asks for: a form to write, and a search that finds it.

Each value is checked where it is made; a `RequestError` is raised if it is out of range.

Cogs, the command line and the web build a `Request`. `Composer.prepare` parses its text for one
bundle into a `PreparedRequest`, which every later stage uses.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Generic, Literal, TypeVar, get_args

from .errors import RequestError

__all__ = [
    "CHARS",
    "COUNT",
    "LENGTH",
    "MAX_CHARACTERS",
    "MAX_LINES",
    "PLACED_LINES",
    "SEED",
    "WIDTH",
    "Acrostic",
    "Beam",
    "Bounds",
    "Couplet",
    "Form",
    "FormName",
    "Known",
    "NextLine",
    "Poem",
    "PoemFormName",
    "PoemKind",
    "PoemLine",
    "Request",
    "Rerank",
    "Revision",
    "Rules",
    "Sample",
    "Script",
    "SearchMode",
    "WireFormName",
    "check_choice",
    "form_from",
    "form_named",
]

Script = Literal["auto", "simplified", "traditional"]
"""The characters of the answer; `auto` follows the prompt."""

PoemKind = Literal["jueju", "lushi"]
"""A quatrain (绝句), or eight lines of regulated verse (律诗)."""

PoemFormName = Literal["next", "jueju", "lushi"]
"""The names of forms that continue lines: one line more, or the rest of a poem."""

FormName = Literal["next", "jueju", "lushi", "couplet"]
"""The names of the forms that users choose, in JSON and custom ids; acrostics and revisions have
those of their kind."""

WireFormName = FormName | Literal["line"]
"""The names of all forms in JSON: one line of a poem at its place as well."""

Rules = Literal["strict", "loose", "free"]
"""How tones bind: `strict` keeps them, `loose` prefers them, `free` drops tones and rhyme."""

Known = Literal["exclude", "allow"]
"""Whether lines of the corpus may be answers."""

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


MAX_LINES = 7  # of a prompt: all but the last of a regulated poem (律诗)
MAX_CHARACTERS = 64  # of a prompt
PLACED_LINES = 23  # before one line of a long poem (排律)

WIDTH = Bounds(1, 64)
COUNT = Bounds(1, 20)
LENGTH = Bounds(1, 64)
TEMPERATURE = Bounds(0.1, 2.0)
TOP_K = Bounds(1, 1000)
TOP_P = Bounds(0.05, 1.0)
SEED = Bounds(0, 2**32 - 1)
ACROSTIC_LINES = Bounds(2, 8)
REVISED_LINES = Bounds(2, 8)
CHARS = (5, 7)  # characters of a line of regulated verse
TONES = re.compile("[平仄中]+")
POEM_LINES: dict[PoemKind, int] = {"jueju": 4, "lushi": 8}
DEFAULT_COUNT = 5
DRAWN_SEEDS = 1_000_000  # few enough to be typed again
POOL_PER_WIDTH = 12  # lines drawn for each line that a beam would keep


def check_choice(value: str, choices: Sequence[str]) -> None:
    """Checks that a value is one of those that an option has.

    Raises:
        RequestError: It is not.
    """
    if value not in choices:
        raise RequestError("unknown-choice", value=value, choices=", ".join(choices))


@dataclass(frozen=True)
class NextLine:
    """One line that follows the given ones.

    Attributes:
        length: Tokens of the new line; None is the length of the last given line.
        name: The form's name in options, JSON and custom ids.
    """

    length: int | None = None
    name: ClassVar[PoemFormName] = "next"

    def __post_init__(self) -> None:
        LENGTH.check("length", self.length)


@dataclass(frozen=True)
class Poem:
    """The rest of a poem whose first lines are given."""

    kind: PoemKind

    def __post_init__(self) -> None:
        check_choice(self.kind, get_args(PoemKind))

    @property
    def name(self) -> PoemFormName:
        """The form's name in options, JSON and custom ids."""
        return self.kind


@dataclass(frozen=True)
class Acrostic:
    """A poem whose lines begin with given characters (藏头诗).

    Attributes:
        chars: Characters of each line, 5 or 7.
        kind: The kind of poem, which fixes the number of lines; None accepts any number.
    """

    chars: int = CHARS[-1]
    kind: PoemKind | None = None

    def __post_init__(self) -> None:
        if self.chars not in CHARS:
            raise RequestError("request-chars", chars=self.chars)
        if self.kind is not None:
            check_choice(self.kind, get_args(PoemKind))

    @property
    def name(self) -> PoemFormName:
        """The form's name in options, JSON and custom ids."""
        return self.kind or "next"


@dataclass(frozen=True)
class Couplet:
    """The other line of a couplet by itself (对联), which answers the given one place by place.

    Attributes:
        upper: Whether the upper line (上联) is written, for a given lower one.
        name: The form's name in JSON and custom ids.
    """

    upper: bool = False
    name: ClassVar[FormName] = "couplet"


@dataclass(frozen=True)
class PoemLine:
    """One line of a poem at its place, under rules that the client has worked out.

    The lines before it, up to `PLACED_LINES`, are the text of the request; there may be none.

    Attributes:
        length: Characters of the line, 5 or 7.
        tones: Its tonal patterns, such as 中仄平平仄: it has one of them, where 中 is either tone.
            Empty leaves its tones free.
        rhymes: Names of rhyme groups, of which it ends in one; empty lets it end in any.
        name: The form's name in JSON.
    """

    length: int
    tones: tuple[str, ...] = ()
    rhymes: tuple[str, ...] = ()
    name: ClassVar[Literal["line"]] = "line"

    def __post_init__(self) -> None:
        if self.length not in CHARS:
            raise RequestError("request-chars", chars=self.length)
        for pattern in self.tones:
            if len(pattern) != self.length or not TONES.fullmatch(pattern):
                raise RequestError("request-tones", tones=pattern, chars=self.length)


@dataclass(frozen=True)
class Revision:
    """A poem of which parts are kept, and the rest is written anew.

    Attributes:
        kind: The kind of poem, which fixes the number of lines; None accepts 2 to 8, of any length.
    """

    kind: PoemKind | None = None

    def __post_init__(self) -> None:
        if self.kind is not None:
            check_choice(self.kind, get_args(PoemKind))

    @property
    def name(self) -> PoemFormName:
        """The form's name in options, JSON and custom ids."""
        return self.kind or "next"


Form = NextLine | Poem | Acrostic | Couplet | PoemLine | Revision


def form_named(name: str, length: int | None = None) -> NextLine | Poem:
    """Returns the form of that name.

    Args:
        name: One of `PoemFormName`.
        length: Tokens of a next line.

    Raises:
        RequestError: There is no such form, the length is out of range, or a poem has a length.
    """
    check_choice(name, get_args(PoemFormName))
    if name == "next":
        return NextLine(length)
    if length is not None:
        raise RequestError("request-form-length")
    return Poem("jueju" if name == "jueju" else "lushi")


def form_from(
    name: WireFormName = "next",
    *,
    line: str | None = None,
    heads: str | None = None,
    keep: str | None = None,
    chars: int | None = None,
    length: int | None = None,
    upper: bool = False,
    tones: Sequence[str] = (),
    rhymes: Sequence[str] = (),
) -> Form:
    """Returns the form that options describe.

    Args:
        name: The name of the form; with `heads`, the kind of acrostic, or `next` for any.
        line: The line or lines to continue, or the given line of a couplet.
        heads: The first characters of an acrostic's lines, in place of `line`.
        keep: A poem with open places, in place of `line`.
        chars: Characters of each line of an acrostic.
        length: Tokens of a next line.
        upper: Of a couplet: whether the upper line is written.
        tones: Of one line at its place: its tonal patterns.
        rhymes: Likewise: the rhyme groups of which it ends in one.

    Raises:
        RequestError: Options exclude each other, or a value is out of range.
    """
    if keep is not None:
        if name == "couplet" or name == "line":
            raise RequestError("request-keep-kind", form=name)
        others = {
            "line": line is not None,
            "heads": heads is not None,
            "chars": chars is not None,
            "length": length is not None,
            "upper": upper,
            "tones": bool(tones),
            "rhymes": bool(rhymes),
        }
        for option, is_given in others.items():
            if is_given:
                raise RequestError("request-keep-option", option=option)
        return Revision(None if name == "next" else name)
    if upper and name != "couplet":
        raise RequestError("request-upper-alone")
    if name == "line":
        if heads is not None or chars is not None or length is None:
            raise RequestError("request-line-length")
        return PoemLine(length, tuple(tones), tuple(rhymes))
    if tones or rhymes:
        raise RequestError("request-line-alone")
    if heads is None:
        if chars is not None:
            raise RequestError("request-chars-alone")
        if name != "couplet":
            return form_named(name, length)
        if length is not None:
            raise RequestError("request-form-length")
        return Couplet(upper)
    if name == "couplet":
        raise RequestError("request-heads-couplet")
    if line and line.strip():
        raise RequestError("request-heads-line")
    if length is not None:
        raise RequestError("request-form-length")
    kind = None if name == "next" else name
    return Acrostic(kind=kind) if chars is None else Acrostic(chars, kind)


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
    form: Form = NextLine()
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
