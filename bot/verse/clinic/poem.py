"""A whole poem beside the scheme that it follows or comes nearest to, without any model."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

from ..prosody.forms import LineForm, line_kind, opposite
from ..prosody.readings import CharacterReadings, Tone
from .line import CheckedLine, Fault, FaultKind, WantedLine, check_line

__all__ = ["CheckedPoem", "Repetition", "check_poem"]

QUATRAIN = 4
# What a reading of a poem costs. Of all readings the cheapest is told: a line whose tones are all
# turned round is one fault, and not two or three wrong characters.
_COSTS: dict[FaultKind, float] = {
    **{"length": 0.0, "tone": 1.0, "lonely": 0.9, "level-end": 0.9, "repeated": 0.0},
    **{"rhyme": 0.9, "neighbor": 0.8, "opposed": 1.4, "joined": 1.4},
}
_LICENCE_COST, _LICENCE_COSTS = 0.1, {"waist": 1.3, "neighbor": 0.3, "rescue": 0.0}
_OBLIQUE_COST = 1.0  # of an oblique rhyme, which is rare: as one wrong character
_TONES: tuple[Tone, ...] = ("level", "oblique")


@dataclass(frozen=True)
class Repetition:
    """A character that occurs twice or more; one that is doubled (叠字) counts once.

    Attributes:
        character: The character.
        places: The line and the place of each occurrence, from 0.
    """

    character: str
    places: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class CheckedPoem:
    """A poem beside the scheme that it comes nearest to.

    Attributes:
        length: Characters of a line.
        lines: Its lines.
        first_rhymes: Whether the first line rhymes.
        rhyme_tone: The tone of the rhyme.
        groups: The rhyme groups that most of the rhyming lines share; several if their ends have
            several readings, none if no end has a reading.
        repeated: The characters that it repeats, in their order.
    """

    length: int
    lines: tuple[CheckedLine, ...]
    first_rhymes: bool
    rhyme_tone: Tone
    groups: frozenset[int]
    repeated: tuple[Repetition, ...]

    @property
    def opening(self) -> Tone | None:
        """The tone of the second character of the first line, by the scheme."""
        form = self.lines[0].form
        return None if form is None else form.second

    @property
    def is_faulty(self) -> bool:
        """Whether anything is wrong by the rules of regulated verse."""
        return any(line.faults for line in self.lines)

    @property
    def is_old(self) -> bool:
        """Whether half of four or more lines leave the rules of tone, as old verse (古体) may."""
        wrong = sum(
            any(fault.kind not in ("rhyme", "neighbor", "length") for fault in line.faults)
            for line in self.lines
        )
        return 2 * wrong >= len(self.lines) >= QUATRAIN


def check_poem(lines: Sequence[str], length: int, readings: CharacterReadings) -> CheckedPoem:
    """Compares a poem with the scheme that it comes nearest to.

    Args:
        lines: The lines, an even number of them, in simplified characters.
        length: Characters of a line, 5 or 7; lines of another length are faulty.
        readings: Tones and rhymes.
    """
    readers = [
        _Reader(lines, length, rhyme_tone, first_rhymes, readings)
        for rhyme_tone, first_rhymes in product(_TONES, (True, False))
    ]
    found = [(reader, reader.cheapest()) for reader in readers]
    reader, reading = min(  # the first of equals
        found, key=lambda each: each[1].cost + _OBLIQUE_COST * (each[0].rhyme_tone == "oblique")
    )
    return CheckedPoem(
        length,
        reading.lines,
        reader.first_rhymes,
        reader.rhyme_tone,
        reader.groups,
        _repetitions(lines),
    )


@dataclass(frozen=True)
class _Reading:
    """One way to read the first lines of a poem, and what it costs."""

    cost: float = 0.0
    lines: tuple[CheckedLine, ...] = ()


class _Reader:
    """Finds the cheapest reading of a poem whose rhymes have a given tone.

    A poem is a chain: what a line costs depends on the tone of its second character, on that of the
    line before, and on whether that line needs a rescue. So the cheapest chains that end in either
    tone lead to the cheapest of all.
    """

    def __init__(
        self,
        lines: Sequence[str],
        length: int,
        rhyme_tone: Tone,
        first_rhymes: bool,
        readings: CharacterReadings,
    ) -> None:
        self.rhyme_tone: Tone = rhyme_tone
        self.first_rhymes = first_rhymes
        self._lines, self._length, self._readings = lines, length, readings
        self.groups = self._shared_groups()
        self._neighbors = self._find_neighbors()

    def cheapest(self) -> _Reading:
        """Returns the cheapest reading."""
        best = {second: self._extended(_Reading(), 0, second) for second in _TONES}
        for index in range(1, len(self._lines)):
            best = {
                second: min(
                    (self._extended(best[before], index, second) for before in _TONES),
                    key=lambda reading: reading.cost,
                )
                for second in _TONES
            }
        return min(best.values(), key=lambda reading: reading.cost)

    def _extended(self, reading: _Reading, index: int, second: Tone) -> _Reading:
        """Returns a reading with the next line, whose second tone is given."""
        rhymes = self._rhymes(index)
        last = self.rhyme_tone if rhymes else opposite(self.rhyme_tone)
        form = LineForm(second, last, rhymes)
        before = reading.lines[-1] if index else None
        agrees = before is None or before.form is None or before.form.second == second
        answers = index % 2 == 1
        if answers and not agrees and before is not None and "bold" in before.licences:
            form = replace(form, compensates=True)
        wanted = WantedLine(self._length, form, may_be_bold=self._may_be_bold(index))
        line = self._with_rhyme(check_line(self._lines[index], wanted, self._readings), index)
        if before is not None and answers and self._rescues(line, before):
            line = replace(line, licences=(*line.licences, "rescue"))
        if before is not None and before.form is not None and agrees == answers:
            if not answers and len(self._lines) == QUATRAIN:
                line = replace(line, licences=(*line.licences, "waist"))
            else:
                kind: FaultKind = "opposed" if answers else "joined"
                line = replace(line, faults=(Fault(kind), *line.faults))
        cost = sum(_COSTS[fault.kind] for fault in line.faults)
        cost += sum(_LICENCE_COSTS.get(each, _LICENCE_COST) for each in line.licences)
        return _Reading(reading.cost + cost, (*reading.lines, line))

    def _rescues(self, line: CheckedLine, before: CheckedLine) -> bool:
        """Returns whether a line rescues one that needs it not (半拗)."""
        tones = self._readings.tones_of(line.text[-3:-2])
        follows = line.form is not None and line_kind(self._length, line.form) == "平平"
        return follows and not line.faults and "half" in before.licences and tones == {"level"}

    def _rhymes(self, index: int) -> bool:
        return index % 2 == 1 or (index == 0 and self.first_rhymes)

    def _may_be_bold(self, index: int) -> bool:
        """Returns whether the next line can rescue this one."""
        after = self._lines[index + 1 : index + 2]
        return index % 2 == 0 and all(
            len(line) == self._length and self._readings.may_be(line[-3], "level") for line in after
        )

    def _with_rhyme(self, line: CheckedLine, index: int) -> CheckedLine:
        """Returns a line with what is to be said of its rhyme."""
        end = line.text[-1]
        own = self._readings.groups_of(end, self.rhyme_tone)
        is_read = end in self._readings
        if line.form is None or not self._rhymes(index) or not is_read or own & self.groups:
            return line
        if not self.groups:  # no line has such a rhyme: its tone alone is wrong
            return line
        if own & self._neighbors and index in (0, len(self._lines) - 1):
            return replace(line, licences=(*line.licences, "neighbor"))
        kind: FaultKind = "neighbor" if own & self._neighbors else "rhyme"
        place = self._length - 1
        others = [fault for fault in line.faults if fault.place != place]
        fault = Fault(kind, place, end, self.rhyme_tone, self.groups)
        return replace(line, faults=(*others, fault))

    def _shared_groups(self) -> frozenset[int]:
        """Returns the groups in which most of the rhyming lines have a reading.

        Of several groups of different lines, those of the earliest line.
        """
        rhyming: defaultdict[int, list[int]] = defaultdict(list)
        for index, line in enumerate(self._lines):
            if self._rhymes(index):
                for group in self._readings.groups_of(line[-1], self.rhyme_tone):
                    rhyming[group].append(index)
        # The first line does not decide, as it may borrow its rhyme.
        most = max(
            rhyming.values(),
            key=lambda own: (sum(index > 0 for index in own), own[0] == 0, -own[-1]),
            default=[],
        )
        return frozenset(group for group, own in rhyming.items() if own == most)

    def _find_neighbors(self) -> frozenset[int]:
        names = {self._readings.groups[group] for group in self.groups}
        near = {name for row in self._readings.neighbors for name in row if names.intersection(row)}
        return frozenset(n for n, name in enumerate(self._readings.groups) if name in near)


def _repetitions(lines: Sequence[str]) -> tuple[Repetition, ...]:
    """Returns the characters that occur twice or more; a doubled one counts once."""
    places: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for number, line in enumerate(lines):
        for place, character in enumerate(line):
            if line[place - 1 : place] != character:
                places[character].append((number, place))
    return tuple(Repetition(each, tuple(own)) for each, own in places.items() if len(own) > 1)
