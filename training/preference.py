"""Teaches a language model to prefer the lines that readers prefer.

A model learns from poems what is likely, and likely lines are often stock lines or no sense at all.
Here it learns from marks: of two lines that were marked after the same context, the better one is
to become the more probable one, by a logistic loss on the difference of their log-probabilities, as
in the model of Bradley and Terry; pairs count by the distance of their marks. The probabilities are
the model's own, without a reward model (RRHF, Yuan and others 2023). Poems are trained on at the
same time, so that the model does not unlearn them.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from lianju.bot.verse.text.vocabulary import Vocabulary
from pydantic import ValidationError
from torch import Tensor, nn
from torch.nn import functional

from . import data
from .checkpoint import Trained, code_commit, inherited, load_trained, save_checkpoint
from .distributed import Processes
from .errors import CheckpointError, CorpusError
from .loss import SummedLoss
from .marks import MarkedLines, read_marks
from .model import LanguageModel
from .precision import Precision, choose_dtype
from .recipe import Batch, Recipe, load_recipe
from .report import check_pairs, is_stream

CLIP = 1.0  # largest norm of the gradient
LARGEST_DISTANCE = 4.0  # of two marks; pairs farther apart count no more
WARMUP = 10  # updates


@dataclass(frozen=True)
class Options:
    """How a model learns from marks, which are meant to be on a scale of about 0 to 9.

    Attributes:
        epochs: Passes over the marks.
        learning_rate: Of AdamW; it rises over the first updates and falls to zero at the end.
        contexts: Contexts an update.
        scale: Of a difference of log-probabilities, in the loss of a pair.
        corpus: Weight of the corpus's loss, in nats a token, beside that of the pairs.
        corpus_tokens: Tokens of the corpus an update.
        held_out: Share of the contexts that is kept for measuring; those that share a line
            count as one.
        seed: Of the order of the contexts, and of what is held out.
    """

    epochs: int = 2
    learning_rate: float = 4e-4
    contexts: int = 8
    scale: float = 0.5
    corpus: float = 0.5
    corpus_tokens: int = 1024
    held_out: float = 0.1
    seed: int = 1


class MarkedBatch(NamedTuple):
    """Contexts of one length, whose candidates have one length too.

    Attributes:
        contexts: Token ids, from `<s>` to the line token of the last line, [C, P].
        lines: Token ids of the candidates, each with a line token at the end, [N, T].
        marks: Of the candidates, [N].
        context: The number of each candidate's context, [N].
    """

    contexts: Tensor
    lines: Tensor
    marks: Tensor
    context: Tensor


@dataclass(frozen=True)
class Agreement:
    """How far a model's order of lines agrees with the marks.

    Attributes:
        pairs: Share of the pairs with different marks whose better line is the more probable one.
        best: Mean mark of the most probable line of each context.
        mean: Mean mark of all lines.
    """

    pairs: float
    best: float
    mean: float


def marked_batches(
    marked: Sequence[MarkedLines], vocabulary: Vocabulary, size: int, seed: tuple[int, ...]
) -> list[MarkedBatch]:
    """Returns contexts of the same shape together, in an order that depends on the seed alone.

    Args:
        marked: The marks.
        vocabulary: One with line tokens.
        size: Contexts of a batch, at most.
        seed: Of the order.
    """
    start, ending = vocabulary.start, vocabulary.line
    if start is None or ending is None:
        raise CheckpointError("Marks are for models with line tokens; this one has none.")
    generator = np.random.default_rng(seed)
    shapes: defaultdict[tuple[int, int], list[tuple[list[int], list[list[int]], Sequence[float]]]]
    shapes = defaultdict(list)
    for number in generator.permutation(len(marked)).tolist():
        each = marked[number]
        context = [start]
        for line in each.context:
            context += [*vocabulary.encode(line), ending]
        lines = [[*vocabulary.encode(line), ending] for line in each.lines]
        shapes[len(context), len(lines[0])].append((context, lines, each.marks))
    batches = []
    for found in shapes.values():
        for begin in range(0, len(found), size):
            part = found[begin : begin + size]
            batches.append(
                MarkedBatch(
                    torch.tensor([context for context, _, _ in part]),
                    torch.tensor([line for _, lines, _ in part for line in lines]),
                    torch.tensor([mark for _, _, marks in part for mark in marks]),
                    torch.tensor([n for n, (_, lines, _) in enumerate(part) for _ in lines]),
                )
            )
    return [batches[number] for number in generator.permutation(len(batches)).tolist()]


def line_log_probs(
    model: LanguageModel, batch: MarkedBatch, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Returns the log-probability of each candidate after its context, line token included, [N].

    Args:
        model: The model.
        batch: The candidates.
        dtype: Number format of the matrix products, float32 or bfloat16.
    """
    narrow = dtype != torch.float32
    device = batch.contexts.device.type
    with torch.autocast(device, dtype if narrow else None, enabled=narrow):
        before, state = model.features(batch.contexts)
        own = tuple(tensor[:, batch.context] for tensor in state)
        after, _ = model.features(batch.lines[:, :-1], own)
        logits = model.output(torch.cat((before[batch.context, -1:], after), dim=1))
    logs = torch.log_softmax(logits.float(), dim=-1)
    found: Tensor = logs.gather(-1, batch.lines[..., None]).squeeze(-1).sum(1)
    return found


