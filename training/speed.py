"""Tokens a second, side by side with the plainest PyTorch loop over the same model."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from . import data
from .loss import SummedLoss
from .model import LanguageModel
from .optimizer import make_optimizer
from .precision import choose_dtype
from .recipe import Recipe
from .vocabulary import build_vocabulary


def compare(recipe: Recipe, corpus: Path, updates: int) -> dict[str, Any]:
    """Trains the same model both ways, an update of each in turn.

    The plain loop is nn.LSTM (or the recipe's cell) in float32 with logits over the whole
    padded batch, `nn.functional.cross_entropy`, poems in random order. Both see as many poems a
    batch on average, and only real tokens count.

    Returns:
        Median tokens a second of both, and their ratio.
    """
    poems = data.read_poems(corpus / "train.txt", lowercase=recipe.data.lowercase)
    vocabulary = build_vocabulary(
        poems,
        line_tokens=recipe.data.line_tokens,
        minimum_count=recipe.data.minimum_count,
        maximum_size=recipe.data.maximum_vocabulary,
    )
    packed = data.pack(poems, vocabulary, recipe.data)
    ours = data.epoch_batches(packed, recipe.batch, recipe.run.seed, 0)
    size = max(1, round(float(np.mean([len(batch) for batch in ours]))))
    order = np.random.default_rng(recipe.run.seed).permutation(len(packed))
    plain = [order[i : i + size] for i in range(0, len(order), size)]
    loops = {
        "plain": (_plain_update(recipe, len(vocabulary)), plain),
        "lianju": (_our_update(recipe, len(vocabulary)), ours),
    }
    rates: dict[str, list[float]] = {name: [] for name in loops}
    for number in range(updates + 1):
        for name, (update, batches) in loops.items():
            begun = time.perf_counter()
            inputs, targets = data.collate(packed, batches[number % len(batches)])
            update(inputs, targets)
            spent = time.perf_counter() - begun
            if number:  # the first warms up
                rates[name].append(int((targets != data.IGNORED).sum()) / spent)
    median = {name: statistics.median(values) for name, values in rates.items()}
    return {
        **{name: round(value, 1) for name, value in median.items()},
        "ratio": round(median["lianju"] / median["plain"], 3),
        "precision": recipe.run.precision,
        "updates": updates,
        "threads": torch.get_num_threads(),
    }


def _plain_update(recipe: Recipe, size: int) -> Any:
    model = LanguageModel(recipe.model.config(size))
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe.optimizer.learning_rate)

    def update(inputs: torch.Tensor, targets: torch.Tensor) -> None:
        logits, _ = model(inputs)
        loss = nn.functional.cross_entropy(
            logits.flatten(0, 1), targets.flatten(), ignore_index=data.IGNORED
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return update


def _our_update(recipe: Recipe, size: int) -> Any:
    model = LanguageModel(recipe.model.config(size))
    dtype = choose_dtype(recipe.run.precision, torch.device("cpu"))
    loss_of = SummedLoss(model, dtype)
    optimizer = make_optimizer(model, recipe)

    def update(inputs: torch.Tensor, targets: torch.Tensor) -> None:
        loss, _ = loss_of(inputs, targets, None)
        optimizer.zero_grad()
        (loss / int((targets != data.IGNORED).sum())).backward()
        if recipe.optimizer.clip:
            nn.utils.clip_grad_norm_(model.parameters(), recipe.optimizer.clip)
        optimizer.step()

    return update
