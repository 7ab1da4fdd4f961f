"""Which characters the typeface of the pictures has."""

from functools import cache
from importlib.resources import files
from pathlib import Path

from ..verse import is_han, to_traditional

__all__ = ["FONT_FOLDER", "GETA", "glyph_for"]

FONT_FOLDER = Path(str(files("lianju.bot.picture"))) / "font"
GETA = "〓"  # what printers set where they have no type


def glyph_for(character: str) -> str:
    """Returns what stands in a picture for a character.

    That is the character; or its traditional form, if the typeface has that alone, as of some rare
    ones; or 〓.
    """
    if _has(character):
        return character
    traditional = to_traditional(character) if is_han(character) else ""
    return traditional if traditional and _has(traditional) else GETA


def _has(character: str) -> bool:
    """Returns whether the typeface has a character, with all that is joined to it."""
    return all(code in _characters() for code in character)


@cache
def _characters() -> frozenset[str]:
    return frozenset((FONT_FOLDER / "characters.txt").read_text(encoding="utf-8")) - {"\n"}
