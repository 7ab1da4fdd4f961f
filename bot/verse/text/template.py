"""A poem with open places: what a member keeps of it, and what is to be written anew."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import PromptError
from ..form import REVISED_LINES
from ..request import MAX_CHARACTERS, Script
from .prompt import Line, Prompt, read_prompt, write_line
from .vocabulary import Vocabulary

__all__ = ["OPEN", "WIDE_OPEN", "Template", "read_template"]

OPEN = "?"
"""Stands for a whole line by itself, and for one character within a line; NFKC makes it of ？."""
WIDE_OPEN = "？"
"""Stands for an open character where it is shown, as wide as the others."""


@dataclass(frozen=True)
class Template:
    """A poem with open places.

    Attributes:
        lines: The id of each kept token, None for an open place; all lines are of one length.
        shown: The characters of each kept place in the script of the answer, as many as `lines`
            has; at open places they mean nothing.
    """

    lines: tuple[tuple[int | None, ...], ...]
    shown: tuple[str, ...]

    @property
    def length(self) -> int:
        """Tokens of each line."""
        return len(self.lines[0])

    @property
    def open_lines(self) -> tuple[int, ...]:
        """The indices of the lines that have an open place."""
        return tuple(index for index, line in enumerate(self.lines) if None in line)

    def filled(self, written: Sequence[tuple[int, ...]], blank: int) -> tuple[tuple[int, ...], ...]:
        """Returns all lines, those written in the place of the first open ones.

        Args:
            written: Whole lines.
            blank: What stands at the places that are still open.
        """
        new = dict(zip(self.open_lines, written, strict=False))
        return tuple(
            new.get(index) or tuple(blank if token is None else token for token in line)
            for index, line in enumerate(self.lines)
        )

    def new_tokens(self, written: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
        """Returns the tokens at the open places of the first open lines, as they are written."""
        return tuple(
            token
            for index, line in zip(self.open_lines, written, strict=False)
            for token, kept in zip(line, self.lines[index], strict=True)
            if kept is None
        )

    def kept_after(self, index: int) -> tuple[tuple[int, ...], ...]:
        """Returns the lines without an open place that follow a line directly."""
        kept: list[tuple[int, ...]] = []
        for line in self.lines[index + 1 :]:
            if None in line:
                break
            kept.append(tuple(token for token in line if token is not None))
        return tuple(kept)

    def write(
        self, lines: Sequence[tuple[int, ...]], vocabulary: Vocabulary, traditional: bool
    ) -> tuple[str, ...]:
        """Returns the text of a whole poem; kept characters are those that the member wrote."""
        texts = []
        for tokens, line, shown in zip(lines, self.lines, self.shown, strict=True):
            names = [vocabulary.tokens[token] for token in tokens]
            for place, (token, character) in enumerate(zip(line, shown, strict=True)):
                if token is not None and not vocabulary.is_ordinary(names[place]):
                    names[place] = character  # which the vocabulary lacks
            text = write_line(names, vocabulary, traditional)
            texts.append(
                "".join(
                    new if token is None else character
                    for new, token, character in zip(text, line, shown, strict=True)
                )
            )
        return tuple(texts)


def read_template(
    text: str, vocabulary: Vocabulary, script: Script = "auto"
) -> tuple[Prompt, Template]:
    """Reads a poem with open places, whose lines punctuation, spaces or line breaks separate.

    A `?` by itself stands for a whole line, and within a line for one character.

    Raises:
        PromptError: Nothing is open or nothing is kept, the lines are not of one length, there are
            too few or too many, or they cannot be a prompt.
    """
    prompt = read_prompt(text, vocabulary, script, _check, blank=OPEN)
    length = max(map(len, prompt.lines))
    lines: list[tuple[int | None, ...]] = []
    for line, tokens in zip(prompt.lines, prompt.encode(vocabulary), strict=True):
        places = zip(line, tokens, strict=True)
        kept = tuple(None if name == OPEN else token for name, token in places)
        lines.append((None,) * length if _is_open(line) else kept)
    shown = tuple(
        OPEN * length if _is_open(line) else _of_size(own, line)
        for line, own in zip(prompt.lines, prompt.shown, strict=True)
    )
    return _shown_wide(prompt), Template(tuple(lines), shown)


def _check(lines: Sequence[Line], vocabulary: Vocabulary) -> None:
    """Checks that lines can be a template.

    Raises:
        PromptError: They cannot.
    """
    if not lines:
        raise PromptError("prompt-empty")
    if not REVISED_LINES.low <= len(lines) <= REVISED_LINES.high:
        low, high = REVISED_LINES.low, REVISED_LINES.high
        raise PromptError("prompt-keep-lines", lines=len(lines), low=low, high=high)
    if not any(OPEN in line for line in lines):
        raise PromptError("prompt-keep-nothing-open")
    if all(character == OPEN for line in lines for character in line):
        raise PromptError("prompt-keep-all-open")
    sizes = {len(line) for line in lines if not _is_open(line)}
    if len(sizes) > 1:
        raise PromptError("prompt-keep-uneven", found=", ".join(map(str, sorted(sizes))))
    if (size := len(lines) * sizes.pop()) > MAX_CHARACTERS:
        raise PromptError("prompt-characters", size=size, most=MAX_CHARACTERS)


def _is_open(line: Line) -> bool:
    return line == (OPEN,)


def _of_size(shown: str, line: Line) -> str:
    """Returns a line as it is shown, or as it is read if that has another number of characters."""
    return shown if len(shown) == len(line) else "".join(line)


def _shown_wide(prompt: Prompt) -> Prompt:
    """Returns a prompt whose open characters are as wide as the others."""

    def wide(texts: Sequence[str]) -> tuple[str, ...]:
        return tuple(text if text == OPEN else text.replace(OPEN, WIDE_OPEN) for text in texts)

    return Prompt(
        prompt.lines,
        wide(prompt.written),
        wide(prompt.shown),
        prompt.traditional,
        prompt.unknown,
    )
