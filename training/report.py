"""The report that `prepare` writes with a corpus, and what a corpus is by it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .errors import CorpusError
from .recipe import Recipe

REPORT = "report.json"


def read_report(corpus: Path) -> dict[str, Any]:
    """Returns the report that `prepare` wrote with a corpus; empty where there is none."""
    try:
        report: dict[str, Any] = json.loads((corpus / REPORT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return report


def training_counts(corpus: Path) -> dict[str, int]:
    """Returns the number of training poems by part, `tang` or `song`, in the order of the file.

    It is empty where the report has no parts.
    """
    kept = read_report(corpus).get("kept", {}).get("train", {})
    return {name: part["poems"] for name, part in kept.items() if isinstance(part, dict)}


def is_stream(corpus: Path) -> bool | None:
    """Whether a corpus is one continuous text; None where it has no report."""
    stream: bool | None = read_report(corpus).get("stream")
    return stream


def check_pairs(corpus: Path, *, pairs: bool) -> None:
    """Checks that a model that learns from pairs, or one that does not, fits a corpus.

    Raises:
        CorpusError: It does not.
    """
    report = read_report(corpus)
    if report and bool(report.get("pairs")) != pairs:
        raise CorpusError(
            f"{corpus} has pairs: they are for an encoder-decoder, such as --preset tiny-pairs."
            if report.get("pairs")
            else f"{corpus} has no pairs, which an encoder-decoder needs: give one that "
            "`lianju-train prepare --pairs` wrote."
        )


def check_kind(corpus: Path, recipe: Recipe) -> None:
    """Checks that a recipe reads a corpus as what it is: poems, pairs, or one continuous text.

    Raises:
        CorpusError: It does not.
    """
    check_pairs(corpus, pairs=recipe.model.has_encoder)
    stream, data = is_stream(corpus), recipe.data
    if stream not in (None, data.stream):
        raise CorpusError(
            f"{corpus} is {'' if stream else 'not '}one continuous text: give "
            f"--set data.stream={str(stream).lower()}."
        )
