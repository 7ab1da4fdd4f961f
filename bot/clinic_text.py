"""What is told of a checked poem, in a user's language, as plain text."""

from collections.abc import Iterator
from dataclasses import dataclass

from .fault_text import fault_text, groups_text
from .i18n import Localizer
from .verse import Checkup, Fault
from .verse.prosody.forms import TONE_NAMES

__all__ = ["ClinicText", "Row"]

MAX_APART = 200  # characters that are shown of what is no verse


@dataclass(frozen=True)
class Row:
    """A line of a poem beside its tones.

    Attributes:
        line: The line as it was written.
        tones: The tones of its characters as read.
        pattern: The pattern that it comes nearest to; empty if it has another length.
        rhymes: A mark, if it rhymes.
        wrong: The places of its faults.
        faulty: Whether it has any fault, also as a whole.
    """

    line: str
    tones: str
    pattern: str
    rhymes: str
    wrong: frozenset[int]
    faulty: bool


@dataclass(frozen=True)
class ClinicText:
    """The sentences about one poem.

    Attributes:
        checkup: The poem.
        localizer: The language.
    """

    checkup: Checkup
    localizer: Localizer

    def heading(self) -> str:
        """Returns the form of the poem, its scheme and its rhyme."""
        poem, size = self.checkup.poem, len(self.checkup.poem.lines)
        parts = [self.localizer.format("clinic-form", length=poem.length, lines=size)]
        if poem.opening is not None:
            first = "rhymes" if poem.first_rhymes else "no"
            parts.append(self.localizer.format("clinic-scheme", opening=poem.opening, first=first))
        if poem.groups and (poem.first_rhymes or size > 2):
            groups = self._groups(poem.groups)
            parts.append(self.localizer.format("clinic-rhyme", groups=groups, tone=poem.rhyme_tone))
        return " · ".join(parts)

    def title(self) -> str:
        """Returns what was set apart from the poem, in a sentence; empty if nothing was."""
        apart = " ".join((self.checkup.text.heading, *self.checkup.text.note.split())).strip()
        if len(apart) > MAX_APART:
            apart = f"{apart[: MAX_APART - 1]}…"
        return apart and self.localizer.format("clinic-title", title=apart)

    def verdict(self) -> str:
        """Returns whether the poem keeps the rules."""
        poem = self.checkup.poem
        faulty = sum(bool(line.faults) for line in poem.lines)
        verdict = "old" if poem.is_old else "faulty" if faulty else "clean"
        return self.localizer.format("clinic-verdict", verdict=verdict, lines=faulty)

    def rows(self) -> list[Row]:
        """Returns the lines beside their tones, all characters of which are equally wide."""
        both, unread = (self.localizer.format(f"clinic-{each}") for each in ("both", "unread"))
        readings = self.checkup.readings
        names = {frozenset(): unread, frozenset(("level", "oblique")): both}
        names |= {frozenset((tone,)): TONE_NAMES[tone] for tone in ("level", "oblique")}
        rhyming = self.localizer.format("clinic-rhyming")
        return [
            Row(
                written,
                "".join(names[tones] for tones in readings.tones_in(line.text)),
                "" if line.pattern is None else line.pattern.text,
                rhyming if line.form is not None and line.form.rhymes else "",
                frozenset(fault.place for fault in line.faults if fault.place is not None),
                bool(line.faults),
            )
            for written, line in zip(
                self.checkup.text.written, self.checkup.poem.lines, strict=True
            )
        ]

    def faults(self, number: int) -> list[str]:
        """Returns a sentence for each fault of a line, with what would mend it."""
        line = self.checkup.poem.lines[number]
        return [self._fault(number, fault) for fault in line.faults]

    def remarks(self, number: int) -> list[str]:
        """Returns what else is to be said of a line: accepted departures, and who wrote it."""
        line = self.checkup.poem.lines[number]
        found = [self.localizer.format("clinic-licence", licence=each) for each in line.licences]
        if self.checkup.is_known(number):
            found.append(self.localizer.format("clinic-known"))
        return found

    def of_line(self, number: int, remark: str) -> str:
        """Returns a remark with the number of its line."""
        return self.localizer.format("clinic-line", line=number + 1, remark=remark)

    def characters(self) -> list[str]:
        """Returns what is to be said of characters: repeated ones, and those read both ways."""
        found = {
            "clinic-repeated": list(self._repeated()),
            "clinic-readings": list(self._read_both_ways()),
            "clinic-no-reading": list(self._unread()),
        }
        return [
            self.localizer.format(key, characters=self.localizer.join(texts))
            for key, texts in found.items()
            if texts
        ]

    def legend(self) -> str:
        """Returns what the columns of `rows` mean."""
        return self.localizer.format("clinic-legend", book=self.checkup.book)

    def _fault(self, number: int, fault: Fault) -> str:
        return fault_text(
            self.localizer,
            fault,
            self.checkup.text.written[number],
            self.checkup.poem.length,
            self._groups(fault.groups),
            self.checkup.choices(number, fault),
        )

    def _groups(self, groups: frozenset[int]) -> str:
        checkup = self.checkup
        return groups_text(groups, checkup.readings, self.localizer, checkup.text.traditional)

    def _repeated(self) -> Iterator[str]:
        for each in self.checkup.poem.repeated:
            number, place = each.places[0]
            numbers = "·".join(str(line + 1) for line, _ in each.places)
            yield f"{self.checkup.text.written[number][place]} {numbers}"

    def _each_with(self, tones: int) -> Iterator[tuple[str, str]]:
        """Yields the characters that can have so many tones, as written and as read, each once."""
        text, readings = self.checkup.text, self.checkup.readings
        yield from dict.fromkeys(
            (written, character)
            for own, line in zip(text.written, text.lines, strict=True)
            for written, character, found in zip(own, line, readings.tones_in(line), strict=True)
            if len(found) == tones
        )

    def _read_both_ways(self) -> Iterator[str]:
        readings = self.checkup.readings
        for written, character in self._each_with(2):
            level = self._groups(readings.groups_of(character, "level"))
            oblique = self._groups(readings.groups_of(character, "oblique")).replace("仄", "")
            yield f"{written} 平{level} 仄{oblique}"

    def _unread(self) -> Iterator[str]:
        for written, _ in self._each_with(0):
            yield written
