"""Retrieval of a poet's next line among a hundred."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from statistics import fmean

import numpy as np
from lianju.bot.verse.planning.generation import WEIGHTS
from numpy.typing import NDArray
from tqdm import tqdm

from .dataset import Couplet
from .scoring import Floats, LineScorer

POOL = 100


def pool_size(couplets: Sequence[Couplet]) -> int:
    """Returns the number of candidates: 100, or fewer if a line length has fewer couplets."""
    return min(POOL, *Counter(len(each.first) for each in couplets).values())


def line_retrieval(scorer: LineScorer, couplets: Sequence[Couplet]) -> tuple[float, float]:
    """Measures how often a model ranks the poet's own next line first among the pool's.

    Returns:
        The shares by the reranking score of the bot and by probability alone.
    """
    hits: tuple[list[bool], list[bool]] = ([], [])
    for members, new in _pools(couplets, "line retrieval"):
        firsts = [couplets[i].first for i in members]
        lines = [couplets[i].second for i in members]
        after = scorer.matrix(firsts, lines)
        reverse = scorer.matrix(lines, firsts).T
        score = after - WEIGHTS.prior * scorer.alone(lines) + WEIGHTS.reverse * reverse
        for hit, scores in zip(hits, (score, after), strict=True):
            hit.extend(ranked_first(scores)[new])
    return fmean(hits[0]), fmean(hits[1])


def ranked_first(scores: Floats) -> NDArray[np.bool_]:
    """Returns whether each row's strict maximum [n, n] is the one on the diagonal: [n]."""
    others = scores.copy()
    np.fill_diagonal(others, -np.inf)
    return np.asarray(np.diag(scores) > others.max(axis=1))


def split_pools(count: int, size: int) -> Iterator[tuple[range, slice]]:
    """Yields groups of `size` that cover 0 to `count`, each with the slice of its new members.

    The last group also takes members of the one before, so that it is as large as the others.
    """
    for begin in range(0, count, size):
        members = range(max(0, min(begin, count - size)), min(begin + size, count))
        yield members, slice(begin - members.start, None)


def _pools(couplets: Sequence[Couplet], title: str) -> Iterator[tuple[list[int], slice]]:
    """Yields the numbers of couplets of one length, with the slice of those not yet counted."""
    by_length: dict[int, list[int]] = defaultdict(list)
    for number, each in enumerate(couplets):
        by_length[len(each.first)].append(number)
    with tqdm(total=len(couplets), desc=title, unit=" lines") as progress:
        for numbers in by_length.values():
            for members, new in split_pools(len(numbers), POOL):
                yield [numbers[i] for i in members], new
                progress.update(len(members[new]))
