"""From the text of a user to tokens, and back."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from opencc import OpenCC

from ...characters import describe
from ..errors import PromptError
from ..request import MAX_CHARACTERS, MAX_LINES, Script
from .vocabulary import SPACE, UNKNOWN, Vocabulary, is_han

__all__ = [
    "Line",
    "Prompt",
    "check_chinese",
    "check_size",
    "is_traditional",
    "read_prompt",
    "read_variants",
    "simplify",
    "simplify_line",
    "split_verse",
    "to_traditional",
    "write_line",
]

MAX_UNKNOWN_NAMED = 8
# All but fillers of Hangul, which would be named by another code point than they were written.
_NORMALIZED = re.compile("[^\u3164\uffa0]+")
VARIATION_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))

# Where several traditional characters were merged into one simplified character, OpenCC chooses
# the one that is most common today; these are the most common ones in Tang and Song poems
# (征人, not 徵人).
TRADITIONAL_IN_VERSE = dict(
    zip(
        "钟斗征采咸范系辟湿占吊凶吁咨尸唇熏秘床峰淀杠昵干",
        "鐘斗征采咸范繫辟濕占弔凶吁咨尸唇熏秘床峰淀杠昵干",
        strict=True,
    )
)

Line = tuple[str, ...]


@dataclass(frozen=True)
class Prompt:
    """A prompt as tokens.

    Attributes:
        lines: The tokens of each line, as the vocabulary has them; none is empty.
        written: Each line as the user wrote it.
        shown: Each line in the script of the answer.
        traditional: Whether answers are in traditional characters.
        unknown: The tokens that the vocabulary lacks, each once, as the user wrote them.
    """

    lines: tuple[Line, ...]
    written: tuple[str, ...]
    shown: tuple[str, ...]
    traditional: bool
    unknown: tuple[str, ...] = ()

    def encode(self, vocabulary: Vocabulary) -> tuple[tuple[int, ...], ...]:
        """Returns the ids of each line's tokens; those that the vocabulary lacks are `<unk>`.

        The name of a special token in the text is unknown too.
        """
        return tuple(
            tuple(vocabulary.encode(t if vocabulary.is_ordinary(t) else UNKNOWN for t in line))
            for line in self.lines
        )


def check_size(lines: Sequence[Sequence[str]], vocabulary: Vocabulary) -> None:
    """Checks that a prompt has neither too many lines nor too many characters, and is not empty.

    Raises:
        PromptError: It is not so.
    """
    if not lines:
        raise PromptError("prompt-empty")
    if len(lines) > MAX_LINES:
        raise PromptError("prompt-lines", lines=len(lines), most=MAX_LINES)
    size = sum(map(len, lines))
    if size > MAX_CHARACTERS:
        key = "prompt-words" if vocabulary.is_words else "prompt-characters"
        raise PromptError(key, size=size, most=MAX_CHARACTERS)


def check_chinese(lines: Sequence[Line]) -> None:
    """Checks that there is a Chinese character.

    Raises:
        PromptError: There is none.
    """
    if not any(is_han(character) for line in lines for character in line):
        raise PromptError("prompt-not-chinese")


def read_prompt(
    text: str,
    vocabulary: Vocabulary,
    script: Script = "auto",
    check: Callable[[Sequence[Line], Vocabulary], None] = check_size,
    blank: str = "",
) -> Prompt:
    """Normalizes a text (NFKC) and splits it into lines of tokens.

    For a Chinese vocabulary, punctuation breaks lines, traditional characters are simplified, and
    variants of characters are read as these.
    For others only line breaks do, and the text is lowercased if the vocabulary is. Spaces between
    single characters are ignored. Other spaces separate words if the vocabulary has words; else
    they are tokens where the vocabulary has one, and break lines where it has none.

    Args:
        text: What the user wrote.
        vocabulary: The model's.
        script: The script of the answer.
        check: Raises an error if the lines, before they are simplified, are not of the right size.
        blank: A character of punctuation that is a token here, and stands for an open place.

    Raises:
        PromptError: The text is empty, too long, not in the model's language, or the vocabulary
            lacks more than half of it.
    """
    breaks = _breaks_chinese_line if vocabulary.is_chinese else _breaks_line
    of_words = vocabulary.is_words and not vocabulary.is_chinese

    def separates(character: str) -> bool:
        return character != blank and breaks(character)

    found = _split(_normalize(text), separates, of_words, SPACE in vocabulary)
    tokenized = tuple(line for line in found if line)
    check(tokenized, vocabulary)
    if not vocabulary.is_chinese:
        lower = vocabulary.is_lowercase
        lines = tuple(tuple(map(str.lower, line)) for line in tokenized) if lower else tokenized
        unknown = _find_unknown(lines, tokenized, vocabulary)
        written = tuple(_join(line, vocabulary) for line in tokenized)
        return Prompt(lines, written, written, traditional=False, unknown=unknown)
    check_chinese(tokenized)
    written = tuple(map("".join, tokenized))
    simplified = tuple(map(simplify, written))
    lines = tuple(tuple(read_variants(line, vocabulary.is_ordinary)) for line in simplified)
    unknown = _find_unknown(lines, tokenized, vocabulary, blank)
    if script == "auto":
        return Prompt(lines, written, written, is_traditional(written), unknown)
    traditional = script == "traditional"
    shown = tuple(write_line(line, vocabulary, traditional) for line in lines)
    return Prompt(lines, written, shown, traditional, unknown)


def split_verse(text: str, blank: str = "") -> tuple[Line, ...]:
    """Normalizes Chinese verse (NFKC) and splits it into lines, none of which is empty.

    Punctuation, line breaks and spaces between words separate lines.

    Args:
        text: The verse.
        blank: A character of punctuation that separates nothing, as it stands for an open place.

    Raises:
        PromptError: The text has lone surrogates.
    """

    def separates(character: str) -> bool:
        return character != blank and _breaks_chinese_line(character)

    return tuple(line for line in _split(_normalize(text), separates) if line)


def read_variants(line: str, is_known: Callable[[str], bool]) -> Iterator[str]:
    """Yields the characters of a line; variants that are not known as what they are."""
    for character in line:
        standard = _variants().get(character, character)
        is_read = not is_known(character) and is_known(standard)
        yield standard if is_read else character


@cache
def _variants() -> dict[str, str]:
    text = (files("lianju.bot.verse.text") / "variants.txt").read_text(encoding="utf-8")
    rows = (row for row in text.splitlines() if not row.startswith("#"))
    return {pair[0]: pair[1] for row in rows for pair in row.split()}


def simplify(text: str) -> str:
    """Returns the text in simplified characters, which models of Chinese verse read.

    Raises:
        PromptError: It has lone surrogates, which OpenCC cannot read.
    """
    if any(unicodedata.category(character) == "Cs" for character in text):
        raise PromptError("prompt-not-text")
    simplified: str = _converter("t2s").convert(text)
    return simplified


def simplify_line(line: str) -> str:
    """Returns a line in simplified characters, as many as it has.

    OpenCC converts phrases, of which a few become longer or shorter; then each character is
    converted by itself.

    Raises:
        PromptError: See `simplify`.
    """
    whole = simplify(line)
    return whole if len(whole) == len(line) else "".join(simplify(each)[:1] for each in line)


def write_line(tokens: Sequence[str], vocabulary: Vocabulary, traditional: bool) -> str:
    """Returns the text of a line of tokens, in traditional characters if `traditional`."""
    text = _join(tokens, vocabulary)
    return to_traditional(text) if traditional else text


def to_traditional(text: str) -> str:
    """Returns simplified verse in traditional characters."""
    converter = _converter("s2t")
    written: str = converter.convert(text)
    if len(written) != len(text):
        return written
    # A character that its context turned into another one than by itself is left alone.
    return "".join(
        TRADITIONAL_IN_VERSE[simplified]
        if simplified in TRADITIONAL_IN_VERSE and converter.convert(simplified) == converted
        else converted
        for simplified, converted in zip(text, written, strict=True)
    )


def _normalize(text: str) -> str:
    kept = []
    for character in _NORMALIZED.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text):
        category = unicodedata.category(character)
        if category == "Cs":
            raise PromptError("prompt-not-text")
        if category != "Cf" and not any(ord(character) in r for r in VARIATION_SELECTORS):
            kept.append(character)
    return "".join(kept)


def _split(
    text: str, breaks: Callable[[str], bool], of_words: bool = False, has_space: bool = False
) -> Iterator[Line]:
    """Yields the tokens of each line.

    Args:
        text: The text.
        breaks: Whether a character breaks a line.
        of_words: Whether spaces separate tokens; else the tokens are characters.
        has_space: Whether a space is a token.
    """
    for segment in "".join("\n" if breaks(c) else c for c in text).split("\n"):
        pieces = segment.split()
        if of_words or all(len(piece) == 1 for piece in pieces):
            yield tuple(pieces)
        elif has_space:
            yield tuple(SPACE.join(pieces))
        else:
            yield from map(tuple, pieces)


def _breaks_line(character: str) -> bool:
    return character != "\t" and unicodedata.category(character) in ("Cc", "Zl", "Zp")


def _breaks_chinese_line(character: str) -> bool:
    category = unicodedata.category(character)
    punctuation = category[0] == "P" or (category[0] == "S" and character.isascii())
    return punctuation or _breaks_line(character)


def _find_unknown(
    lines: Sequence[Line], written: Sequence[Line], vocabulary: Vocabulary, blank: str = ""
) -> tuple[str, ...]:
    """Returns the tokens that the vocabulary lacks, each once, as the user wrote them.

    Raises:
        PromptError: They are more than half of the text.
    """
    unknown: Counter[str] = Counter()
    for line, original in zip(lines, written, strict=True):
        names = original if len(original) == len(line) else line
        for token, name in zip(line, names, strict=True):
            if token != blank and not vocabulary.is_ordinary(token):
                unknown[name] += 1
    if 2 * unknown.total() > sum(token != blank for line in lines for token in line):
        raise PromptError(
            "prompt-unknown",
            named=" ".join(map(describe, list(unknown)[:MAX_UNKNOWN_NAMED])),
            more=max(len(unknown) - MAX_UNKNOWN_NAMED, 0),
        )
    return tuple(unknown)


def is_traditional(lines: Sequence[str]) -> bool:
    """Returns whether a verse is in traditional characters.

    It is if at least as many characters are traditional as simplified; some are both, or neither.
    A single one of the other script, such as a variant that somebody typed, does not matter.

    Raises:
        PromptError: It has lone surrogates.
    """
    simplified = tuple(map(simplify_line, lines))
    if tuple(lines) == simplified:
        return False
    traditional = tuple(map(_converter("s2t").convert, lines))
    return _differences(lines, simplified) >= _differences(lines, traditional)


def _differences(lines: Sequence[str], others: Sequence[str]) -> int:
    return sum(a != b for a, b in zip("".join(lines), "".join(others), strict=False))


def _join(tokens: Sequence[str], vocabulary: Vocabulary) -> str:
    separator = "" if vocabulary.is_chinese or not vocabulary.is_words else " "
    return separator.join(tokens).replace(SPACE, " ")


@cache
def _converter(name: str) -> OpenCC:
    """Returns OpenCC's converter of that name; each loads in about 20 ms."""
    return OpenCC(name)
