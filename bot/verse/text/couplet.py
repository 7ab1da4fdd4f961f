"""Reads the line of a couplet that a user wants answered."""

from collections.abc import Sequence

from ..bounds import Bounds
from ..errors import PromptError
from ..request import Script
from .prompt import Line, Prompt, check_chinese, read_prompt
from .vocabulary import Vocabulary

__all__ = ["CHARACTERS", "COMMA", "read_couplet_line"]

COMMA = "，"
CHARACTERS = Bounds(4, 12)  # of a line, the comma not counted
HALVES = 2  # of a line, at most


def read_couplet_line(text: str, vocabulary: Vocabulary, script: Script = "auto") -> Prompt:
    """Reads one line, which may have a comma between two halves of one length.

    What separates lines of a prompt (see `read_prompt`) is a comma here.

    Returns:
        The prompt. Its one line has the comma as a token.

    Raises:
        PromptError: The text cannot be a prompt, is too short or too long, or its halves differ.
    """
    prompt = read_prompt(text, vocabulary, script, _check_halves)
    if len(prompt.lines) > 1 and not vocabulary.is_ordinary(COMMA):
        raise PromptError("prompt-couplet-comma")
    tokens = [token for half in prompt.lines for token in (COMMA, *half)]
    written, shown = (COMMA.join(each) for each in (prompt.written, prompt.shown))
    return Prompt((tuple(tokens[1:]),), (written,), (shown,), prompt.traditional, prompt.unknown)


def _check_halves(halves: Sequence[Line], _: Vocabulary) -> None:
    if not halves:
        raise PromptError("prompt-empty")
    check_chinese(halves)
    sizes = [*map(len, halves)]
    if not CHARACTERS.low <= sum(sizes) <= CHARACTERS.high:
        low, high = CHARACTERS.low, CHARACTERS.high
        raise PromptError("prompt-couplet-size", size=sum(sizes), low=low, high=high)
    if len(sizes) > HALVES:
        raise PromptError("prompt-couplet-parts", parts=len(sizes))
    if sizes[0] != sizes[-1]:
        raise PromptError("prompt-couplet-uneven", first=sizes[0], second=sizes[1])
