"""Trains a re-ranker on ranking groups.

Each group gives two choices, and the loss is the cross-entropy of both: who wrote the line, among
the poet's and those drawn from the model, by the first logit; and which line follows, among the
poet's and those from elsewhere, by the second.
"""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import ValidationError
from torch import Tensor, nn
from torch.nn import functional

from ..checkpoint import read_checkpoint, vocabulary_of
from ..embedding import principal_components
from ..errors import CheckpointError
from .groups import GroupBatch, RankingGroups
from .model import Reranker, RerankerConfig

FORMAT = 1
VALIDATION_SEED = 0
CLIP = 1.0  # largest norm of the gradient
COLUMNS = ("update", "minutes", "loss_poet", "loss_next", "validation_loss", "poet", "first")


@dataclass(frozen=True)
class Options:
    """How a re-ranker is trained.

    Attributes:
        minutes: Training time.
        groups: Groups of a batch.
        others: Poets' lines from elsewhere for each group.
        learning_rate: It rises over the first `warmup` updates and falls to zero at the end.
        decay: Weight decay.
        dropout: Probability that a token of a context or a candidate is left out.
    """

    minutes: float
    groups: int = 64
    others: int = 5
    learning_rate: float = 2e-3
    warmup: int = 100
    decay: float = 0.01
    dropout: float = 0.0
    seed: int = 1
    log_every: int = 50
    evaluate_every: int = 1000


@dataclass(frozen=True)
class Accuracy:
    """How well a re-ranker chooses among the candidates of held-out groups.

    Attributes:
        loss: Cross-entropy of both choices together, in nats.
        poet: Share of drawn lines that score below the poet's line, by the first logit.
        first: Share of groups whose poet's line is first among those from elsewhere.
    """

    loss: float
    poet: float
    first: float


def choice_losses(logits: Tensor, batch: GroupBatch) -> tuple[Tensor, Tensor]:
    """Returns the cross-entropy of each of the two choices, a mean over groups that have one.

    Args:
        logits: Of the candidates, [N, 2].
    """
    losses = []
    for column, rows in enumerate((batch.drawn, batch.others)):
        scores = logits[:, column][rows.clamp(min=0)].masked_fill(rows < 0, -torch.inf)
        scores = scores[(rows >= 0).sum(1) > 1]
        target = torch.zeros(len(scores), dtype=torch.long, device=logits.device)
        losses.append(functional.cross_entropy(scores, target) if len(scores) else logits.sum() * 0)
    return losses[0], losses[1]


@torch.no_grad()
def evaluate(model: Reranker, groups: RankingGroups, options: Options) -> Accuracy:
    """Measures a re-ranker on groups that it was not trained on."""
    model.eval()
    losses, above, first = [], [], []
    for batch in group_batches(model, groups, options, (VALIDATION_SEED,)):
        logits = model(batch.context, batch.candidates, batch.poem)
        losses.append(float(sum(choice_losses(logits, batch))))
        poet = logits[batch.drawn[:, 0]]
        is_drawn = batch.drawn[:, 1:] >= 0
        below = logits[:, 0][batch.drawn[:, 1:].clamp(min=0)] < poet[:, :1]
        above += below[is_drawn].tolist()
        others = logits[:, 1][batch.others[:, 1:].clamp(min=0)]
        others = others.masked_fill(batch.others[:, 1:] < 0, -torch.inf)
        first += (others.amax(1) < poet[:, 1]).tolist()
    model.train()
    return Accuracy(float(np.mean(losses)), float(np.mean(above)), float(np.mean(first)))


