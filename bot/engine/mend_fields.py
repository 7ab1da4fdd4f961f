"""What would mend a poem, as JSON: of the service, and between engines."""

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ..verse import Blank, Mended, RhymeBook

__all__ = ["MendFields", "MendedFields"]


class BlankFields(BaseModel):
    """A place of a poem that wants another character."""

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", use_attribute_docstrings=True
    )

    line: int
    """The index of the line, from 0."""
    place: int
    """The index of the character, from 0."""
    tone: Literal["level", "oblique"] | None = None
    """The tone that is wanted; any if left out."""
    rhymes: list[str] = []
    """The rhyme groups of which one is wanted; any if left out."""


class MendFields(BaseModel):
    """A poem, and places of it that want another character."""

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", use_attribute_docstrings=True
    )

    lines: list[str]
    """The lines of the poem, in simplified characters; 1 to 24 of them."""
    places: list[BlankFields] = []
    """The places, at most 24; without any, only `known` is answered."""
    book: RhymeBook = "pingshui"
    """Whose tones and rhymes are wanted: those of Tang verse, or today's (中华新韵)."""

    @classmethod
    def of(
        cls, lines: Sequence[str], blanks: Sequence[Blank], book: RhymeBook = "pingshui"
    ) -> "MendFields":
        """Returns the fields of a poem and its places."""
        places = [
            BlankFields(line=each.line, place=each.place, tone=each.tone, rhymes=list(each.rhymes))
            for each in blanks
        ]
        return cls(lines=list(lines), places=places, book=book)

    def to_blanks(self) -> list[Blank]:
        """Returns the places."""
        return [Blank(each.line, each.place, each.tone, tuple(each.rhymes)) for each in self.places]


class MendedFields(BaseModel):
    """Characters for the places of a poem."""

    # A service of another version may add fields.
    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    choices: tuple[str, ...]
    """For each place the characters that would do and fit the line, best first."""
    known: tuple[bool, ...]
    """Whether the corpus has each line; empty if that is not known."""

    @classmethod
    def of(cls, mended: Mended) -> "MendedFields":
        """Returns the fields of what would mend a poem."""
        return cls(choices=mended.choices, known=mended.known)

    def to_mended(self) -> Mended:
        """Returns what would mend the poem."""
        return Mended(self.choices, self.known)
