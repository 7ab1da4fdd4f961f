"""Whether the score that orders answers follows the marks of readers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from lianju.bot.verse import Composer
from numpy.typing import ArrayLike, NDArray

from ..errors import ExportError

POET = "poet"


class MarkedLine(NamedTuple):
    """A candidate for the line after a first one, with the mark of a reader for its sense."""

    first: str
    text: str
    sense: float


def read_readings(path: Path) -> list[MarkedLine]:
    """Reads the machine-made lines of a file of readings.

    The file is JSON: `lines` is a list of objects with `first` and `candidates`, each of which has
    `text`, `from` ("poet", or else what wrote it) and `sense`.

    Raises:
        ExportError: It cannot be read, or has another shape.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return [
            MarkedLine(str(each["first"]), str(candidate["text"]), float(candidate["sense"]))
            for each in content["lines"]
            for candidate in each["candidates"]
            if candidate["from"] != POET
        ]
    except OSError as error:
        raise ExportError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ExportError(
            f"{path} is no file of readings: each of its `lines` needs `first` and `candidates` "
            "with `text`, `from` and `sense`."
        ) from error


def correlation(composer: Composer, lines: Sequence[MarkedLine]) -> tuple[float, float]:
    """Returns the rank correlation with the marks of the score, and of the log-probability alone.

    Scores of lines of different lengths are compared as means a character.
    """
    scores, log_probs = [], []
    for line in lines:
        (found,) = composer.score_now(line.first, [line.text])
        scores.append(found.score / len(line.text))
        log_probs.append(found.log_prob / len(line.text))
    marks = [line.sense for line in lines]
    return rank_correlation(scores, marks), rank_correlation(log_probs, marks)


def rank_correlation(one: ArrayLike, other: ArrayLike) -> float:
    """Returns Spearman's rank correlation; ties have their mean rank."""
    return float(np.corrcoef(_ranks(np.asarray(one)), _ranks(np.asarray(other)))[0, 1])


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: NDArray[np.float64] = (last - (counts - 1) / 2)[inverse]
    return ranks
