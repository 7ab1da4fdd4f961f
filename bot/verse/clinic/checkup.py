"""A member's poem with all that is to be told of it."""

from dataclasses import dataclass, replace
from itertools import islice

from ..prosody.readings import CharacterReadings, RhymeBook
from ..text.prompt import to_traditional
from .line import Fault
from .mending import BLANKS, Blank, Mended, blank_for
from .poem import CheckedPoem, check_poem
from .reading import WrittenPoem, read_poem

__all__ = ["Checkup", "begin_checkup"]


@dataclass(frozen=True)
class Checkup:
    """A poem beside its scheme, and what would mend it.

    Attributes:
        text: The poem.
        poem: What is found in it.
        readings: Tones and rhymes.
        book: Whose these are.
        mended: What an engine knows of its places; None until it is asked.
    """

    text: WrittenPoem
    poem: CheckedPoem
    readings: CharacterReadings
    book: RhymeBook = "pingshui"
    mended: Mended | None = None

    @property
    def blanks(self) -> tuple[Blank, ...]:
        """The first places that want another character, as many as an engine takes at once."""
        found = (
            blank_for(number, line, fault, self.readings)
            for number, line in enumerate(self.poem.lines)
            for fault in line.faults
        )
        return tuple(islice((each for each in found if each is not None), BLANKS.high))

    def with_mended(self, mended: Mended) -> "Checkup":
        """Returns the checkup with what an engine answered."""
        return replace(self, mended=mended)

    def choices(self, number: int, fault: Fault) -> tuple[str, ...]:
        """Returns the characters that would mend a fault, in the script of the poem.

        Args:
            number: The index of the line.
            fault: One of its faults.
        """
        place = fault.place
        if self.mended is None or place is None:
            return ()
        line = self.text.lines[number]
        return tuple(
            to_traditional(line[:place] + character + line[place + 1 :])[place]
            if self.text.traditional
            else character
            for blank, characters in zip(self.blanks, self.mended.choices, strict=True)
            if (blank.line, blank.place) == (number, place)
            for character in characters
        )

    def is_known(self, number: int) -> bool:
        """Returns whether the corpus has a line, as far as the engine knows."""
        return bool(self.mended and self.mended.known and self.mended.known[number])


def begin_checkup(text: str, readings: CharacterReadings, book: RhymeBook = "pingshui") -> Checkup:
    """Reads and checks a poem; `with_mended` adds what an engine knows of its `blanks`.

    Args:
        text: What a member wrote.
        readings: Tones and rhymes.
        book: Whose these are.

    Raises:
        PromptError: It is no poem that has a tonal pattern.
    """
    written = read_poem(text, readings)
    return Checkup(written, check_poem(written.lines, written.length, readings), readings, book)
