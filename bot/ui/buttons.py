"""What the buttons of an answer say in their custom ids: all that a press needs to know."""

from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

from ..verse.request import Form, Known, Rerank, Sample, Script, Strictness

__all__ = ["PRESS", "Action", "Batch", "DetailsButton", "Heart", "RequestOptions"]

# Of custom ids and of the texts beside them; what reads them must know the number. The first
# layout, which is still read, knew neither forms nor rules nor known lines.
LAYOUT, FIRST_LAYOUT = "2", "1"
PREFIX = "lianju"
AND = "+"  # between names in one fact
CUT_SHORT = "cut"  # the last fact of details, if the deadline came before the end

Action = Literal["heart", "again", "details"]
Batch = Literal["chosen", "sampled"]
PRESS = rf"{PREFIX}:(?P<action>{'|'.join(get_args(Action))}):.*"  # whatever the layout

T = TypeVar("T")


@dataclass(frozen=True)
class Heart:
    """A button that keeps a couplet or a poem, or takes that back.

    Attributes:
        rank: Which of the answer's candidates, from 1.
        log_prob: Natural-log probability of its new lines.
        known: Whether the corpus has each new line; empty where the bundle cannot tell.
        relaxed: The rules that could not be kept.
    """

    rank: int
    log_prob: float
    known: tuple[bool, ...] = ()
    relaxed: tuple[str, ...] = ()

    @property
    def custom_id(self) -> str:
        """What `read` reads."""
        known = "".join(str(int(each)) for each in self.known)
        return _write("heart", self.rank, self.log_prob, known, AND.join(self.relaxed))

    @classmethod
    def read(cls, custom_id: str) -> "Heart":
        """The inverse of `custom_id`.

        Raises:
            ValueError: It is of another button or layout.
        """
        rank, log_prob, known, relaxed = _read("heart", custom_id, "", "")
        return cls(
            int(rank),
            float(log_prob),
            tuple(bool(int(each)) for each in known),
            tuple(filter(None, relaxed.split(AND))),
        )


@dataclass(frozen=True)
class RequestOptions:
    """A button that asks for another batch.

    Attributes:
        asker: Id of the user who asked.
        count: How many candidates were asked for.
        script: In which characters.
        batch: How to find others. A beam has no others, so these are then chosen.
        form: How far to write.
        chars: Characters of an acrostic's lines; None if it is none.
        rhyme: The name of the rhyme group that was asked for.
        strictness: How tones bind.
        known: Whether lines that the corpus has may be answers.
    """

    asker: int
    count: int
    script: Script
    batch: Batch = "chosen"
    form: Form = "next"
    chars: int | None = None
    rhyme: str | None = None
    strictness: Strictness = "strict"
    known: Known = "exclude"

    @property
    def is_acrostic(self) -> bool:
        """Whether heads were given and no line."""
        return self.chars is not None

    @property
    def is_poem(self) -> bool:
        """Whether the candidates are poems, and no single lines."""
        return self.is_acrostic or self.form != "next"

    @property
    def custom_id(self) -> str:
        """What `read` reads."""
        poem = (self.form, self.chars or "", self.rhyme or "", self.strictness, self.known)
        return _write("again", self.asker, self.count, self.script, self.batch, *poem)

    @classmethod
    def read(cls, custom_id: str) -> "RequestOptions":
        """The inverse of `custom_id`.

        Raises:
            ValueError: It is of another button or layout.
        """
        asker, count, script, batch, form, chars, rhyme, strictness, known = _read(
            "again", custom_id, "next", "", "", "strict", "exclude"
        )
        return cls(
            int(asker),
            int(count),
            _one(get_args(Script), script),
            _one(get_args(Batch), batch),
            _one(get_args(Form), form),
            int(chars) if chars else None,
            rhyme or None,
            _one(get_args(Strictness), strictness),
            _one(get_args(Known), known),
        )


@dataclass(frozen=True)
class DetailsButton:
    """A button that tells the details.

    Attributes:
        tokens: How many were found for each candidate, the endings of lines not counted.
        width: Width of the beam that found the lines, or of the choice among those drawn; None if
            they were just drawn at random.
        sampling: How they were drawn, if they were.
        choosing: How they were chosen, if they were.
        complete: Whether the search came to its end before the deadline.
    """

    tokens: int
    width: int | None
    sampling: Sample | None = None
    choosing: Rerank | None = None
    complete: bool = True

    @property
    def seed(self) -> int | None:
        """Where chance started from; None if nothing was left to it."""
        chance = self.sampling or self.choosing
        return chance.seed if chance else None

    @property
    def custom_id(self) -> str:
        """What `read` reads."""
        end = () if self.complete else (CUT_SHORT,)
        if self.choosing is not None:
            return _write("details", self.tokens, self.width, self.choosing.seed, *end)
        if self.sampling is None:
            return _write("details", self.tokens, self.width, *end)
        how = self.sampling
        chance = (how.temperature, how.top_k, how.top_p, how.seed)
        return _write("details", self.tokens, *chance, *end)

    @classmethod
    def read(cls, custom_id: str) -> "DetailsButton":
        """The inverse of `custom_id`.

        Raises:
            ValueError: It is of another button or layout.
            RequestError: It says of chance what cannot be.
        """
        tokens, *how = _read("details", custom_id)
        complete = how[-1:] != [CUT_SHORT]
        how = how if complete else how[:-1]
        if len(how) == 1:
            return cls(int(tokens), int(how[0]), complete=complete)
        if len(how) == 2:
            choosing = Rerank(int(how[1]))
            return cls(int(tokens), int(how[0]), choosing=choosing, complete=complete)
        temperature, top_k, top_p, seed = how
        sampling = Sample(float(temperature), int(top_k), float(top_p), int(seed))
        return cls(int(tokens), None, sampling, complete=complete)


def _write(action: Action, *facts: object) -> str:
    return ":".join(map(str, (PREFIX, action, LAYOUT, *facts)))


def _read(action: Action, custom_id: str, *later: str) -> list[str]:
    """The facts of a button; the first layout had not those that have `later` values here."""
    prefix, name, layout, *facts = custom_id.split(":")
    if (prefix, name) != (PREFIX, action) or layout not in (FIRST_LAYOUT, LAYOUT):
        raise ValueError(f"no button for {action} of a layout from {FIRST_LAYOUT} to {LAYOUT}")
    return [*facts, *later] if layout == FIRST_LAYOUT else facts


def _one(choices: tuple[T, ...], written: str) -> T:
    (choice,) = (choice for choice in choices if choice == written)
    return choice
