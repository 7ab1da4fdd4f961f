"""Options that several commands have, with the choices that members see."""

from typing import Literal, TypeVar

from discord.app_commands import Choice, locale_str

__all__ = ["KNOWN", "MAX_RHYME", "MODE", "RULES", "SCRIPT", "Mode", "choice"]

Mode = Literal["chosen", "beam", "sampled"]

T = TypeVar("T", str, int)

MAX_RHYME = 12  # characters of the name of a rhyme group, such as 平水韵上平声十一真韵部


def choice(option: str, value: T, name: str) -> Choice[T]:
    """A choice of `/poem` or of a command like it, with its English name."""
    return Choice(name=locale_str(name, key=f"choice-poem-{option}-{value}"), value=value)


MODE = [
    choice("mode", "chosen", "what suits this very line"),
    choice("mode", "beam", "the likeliest"),
    choice("mode", "sampled", "drawn at random"),
]
SCRIPT = [
    choice("script", "auto", "as in the line"),
    choice("script", "simplified", "simplified"),
    choice("script", "traditional", "traditional"),
]
RULES = [
    choice("rules", "strict", "strict: tones and rhyme are kept"),
    choice("rules", "loose", "loose: rhyme is kept, tones are preferred"),
    choice("rules", "free", "free: neither tones nor rhyme"),
]
KNOWN = [
    choice("known", "exclude", "new lines only"),
    choice("known", "allow", "lines of the poets are welcome"),
]
