"""What the buttons of an answer say in their custom ids: all that a press needs to know."""

from dataclasses import dataclass
from typing import Literal, get_args

from ..verse.request import Choosing, Sampling, Script

__all__ = ["PRESS", "Action", "Heart", "Method", "Wish"]

LAYOUT = 1  # of custom ids and of the texts beside them; what reads them must know the number
PREFIX = "lianju"

Action = Literal["heart", "again", "details"]
Batch = Literal["chosen", "sampled"]
PRESS = rf"{PREFIX}:(?P<action>{'|'.join(get_args(Action))}):.*"  # whatever the layout


@dataclass(frozen=True)
class Heart:
    """A button that keeps a couplet, or takes that back.

    Attributes:
        rank: Which of the answer's couplets, from 1.
        log_prob: Natural-log probability of its second line.
    """

    rank: int
    log_prob: float

    @property
    def custom_id(self) -> str:
        """What `read` reads."""
        return _write("heart", self.rank, self.log_prob)

    @classmethod
    def read(cls, custom_id: str) -> "Heart":
        """The inverse of `custom_id`.

        Raises:
            ValueError: It is of another button or layout.
        """
        rank, log_prob = _read("heart", custom_id)
        return cls(int(rank), float(log_prob))


@dataclass(frozen=True)
class Wish:
    """A button that asks for another batch.

    Attributes:
        asker: Id of the user who asked.
        count: How many lines were asked for.
        script: In which characters.
        batch: How to find other lines. A beam has no others, so these are then chosen.
    """

    asker: int
    count: int
    script: Script
    batch: Batch = "chosen"

    @property
    def custom_id(self) -> str:
        """What `read` reads."""
        return _write("again", self.asker, self.count, self.script, self.batch)

    @classmethod
    def read(cls, custom_id: str) -> "Wish":
        """The inverse of `custom_id`.

        Raises:
            ValueError: It is of another button or layout.
        """
        asker, count, wished, way = _read("again", custom_id)
        (script,) = (script for script in get_args(Script) if script == wished)
        (batch,) = (batch for batch in get_args(Batch) if batch == way)
        return cls(int(asker), int(count), script, batch)


@dataclass(frozen=True)
class Method:
    """A button that tells the details.

    Attributes:
        length: Tokens of each line.
        width: Width of the beam that found the lines, or of the choice among those drawn; None if
            they were just drawn at random.
        sampling: How they were drawn, if they were.
        choosing: How they were chosen, if they were.
    """

    length: int
    width: int | None
    sampling: Sampling | None = None
    choosing: Choosing | None = None

    @property
    def seed(self) -> int | None:
        """Where chance started from; None if nothing was left to it."""
        chance = self.sampling or self.choosing
        return chance.seed if chance else None

    @property
    def custom_id(self) -> str:
        """What `read` reads."""
        if self.choosing is not None:
            return _write("details", self.length, self.width, self.choosing.seed)
        if self.sampling is None:
            return _write("details", self.length, self.width)
        how = self.sampling
        return _write("details", self.length, how.temperature, how.top_k, how.top_p, how.seed)

    @classmethod
    def read(cls, custom_id: str) -> "Method":
        """The inverse of `custom_id`.

        Raises:
            ValueError: It is of another button or layout.
            RequestError: It says of chance what cannot be.
        """
        length, *how = _read("details", custom_id)
        if len(how) == 1:
            return cls(int(length), int(how[0]))
        if len(how) == 2:
            return cls(int(length), int(how[0]), choosing=Choosing(int(how[1])))
        temperature, top_k, top_p, seed = how
        sampling = Sampling(float(temperature), int(top_k), float(top_p), int(seed))
        return cls(int(length), None, sampling)


def _write(action: Action, *facts: object) -> str:
    return ":".join(map(str, (PREFIX, action, LAYOUT, *facts)))


def _read(action: Action, custom_id: str) -> list[str]:
    prefix, name, layout, *facts = custom_id.split(":")
    if (prefix, name, layout) != (PREFIX, action, str(LAYOUT)):
        raise ValueError(f"no button for {action} of layout {LAYOUT}")
    return facts
