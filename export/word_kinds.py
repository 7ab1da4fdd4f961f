"""Word kinds, learned from couplets: groups of characters that answer one another, such as numbers.

How often characters stand at the same place of the two lines is a graph. Its groups are found by
spectral clustering (Ng, Jordan & Weiss 2001), and those whose characters mostly answer each other
are kept.

Shapes: N characters, D dimensions, K groups.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

FREQUENT = 1500  # characters
DIMENSIONS = 60
GROUPS = 80
ROUNDS = 30
RARE = 5.0  # added to expected numbers, since small counts say little
SHARE = 0.5  # of a group's characters, that characters of the group answer
OWN_SHARE = 0.3  # of each of its characters
LIFT = 2.0  # times the share that its characters have of all

Floats = NDArray[np.float64]
Line = Sequence[str]


def find_word_kinds(couplets: Iterable[tuple[Line, Line]]) -> list[str]:
    """Returns the kinds in couplets, each as its characters; the most exclusive first.

    Args:
        couplets: Upper and lower lines.
    """
    names, counts = answer_counts(couplets)
    if not names:
        return []
    group = _clusters(_embedding(counts), GROUPS)
    rows = []
    for number in range(GROUPS):
        members = _members(counts, np.flatnonzero(group == number))
        share, chance = share_of(counts, members), counts[members].sum() / counts.sum()
        if share >= max(SHARE, LIFT * chance):
            rows.append((share, "".join(names[i] for i in members)))
    rows.sort(reverse=True)
    return [kind for _, kind in rows]


def answer_counts(couplets: Iterable[tuple[Line, Line]]) -> tuple[list[str], Floats]:
    """Returns the commonest characters, and how often each two stand at one place [N, N].

    The numbers are symmetric, and 0 for a character and itself.
    """
    pairs: Counter[tuple[str, str]] = Counter()
    for upper, lower in couplets:
        pairs.update(zip(upper, lower, strict=True))
    total: Counter[str] = Counter()
    for pair, count in pairs.items():
        for name in pair:
            total[name] += count
    names = [name for name, _ in total.most_common(FREQUENT)]
    place = {name: number for number, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)))
    for (one, other), count in pairs.items():
        if one != other and one in place and other in place:
            counts[place[one], place[other]] += count
            counts[place[other], place[one]] += count
    return names, counts


def share_of(counts: Floats, members: NDArray[Any]) -> float:
    """Returns the share of the answers to some characters that are among them."""
    return float(counts[np.ix_(members, members)].sum() / max(1.0, counts[members].sum()))


def _members(counts: Floats, members: NDArray[np.intp]) -> NDArray[np.intp]:
    """Returns the characters of a group that its characters answer often enough."""
    if not members.size:
        return members
    own = counts[np.ix_(members, members)].sum(axis=1)
    own /= np.maximum(counts[members].sum(axis=1), 1)
    kept: NDArray[np.intp] = members[own >= OWN_SHARE]
    return kept


def _embedding(counts: Floats) -> Floats:
    """Returns the characters as unit vectors [N, D]; those that answer each other are close."""
    sums = counts.sum(axis=1)
    expected = np.outer(sums, sums) / max(1.0, sums.sum())
    with np.errstate(divide="ignore"):
        association = np.maximum(np.log(counts / (expected + RARE)), 0.0)
    degree = np.sqrt(np.maximum(association.sum(axis=1), 1e-9))
    values, vectors = np.linalg.eigh(association / np.outer(degree, degree))
    leading = slice(-DIMENSIONS, None)  # they come in ascending order
    points = vectors[:, leading] * np.sqrt(np.maximum(values[leading], 0.0))
    unit: Floats = points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-9)
    return unit


def _clusters(points: Floats, count: int) -> NDArray[np.intp]:
    """Returns the group of each point [N], by k-means on cosines from k-means++ centers."""
    generator = np.random.default_rng(0)
    centers = points[generator.integers(len(points))][None]
    while len(centers) < min(count, len(points)):
        distance = np.maximum(1 - (points @ centers.T).max(axis=1), 0)
        if not distance.sum():  # all points are centers
            break
        chosen = generator.choice(len(points), p=distance / distance.sum())
        centers = np.concatenate((centers, points[[chosen]]))
    for _ in range(ROUNDS):
        group = np.argmax(points @ centers.T, axis=1)
        for number in range(len(centers)):
            own = points[group == number].sum(axis=0)
            if norm := np.linalg.norm(own):
                centers[number] = own / norm
    nearest: NDArray[np.intp] = np.argmax(points @ centers.T, axis=1)
    return nearest
