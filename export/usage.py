"""How poets use the readings of characters, and which readings they do not use.

A rhyme book has readings that no poet uses, and a published table has mistakes besides. Regulated
poems tell which: where all other tones of a poem are as one scheme wants them, the tone that this
scheme wants of the place left is the tone of the character there, but for a mistake of the poet.
How often they make one is seen from characters that have one tone only.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from lianju.bot.verse.prosody.forms import Scheme, all_schemes, opposite
from lianju.bot.verse.prosody.readings import Tone
from lianju.training.corpus import FORMS
from numpy.typing import NDArray

__all__ = ["Unused", "Usage", "Used", "count_usage", "readings_in_use"]

TONES: tuple[Tone, ...] = ("level", "oblique")

# Another scheme that wants the other tone of a place must miss so many tones elsewhere.
MARGIN = 3
RHYMES = 4  # of a poem from which rhymes are counted, so that three show the group of the fourth
CHUNK = 20_000  # poems at a time: some 20 MB

# Characters of one tone, from which the share of mistakes is known.
LEAST_USES, LEAST_CHARACTERS = 300, 50
# A reading is not used if its share is below what mistakes alone are of so many of them, in all but
# one of twenty draws. One that a table lacks, though it has the character, needs more support.
AGREED, DOUBTFUL = 0.9, 0.99
CHANCE = 0.05

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Usage:
    """How often schemes want a tone, or a rhyme, of a character.

    Attributes:
        inside: The tones wanted of each character within a line.
        ends: Those at the end of a line.
        rhymes: The level groups in which it rhymes.
        poems: How many poems were read.
    """

    inside: Mapping[str, Counter[Tone]]
    ends: Mapping[str, Counter[Tone]]
    rhymes: Mapping[str, Counter[str]]
    poems: int = 0

    def tones(self, character: str) -> Counter[Tone]:
        """Returns the tones wanted of a character in any place."""
        return self.inside.get(character, Counter()) + self.ends.get(character, Counter())


@dataclass(frozen=True)
class Unused:
    """Readings that poets do not use.

    Attributes:
        character: The character.
        groups: The rhyme groups of the readings.
        times: How often a poem wants one of them.
        of: How often a poem wants any reading of the character.
        inside: Whether they are used at the end of lines, and not within.
    """

    character: str
    groups: tuple[str, ...]
    times: int
    of: int
    inside: bool = False

    def told(self) -> str:
        """Returns the reading and its figures, for a reader to judge."""
        where = " within lines" if self.inside else ""
        return f"{self.character} {'/'.join(self.groups)}{where}: {self.times:,} of {self.of:,}"


@dataclass(frozen=True)
class Used:
    """The readings that poets use.

    Attributes:
        groups: The rhyme groups of each character.
        at_ends: Those of them in which it stands only at the end of a line.
        unused: What was left out.
    """

    groups: Mapping[str, Collection[str]]
    at_ends: Mapping[str, Collection[str]] = field(default_factory=dict)
    unused: tuple[Unused, ...] = ()


def count_usage(
    poems: Iterable[Sequence[str]], groups: Mapping[str, Collection[str]], level: Sequence[str]
) -> Usage:
    """Counts the tones and rhymes that the regulated poems of a corpus want of characters.

    The second last place of lines that do not rhyme is left out, since licensed departures put
    either tone there.

    Args:
        poems: The lines of each poem; those of other forms are passed over.
        groups: The rhyme groups of each character.
        level: The names of the level groups.
    """
    tables: defaultdict[tuple[int, int], array[int]] = defaultdict(lambda: array("q"))
    numbers: dict[str, int] = {}
    count = 0
    for poem in poems:
        shape = (len(poem), len(poem[0]))
        if shape in FORMS and all(len(line) == shape[1] for line in poem):
            tables[shape].extend(numbers.setdefault(c, len(numbers)) for line in poem for c in line)
            count += 1
    counting = _Counting([frozenset(groups.get(each, ())) for each in numbers], level)
    for (lines, length), ids in tables.items():
        table = np.asarray(ids, np.int64).reshape(-1, lines, length)
        for begin in range(0, len(table), CHUNK):
            counting.add(table[begin : begin + CHUNK])
    return counting.usage(list(numbers), count)


class _Counting:
    """Counts the usage of characters, by their numbers.

    Args:
        groups: The rhyme groups of each character.
        level: The names of the level groups, 64 at most.
    """

    def __init__(self, groups: Sequence[frozenset[str]], level: Sequence[str]) -> None:
        self._level = tuple(level)
        have = np.array([[bool(own & {*level}), bool(own - {*level})] for own in groups], np.bool_)
        have = have.reshape(-1, 2)
        self._may_be = (have | ~have.any(axis=1, keepdims=True)).T  # [2, V]
        self._rhymes = np.array(
            [sum(1 << n for n, name in enumerate(level) if name in own) for own in groups], np.int64
        )
        size = len(groups)
        self._tones = np.zeros((2, 2, size), np.int64)  # whether at the end, tone, character
        self._groups = np.zeros(size * len(level), np.int64)

    def add(self, poems: Ids) -> None:
        """Counts some poems [N, lines, length]."""
        _, lines, length = poems.shape
        choice = [each for each in all_schemes(length) if each.rhyme_tone == "level"]
        wanted = [_wanted(scheme, lines) for scheme in choice]
        may_be = [self._may_be[tone][poems] for tone in range(2)]
        # Which tones each scheme misses [N, lines, length], and how many in all [N]
        wrong = [
            ((own == 0) & ~may_be[0]) | ((own == 1) & ~may_be[1])  # by the index of the tone
            for own in wanted
        ]
        missed = [each.sum(axis=(1, 2)) for each in wrong]
        for number, own in enumerate(wanted):
            for line, place in np.argwhere(own >= 0):
                left = [
                    count - each[:, line, place] for count, each in zip(missed, wrong, strict=True)
                ]
                shown = left[number] == 0
                for other, count in enumerate(left):
                    if wanted[other][line, place] != own[line, place]:
                        shown &= count >= MARGIN
                    elif other < number:  # counted by that one
                        shown &= count > 0
                found = poems[shown, line, place]
                at_end = int(place == length - 1)
                self._tones[at_end, own[line, place]] += np.bincount(
                    found, minlength=self._tones.shape[-1]
                )
        if lines == 2 * RHYMES:
            kept = np.min(missed, axis=0) <= 1
            self._add_rhymes(poems[kept, 1::2, -1])

    def _add_rhymes(self, ends: Ids) -> None:
        """Counts the ends [N, 4] of the rhyming lines of some poems."""
        for place in range(ends.shape[1]):
            others = np.delete(ends, place, axis=1)
            shared = np.bitwise_and.reduce(self._rhymes[others], axis=1)
            one = (shared != 0) & (shared & (shared - 1) == 0)
            group = np.log2(shared[one]).astype(np.int64)
            pairs = ends[one, place] * len(self._level) + group
            self._groups += np.bincount(pairs, minlength=len(self._groups))

    def usage(self, characters: Sequence[str], poems: int) -> Usage:
        """Returns what was counted, by characters."""

        def by_tone(counts: Ids) -> dict[str, Counter[Tone]]:
            return {
                character: Counter({tone: int(n) for tone, n in zip(TONES, own, strict=True) if n})
                for character, own in zip(characters, counts.T, strict=True)
            }

        rows = self._groups.reshape(len(characters), len(self._level))
        rhymes = {
            character: Counter({self._level[g]: int(row[g]) for g in np.flatnonzero(row)})
            for character, row in zip(characters, rows, strict=True)
        }
        return Usage(by_tone(self._tones[0]), by_tone(self._tones[1]), rhymes, poems)


def _wanted(scheme: Scheme, lines: int) -> Ids:
    """Returns the index of the tone that a scheme wants in each place, -1 for either."""
    table = np.full((lines, scheme.length), -1, np.int64)
    for number in range(lines):
        form = scheme.line(number)
        tone = form.second
        for place in range(1, scheme.length - 1, 2):
            table[number, place] = TONES.index(tone)
            tone = opposite(tone)
        if not form.rhymes:
            table[number, -2] = -1
        table[number, -1] = TONES.index(form.last)
    return table


def readings_in_use(
    readings: Mapping[str, Mapping[str, bool]], usage: Usage, level: Collection[str]
) -> Used | None:
    """Returns the readings that poets use, and those too rare to know.

    Args:
        readings: The rhyme groups of each character, each with whether it is doubtful.
        usage: What poems want of characters.
        level: The names of the level groups.

    Returns:
        None if there are too few poems to know how often poets make mistakes.
    """
    limits = _limits(readings, usage, level)
    if limits is None:
        return None
    groups: dict[str, Collection[str]] = {}
    at_ends: dict[str, Collection[str]] = {}
    unused: list[Unused] = []
    for character, own in readings.items():
        left_out = _unused_tones(character, own, usage, level, limits)
        gone = {name for each in left_out if not each.inside for name in each.groups}
        kept = {name: doubtful for name, doubtful in own.items() if name not in gone}
        left_out += _unused_rhymes(character, kept, usage, level, limits)
        gone = {name for each in left_out if not each.inside for name in each.groups}
        groups[character] = [name for name in own if name not in gone]
        if ends := [name for each in left_out if each.inside for name in each.groups]:
            at_ends[character] = ends
        unused += left_out
    return Used(groups, at_ends, tuple(unused))


def _limits(
    readings: Mapping[str, Mapping[str, bool]], usage: Usage, level: Collection[str]
) -> dict[bool, float] | None:
    """Returns the share below which a reading is not used, by whether it is doubtful."""
    mistakes = []
    for character, own in readings.items():
        tones, counts = {_tone(name, level) for name in own}, usage.tones(character)
        if len(tones) == 1 and counts.total() >= LEAST_USES:
            mistakes.append(counts[opposite(*tones)] / counts.total())
    if len(mistakes) < LEAST_CHARACTERS:
        return None
    agreed, doubtful = np.quantile(mistakes, (AGREED, DOUBTFUL))
    return {False: float(agreed), True: float(doubtful)}


def _unused_tones(
    character: str,
    own: Mapping[str, bool],
    usage: Usage,
    level: Collection[str],
    limits: Mapping[bool, float],
) -> list[Unused]:
    """Returns the readings of a character of two tones whose tone poets do not use."""
    by_tone = {tone: tuple(name for name in own if _tone(name, level) == tone) for tone in TONES}
    if not all(by_tone.values()):
        return []
    found = []
    for tone, names in by_tone.items():
        limit = limits[all(own[name] for name in names)]
        everywhere, inside = usage.tones(character), usage.inside.get(character, Counter())
        for counts, is_inside in ((everywhere, False), (inside, True)):
            if _is_below(counts[tone], counts.total(), limit):
                found.append(Unused(character, names, counts[tone], counts.total(), is_inside))
                break
    return found


def _unused_rhymes(
    character: str,
    own: Mapping[str, bool],
    usage: Usage,
    level: Collection[str],
    limits: Mapping[bool, float],
) -> list[Unused]:
    """Returns the level readings of a character in which it does not rhyme."""
    names = [name for name in own if name in level]
    counts = usage.rhymes.get(character, Counter())
    usual = max(names, key=counts.__getitem__, default=None)
    return [
        Unused(character, (name,), counts[name], counts.total())
        for name in names
        if name != usual and _is_below(counts[name], counts.total(), limits[own[name]])
    ]


def _tone(name: str, level: Collection[str]) -> Tone:
    return "level" if name in level else "oblique"


def _is_below(times: int, of: int, limit: float) -> bool:
    """Returns whether so few of so many would be a rare chance if the limit were their share."""
    if not 0 < limit < 1 or times >= of * limit:
        return False
    log_of = math.lgamma(of + 1)
    at_most = sum(
        math.exp(
            log_of
            - math.lgamma(k + 1)
            - math.lgamma(of - k + 1)
            + k * math.log(limit)
            + (of - k) * math.log1p(-limit)
        )
        for k in range(times + 1)
    )
    return at_most < CHANCE
