"""The buttons of an answer: their custom ids carry all that a press needs to know."""

from dataclasses import dataclass, field
from typing import Literal, TypeVar, get_args

import numpy as np

from ..verse import (
    Acrostic,
    Beam,
    Couplet,
    Form,
    FormName,
    Known,
    NextLine,
    Rerank,
    Revision,
    Rules,
    Sample,
    Script,
    SearchMode,
    form_named,
)

__all__ = [
    "PRESS",
    "Action",
    "DetailsButton",
    "HeartButton",
    "RandomMode",
    "RequestOptions",
    "Writer",
]

LAYOUT = "2"  # of custom ids and of the texts beside them; a change needs another number
PREFIX = "lianju"
SEPARATOR = "+"  # between names in one field
UPPER = "upper"  # in the place of an acrostic's characters, for the upper line of a couplet
REVISED = "?"  # likewise, for a poem of which parts were kept
INCOMPLETE = "cut"  # the last field of details, if the deadline passed first

Action = Literal["heart", "again", "details"]
RandomMode = Literal["chosen", "sampled"]
"""The names of `Rerank` and `Sample` in custom ids."""

PRESS = rf"{PREFIX}:(?P<action>{'|'.join(get_args(Action))}):.*"  # whatever the layout

T = TypeVar("T")

BASE = 36  # of the numbers of a writer: a custom id has at most 100 characters
TIME_DIGITS = 6
DISCORD_EPOCH = 1_420_070_400  # Unix seconds


@dataclass(frozen=True)
class HeartButton:
    """The button that adds a couplet or a poem to one's favorites, or removes it.

    Attributes:
        rank: The number of the candidate, from 1.
        log_prob: Natural-log probability of its new lines.
        known: Whether the corpus has each new line; empty if the bundle has no corpus index.
        relaxed: The rules that were dropped.
    """

    rank: int
    log_prob: float
    known: tuple[bool, ...] = ()
    relaxed: tuple[str, ...] = ()

    @property
    def custom_id(self) -> str:
        """The custom id, which `parse` reads."""
        known = "".join(str(int(each)) for each in self.known)
        return _write("heart", self.rank, self.log_prob, known, SEPARATOR.join(self.relaxed))

    @classmethod
    def parse(cls, custom_id: str) -> "HeartButton":
        """Returns the button with a custom id.

        Raises:
            ValueError: It belongs to another button or layout.
        """
        rank, log_prob, known, relaxed = _read("heart", custom_id)
        return cls(
            int(rank),
            float(log_prob),
            tuple(bool(int(each)) for each in known),
            tuple(filter(None, relaxed.split(SEPARATOR))),
        )


@dataclass(frozen=True)
class Writer:
    """Who wrote a line that somebody else had answered.

    Attributes:
        user_id: Id of the member; None for a bot, which is not credited.
        written_at: When the message was written, in whole Unix seconds of Discord's clock.
    """

    user_id: int | None
    written_at: int

    def __str__(self) -> str:
        """Returns the field of a custom id, which `parse` reads."""
        seconds = np.base_repr(self.written_at - DISCORD_EPOCH, BASE).zfill(TIME_DIGITS)
        return seconds + np.base_repr(self.user_id or 0, BASE)

    @classmethod
    def parse(cls, field: str) -> "Writer":
        """Returns the writer in a field of a custom id.

        Raises:
            ValueError: It has none.
        """
        seconds, user_id = int(field[:TIME_DIGITS], BASE), int(field[TIME_DIGITS:], BASE)
        return cls(user_id or None, seconds + DISCORD_EPOCH)