class RerankerTrainer:
    """Trains a re-ranker; writes `best.pt`, of the lowest validation loss, and `log.csv`.

    Args:
        groups: To train on.
        validation: To measure on, with the same vocabulary.
        out: The run's folder.
        embedding: Of a language model with this vocabulary, [V, H], to begin with.
        report: Takes lines of progress.
    """

    def __init__(
        self,
        groups: RankingGroups,
        validation: RankingGroups,
        out: Path,
        options: Options,
        *,
        embedding: Tensor | None = None,
        report: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._groups, self._validation = groups, validation
        self._out, self._options, self._report = out, options, report
        torch.manual_seed(options.seed)
        self._model = Reranker(RerankerConfig(vocabulary_size=len(groups.tokens)))
        if embedding is not None:
            with torch.no_grad():
                size = self._model.config.embedding_size
                self._model.embedding.weight[:-1] = principal_components(embedding, size)
        self._optimizer = torch.optim.AdamW(
            self._model.parameters(), betas=(0.9, 0.98), weight_decay=options.decay
        )
        self._updates = 0
        self._best: Accuracy | None = None

    def run(self) -> Accuracy:
        """Trains until the time is over; returns the accuracy of the checkpoint that was kept."""
        options = self._options
        self._out.mkdir(parents=True, exist_ok=True)
        self._begun = time.monotonic()
        with (self._out / "log.csv").open("w", encoding="utf-8", newline="") as file:
            self._log = csv.DictWriter(file, COLUMNS)
            self._log.writeheader()
            losses: list[tuple[float, float]] = []
            for batch in self._endless_batches():
                losses.append(self._update(batch))
                if self._updates % options.log_every == 0:
                    poet, following = np.mean(losses, axis=0).round(4).tolist()
                    losses.clear()
                    self._write(loss_poet=poet, loss_next=following)
                    file.flush()
                    self._report(
                        f"update {self._updates}: poet {poet:.3f}, next {following:.3f}, "
                        f"{self._minutes:.1f} of {options.minutes:g} min"
                    )
                if self._minutes >= options.minutes:
                    break
                if self._updates % options.evaluate_every == 0:
                    self._measure()
                    file.flush()
            return self._measure()

    @property
    def _minutes(self) -> float:
        return (time.monotonic() - self._begun) / 60

    def _endless_batches(self) -> Iterator[GroupBatch]:
        for epoch in count():
            seed = (self._options.seed, epoch)
            yield from group_batches(self._model, self._groups, self._options, seed)

    def _update(self, batch: GroupBatch) -> tuple[float, float]:
        """Makes one update; returns the losses of the two choices, in nats."""
        options = self._options
        rising = (self._updates + 1) / (options.warmup + 1)
        share = max(0.0, min(rising, 1 - self._minutes / options.minutes))
        for group in self._optimizer.param_groups:
            group["lr"] = options.learning_rate * share
        logits = self._model(batch.context, batch.candidates, batch.poem)
        poet, following = choice_losses(logits, batch)
        self._optimizer.zero_grad()
        loss = poet + following
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._model.parameters(), CLIP)
        self._optimizer.step()
        self._updates += 1
        return float(poet.detach()), float(following.detach())

    def _measure(self) -> Accuracy:
        """Measures the accuracy on the held-out groups; returns the best one so far."""
        found = evaluate(self._model, self._validation, self._options)
        self._write(validation_loss=found.loss, poet=found.poet, first=found.first)
        self._report(
            f"update {self._updates}: validation loss {found.loss:.4f}, above {found.poet:.1%} of "
            f"the drawn lines, first among poets' lines {found.first:.1%}"
        )
        if self._best is None or found.loss < self._best.loss:
            self._best = found
            save(self._out / "best.pt", self._model, self._groups, found, self._options)
        return self._best

    def _write(self, **values: float) -> None:
        minutes = round(self._minutes, 2)
        self._log.writerow({"update": self._updates, "minutes": minutes, **values})


def save(
    path: Path,
    model: Reranker,
    groups: RankingGroups,
    accuracy: Accuracy,
    options: Options,
) -> None:
    """Writes a re-ranker with what it was trained on, completely or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    torch.save(
        {
            "format": FORMAT,
            "reranker": model.config.model_dump(),
            "weights": model.state_dict(),
            "tokens": list(groups.tokens),
            "info": {
                "groups": groups.info,
                "validation": asdict(accuracy),
                "options": asdict(options),
            },
        },
        temporary,
    )
    temporary.replace(path)


@dataclass(frozen=True)
class TrainedReranker:
    """A re-ranker in evaluation mode, the tokens whose ids it reads, and where it comes from."""

    model: Reranker
    tokens: tuple[str, ...]
    info: dict[str, Any]


def load(path: Path) -> TrainedReranker:
    """Reads what `save` wrote.

    Raises:
        CheckpointError: It is missing, damaged or no re-ranker.
    """
    content = read_checkpoint(path)
    try:
        model = Reranker(RerankerConfig(**content["reranker"]))
        model.load_state_dict(content["weights"])
        return TrainedReranker(model.eval(), tuple(content["tokens"]), content["info"])
    except (KeyError, TypeError, RuntimeError, ValidationError) as error:
        raise CheckpointError(
            f"{path} is no re-ranker: give the best.pt that `lianju-train rerank` has written."
        ) from error


def language_model_embedding(path: Path, tokens: tuple[str, ...]) -> Tensor:
    """Returns the embedding [V, H] of a language model's checkpoint.

    Raises:
        CheckpointError: It is missing or damaged, or has another vocabulary.
    """
    content = read_checkpoint(path)
    if vocabulary_of(content).tokens != tokens:
        raise CheckpointError(f"{path} has another vocabulary than the ranking groups.")
    weight: Tensor = content["weights"]["embedding.weight"]
    return weight


def group_batches(
    model: Reranker, groups: RankingGroups, options: Options, seed: tuple[int, ...]
) -> Iterator[GroupBatch]:
    """Yields the batches of one epoch for a model, with dropout if it is in training mode.

    Args:
        seed: Of the order, and of the lines from elsewhere.
    """
    generator = np.random.default_rng((*seed, 1))
    config = model.config
    for numbers in groups.epoch(options.groups, seed):
        batch = groups.batch(
            numbers, options.others, config.context, config.vocabulary_size, generator
        )
        if model.training and options.dropout:
            batch = _with_dropout(batch, options.dropout, config.vocabulary_size)
        yield batch


def _with_dropout(batch: GroupBatch, probability: float, padding: int) -> GroupBatch:
    """Replaces random tokens by padding."""

    def drop(tokens: Tensor) -> Tensor:
        return tokens.masked_fill(torch.rand(tokens.shape) < probability, padding)

    return batch._replace(context=drop(batch.context), candidates=drop(batch.candidates))
