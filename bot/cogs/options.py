"""Options that several commands share."""

from typing import Literal, TypeVar

from discord.app_commands import Choice, locale_str

from ..verse import RequestError

__all__ = [
    "KNOWN",
    "MAX_CHOICE",
    "MAX_CHOICES",
    "MAX_RHYME",
    "MODE",
    "RULES",
    "SCRIPT",
    "Mode",
    "choice",
    "seed_for",
]

Mode = Literal["chosen", "beam", "sampled"]

T = TypeVar("T", str, int)

MAX_CHOICES, MAX_CHOICE = 25, 100  # of an autocomplete, and characters of each
MAX_RHYME = 12  # characters of the name of a rhyme group, such as 平水韵上平声十一真韵部


def choice(option: str, value: T, name: str) -> Choice[T]:
    """Returns a choice of an option.

    Args:
        option: Where its translations are: the key is `choice-<option>-<value>`.
        value: The value.
        name: The English name.
    """
    return Choice(name=locale_str(name, key=f"choice-{option}-{value}"), value=value)


def seed_for(mode: Mode, seed: int | None) -> int | None:
    """Returns the seed of a request; None draws one.

    Args:
        mode: How to search.
        seed: The option.

    Raises:
        RequestError: A beam search has no seed.
    """
    if mode == "beam" and seed is not None:
        raise RequestError("poem-seed")
    return 0 if seed is None and mode != "sampled" else seed


MODE = [
    choice("poem-mode", "chosen", "the best of many lines (re-ranked)"),
    choice("poem-mode", "beam", "the most probable"),
    choice("poem-mode", "sampled", "sampled"),
]
SCRIPT = [
    choice("poem-script", "auto", "as in the line"),
    choice("poem-script", "simplified", "simplified"),
    choice("poem-script", "traditional", "traditional"),
]
RULES = [
    choice("poem-rules", "strict", "strict: tones and rhyme are kept"),
    choice("poem-rules", "loose", "loose: rhyme is kept, tones are preferred"),
    choice("poem-rules", "free", "free: neither tones nor rhyme"),
]
KNOWN = [
    choice("poem-known", "exclude", "new lines only"),
    choice("poem-known", "allow", "lines of the poets are allowed"),
]
