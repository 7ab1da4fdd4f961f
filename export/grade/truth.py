"""How the score that orders answers ranks the poet's own next line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import NamedTuple

import numpy as np
from lianju.bot.verse import Composer
from lianju.bot.verse.model.language_model import LanguageModel
from tqdm import tqdm

from ..groups import Kinds, Place, groups_at
from .dataset import Couplet, Poem

POOL = 20  # poets' lines of one kind
WARM_DRAWS = 40


class TrueFirst(NamedTuple):
    """How often the poet's own next line is ranked first among poets' lines of its kind.

    Attributes:
        by_score: By the score that orders answers.
        by_probability: By the log-probability after the prompt alone.
        chance: Of a random order.
    """

    by_score: float
    by_probability: float
    chance: float


def true_among_poets(
    composer: Composer, couplets: Sequence[Couplet], poems: Iterable[Poem], seed: int
) -> TrueFirst:
    """Ranks each poet's line among others of its kind (see `groups.Kinds`).

    Args:
        couplets: Held-out first lines with the line that follows.
        poems: Held-out poems, whose lines are the others.
        seed: Of the choice of up to 19 others for each couplet.
    """
    kinds, encode = Kinds(composer.bundle), composer.bundle.vocabulary.encode
    by_kind: dict[int, list[str]] = defaultdict(list)
    for line in dict.fromkeys(line for poem in poems for line in poem[1:]):
        by_kind[kinds.number(tuple(encode(line)))].append(line)
    generator = np.random.default_rng(seed)
    hits, by_probability, chances = [], [], []
    for first, second in tqdm(couplets, "poets' lines", unit=" lines"):
        members = [
            line
            for line in by_kind[kinds.number(tuple(encode(second)))]
            if line not in (first, second)
        ]
        if not members:
            continue
        drawn = generator.permutation(len(members))[: POOL - 1]
        scores = composer.score_now(first, [second, *(members[i] for i in drawn)])
        true, *others = scores
        hits.append(true.score > max(each.score for each in others))
        by_probability.append(true.log_prob > max(each.log_prob for each in others))
        chances.append(1 / len(scores))
    return TrueFirst(*(fmean(each) if each else 0.0 for each in (hits, by_probability, chances)))


def true_among_draws(
    composer: Composer, model: LanguageModel, couplets: Sequence[Couplet], seed: int
) -> float:
    """Returns the mean percentile of the poet's line among warm draws under the rules, 0 to 1.

    The draws are at temperature 1, so they are about as probable as poets' lines. Couplets whose
    second line breaks the rules are left out.
    """
    bundle = composer.bundle
    places = (Place((tuple(first),), tuple(second)) for first, second in couplets)
    groups = groups_at(bundle, model, places, drawn=len(couplets), lines=WARM_DRAWS, seed=seed)
    shares = []
    for couplet, group in tqdm(
        zip(couplets, groups, strict=True), "warm draws", len(couplets), unit=" lines"
    ):
        if not group.drawn:
            continue
        lines = ["".join(bundle.vocabulary.tokens[i] for i in line) for line in group.drawn]
        true, *others = composer.score_now(couplet.first, [couplet.second, *lines])
        shares.append(fmean(each.score < true.score for each in others))
    return fmean(shares) if shares else 0.0
