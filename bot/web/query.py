"""The query string of the page, from which everything that it shows follows."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Literal
from urllib.parse import urlencode

from ..engine.wire import RequestFields
from ..verse import SEED, Request, RequestError, check_choice
from ..verse.form import CHARS
from .fields import validate_fields

__all__ = ["ACROSTIC", "COUPLET_UPPER", "LAYOUTS", "Query"]

Layout = Literal["horizontal", "vertical"]
LAYOUTS: tuple[Layout, ...] = ("horizontal", "vertical")

ACROSTIC = "acrostic-"
"""What the values of the field `form` begin with that stand for `heads` and `chars`."""

COUPLET_UPPER = "couplet-upper"
"""The value of the field `form` that stands for `couplet` and `upper`."""

UPPER = ("", "true")

MAY_BE_EMPTY = ("line", "heads")  # an empty line is refused, but no line is no request


@dataclass(frozen=True)
class Query:
    """The parameters of the query string, as they were written.

    Attributes:
        line: The lines to continue; None asks for nothing.
        heads: For an acrostic, the first character of each line, in place of `line`.
        form: As of `RequestFields`, like those that follow.
        chars: Characters of each line of an acrostic.
        upper: Of a couplet: `true` if the upper line is written.
        rhyme: A rhyme group, or a character that rhymes.
        rules: How tones and rhyme bind.
        known: Whether lines of the corpus may be answers.
        script: The characters of the answer.
        seed: Other candidates for another number.
        layout: How verse is set, one of `LAYOUTS`.
        lang: The language of the page; empty follows the browser.
    """

    line: str | None = None
    heads: str | None = None
    form: str = "next"
    chars: str = ""
    upper: str = ""
    rhyme: str = ""
    rules: str = "strict"
    known: str = "exclude"
    script: str = "auto"
    seed: str = ""
    layout: str = "horizontal"
    lang: str = ""

    @classmethod
    def read(cls, given: Mapping[str, str]) -> "Query":
        """Returns the query with these parameters.

        Others are ignored, since some programs add their own to links.
        """
        values = {}
        for name in (field.name for field in fields(cls)):
            value = given.get(name, "").strip()
            if value or (name in given and name in MAY_BE_EMPTY):
                values[name] = value
        return cls(**values)

    @classmethod
    def read_form(cls, given: Mapping[str, str]) -> "Query":
        """Returns the query that the fields of the form describe.

        The form has one field for a line and for the first characters of an acrostic.
        """
        query = cls.read(given)
        if query.form == COUPLET_UPPER:
            return replace(query, form="couplet", upper=UPPER[-1])
        if not query.form.startswith(ACROSTIC):
            return query
        chars = query.form.removeprefix(ACROSTIC)
        return replace(query, line=None, heads=query.line, form="next", chars=chars)

    @property
    def text(self) -> str:
        """What the form's field for a line has, with commas in place of line breaks."""
        text = self.line if self.heads is None else self.heads
        return "，".join((text or "").splitlines())

    @property
    def form_value(self) -> str:
        """What the form's field `form` has."""
        if self.form == "couplet" and self.upper:
            return COUPLET_UPPER
        return self.form if self.heads is None else f"{ACROSTIC}{self.chars or CHARS[-1]}"

    @property
    def is_empty(self) -> bool:
        """Whether it asks for nothing."""
        return self.line is None and self.heads is None

    def address(self, **changes: str) -> str:
        """Returns the address of the page with this query, relative to the page.

        Args:
            changes: Parameters with other values.
        """
        given, default = asdict(replace(self, **changes)), asdict(Query())
        encoded = urlencode({k: v for k, v in given.items() if v != default[k]})
        return f"?{encoded}" if encoded else "./"

    def to_request(self) -> Request:
        """Returns what the engine is asked for.

        Raises:
            RequestError: A value is not allowed, or two of them exclude each other.
            PromptError: A text is not valid.
        """
        check_choice(self.layout, LAYOUTS)
        check_choice(self.upper, UPPER)
        given = {
            "line": self.line,
            "heads": self.heads,
            "form": self.form,
            "chars": _number(self.chars, RequestError("request-chars", chars=self.chars)),
            "upper": bool(self.upper),
            "rhyme": self.rhyme or None,
            "rules": self.rules,
            "known": self.known,
            "script": self.script,
            "seed": _number(
                self.seed,
                RequestError(
                    "request-range", name="seed", value=self.seed, low=SEED.low, high=SEED.high
                ),
            ),
        }
        return validate_fields(RequestFields, given).to_request()


def _number(text: str, error: RequestError) -> int | None:
    """Returns the number that a text has, None for no text.

    Raises:
        RequestError: It is no number.
    """
    if text and not (text.isascii() and text.isdecimal() and len(text) <= len(str(SEED.high))):
        raise error
    return int(text) if text else None
