"""Telling the right one among a hundred: by a judge the prompt, by the model the true line."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from statistics import fmean

from tqdm import tqdm

from .material import Couplet
from .rating import Rater
from .statistics import groups, ranked_first

BESIDE = 100


def beside(couplets: Sequence[Couplet]) -> int:
    """Among how many the right one is told: a hundred, if there are so many of each length."""
    return min(BESIDE, *Counter(len(each.first) for each in couplets).values())


def prompts_found(
    judge: Rater, couplets: Sequence[Couplet], texts: Sequence[Sequence[str]]
) -> list[float]:
    """How often a judge finds the prompt of a line, the likeliest of a hundred to bring it about.

    Args:
        texts: for each couplet lines of one kind or another, the same number for all.

    Returns:
        For each kind the share of lines whose own prompt makes them likelier than any other.
    """
    found: list[list[bool]] = [[] for _ in texts[0]]
    for members, counted in _hundreds(couplets, "judging"):
        prompts = [couplets[i].first for i in members]
        lines = [line for i in members for line in texts[i]]
        scores = judge.matrix(prompts, lines).T.reshape(len(members), len(texts[0]), -1)
        for kind, first in enumerate(found):
            first.extend(ranked_first(scores[:, kind])[counted])
    return [fmean(first) for first in found]


def true_lines_found(
    rater: Rater, couplets: Sequence[Couplet], prior_weight: float
) -> tuple[float, float]:
    """How often a model ranks the poet's own next line first among a hundred of theirs.

    Returns:
        The shares by the objective of choosing, and by probability alone.
    """
    first: list[list[bool]] = [[], []]
    for members, counted in _hundreds(couplets, "true lines"):
        prompts = [couplets[i].first for i in members]
        lines = [couplets[i].second for i in members]
        after = rater.matrix(prompts, lines)
        for weight, found in zip((prior_weight, 0.0), first, strict=True):
            found.extend(ranked_first(after - weight * rater.alone(lines))[counted])
    return fmean(first[0]), fmean(first[1])


def _hundreds(couplets: Sequence[Couplet], title: str) -> Iterator[tuple[list[int], slice]]:
    """Groups of couplets of one length, and which members of each no group before it has."""
    lengths: dict[int, list[int]] = defaultdict(list)
    for number, each in enumerate(couplets):
        lengths[len(each.first)].append(number)
    with tqdm(total=len(couplets), desc=title, unit=" lines") as progress:
        for places in lengths.values():
            for members, new in groups(len(places), BESIDE):
                yield [places[i] for i in members], slice(new.start - members.start, None)
                progress.update(len(new))
