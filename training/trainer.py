"""The training loop."""

from __future__ import annotations

import hashlib
import math
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from tqdm import tqdm

from . import data
from .averaging import WindowAverage
from .checkpoint import Trained, code_commit, load_trained, read_checkpoint, save_checkpoint
from .distributed import Processes
from .errors import CheckpointError, CorpusError
from .evaluate import CheckpointScorer, Perplexity, is_stream, perplexity, stream_perplexity
from .journal import Journal
from .loss import SummedLoss
from .model import LanguageModel, State
from .optimizer import make_optimizer
from .precision import choose_dtype
from .recipe import Recipe
from .sample import as_text, sample
from .schedule import rate_share
from .vocabulary import build_vocabulary

_SAMPLE_LENGTH = 40
_SAMPLE_TEMPERATURE = 0.8


@dataclass
class Progress:
    """Where a run stands; all that changes from update to update beside the tensors.

    Attributes:
        batch: batches of the present epoch that are done.
        seconds: spent so far, earlier sittings included.
        best: lowest validation perplexity so far.
    """

    update: int = 0
    epoch: int = 0
    batch: int = 0
    tokens: int = 0
    seconds: float = 0.0
    best: float = math.inf


class Trainer:
    """Trains one model on one corpus.

    Args:
        corpus: a folder that `prepare` wrote.
        out: the run's folder: checkpoints `best.pt` and `last.pt`, log, curve.
        minutes: a budget of time that the schedule fits.
        tokens: a budget of training tokens that the schedule fits; without either budget the
            recipe's epochs are trained.
        initial: a checkpoint whose vocabulary and weights the run begins with.
        resume: go on from `last.pt`.

    Raises:
        CorpusError: the corpus is missing or does not suit the recipe.
        CheckpointError: there is nothing to resume, or it comes of another recipe or corpus.
    """

    def __init__(
        self,
        recipe: Recipe,
        corpus: Path,
        out: Path,
        processes: Processes,
        *,
        minutes: float | None = None,
        tokens: int | None = None,
        initial: Path | None = None,
        resume: bool = False,
    ) -> None:
        if minutes is not None and tokens is not None:
            raise ValueError("Give a budget of minutes or of tokens, not both.")
        self.recipe, self.out, self.processes = recipe, out, processes
        self._seconds_budget = None if minutes is None else minutes * 60
        self._tokens_budget = tokens
        if not resume and (out / "last.pt").exists():
            raise CheckpointError(
                f"{out} holds a run already: give --resume to go on with it, or another --out."
            )
        stream = is_stream(corpus)
        if stream not in (None, recipe.data.stream):
            raise CorpusError(
                f"{corpus} is {'' if stream else 'not '}one continuous text: give "
                f"--set data.stream={str(stream).lower()}."
            )
        lowercase = recipe.data.lowercase
        poems = data.read_poems(corpus / "train.txt", lowercase=lowercase)
        self._validation = data.read_poems(corpus / "validation.txt", lowercase=lowercase)
        start = None if initial is None else load_trained(initial)
        self.vocabulary = (
            build_vocabulary(
                poems,
                line_tokens=recipe.data.line_tokens,
                minimum_count=recipe.data.minimum_count,
                maximum_size=recipe.data.maximum_vocabulary,
            )
            if start is None
            else start.vocabulary
        )
        if recipe.data.stream:
            self._stream = data.stream_ids(poems, self.vocabulary)
        else:
            seen = data.oversample(poems, corpus, recipe.data.oversampling)
            self._packed = data.pack(seen, self.vocabulary, recipe.data)
        self.info = {
            "preset": recipe.name,
            "corpus": corpus.name,
            "corpus_sha256": hashlib.sha256((corpus / "train.txt").read_bytes()).hexdigest(),
            "seed": recipe.run.seed,
            "commit": code_commit(),
            "recipe": recipe.model_dump(mode="json"),
            **({} if start is None else {"initial": _provenance(start)}),
        }
        torch.manual_seed(recipe.run.seed)
        self.model = LanguageModel(recipe.model.config(len(self.vocabulary)))
        if start is not None:
            _begin_with(self.model, start, initial)
        self.model.to(processes.device)
        self._loss: nn.Module = SummedLoss(
            self.model, choose_dtype(recipe.run.precision, processes.device)
        )
        self._optimizer = make_optimizer(self.model, recipe)
        average = recipe.averaging
        self._average = (
            WindowAverage(self.model, average.window, average.minimum, average.maximum)
            if average.window
            else None
        )
        self.progress = Progress()
        self._state: State | None = None
        self._stopping = False
        self._measured = -1  # the update of the last evaluation
        if resume:
            self._restore()
        if processes.world > 1:
            self._loss = DistributedDataParallel(self._loss)

    def run(self) -> Progress:
        """Trains to the end of the recipe or the budget, or until interrupted; then saves."""
        out = self.out
        if self.processes.first:
            out.mkdir(parents=True, exist_ok=True)
            self._journal = Journal(out, self.progress.update)
        self._bar = tqdm(
            total=100,
            bar_format="{percentage:3.0f}%|{bar}| {postfix}",
            disable=None if self.processes.first else True,
        )
        self._handle_signals()
        self.model.train()
        try:
            while not self._finished():
                self._run_epoch()
            self._save()
            measured = self._stopping or self._measured == self.progress.update
            if self.processes.first and not measured:
                self._evaluate()
        finally:
            self._bar.close()
            if self.processes.first:
                self._journal.close()
        return self.progress

    @property
    def interrupted(self) -> bool:
        """Whether the run was asked to stop before its end."""
        return self._stopping

    def _finished(self) -> bool:
        if self._stopping:
            return True
        if self._seconds_budget is None and self._tokens_budget is None:
            return self.progress.epoch >= self.recipe.run.epochs
        return self._budget_spent

    @property
    def _budget_spent(self) -> bool:
        """Whether the budget of time or tokens, if there is one, is used up."""
        progress = self.progress
        if self._seconds_budget is not None:
            return progress.seconds >= self._seconds_budget
        return self._tokens_budget is not None and progress.tokens >= self._tokens_budget

    def _run_epoch(self) -> None:
        recipe, progress, processes = self.recipe, self.progress, self.processes
        batches = self._batches()
        self._updates = len(batches) * recipe.run.epochs
        window_loss = window_tokens = 0.0
        window_begun = time.perf_counter()
        while progress.batch < len(batches):
            begun = time.perf_counter()
            inputs, targets = self._take(batches[progress.batch])
            loss, tokens = self._update(inputs, targets)
            window_loss += loss
            window_tokens += tokens
            progress.update += 1
            progress.batch += 1
            progress.tokens += tokens * processes.world
            progress.seconds += time.perf_counter() - begun
            if processes.first and progress.update % recipe.run.log_every == 0:
                spent = time.perf_counter() - window_begun
                self._log(window_loss / window_tokens, window_tokens * processes.world / spent)
                window_loss = window_tokens = 0.0
            if progress.update % recipe.run.evaluate_every == 0:
                begun = time.perf_counter()
                if processes.first:
                    self._evaluate()
                progress.seconds += time.perf_counter() - begun
            if progress.update % recipe.run.save_every == 0:
                self._save()
            # Every process leaves the loop at the same update, or the others would wait forever.
            progress.seconds = processes.agree(progress.seconds)
            self._stopping = bool(processes.agree(float(self._stopping)))
            if self._stopping or self._budget_spent:
                return
            if progress.update % recipe.run.log_every == 0:
                window_begun = time.perf_counter()
        progress.epoch += 1
        progress.batch = 0
        self._state = None

    def _batches(self) -> list[Any]:
        recipe, processes = self.recipe, self.processes
        if recipe.data.stream:
            rows = recipe.batch.size or max(1, (recipe.batch.tokens or 0) // recipe.data.window)
            windows = data.stream_windows(self._stream, rows * processes.world, recipe.data.window)
            mine = slice(processes.rank * rows, (processes.rank + 1) * rows)
            return [(inputs[mine], targets[mine]) for inputs, targets in windows]
        batches = data.epoch_batches(
            self._packed, recipe.batch, recipe.run.seed, self.progress.epoch
        )
        even = len(batches) // processes.world * processes.world
        return batches[:even][processes.rank :: processes.world]

    def _take(self, batch: Any) -> tuple[Tensor, Tensor]:
        pair = batch if self.recipe.data.stream else data.collate(self._packed, batch)
        device = self.processes.device
        return pair[0].to(device), pair[1].to(device)

    @property
    def _done(self) -> float:
        """The share of the run that is done, by its budget if it has one, else by updates."""
        progress = self.progress
        if self._seconds_budget is not None:
            return min(1.0, progress.seconds / self._seconds_budget)
        if self._tokens_budget is not None:
            return min(1.0, progress.tokens / self._tokens_budget)
        return min(1.0, progress.update / self._updates)

    def _update(self, inputs: Tensor, targets: Tensor) -> tuple[float, int]:
        """One update; returns the summed loss and the number of tokens."""
        recipe, progress = self.recipe, self.progress
        share = rate_share(recipe.optimizer, progress.update, self._done)
        self._optimizer.set_rate_share(share)
        # Dropout depends on the update alone, so that a resumed run repeats it.
        torch.manual_seed(
            (recipe.run.seed * 1_000_003 + progress.update) * 1_009 + self.processes.rank
        )
        tokens = int((targets != data.IGNORED).sum())
        loss, state = self._loss(inputs, targets, self._state)
        self._optimizer.zero_grad()
        (loss / tokens).backward()
        if recipe.optimizer.clip:
            nn.utils.clip_grad_norm_(self.model.parameters(), recipe.optimizer.clip)
        self._optimizer.step()
        if self._average is not None:
            self._average.update()
        if recipe.data.stream:
            self._state = tuple(tensor.detach() for tensor in state)
        return float(loss.detach()), tokens

    def _log(self, loss: float, speed: float) -> None:
        progress = self.progress
        done = self._done
        left = progress.seconds / done * (1 - done)
        shown = (
            f"update {progress.update}: loss {loss:.3f}, {speed:,.0f} tokens/s, "
            f"{left / 60:.1f} min left"
        )
        if self._bar.disable:  # no terminal: one line each time
            tqdm.write(shown)
        else:
            self._bar.update(100 * done - self._bar.n)
            self._bar.set_postfix_str(shown)
        self._journal.record(
            progress.update,
            epoch=progress.epoch,
            tokens=progress.tokens,
            seconds=round(progress.seconds, 1),
            loss=round(loss, 4),
            learning_rate=self._optimizer.learning_rates[-1],
            tokens_per_second=round(speed, 1),
        )

    def _evaluate(self) -> None:
        """Measures validation perplexity with the weights to be used; keeps the best."""
        progress, recipe = self.progress, self.recipe
        self._measured = progress.update
        own = {name: p.detach().clone() for name, p in self.model.named_parameters()}
        used = self._weights()
        _load(self.model, used)
        found = self._measure()
        samples = [
            as_text(
                sample(
                    self.model,
                    self.vocabulary,
                    [],
                    temperature=_SAMPLE_TEMPERATURE,
                    seed=i,
                    maximum=_SAMPLE_LENGTH,
                ),
                self.vocabulary,
            )
            for i in range(recipe.run.samples)
        ]
        _load(self.model, own)
        han = "" if found.han is None else f" (Han only {found.han:.1f})"
        tqdm.write(f"update {progress.update}: validation perplexity {found.all:.1f}{han}")
        for text in samples:
            tqdm.write(f"  {text}")
        self._journal.record(
            progress.update,
            epoch=progress.epoch,
            tokens=progress.tokens,
            seconds=round(progress.seconds, 1),
            validation_perplexity=round(found.all, 3),
            **({} if found.han is None else {"validation_han_perplexity": round(found.han, 3)}),
        )
        self._journal.say(progress.update, samples)
        self._journal.draw()
        if found.all < progress.best:
            progress.best = found.all
            save_checkpoint(
                self.out / "best.pt",
                self.model,
                used,
                self.vocabulary,
                {**self.info, **self._counts(), "validation_perplexity": found.all},
            )

    def _measure(self) -> Perplexity:
        scorer = CheckpointScorer(self.model, self.vocabulary)
        if self.recipe.data.stream:
            return stream_perplexity(scorer, data.stream_ids(self._validation, self.vocabulary))
        return perplexity(scorer, self._validation)

    def _weights(self) -> dict[str, Tensor]:
        if self._average is not None:
            return self._average.weights()
        return {name: p.detach().clone() for name, p in self.model.named_parameters()}

    def _counts(self) -> dict[str, Any]:
        progress = self.progress
        return {
            "updates": progress.update,
            "tokens_seen": progress.tokens,
            "minutes": round(progress.seconds / 60, 1),
            "processes": self.processes.world,
        }

    def _save(self) -> None:
        if not self.processes.first:
            return
        save_checkpoint(
            self.out / "last.pt",
            self.model,
            self._weights(),
            self.vocabulary,
            {**self.info, **self._counts()},
            {
                "counts": vars(self.progress),
                "weights": {n: p.detach() for n, p in self.model.named_parameters()},
                "optimizer": self._optimizer.state_dict(),
                "average": self._average and self._average.state_dict(),
                "state": self._state,
            },
        )

    def _restore(self) -> None:
        content = read_checkpoint(self.out / "last.pt")
        then, now = content["info"], self.info
        if not _is_same_recipe(then["recipe"], self.recipe):
            raise CheckpointError(
                f"{self.out / 'last.pt'} comes of another recipe: resume with the same preset "
                "and overrides."
            )
        if then["corpus_sha256"] != now["corpus_sha256"]:
            raise CheckpointError(
                f"{self.out / 'last.pt'} was trained on another corpus: resume with the same one."
            )
        saved = content["progress"]
        self.progress = Progress(**saved["counts"])
        _load(self.model, saved["weights"])
        self._optimizer.load_state_dict(saved["optimizer"])
        if self._average is not None:
            self._average.load_state_dict(saved["average"])
        if saved["state"] is not None:
            self._state = tuple(tensor.to(self.processes.device) for tensor in saved["state"])

    def _handle_signals(self) -> None:
        def stop(signal_number: int, frame: object) -> None:
            if self._stopping:  # a second Ctrl-C means now
                raise KeyboardInterrupt
            self._stopping = True

        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGTERM, stop)


def _begin_with(model: LanguageModel, start: Trained, path: Path | None) -> None:
    """Copies the weights of another run's checkpoint, whose model must have the same shape."""
    same = replace(start.model.config, dropout=model.config.dropout)
    if same != model.config:
        raise CheckpointError(
            f"{path} is of another shape than the recipe's model: give the --preset and --set "
            "options that it was trained with."
        )
    _load(model, dict(start.model.named_parameters()))


def _provenance(start: Trained) -> dict[str, Any]:
    """What of an initial checkpoint's history the new one keeps."""
    keys = ("preset", "corpus_sha256", "commit", "tokens_seen", "seed")
    return {key: start.info[key] for key in keys if key in start.info}


def _is_same_recipe(saved: dict[str, Any], recipe: Recipe) -> bool:
    """Whether a saved recipe says the same; a key that it lacks has its default."""
    try:
        return Recipe.model_validate(saved) == recipe
    except ValidationError:
        return False


@torch.no_grad()
def _load(model: nn.Module, weights: dict[str, Tensor]) -> None:
    for name, parameter in model.named_parameters():
        parameter.copy_(weights[name])
