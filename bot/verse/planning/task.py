"""What is to be written: the lines that are given, and how many of what length shall follow."""

from dataclasses import dataclass

from ..errors import RequestError
from ..request import CHARS, FORM_LINES, HEADS, Request
from ..text.prompt import Prompt
from ..text.vocabulary import Vocabulary

__all__ = ["Line", "Task"]

Line = tuple[int, ...]
"""Token ids of a line, without any ending."""

NAMES = {"jueju": "绝句", "lushi": "律诗"}


@dataclass(frozen=True)
class Task:
    """What is to be written.

    Attributes:
        given: The lines that stand already.
        heads: What each new line begins with, if that is given.
        new_lines: How many lines to write.
        length: Tokens of each.
        regulated: Whether all of it can be regulated verse, for its lengths.
    """

    given: tuple[Line, ...]
    heads: Line
    new_lines: int
    length: int
    regulated: bool

    @classmethod
    def of(cls, request: Request, prompt: Prompt, vocabulary: Vocabulary) -> "Task":
        """The task that a request sets with a prompt, which for an acrostic are its heads.

        Raises:
            RequestError: The form does not suit the lines or the vocabulary.
        """
        lines = tuple(tuple(vocabulary.encode(line)) for line in prompt.lines)
        formed = request.form != "next" or request.heads is not None
        if formed and not vocabulary.is_chinese:
            raise RequestError(
                "Only a model of Chinese verse knows these forms: drop the form.",
                "request-form-language",
            )
        if request.heads is not None:
            heads = sum(lines, ())
            _check_heads(request, len(heads))
            return cls((), heads, len(heads), request.chars or CHARS[-1], regulated=True)
        length = request.length or len(lines[-1])
        lengths = {length, *map(len, lines)}
        even = len(lengths) == 1 and length in CHARS
        if request.form == "next":
            return cls(lines, (), 1, length, regulated=even)
        name, size = NAMES[request.form], FORM_LINES[request.form]
        if not even:
            found = list(map(str, sorted(lengths)))
            raise RequestError(
                f"The lines of a {name} have 5 or 7 characters each, and yours have "
                f"{' and '.join(found)}: change them, or leave the form out.",
                "request-form-uneven",
                form=request.form,
                found=", ".join(found),
            )
        if len(lines) >= size:
            raise RequestError(
                f"A {name} has {size} lines, and you gave {len(lines)}: give fewer, or leave the "
                "form out.",
                "request-form-whole",
                form=request.form,
                size=size,
                lines=len(lines),
            )
        return cls(lines, (), size - len(lines), length, regulated=True)


def _check_heads(request: Request, heads: int) -> None:
    """Refuses an acrostic of another number of lines than its form has, or than poems have."""
    if not HEADS.low <= heads <= HEADS.high:
        raise RequestError(
            f"The number of heads {heads} is out of range: choose from {HEADS.low} to "
            f"{HEADS.high}.",
            "request-heads",
            heads=heads,
            low=HEADS.low,
            high=HEADS.high,
        )
    size = FORM_LINES.get(request.form, heads)
    if heads != size:
        name = NAMES[request.form]
        raise RequestError(
            f"A {name} has {size} lines, and there are {heads} heads: give {size}, or leave the "
            "form out.",
            "request-heads-form",
            form=request.form,
            size=size,
            heads=heads,
        )