def pair_weights(batch: MarkedBatch) -> Tensor:
    """Returns how much each pair counts, [N, N]: the row's mark minus the column's, if positive.

    Lines of different contexts are no pair.
    """
    distance = batch.marks[:, None] - batch.marks
    same = batch.context[:, None] == batch.context
    return torch.where(same, distance, 0).clamp(0, LARGEST_DISTANCE)


def preference_loss(log_probs: Tensor, batch: MarkedBatch, scale: float) -> Tensor:
    """Returns the mean logistic loss of all pairs, weighted by `pair_weights`.

    Args:
        log_probs: Of the candidates, [N].
        batch: The candidates.
        scale: Of the differences.
    """
    weights = pair_weights(batch)
    losses = functional.softplus(-scale * (log_probs[:, None] - log_probs))
    return (weights * losses).sum() / weights.sum().clamp(min=torch.finfo(weights.dtype).tiny)


@torch.no_grad()
def agreement(
    model: LanguageModel, marked: Sequence[MarkedLines], vocabulary: Vocabulary
) -> Agreement:
    """Measures a model on marks that it was not trained on."""
    right = pairs = 0.0
    best, marks = [], []
    for batch in marked_batches(marked, vocabulary, 8, (0,)):
        scores = line_log_probs(model, batch)
        ordered = pair_weights(batch) > 0
        right += float((ordered & (scores[:, None] > scores)).sum())
        pairs += float(ordered.sum())
        for number in range(len(batch.contexts)):
            own = batch.context == number
            best.append(float(batch.marks[own][scores[own].argmax()]))
        marks += batch.marks.tolist()
    return Agreement(right / max(pairs, 1), float(np.mean(best)), float(np.mean(marks)))


def learn_preferences(
    checkpoint: Path,
    corpus: Path,
    files: Sequence[Path],
    out: Path,
    options: Options,
    report: Callable[[str], None] = lambda line: None,
) -> Agreement:
    """Trains a checkpoint's model on marks; writes another checkpoint after each epoch.

    Contexts without two different marks teach nothing and are left out. The model stays in
    evaluation mode: dropout would change the log-probability of each line by chance. It is trained
    in bfloat16 if its recipe allows it and the processor is faster in it, and measured in float32.

    Args:
        checkpoint: The model.
        corpus: The prepared corpus that it was trained on, of poems.
        files: Of marks, see `read_marks`.
        out: The checkpoint to write.
        options: How.
        report: Takes lines of progress.

    Returns:
        The agreement with the marks that were held out, of the model that was written.

    Raises:
        CheckpointError: The checkpoint is damaged or has no line tokens, or `out` exists.
        CorpusError: The corpus or the marks cannot be read, or there are too few.
    """
    if out.exists():
        raise CheckpointError(f"{out} exists already: choose another --out.")
    trained = load_trained(checkpoint)
    model, vocabulary = trained.model, trained.vocabulary
    marked = [each for file in files for each in read_marks(file, vocabulary)]
    marked = [each for each in marked if len({*each.marks}) > 1]
    kept, held_out = split_marks(marked, options)
    poems = poem_batches(corpus, trained, options)
    # What a recipe demands of the machine that it was trained on is no demand on this one.
    wanted: Precision = "fp32" if _recipe_of(trained).run.precision == "fp32" else "auto"
    dtype = choose_dtype(wanted, torch.device("cpu"))
    info = inherited(trained)
    earlier = info.get("preferences", ())
    origin = {
        "marks": sum(len(each.marks) for each in marked),
        "sha256": [sha256(file.read_bytes()).hexdigest() for file in files],
        "corpus_sha256": sha256((corpus / "train.txt").read_bytes()).hexdigest(),
        "commit": code_commit(),
        "options": asdict(options),
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.0)
    poem_loss = SummedLoss(model, dtype)
    per_epoch = len(marked_batches(kept, vocabulary, options.contexts, (options.seed, 0)))
    found = agreement(model, held_out, vocabulary)
    report(f"before: {_described(found)}")
    update = 0
    for epoch in range(options.epochs):
        losses: list[tuple[float, float]] = []
        for batch in marked_batches(kept, vocabulary, options.contexts, (options.seed, epoch)):
            share = min((update + 1) / WARMUP, 1 - update / (per_epoch * options.epochs))
            optimizer.param_groups[0]["lr"] = options.learning_rate * share
            log_probs = line_log_probs(model, batch, dtype)
            pairs = preference_loss(log_probs, batch, options.scale)
            inputs, targets = next(poems)
            total, _ = poem_loss(inputs, targets, None)
            tokens = total / (targets != data.IGNORED).sum()
            optimizer.zero_grad()
            (pairs + options.corpus * tokens).backward()
            nn.utils.clip_grad_norm_(model.parameters(), CLIP)
            optimizer.step()
            update += 1
            losses.append((float(pairs.detach()), float(tokens.detach())))
        found = agreement(model, held_out, vocabulary)
        means = np.mean(losses, axis=0).tolist()
        report(
            f"epoch {epoch + 1}: loss of pairs {means[0]:.3f}, of the corpus {means[1]:.3f}; "
            f"held out: {_described(found)}"
        )
        done = {**origin, "epochs": epoch + 1, "held_out": asdict(found)}
        weights = {name: value.detach() for name, value in model.named_parameters()}
        content = {**info, "preferences": [*earlier, done]}
        save_checkpoint(out, model, weights, vocabulary, content)
    return found


