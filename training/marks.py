"""Marks: how good readers found lines that a model wrote, each after the lines that it follows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import CorpusError

_FORM = '{"context": ["line", …], "marks": {"next line": mark, …}}'


@dataclass(frozen=True)
class MarkedLines:
    """Candidates for the next line of one poem, with a reader's mark for each.

    Attributes:
        context: The lines before, each as its tokens.
        lines: The candidates, each as its tokens.
        marks: One for each candidate, the higher the better; only their order and distance within
            this context count.
    """

    context: tuple[tuple[str, ...], ...]
    lines: tuple[tuple[str, ...], ...]
    marks: tuple[float, ...]


def read_marks(path: Path) -> list[MarkedLines]:
    """Reads a file of marks: for each context one JSON object in a line.

    Lines of verse are strings of characters, or of words with spaces between them.

    Raises:
        CorpusError: The file is missing, has no marks, or is no such file.
    """
    try:
        rows = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path} cannot be read as UTF-8 text.") from error
    found = []
    for number, row in enumerate(rows, 1):
        if row.strip():
            try:
                found.append(_parse(json.loads(row)))
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
                raise CorpusError(f"Line {number} of {path} is not of the form {_FORM}.") from error
    if not found:
        raise CorpusError(f"{path} has no marks.")
    return found


def _parse(row: dict[str, Any]) -> MarkedLines:
    context, marks = row["context"], row["marks"]
    if not (isinstance(context, list) and context and all(context)):
        raise ValueError("no context")
    if not all(type(mark) in (int, float) and abs(mark) < 1e6 for mark in marks.values()):
        raise ValueError("a mark is no number")
    return MarkedLines(
        tuple(map(_tokens, context)),
        tuple(map(_tokens, marks)),
        tuple(map(float, marks.values())),
    )


def _tokens(line: str) -> tuple[str, ...]:
    tokens = tuple(line.split() if " " in line else line)
    if not tokens:
        raise ValueError("an empty line")
    return tokens
