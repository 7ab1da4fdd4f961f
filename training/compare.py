"""Compares the perplexities of n-gram models, checkpoints and bundles."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .evaluate import REGULATED, Perplexity, measure, open_scorer
from .ngram import ORDER, open_baseline

COLUMNS = ("all", "Han", "绝句 + 律诗", *REGULATED, "other")


def compare(
    corpus: Path, split: str, parts: Sequence[str], models: Sequence[Path]
) -> Iterator[tuple[str, Perplexity]]:
    """Measures models on a split of a prepared corpus, one after the other.

    Args:
        parts: The training parts to count n-gram models on.
        models: Checkpoints and bundles.

    Yields:
        The name of each model, and its perplexity.

    Raises:
        CorpusError: The corpus cannot be read, or has no such part.
        CheckpointError: There is no model at one of the paths, or it is damaged.
    """
    for path in models:  # a wrong path fails before minutes of counting
        open_scorer(path)
    for part in parts:
        yield (
            f"Kneser-Ney {ORDER}-gram, {part}",
            measure(open_baseline(corpus, part), corpus, split),
        )
    for path in models:
        yield str(path), measure(open_scorer(path), corpus, split)


def table(rows: Sequence[tuple[str, Perplexity]]) -> str:
    """Returns a Markdown table, one line a model, aligned for terminals."""
    cells = [["", *COLUMNS], *([name, *_figures(found)] for name, found in rows)]
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    rules = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines = [
        [_padded(row[0], widths[0], left=True), *map(_padded, row[1:], widths[1:])] for row in cells
    ]
    return "\n".join("| " + " | ".join(line) + " |" for line in (lines[0], rules, *lines[1:]))


def report(corpus: Path, split: str, rows: Sequence[tuple[str, Perplexity]]) -> dict[str, Any]:
    """Returns the figures as plain values, for JSON."""
    models = [{"name": name, **found.as_dict()} for name, found in rows]
    return {"corpus": str(corpus), "split": split, "models": models}


def _figures(found: Perplexity) -> list[str]:
    values = [found.all, found.han, found.regulated]
    values += [found.forms.get(name) for name in (*REGULATED, "other")]
    return ["" if value is None else f"{value:.1f}" for value in values]


def _padded(text: str, width: int, *, left: bool = False) -> str:
    blank = " " * (width - _width(text))
    return text + blank if left else blank + text


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)