def split_marks(
    marked: Sequence[MarkedLines], options: Options
) -> tuple[list[MarkedLines], list[MarkedLines]]:
    """Returns the marks to train on and those to measure on; no line of a context is in both.

    Raises:
        CorpusError: There are too few contexts without a line in common.
    """
    parents = {line: line for each in marked for line in each.context}

    def first(line: tuple[str, ...]) -> tuple[str, ...]:
        while parents[line] != line:
            line = parents[line]
        return line

    for each in marked:
        for line in each.context[1:]:
            low, high = sorted((first(line), first(each.context[0])))
            parents[high] = low
    groups = sorted({first(line) for line in parents})
    needed = math.ceil(1 / min(options.held_out, 1 - options.held_out))
    if len(groups) < needed:
        raise CorpusError(
            f"To hold out a share of {options.held_out:g}, {needed} contexts with different marks "
            f"and without a line in common are needed: mark more than these {len(groups)}."
        )
    order = np.random.default_rng(options.seed).permutation(len(groups)).tolist()
    chosen = {groups[number] for number in order[: round(options.held_out * len(groups))]}
    return (
        [each for each in marked if first(each.context[0]) not in chosen],
        [each for each in marked if first(each.context[0]) in chosen],
    )


def _recipe_of(trained: Trained) -> Recipe:
    """Returns the recipe that a model was trained by; that of releases if it does not say."""
    try:
        return Recipe.model_validate(trained.info["recipe"])
    except (KeyError, ValidationError):
        return load_recipe("release")


def poem_batches(
    corpus: Path, trained: Trained, options: Options
) -> Iterator[tuple[Tensor, Tensor]]:
    """Returns inputs and targets of the corpus without end, read as the model's recipe says.

    A model that has learned from marks before gets other batches than it got then.

    Raises:
        CorpusError: The corpus cannot be read, or is one continuous text.
    """
    if is_stream(corpus):
        raise CorpusError(f"{corpus} is one continuous text: give a corpus of poems.")
    recipe = _recipe_of(trained)
    seed = options.seed + len(trained.info.get("preferences", ()))
    recipe = recipe.model_copy(
        update={
            "data": recipe.data.model_copy(update={"stream": False}),
            "batch": Batch(tokens=options.corpus_tokens),
            "run": recipe.run.model_copy(update={"seed": seed}),
        }
    )
    check_pairs(corpus, pairs=False)
    lowercase = trained.vocabulary.is_lowercase
    texts = data.read_texts(corpus / "train.txt", pairs=False, lowercase=lowercase)
    with suppress(CorpusError):  # a corpus without parts is read as it is
        texts = data.oversample(texts, corpus, recipe.data.oversampling)
    processes = Processes(0, 1, torch.device("cpu"))
    found = data.TrainingData(texts, trained.vocabulary, recipe, processes)

    def batches() -> Iterator[tuple[Tensor, Tensor]]:
        epoch = 0
        while True:
            yield from (found.load(batch)[:2] for batch in found.batches(epoch))
            epoch += 1

    return batches()


def _described(found: Agreement) -> str:
    return (
        f"{found.pairs:.1%} of pairs in order, mean mark of the most probable line "
        f"{found.best:.2f} (of all lines {found.mean:.2f})"
    )
