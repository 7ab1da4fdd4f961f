"""The vocabulary: which token has which id."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

__all__ = ["END", "LINE", "LOWER", "SPACE", "START", "UNKNOWN", "UPPER", "Vocabulary", "is_han"]

UNKNOWN = "<unk>"
END = "<e>"
START = "<s>"
LINE = "</l>"
# Before a line of a couplet: which line is to answer it.
LOWER = "<lower>"
UPPER = "<upper>"
SPACE = "␣"  # a space as a token, since spaces separate the tokens of a corpus file

SPECIAL_COUNT = -1
CHINESE_SHARE = 0.9

# 〇, the unified ideographs with their extensions (Unicode blocks), and the compatibility ones.
_HAN = re.compile(
    "[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f\U00030000-\U000323af]"
)


@dataclass(frozen=True)
class Vocabulary:
    """Tokens by id, with their counts in the training text.

    Attributes:
        tokens: The tokens; a token's index is its id.
        counts: Occurrences in the training text, -1 for special tokens.

    Raises:
        ValueError: A token occurs twice, `<unk>` or `<e>` is missing, or the numbers of tokens and
            counts differ.
    """

    tokens: tuple[str, ...]
    counts: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.tokens) != len(self.counts):
            raise ValueError(f"{len(self.tokens)} tokens cannot have {len(self.counts)} counts")
        if len(self._ids) != len(self.tokens):
            raise ValueError("the vocabulary has a token twice")
        for name in (UNKNOWN, END):
            if name not in self._ids:
                raise ValueError(f"the vocabulary must have {name}")

    @classmethod
    def load(cls, path: Path) -> "Vocabulary":
        """Reads a file that `parse` understands.

        Raises:
            ValueError: The file is no vocabulary; the message names the file and the line.
            OSError: The file cannot be read.
        """
        return cls.parse(path.read_bytes(), path)

    @classmethod
    def parse(cls, content: bytes, path: Path) -> "Vocabulary":
        """Reads `token<TAB>count` lines; the line number, from 0, is the id.

        Args:
            content: The content of a file.
            path: The file, for messages.

        Raises:
            ValueError: The content is no vocabulary; the message names the file and the line.
        """
        try:
            lines = content.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n").split("\n")
        except UnicodeDecodeError:
            raise ValueError(f"{path} is not UTF-8 text") from None
        if lines[-1] == "":
            lines.pop()
        counts: dict[str, int] = {}
        for number, line in enumerate(lines, 1):
            token, _, count = line.partition("\t")
            if not token or token in counts:
                problem = f"repeats the token {token}" if token else "has no token"
                raise ValueError(f"{path}, line {number}, {problem}")
            try:
                counts[token] = int(count)
            except ValueError:
                raise ValueError(f"{path}, line {number}, is not token, tab, count") from None
        try:
            return cls(tuple(counts), tuple(counts.values()))
        except ValueError as error:
            raise ValueError(f"{path} is no vocabulary: {error}") from None

    def save(self, path: Path) -> None:
        """Writes what `load` reads."""
        lines = (
            f"{token}\t{count}\n" for token, count in zip(self.tokens, self.counts, strict=True)
        )
        path.write_text("".join(lines), encoding="utf-8", newline="\n")

    def encode(self, tokens: Iterable[str]) -> list[int]:
        """Returns the ids of `tokens`; those that the vocabulary lacks become `unknown`."""
        return [self._ids.get(token, self.unknown) for token in tokens]

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: object) -> bool:
        return token in self._ids

    def is_ordinary(self, token: str) -> bool:
        """Returns whether `token` is in the vocabulary and not special."""
        return token in self._ids and self.counts[self._ids[token]] != SPECIAL_COUNT

    @property
    def has_lines(self) -> bool:
        """Whether it has the tokens `<s>` and `</l>`, without which no line can be scored."""
        return self.start is not None and self.line is not None

    @property
    def unknown(self) -> int:
        """Id of `<unk>`."""
        return self._ids[UNKNOWN]

    @property
    def end(self) -> int:
        """Id of `<e>`, the end of a poem."""
        return self._ids[END]

    @property
    def start(self) -> int | None:
        """Id of `<s>`, before a poem, where the model has it."""
        return self._ids.get(START)

    @property
    def line(self) -> int | None:
        """Id of `</l>`, after every line, where the model has it."""
        return self._ids.get(LINE)

    @property
    def lower(self) -> int | None:
        """Id of `<lower>`, before a line that is to be answered by its lower line."""
        return self._ids.get(LOWER)

    @property
    def upper(self) -> int | None:
        """Id of `<upper>`, before a line that is to be answered by its upper line."""
        return self._ids.get(UPPER)

    @property
    def endings(self) -> tuple[int, ...]:
        """Ids of the tokens that end a line."""
        return (self.end,) if self.line is None else (self.end, self.line)

    @cached_property
    def is_chinese(self) -> bool:
        """Whether at least nine in ten ordinary tokens are single Han characters."""
        return sum(map(is_han, self._ordinary)) >= CHINESE_SHARE * max(1, len(self._ordinary))

    @cached_property
    def is_words(self) -> bool:
        """Whether an ordinary token is longer than one character."""
        return any(len(token) > 1 for token in self._ordinary)

    @cached_property
    def is_lowercase(self) -> bool:
        """Whether every ordinary token is its own lower case."""
        return all(token == token.lower() for token in self._ordinary)

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {token: number for number, token in enumerate(self.tokens)}

    @cached_property
    def _ordinary(self) -> tuple[str, ...]:
        pairs = zip(self.tokens, self.counts, strict=True)
        return tuple(token for token, count in pairs if count != SPECIAL_COUNT)


def is_han(token: str) -> bool:
    """Returns whether `token` is exactly one Han character."""
    return len(token) == 1 and _HAN.match(token) is not None
