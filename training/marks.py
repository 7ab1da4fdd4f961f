"""Marks: how good readers found lines that a model wrote, each after the lines that it follows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from lianju.bot.verse.text.vocabulary import SPACE, UNKNOWN, Vocabulary

from .errors import CorpusError

_FORM = '{"context": ["line", …], "marks": {"next line": mark, …}}'


@dataclass(frozen=True)
class MarkedLines:
    """Candidates for the next line of one poem, with a reader's mark for each.

    Attributes:
        context: The lines before, each as its tokens.
        lines: The candidates, each as its tokens; all have the same number of them.
        marks: One for each candidate, on a scale of about 0 to 9, the higher the better; only
            their order and distance within this context count.
    """

    context: tuple[tuple[str, ...], ...]
    lines: tuple[tuple[str, ...], ...]
    marks: tuple[float, ...]


def read_marks(path: Path, vocabulary: Vocabulary) -> list[MarkedLines]:
    """Reads a file of marks: for each context one JSON object in a line.

    Lines of verse are strings of characters, or of words with spaces between them where the
    vocabulary has words. Contexts may have tokens that the vocabulary lacks, as poems do.

    Raises:
        CorpusError: The file is missing, has no marks, or is no such file; or the candidates after
            a context differ in length or have tokens that the vocabulary lacks.
    """
    try:
        rows = path.read_text(encoding="utf-8-sig").split("\n")
    except FileNotFoundError as error:
        raise CorpusError(f"There is no {path}: give a file of marks.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path} cannot be read as UTF-8 text.") from error
    found = []
    for number, row in enumerate(rows, 1):
        if row.strip():
            try:
                marked = _parse(json.loads(row), vocabulary)
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
                raise CorpusError(f"Line {number} of {path} is not of the form {_FORM}.") from error
            if fault := _fault(marked, vocabulary):
                raise CorpusError(f"Line {number} of {path}: {fault}.")
            found.append(marked)
    if not found:
        raise CorpusError(f"{path} has no marks.")
    return found


def _parse(row: dict[str, Any], vocabulary: Vocabulary) -> MarkedLines:
    context, marks = row["context"], row["marks"]
    if not (isinstance(context, list) and context and all(context)):
        raise ValueError("no context")
    if not marks:
        raise ValueError("no marks")
    if not all(type(mark) in (int, float) and abs(mark) < 1e6 for mark in marks.values()):
        raise ValueError("a mark is no number")
    return MarkedLines(
        tuple(_tokens(line, vocabulary) for line in context),
        tuple(_tokens(line, vocabulary) for line in marks),
        tuple(map(float, marks.values())),
    )


def _tokens(line: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    words = (line.lower() if vocabulary.is_lowercase else line).split()
    if not words:
        raise ValueError("an empty line")
    if vocabulary.is_words:
        return tuple(words)
    return tuple((SPACE if SPACE in vocabulary else "").join(words))


def _fault(marked: MarkedLines, vocabulary: Vocabulary) -> str:
    """Returns why the model cannot learn from these marks; empty if it can."""
    for token in chain.from_iterable(marked.lines):
        if not vocabulary.is_ordinary(token):
            return f"a marked line has {token}, which the model cannot write"
    for token in chain.from_iterable(marked.context):
        if token in vocabulary and token != UNKNOWN and not vocabulary.is_ordinary(token):
            return f"the context has {token}, which is no part of a line"
    if len({*map(len, marked.lines)}) > 1:
        return "the marked lines differ in length: give those of each length their own context"
    return ""
