"""How many of a bundle's lines readers find sound, by how likely the bundle finds them.

Marks tell which lines are sound. Lines are sorted by their mean log-probability a token into bins
of equal size, and the share of sound ones in each is made to rise by pooling adjacent bins:
isotonic calibration (Zadrozny and Elkan, Transforming Classifier Scores into Accurate Multiclass
Probability Estimates, 2002).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from lianju.bot.verse import Composer
from lianju.bot.verse.composer import open_composer
from lianju.bot.verse.model.manifest import ConfidencePart
from lianju.bot.verse.text.couplet import COMMA
from lianju.training.marks import MarkedLines, read_marks
from numpy.typing import NDArray
from tqdm import tqdm

from .errors import ExportError
from .update import update_bundle

METRIC = "confidence"
BINS = 20  # of the table, before adjacent ones are pooled
FOLDS = 5  # of the contexts, each of which is held out once
ROWS = 5  # of the comparison with lines that were held out
FEWEST = 400  # marks
DIGITS = 4

Floats = NDArray[np.float64]


class Marked(NamedTuple):
    """Marked lines, with what the bundle says of them; each [lines].

    Attributes:
        log_prob: Mean natural-log probability of a token.
        is_sound: Whether readers found the line sound.
        is_likely: Whether it is among the more probable half of the lines after its context.
        fold: The part of the marks that it belongs to; lines after the same one are in one.
    """

    log_prob: Floats
    is_sound: NDArray[np.bool_]
    is_likely: NDArray[np.bool_]
    fold: NDArray[np.int64]


@dataclass(frozen=True)
class Comparison:
    """Lines that were held out, by their confidence, those of the lowest first.

    Attributes:
        lines: How many.
        confidence: Their mean confidence.
        sound: The share that readers found sound.
    """

    lines: int
    confidence: float
    sound: float


def add_confidence(
    directory: Path, files: Sequence[Path], sound: float, threads: int = 0
) -> dict[str, Any]:
    """Writes into a bundle how many of its lines are sound; its version stays.

    The model must not have learned from these marks, or it would be too sure of them.

    Args:
        directory: The bundle.
        files: Of marks, see `training.marks`.
        sound: The lowest mark of a sound line.
        threads: Of the bundle; 0 takes every core.

    Returns:
        What the manifest has of it in its metrics.

    Raises:
        BundleError: The bundle is damaged or cannot be run.
        CorpusError: Marks cannot be read.
        ExportError: There are too few.
        LianjuError: A line cannot be scored.
    """
    with closing(open_composer(directory, "cpu", threads)) as composer:
        contexts = [each for file in files for each in read_marks(file, composer.bundle.vocabulary)]
        marked = rate(composer, contexts, sound)
    count, share = len(marked.is_sound), float(np.mean(marked.is_sound))
    if count < FEWEST or len({*marked.fold.tolist()}) < FOLDS:
        raise ExportError(
            f"{count} marks of lines after {len(contexts)} contexts are too few: mark {FEWEST} or "
            f"more, after {FOLDS} contexts or more that begin with other lines."
        )
    table = fit(marked.log_prob, marked.is_sound)
    confidence = held_out(marked)
    metrics = {
        "marks": count,
        "sound_from": sound,
        "sha256": [sha256(file.read_bytes()).hexdigest() for file in files],
        "sound": round(share, DIGITS),
        "held_out": {
            name: [asdict(row) for row in compare(confidence[chosen], marked.is_sound[chosen])]
            for name, chosen in (
                ("all", np.ones(count, np.bool_)),
                ("more_probable_half", marked.is_likely),
            )
        },
    }

    def change(manifest: dict[str, Any]) -> None:
        manifest["confidence"] = table.model_dump(mode="json")
        manifest["metrics"][METRIC] = metrics

    update_bundle(directory, {}, {}, change=change)
    return metrics


def rate(composer: Composer, contexts: Sequence[MarkedLines], sound: float) -> Marked:
    """Returns marked lines with the probabilities that a bundle gives them."""
    vocabulary = composer.bundle.vocabulary
    joint = " " if vocabulary.is_words else ""
    separator = "，" if vocabulary.is_chinese else "\n"
    parts: list[Marked] = []
    folds: dict[tuple[str, ...], int] = {}
    for each in tqdm(contexts, "contexts"):
        text = separator.join(map(joint.join, each.context))
        scores = composer.score_now(text, list(map(joint.join, each.lines)))
        tokens = sum(token != COMMA for token in each.lines[0])
        log_prob = np.array([score.log_prob for score in scores]) / tokens
        fold = folds.setdefault(each.context[0], len(folds)) % FOLDS
        parts.append(
            Marked(
                log_prob,
                np.array(each.marks) >= sound,
                np.argsort(np.argsort(-log_prob)) < (len(log_prob) + 1) // 2,
                np.full(len(log_prob), fold),
            )
        )
    return Marked(*map(np.concatenate, zip(*parts, strict=True)))


def fit(log_prob: Floats, is_sound: NDArray[np.bool_]) -> ConfidencePart:
    """Returns the rising table that comes nearest to the marks.

    Args:
        log_prob: Mean natural-log probabilities of a token, [lines], at least one.
        is_sound: [lines].
    """
    order = np.argsort(log_prob, kind="stable")
    pooled: list[_Bin] = []
    for part in np.array_split(order, min(BINS, len(order))):
        bin_ = _Bin(len(part), float(log_prob[part].sum()), int(is_sound[part].sum()))
        while pooled and not pooled[-1].is_below(bin_):
            bin_ = pooled.pop().joined(bin_)
        pooled.append(bin_)
    log_probs, shares = ([getattr(each, name) for each in pooled] for name in ("mean", "share"))
    if len(pooled) == 1:  # likelier lines are no sounder: one share for all
        log_probs, shares = [log_probs[0] - 1, *log_probs], shares * 2
    return ConfidencePart(log_probs=tuple(log_probs), shares=tuple(shares))


class _Bin(NamedTuple):
    """Lines that are about as likely."""

    lines: int
    log_probs: float  # their sum
    sound: int

    @property
    def mean(self) -> float:
        return round(self.log_probs / self.lines, DIGITS)

    @property
    def share(self) -> float:
        return round(self.sound / self.lines, DIGITS)

    def joined(self, other: _Bin) -> _Bin:
        return _Bin(
            self.lines + other.lines, self.log_probs + other.log_probs, self.sound + other.sound
        )

    def is_below(self, other: _Bin) -> bool:
        return self.mean < other.mean and self.share < other.share


def held_out(marked: Marked) -> Floats:
    """Returns the confidence of each line by a table of the other folds, [lines]."""
    confidence = np.zeros(len(marked.log_prob))
    for fold in range(FOLDS):
        own = marked.fold == fold
        table = fit(marked.log_prob[~own], marked.is_sound[~own])
        confidence[own] = [table.share(each, 1) for each in marked.log_prob[own].tolist()]
    return confidence


def compare(confidence: Floats, is_sound: NDArray[np.bool_]) -> list[Comparison]:
    """Returns rows of lines with rising confidence, about as many in each."""
    order = np.argsort(confidence, kind="stable")
    return [
        Comparison(
            len(part),
            round(float(confidence[part].mean()), DIGITS),
            round(float(is_sound[part].mean()), DIGITS),
        )
        for part in np.array_split(order, ROWS)
        if len(part)
    ]