@dataclass(frozen=True)
class RequestOptions:
    """The button that requests other candidates, with the options of the first request.

    Attributes:
        user_id: Id of the user who made the request.
        count: How many candidates were requested.
        script: The script of the answer.
        mode: How to search for others. A beam always finds the same, so after one it is `chosen`.
        form: What to write.
        rhyme: The name of the requested rhyme group.
        rules: How tones bind.
        known: Whether lines of the corpus may be answers.
        writer: Who wrote the line, if it was not the user.
    """

    user_id: int
    count: int
    script: Script
    mode: RandomMode = "chosen"
    form: Form = field(default_factory=NextLine)
    rhyme: str | None = None
    rules: Rules = "strict"
    known: Known = "exclude"
    writer: Writer | None = None

    @property
    def is_acrostic(self) -> bool:
        """Whether the prompt is the first characters of an acrostic's lines."""
        return isinstance(self.form, Acrostic)

    @property
    def is_revision(self) -> bool:
        """Whether the prompt is a poem with open places."""
        return isinstance(self.form, Revision)

    @property
    def is_poem(self) -> bool:
        """Whether the candidates are poems rather than single lines."""
        return not isinstance(self.form, NextLine | Couplet)

    @property
    def is_upper(self) -> bool:
        """Whether the candidates stand before the prompt, as upper lines of couplets."""
        return isinstance(self.form, Couplet) and self.form.upper

    @property
    def custom_id(self) -> str:
        """The custom id, which `parse` reads."""
        chars = self.form.chars if isinstance(self.form, Acrostic) else UPPER * self.is_upper
        if self.is_revision:
            chars = REVISED
        poem = (self.form.name, chars, self.rhyme or "", self.rules, self.known)
        writer = () if self.writer is None else (self.writer,)
        return _write("again", self.user_id, self.count, self.script, self.mode, *poem, *writer)

    @classmethod
    def parse(cls, custom_id: str) -> "RequestOptions":
        """Returns the button with a custom id.

        Raises:
            ValueError: It belongs to another button or layout.
            RequestError: It has options that are not valid.
        """
        user_id, count, script, mode, form, chars, rhyme, rules, known, *writer = _read(
            "again", custom_id
        )
        if len(writer) > 1:
            raise ValueError("too many fields")
        return cls(
            int(user_id),
            int(count),
            _one_of(get_args(Script), script),
            _one_of(get_args(RandomMode), mode),
            _form(_one_of(get_args(FormName), form), chars),
            rhyme or None,
            _one_of(get_args(Rules), rules),
            _one_of(get_args(Known), known),
            Writer.parse(writer[0]) if writer else None,
        )


@dataclass(frozen=True)
class DetailsButton:
    """The button that shows the details of an answer.

    Attributes:
        tokens: How many were generated for each candidate, endings of lines not counted.
        search: How the candidates were found, with its seed.
        complete: Whether the search ended before the deadline.

    Raises:
        ValueError: There are no tokens.
    """

    tokens: int
    search: SearchMode
    complete: bool = True

    def __post_init__(self) -> None:
        if self.tokens < 1:
            raise ValueError("an answer has a token at least")

    @property
    def seed(self) -> int | None:
        """The seed of the random numbers, if there were any."""
        return None if isinstance(self.search, Beam) else self.search.seed

    @property
    def custom_id(self) -> str:
        """The custom id, which `parse` reads."""
        end = () if self.complete else (INCOMPLETE,)
        how: tuple[object, ...]
        match self.search:
            case Beam(width=width):
                how = (width,)
            case Rerank(seed=seed, width=width):
                how = (width, seed)
            case Sample(temperature, top_k, top_p, seed):
                how = (temperature, top_k, top_p, seed)
        return _write("details", self.tokens, *how, *end)

    @classmethod
    def parse(cls, custom_id: str) -> "DetailsButton":
        """Returns the button with a custom id.

        Raises:
            ValueError: It belongs to another button or layout.
            RequestError: It has a search that is not valid.
        """
        tokens, *how = _read("details", custom_id)
        complete = how[-1:] != [INCOMPLETE]
        search: SearchMode
        match how if complete else how[:-1]:
            case [width]:
                search = Beam(int(width))
            case [width, seed]:
                search = Rerank(int(seed), int(width))
            case [temperature, top_k, top_p, seed]:
                search = Sample(float(temperature), int(top_k), float(top_p), int(seed))
            case _:
                raise ValueError("not the fields of a details button")
        return cls(int(tokens), search, complete)


def _form(name: FormName, chars: str) -> Form:
    if name == "couplet":
        return Couplet(_one_of(("", UPPER), chars) == UPPER)
    if not chars:
        return form_named(name)
    kind = None if name == "next" else name
    return Revision(kind) if chars == REVISED else Acrostic(int(chars), kind)


def _write(action: Action, *fields: object) -> str:
    return ":".join(map(str, (PREFIX, action, LAYOUT, *fields)))


def _read(action: Action, custom_id: str) -> list[str]:
    """Returns the fields of a custom id."""
    prefix, name, layout, *fields = custom_id.split(":")
    if (prefix, name, layout) != (PREFIX, action, LAYOUT):
        raise ValueError(f"not a custom id of {action} in layout {LAYOUT}")
    return fields


def _one_of(choices: tuple[T, ...], written: str) -> T:
    (choice,) = (choice for choice in choices if choice == written)
    return choice
