"""What can be written: one line, a poem, an acrostic, the other line of a couplet, a revision.

Each value is checked where it is made; a `RequestError` is raised if it is out of range.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from .bounds import Bounds, check_choice
from .errors import RequestError

__all__ = [
    "ACROSTIC_LINES",
    "CHARS",
    "LENGTH",
    "POEM_LINES",
    "REVISED_LINES",
    "Acrostic",
    "Couplet",
    "Form",
    "FormName",
    "NextLine",
    "Poem",
    "PoemFormName",
    "PoemKind",
    "PoemLine",
    "Revision",
    "WireFormName",
    "form_from",
    "form_named",
]

PoemKind = Literal["jueju", "lushi"]
"""A quatrain (绝句), or eight lines of regulated verse (律诗)."""

PoemFormName = Literal["next", "jueju", "lushi"]
"""The names of forms that continue lines: one line more, or the rest of a poem."""

FormName = Literal["next", "jueju", "lushi", "couplet"]
"""The names of the forms that users choose, in JSON and custom ids; acrostics and revisions have
those of their kind."""

WireFormName = FormName | Literal["line"]
"""The names of all forms in JSON: one line of a poem at its place as well."""

LENGTH = Bounds(1, 64)
ACROSTIC_LINES = Bounds(2, 8)
REVISED_LINES = Bounds(2, 8)
CHARS = (5, 7)  # characters of a line of regulated verse
TONES = re.compile("[平仄中]+")
POEM_LINES: dict[PoemKind, int] = {"jueju": 4, "lushi": 8}


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
