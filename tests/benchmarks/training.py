"""Training beside the simplest PyTorch loop: `python -m tests.benchmarks.training CORPUS`.

CORPUS is a folder of `lianju-train prepare`. The simple loop has the same model in float32, logits
over the whole padded batch, and poems in random order. Both see as many poems a batch on average,
and only real tokens count.
"""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
import torch
from lianju.training import data
from lianju.training.data import build_vocabulary
from lianju.training.loss import SummedLoss
from lianju.training.model import LanguageModel
from lianju.training.optimizer import make_optimizer
from lianju.training.precision import choose_dtype
from lianju.training.recipe import Recipe, load_recipe

from .table import print_table

Update = Callable[[torch.Tensor, torch.Tensor], None]


@click.command()
@click.argument("corpus", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--preset", default="release", show_default=True, help="A preset, or a .toml file.")
@click.option("--set", "overrides", multiple=True, metavar="SECTION.KEY=VALUE")
@click.option("--updates", type=click.IntRange(1), default=15, show_default=True)
def main(corpus: Path, preset: str, overrides: tuple[str, ...], updates: int) -> None:
    """Measures tokens a second of both loops, an update of each in turn."""
    rates = measure(load_recipe(preset, overrides), corpus, updates)
    base = rates["simple loop"]
    print_table(
        f"Training with {preset}, medians of {updates} updates",
        ("", "tokens/s", "ratio"),
        [(name, f"{rate:,.0f}", f"{rate / base:.2f}") for name, rate in rates.items()],
    )


def measure(recipe: Recipe, corpus: Path, updates: int) -> dict[str, float]:
    """Returns the median tokens a second of both loops by name."""
    poems = data.read_poems(corpus / "train.txt", lowercase=recipe.data.lowercase)
    vocabulary = build_vocabulary(
        poems,
        line_tokens=recipe.data.line_tokens,
        minimum_count=recipe.data.minimum_count,
        maximum_size=recipe.data.maximum_vocabulary,
    )
    packed = data.pack(poems, vocabulary, recipe.data)
    by_length = data.epoch_batches(packed, recipe.batch, recipe.run.seed, 0)
    size = max(1, round(float(np.mean([len(batch) for batch in by_length]))))
    order = np.random.default_rng(recipe.run.seed).permutation(len(packed))
    shuffled = [order[first : first + size] for first in range(0, len(order), size)]
    loops = {
        "simple loop": (_simple_update(recipe, len(vocabulary)), shuffled),
        "lianju-train": (_lianju_update(recipe, len(vocabulary)), by_length),
    }
    rates: dict[str, list[float]] = {name: [] for name in loops}
    for number in range(updates + 1):
        for name, (update, batches) in loops.items():
            started = time.perf_counter()
            inputs, targets = data.collate(packed, batches[number % len(batches)])
            update(inputs, targets)
            seconds = time.perf_counter() - started
            if number:  # the first warms up
                rates[name].append(int((targets != data.IGNORED).sum()) / seconds)
    return {name: statistics.median(each) for name, each in rates.items()}


def _simple_update(recipe: Recipe, size: int) -> Update:
    model = LanguageModel(recipe.model.config(size))
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe.optimizer.learning_rate)

    def update(inputs: torch.Tensor, targets: torch.Tensor) -> None:
        logits, _ = model(inputs)
        loss = torch.nn.functional.cross_entropy(
            logits.flatten(0, 1), targets.flatten(), ignore_index=data.IGNORED
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return update


def _lianju_update(recipe: Recipe, size: int) -> Update:
    model = LanguageModel(recipe.model.config(size))
    loss_of = SummedLoss(model, choose_dtype(recipe.run.precision, torch.device("cpu")))
    optimizer = make_optimizer(model, recipe)

    def update(inputs: torch.Tensor, targets: torch.Tensor) -> None:
        loss, _ = loss_of(inputs, targets, None)
        optimizer.zero_grad()
        (loss / int((targets != data.IGNORED).sum())).backward()
        if recipe.optimizer.clip:
            torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.optimizer.clip)
        optimizer.step()

    return update


if __name__ == "__main__":
    main()
