"""The faults of one line against what is wanted of it, without any model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ..prosody.forms import (
    Licence,
    LineForm,
    Pattern,
    Scheme,
    form_after,
    line_kind,
    patterns,
    rhyme_groups,
)
from ..prosody.readings import CharacterReadings, Tone

__all__ = [
    "CheckedLine",
    "Fault",
    "FaultKind",
    "LineLicence",
    "WantedLine",
    "check_line",
    "wanted_after",
]

FaultKind = Literal[
    "length", "tone", "lonely", "level-end", "rhyme", "neighbor", "repeated", "opposed", "joined"
]
"""`length`: another number of characters; `tone`: the other tone than the pattern's; `lonely`: one
level tone among oblique ones (孤平); `level-end`: three level tones at the end (三平尾); `rhyme`:
an end that does not rhyme; `neighbor`: one that rhymes in a neighboring group (邻韵); `repeated`: a
character of an earlier line. Of a whole line in a poem: `opposed`: its tones are not opposed to
those of the line before (失对); `joined`: they do not take them up (失粘)."""

LineLicence = Licence | Literal["bold", "loose", "waist", "neighbor"]
"""Also `bold`, an oblique second last tone that the next line rescues, or has to (大拗); beside
`swap`, `loose`: its first tone is oblique, as in 故人具鸡黍 (孟浩然). Of a line in a poem: `waist`,
the second half of a quatrain does not take up the first (折腰体); `neighbor`, a first or last line
rhymes in a neighboring group (孤雁出群, 孤雁入群)."""

_BEFORE_END = 5  # what the patterns of lines of five and seven have in common


@dataclass(frozen=True)
class Fault:
    """What is wrong with a line.

    Attributes:
        kind: What it is.
        place: The index of the character; None for the whole line.
        character: The character.
        tone: The tone that is wanted there, if one is.
        groups: The rhyme groups of which one is wanted there, if any is.
    """

    kind: FaultKind
    place: int | None = None
    character: str = ""
    tone: Tone | None = None
    groups: frozenset[int] = frozenset()


@dataclass(frozen=True)
class WantedLine:
    """What is wanted of one line.

    Attributes:
        length: Its characters.
        form: Its tones; None for any.
        groups: The rhyme groups of which its end must have a reading; None for any end.
        used: Characters that it must not repeat; None if it may repeat any.
        may_be_bold: Whether its second last tone may be oblique for the next line to rescue.
    """

    length: int
    form: LineForm | None = None
    groups: frozenset[int] | None = None
    used: frozenset[str] | None = None
    may_be_bold: bool = True


@dataclass(frozen=True)
class CheckedLine:
    """A line beside its pattern.

    Attributes:
        text: The line.
        form: The form that it is compared with; None without one.
        pattern: The pattern of that form that it follows or comes nearest to; None without one.
        licences: The accepted departures in it.
        faults: What is wrong, by place.
    """

    text: str
    form: LineForm | None = None
    pattern: Pattern | None = None
    licences: tuple[LineLicence, ...] = ()
    faults: tuple[Fault, ...] = ()


def wanted_after(
    lines: Sequence[str],
    scheme: Scheme,
    readings: CharacterReadings,
    *,
    used: frozenset[str] | None = None,
) -> WantedLine:
    """Returns what a scheme wants of the line that follows the first lines of a poem.

    Args:
        lines: The lines so far, in simplified characters.
        scheme: The scheme, which they may leave in places.
        readings: Tones and rhymes.
        used: Characters that the line must not repeat; None if it may repeat any.
    """
    form = form_after(lines, scheme, readings)
    # The first rhyme is free, and so is the rhyme of lines that do not share one.
    groups = (rhyme_groups(lines, scheme, readings) or None) if form.rhymes else None
    return WantedLine(scheme.length, form, groups, used)


def check_line(line: str, wanted: WantedLine, readings: CharacterReadings) -> CheckedLine:
    """Compares a line with what is wanted of it.

    A character with a level and an oblique reading fits both, and so does one without readings.

    Args:
        line: The line, in simplified characters.
        wanted: What is wanted of it.
        readings: Tones and rhymes.
    """
    if len(line) != wanted.length:
        return CheckedLine(line, faults=(Fault("length"),))
    pattern: Pattern | None = None
    licences: tuple[LineLicence, ...] = ()
    faults: list[Fault] = []
    if wanted.form is not None:
        pattern, licences, faults = _nearest(line, wanted.form, wanted.may_be_bold, readings)
    if wanted.groups is not None and (off := _off_rhyme(line, wanted, readings)):
        faults = [fault for fault in faults if fault.place != off.place] + [off]
    if wanted.used is not None:
        faults += [
            Fault("repeated", place, character)
            for place, character in enumerate(line)
            if character in wanted.used and all(fault.place != place for fault in faults)
        ]
    return CheckedLine(line, wanted.form, pattern, licences, tuple(sorted(faults, key=_place)))


def _place(fault: Fault) -> int:
    return -1 if fault.place is None else fault.place


def _off_rhyme(line: str, wanted: WantedLine, readings: CharacterReadings) -> Fault | None:
    """Returns what is wrong with the end of a line that has to rhyme."""
    groups, end = wanted.groups or frozenset(), line[-1]
    tone = readings.tone_of(min(groups)) if groups else None
    if tone is None or end not in readings or readings.groups_of(end, tone) & groups:
        return None
    return Fault("rhyme", len(line) - 1, end, tone, groups)


def _nearest(
    line: str, form: LineForm, may_be_bold: bool, readings: CharacterReadings
) -> tuple[Pattern, tuple[LineLicence, ...], list[Fault]]:
    """Returns the pattern that a line comes nearest to, its licences and its wrong tones."""
    own = patterns(len(line), form)
    wrong = {pattern: pattern.wrong_places(line, readings) for pattern in own}
    pattern = min(own, key=lambda each: len(wrong[each]))  # the most regular of several
    places = wrong[pattern]
    licence = pattern.licence
    licences: tuple[LineLicence, ...] = () if licence is None or places else (licence,)
    first = len(line) - _BEFORE_END
    third, fourth = first + 2, first + 3
    if form.compensates:
        if licences and not readings.may_be(line[first], "level"):
            licences += ("self",)
        return pattern, licences, _wrong_tones(line, pattern, places)
    regular, kind = own[0], line_kind(len(line), form)
    if kind == "平仄" and wrong[regular]:
        swapped = next(each for each in own if each.licence == "swap")
        if wrong[swapped] == (first,):
            return swapped, ("swap", "loose"), []
    if kind == "平仄" and wrong[regular] == (third,) and licence != "swap":
        return regular, ("triple",), []  # of seven too, though no generated line has it
    can_be_bold = may_be_bold and kind == "仄仄" and not form.rhymes
    if can_be_bold and wrong[regular] in ((fourth,), (third, fourth)):
        return regular, ("bold",), []
    if kind == "平平" and wrong[regular] == places == (first,):
        return regular, (), [Fault("lonely", first, line[first], "level")]
    if kind == "仄平" and places == (third,):
        return regular, (), [Fault("level-end", third, line[third], "oblique")]
    return pattern, licences, _wrong_tones(line, pattern, places)


def _wrong_tones(line: str, pattern: Pattern, places: Sequence[int]) -> list[Fault]:
    return [Fault("tone", place, line[place], pattern.tones[place]) for place in places]
