"""From what a user writes to tokens, and from tokens to what a user reads."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from opencc import OpenCC

from ..errors import PromptError
from ..request import Script
from .vocabulary import SPACE, Vocabulary, is_han

__all__ = ["MAX_CHARACTERS", "MAX_LINES", "Prompt", "read_prompt", "simplify", "write_line"]

MAX_LINES = 7  # all but the last of a regulated verse (律诗)
MAX_CHARACTERS = 64
NAMED_AT_MOST = 8
VARIATION_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))

# Where several traditional characters have become one, OpenCC's choice for a character by itself
# is today's; these are what Tang and Song poems have most often in its place (征人, not 徵人).
IN_VERSE = dict(
    zip(
        "钟斗征采咸范系辟湿占吊凶吁咨尸唇熏秘床峰淀杠昵干",
        "鐘斗征采咸范繫辟濕占弔凶吁咨尸唇熏秘床峰淀杠昵干",
        strict=True,
    )
)

Line = tuple[str, ...]


@dataclass(frozen=True)
class Prompt:
    """A prompt, ready for the model.

    Attributes:
        lines: The tokens of each line, as the vocabulary has them; none is empty.
        shown: Each line as its reader is to see it.
        traditional: Whether answers are to be in traditional characters.
    """

    lines: tuple[Line, ...]
    shown: tuple[str, ...]
    traditional: bool


def read_prompt(text: str, vocabulary: Vocabulary, script: Script = "auto") -> Prompt:
    """Normalises a text (NFKC) and cuts it into lines of tokens.

    For a Chinese vocabulary punctuation breaks lines and traditional characters become simplified
    ones. For any other only line breaks do, and capitals become small if the vocabulary has no
    other. Spaces between single characters mean nothing; other spaces break lines, unless the
    vocabulary has a token for them, or part the words if it is of words.

    Raises:
        PromptError: The text is empty, too long, not of the model's language, or has characters
            that the vocabulary lacks.
    """
    written = tuple(line for line in _cut(_normalise(text), vocabulary) if line)
    _check_size(written, vocabulary)
    if not vocabulary.is_chinese:
        lower = vocabulary.is_lowercase
        lines = tuple(tuple(map(str.lower, line)) for line in written) if lower else written
        _check_known(lines, written, vocabulary)
        return Prompt(lines, tuple(_join(line, vocabulary) for line in written), traditional=False)
    if not any(is_han(character) for line in written for character in line):
        raise PromptError(
            "This model reads Chinese verse: write the line in Chinese characters.",
            "prompt-not-chinese",
        )
    original = tuple(map("".join, written))
    simplified = tuple(map(simplify, original))
    lines = tuple(map(tuple, simplified))
    _check_known(lines, written, vocabulary)
    if script == "auto":
        return Prompt(lines, original, _is_traditional(original, simplified))
    traditional = script == "traditional"
    shown = tuple(write_line(line, vocabulary, traditional) for line in lines)
    return Prompt(lines, shown, traditional)


def simplify(text: str) -> str:
    """The text in simplified characters, which the models of Chinese verse read."""
    simplified: str = _converter("t2s").convert(text)
    return simplified


def write_line(tokens: Sequence[str], vocabulary: Vocabulary, traditional: bool) -> str:
    """The text of a line of tokens, in traditional characters if so wished."""
    text = _join(tokens, vocabulary)
    if not traditional:
        return text
    converter = _converter("s2t")
    written: str = converter.convert(text)
    if len(written) != len(text):
        return written
    pairs = zip(text, written, strict=True)
    return "".join(
        IN_VERSE[simplified] if simplified in IN_VERSE and converter.convert(simplified) == t else t
        for simplified, t in pairs
    )


def _normalise(text: str) -> str:
    kept = []
    for character in unicodedata.normalize("NFKC", text):
        category = unicodedata.category(character)
        if category == "Cs":
            raise PromptError(
                "The prompt is not valid UTF-8 text: write it in UTF-8.", "prompt-not-text"
            )
        if category != "Cf" and not any(ord(character) in r for r in VARIATION_SELECTORS):
            kept.append(character)
    return "".join(kept)


def _cut(text: str, vocabulary: Vocabulary) -> Iterator[Line]:
    breaks = _breaks_chinese_line if vocabulary.is_chinese else _breaks_line
    for segment in "".join("\n" if breaks(c) else c for c in text).split("\n"):
        pieces = segment.split()
        of_words = vocabulary.is_words and not vocabulary.is_chinese
        if of_words or all(len(piece) == 1 for piece in pieces):
            yield tuple(pieces)
        elif SPACE in vocabulary:
            yield tuple(SPACE.join(pieces))
        else:
            yield from map(tuple, pieces)


def _breaks_line(character: str) -> bool:
    return character != "\t" and unicodedata.category(character) in ("Cc", "Zl", "Zp")


def _breaks_chinese_line(character: str) -> bool:
    category = unicodedata.category(character)
    punctuation = category[0] == "P" or (category[0] == "S" and character.isascii())
    return punctuation or _breaks_line(character)


def _check_size(lines: Sequence[Line], vocabulary: Vocabulary) -> None:
    if not lines:
        raise PromptError("The prompt is empty: write a line of verse.", "prompt-empty")
    if len(lines) > MAX_LINES:
        raise PromptError(
            f"The prompt has {len(lines)} lines: write at most {MAX_LINES}.",
            "prompt-lines",
            lines=len(lines),
            most=MAX_LINES,
        )
    size = sum(map(len, lines))
    if size > MAX_CHARACTERS:
        unit = "words" if vocabulary.is_words else "characters"
        raise PromptError(
            f"The prompt has {size} {unit}: write at most {MAX_CHARACTERS}.",
            f"prompt-{unit}",
            size=size,
            most=MAX_CHARACTERS,
        )


def _check_known(lines: Sequence[Line], written: Sequence[Line], vocabulary: Vocabulary) -> None:
    """Names, as the user wrote them, the tokens that the vocabulary lacks."""
    unknown: dict[str, None] = {}
    for line, original in zip(lines, written, strict=True):
        names = original if len(original) == len(line) else line
        for token, name in zip(line, names, strict=True):
            if not vocabulary.is_ordinary(token):
                unknown[name] = None
    if unknown:
        named = ", ".join(list(unknown)[:NAMED_AT_MOST])
        more = len(unknown) - NAMED_AT_MOST
        rest = f" and {more} more" if more > 0 else ""
        raise PromptError(
            f"This model does not know {named}{rest}: write the line without.",
            "prompt-unknown",
            named=" ".join(list(unknown)[:NAMED_AT_MOST]),
            more=max(more, 0),
        )


def _is_traditional(original: Sequence[str], simplified: Sequence[str]) -> bool:
    """Whether more characters are traditional than simplified (some are both, or neither)."""
    if original == simplified:
        return False
    traditional = tuple(map(_converter("s2t").convert, original))
    return _differences(original, simplified) >= _differences(original, traditional)


def _differences(lines: Sequence[str], others: Sequence[str]) -> int:
    return sum(a != b for a, b in zip("".join(lines), "".join(others), strict=False))


def _join(tokens: Sequence[str], vocabulary: Vocabulary) -> str:
    parting = "" if vocabulary.is_chinese or not vocabulary.is_words else " "
    return parting.join(tokens).replace(SPACE, " ")


@cache
def _converter(name: str) -> OpenCC:
    """OpenCC's converter of that name; `t2s` and `s2t` load in some 20 ms each."""
    return OpenCC(name)
