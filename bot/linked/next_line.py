"""What the next line of a poem must be, so that a member who knows no rules can write it."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..verse.clinic.line import CheckedLine, WantedLine, check_line, wanted_after
from ..verse.prosody.forms import LineForm, Scheme, all_schemes, fits, patterns, schemes
from ..verse.prosody.readings import CharacterReadings
from ..verse.request import Rules

__all__ = ["NextLineRules", "next_line"]

PARALLEL_FROM = 2  # the second couplet
REGULATED_LINES = 8  # of a regulated poem, whose inner couplets are parallel


@dataclass(frozen=True)
class NextLineRules:
    """What the next line must be.

    Attributes:
        length: Its characters.
        patterns: Its tones: 平, 仄, or 中 where either will do. It has one of these patterns;
            the regular ones come first. Empty where tones are free.
        regular: How many of the patterns are regular, and not accepted departures from the rule.
        rhymes: The rhyme groups (平水韵) of which it ends in one; empty if it need not rhyme, or
            may choose the rhyme.
        is_rhyming: Whether it rhymes; without groups, it chooses the rhyme of the poem.
        answers: Whether it answers the line before character by character (对).
        wanted: What is wanted of it, by each scheme that the poem fits.
    """

    length: int
    patterns: tuple[str, ...] = ()
    regular: int = 0
    rhymes: tuple[str, ...] = ()
    is_rhyming: bool = False
    answers: bool = False
    wanted: tuple[WantedLine, ...] = ()

    def check(self, line: str, readings: CharacterReadings) -> CheckedLine:
        """Returns the line beside the scheme that it comes nearest to.

        Args:
            line: The line, in simplified characters.
            readings: Tones and rhymes.
        """
        wanted = self.wanted or (WantedLine(self.length),)
        return min(
            (check_line(line, each, readings) for each in wanted),
            key=lambda checked: len(checked.faults),
        )


def next_line(
    lines: Sequence[str],
    length: int,
    most_lines: int,
    rules: Rules,
    readings: CharacterReadings,
) -> NextLineRules:
    """Returns what the line after the given ones must be.

    Args:
        lines: The poem so far, in simplified characters.
        length: Characters of a line.
        most_lines: How many lines the poem can have.
        rules: How tones bind; `free` leaves nothing but the length.
        readings: Tones and rhymes.
    """
    if rules == "free":
        return NextLineRules(length)
    # In a long poem (排律) characters come again.
    used = frozenset("".join(lines)) if most_lines <= REGULATED_LINES else None
    fitting = _fitting(lines, length, readings)
    wanted = tuple(
        dict.fromkeys(wanted_after(lines, scheme, readings, used=used) for scheme in fitting)
    )
    forms = list(dict.fromkeys(each.form for each in wanted if each.form is not None))
    rhyming = all(form.rhymes for form in forms)
    regular, licensed = _patterns(length, forms)
    inner = most_lines >= REGULATED_LINES and PARALLEL_FROM < len(lines) < most_lines - 1
    return NextLineRules(
        length,
        (*regular, *licensed),
        len(regular),
        _rhymes(wanted, readings) if rhyming else (),
        rhyming,
        inner and len(lines) % 2 == 1,
        wanted,
    )


def _fitting(lines: Sequence[str], length: int, readings: CharacterReadings) -> list[Scheme]:
    """Returns the schemes with a level rhyme that all lines fit, or else that most of them fit."""
    every = [scheme for scheme in all_schemes(length) if scheme.rhyme_tone == "level"]
    if not lines:
        return every
    if found := [s for s in schemes(lines, readings) if s.rhyme_tone == "level"]:
        return found
    kept = {
        scheme: sum(fits(line, scheme.line(index), readings) for index, line in enumerate(lines))
        for scheme in every
    }
    return [scheme for scheme in every if kept[scheme] == max(kept.values())]


def _patterns(length: int, forms: Sequence[LineForm]) -> tuple[list[str], list[str]]:
    """Returns the regular patterns of a line of one of the forms, and the licensed ones."""
    regular: dict[str, None] = {}
    licensed: dict[str, None] = {}
    for form in forms:
        first, *others = (pattern.text for pattern in patterns(length, form))
        regular[first] = None
        licensed |= dict.fromkeys(others)
    return [*regular], [each for each in licensed if each not in regular]


def _rhymes(wanted: Sequence[WantedLine], readings: CharacterReadings) -> tuple[str, ...]:
    """Returns the groups that the poem rhymes in so far; none if it may still choose."""
    shared: set[int] = set()
    for each in wanted:
        if each.groups is None:
            return ()
        shared |= each.groups
    return tuple(readings.groups[group] for group in sorted(shared))
