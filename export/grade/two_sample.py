"""Two-sample test: can a classifier tell a bundle's answers from the poets'?

For each first line there are two continuations, the poet's and the bundle's first answer. A small
network is trained to tell which is which, and tested on held-out first lines; 50 % right means that
it cannot. It has the shape of a re-ranker, of another size and with other random numbers than the
one in the bundle.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.training.reranker.groups import Group, RankingGroups
from lianju.training.reranker.model import Reranker, RerankerConfig
from lianju.training.reranker.trainer import Options, choice_losses, group_batches

EPOCHS = 8
BATCH = 32
LEARNING_RATE = 1e-3
DROPOUT = 0.15  # share of the characters that are hidden, as there are few pairs


class Pair(NamedTuple):
    """What a poet and a bundle wrote after the same first line; as many characters each."""

    first: str
    poet: str
    machine: str


def told_apart(
    train: Sequence[Pair],
    test: Sequence[Pair],
    vocabulary: Vocabulary,
    seed: int,
) -> float:
    """Returns how often a classifier tells the poet's line from the bundle's, 0.5 to 1.

    Args:
        train: Pairs to train on.
        test: Pairs to test on, of other first lines.
        seed: Of the classifier.
    """
    torch.manual_seed(seed)
    places = max(len(pair.poet) for pair in (*train, *test))
    model = Reranker(
        RerankerConfig(
            vocabulary_size=len(vocabulary), embedding_size=96, width=128, heads=4, places=places
        )
    )
    options = Options(minutes=0, groups=BATCH, others=0, dropout=DROPOUT)
    groups, held_out = (_groups(pairs, vocabulary) for pairs in (train, test))
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=0.1)
    updates = EPOCHS * len(groups.epoch(BATCH, (seed, 0)))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=updates)
    for epoch in range(EPOCHS):
        for batch in group_batches(model, groups, options, (seed, epoch)):
            loss, _ = choice_losses(model(batch.context, batch.candidates, batch.poem), batch)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    return _accuracy(model.eval(), held_out)


def _groups(pairs: Sequence[Pair], vocabulary: Vocabulary) -> RankingGroups:
    def group(pair: Pair) -> Group:
        first, poet, machine = map(vocabulary.encode, pair)
        return Group(first, poet, [machine], len(poet))

    return RankingGroups.collect(map(group, pairs), vocabulary.tokens, {})


@torch.no_grad()
def _accuracy(model: Reranker, groups: RankingGroups) -> float:
    """A tie counts one half."""
    options = Options(minutes=0, groups=BATCH, others=0)
    right: list[float] = []
    for batch in group_batches(model, groups, options, (0,)):
        logits = model(batch.context, batch.candidates, batch.poem)[:, 0]
        poet, machine = (logits[batch.drawn[:, column]] for column in (0, 1))
        right += ((poet > machine).float() + 0.5 * (poet == machine).float()).tolist()
    return float(np.mean(right))
