"""What is wanted at the faulty places of a poem, for an engine that knows which characters fit."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..bounds import Bounds
from ..prosody.readings import CharacterReadings, Tone
from ..request import MAX_CHARACTERS
from .line import CheckedLine, Fault

__all__ = ["BLANKS", "LINES", "Blank", "Mended", "blank_for", "check_blanks"]

LINES = Bounds(1, 24)  # of a poem
BLANKS = Bounds(0, 24)  # places of it, of which each takes searches of its own


@dataclass(frozen=True)
class Blank:
    """A place of a poem that wants another character.

    Attributes:
        line: The index of the line.
        place: The index of the character in it.
        tone: The tone that is wanted; None for any.
        rhymes: The names of the rhyme groups of which one is wanted; none for any.
    """

    line: int
    place: int
    tone: Tone | None = None
    rhymes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mended:
    """What would mend a poem, and which of its lines the corpus has.

    Attributes:
        choices: For each blank, the simplified characters that would do and fit the line, best
            first; empty if there are none, or if the bundle's model cannot score lines.
        known: Whether the corpus has each line; empty if the bundle has no corpus index.
    """

    choices: tuple[str, ...]
    known: tuple[bool, ...] = ()


def blank_for(
    number: int, line: CheckedLine, fault: Fault, readings: CharacterReadings
) -> Blank | None:
    """Returns what is wanted in the place of a fault; None if no character would mend it.

    Args:
        number: The index of the line.
        line: The line.
        fault: One of its faults.
        readings: Tones and rhymes.
    """
    if fault.place is None:
        return None
    tone = fault.tone
    if tone is None and line.pattern is not None:  # of a repeated character
        tone = line.pattern.tones[fault.place]
    rhymes = tuple(readings.groups[group] for group in sorted(fault.groups))
    return Blank(number, fault.place, tone, rhymes)


def check_blanks(lines: Sequence[str], blanks: Sequence[Blank]) -> None:
    """Checks the size of a poem, and that its blanks are places of it.

    Raises:
        RequestError: They are not.
    """
    LINES.check("lines", len(lines))
    BLANKS.check("places", len(blanks))
    for line in lines:
        Bounds(1, MAX_CHARACTERS).check("length", len(line))
    for blank in blanks:
        Bounds(0, len(lines) - 1).check("line", blank.line)
        Bounds(0, len(lines[blank.line]) - 1).check("place", blank.place)
