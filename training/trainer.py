"""The training loop.

Usage:
    lianju-train train data/both --out runs/release --tokens 80000000
    torchrun --nproc-per-node=2 -m lianju.training train data/both --out runs/two

A run's folder has best.pt (lowest validation perplexity), last.pt (to resume), log.csv, loss.png
and TensorBoard files.
"""

from __future__ import annotations

import hashlib
import signal
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from tqdm import tqdm

from . import data
from .averaging import WindowAverage
from .checkpoint import (
    code_commit,
    load_initial,
    provenance,
    read_resumable,
    save_checkpoint,
    vocabulary_of,
)
from .distributed import Processes
from .embedding import copy_embedding
from .errors import CheckpointError
from .evaluate import CheckpointScorer, perplexity
from .loss import SummedLoss
from .model import State
from .optimizer import make_optimizer, rate_share
from .precision import choose_dtype
from .progress import Budget, Progress
from .recipe import Recipe
from .report import check_kind
from .run_log import RunLog
from .sample import as_text, sample
from .seq2seq import build_model

_SAMPLE_LENGTH = 40
_SAMPLE_TEMPERATURE = 0.8


class Trainer:
    """Trains one model on one corpus.

    Args:
        corpus: A folder that `prepare` wrote.
        out: The run's folder.
        minutes: A budget of time; the learning rate's schedule fits it.
        tokens: A budget of training tokens, instead of `minutes`; without a budget the recipe's
            epochs are trained.
        initial: A checkpoint whose vocabulary and weights the run begins with.
        embedding: A checkpoint of another shape whose embedding the run begins with.
        resume: Go on from the run's `last.pt`, without these two.

    Raises:
        CorpusError: The corpus is missing or does not fit the recipe.
        CheckpointError: The checkpoint to begin with or to resume is missing or does not fit, or
            the folder has a run already.
        TrainingError: The device cannot compute in the recipe's number format.
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
        embedding: Path | None = None,
        resume: bool = False,
    ) -> None:
        self.recipe, self.out, self.processes = recipe, out, processes
        self._budget = Budget(recipe.run.epochs, minutes, tokens)
        dtype = choose_dtype(recipe.run.precision, processes.device)
        if not resume and (out / "last.pt").exists():
            raise CheckpointError(
                f"{out} holds a run already: give --resume to go on with it, or another --out."
            )
        check_kind(corpus, recipe)
        texts, self._validation = (
            data.read_texts(
                corpus / f"{part}.txt",
                pairs=recipe.model.has_encoder,
                lowercase=recipe.data.lowercase,
            )
            for part in ("train", "validation")
        )
        self.info: dict[str, Any] = {
            "preset": recipe.name,
            "corpus": corpus.name,
            "corpus_sha256": hashlib.sha256((corpus / "train.txt").read_bytes()).hexdigest(),
            "seed": recipe.run.seed,
            "commit": code_commit(),
            "recipe": recipe.model_dump(mode="json"),
        }
        start = saved = None
        if initial:
            start = load_initial(initial, recipe, texts.all())
            self.vocabulary = start.vocabulary
            self.info["initial"] = provenance(start)
        elif resume:
            saved = read_resumable(out / "last.pt", recipe, self.info["corpus_sha256"])
            self.vocabulary = vocabulary_of(saved)
            kept = ("initial", "embedding")
            self.info |= {key: saved["info"][key] for key in kept if key in saved["info"]}
        else:
            self.vocabulary = data.build_vocabulary(
                texts.all(),
                line_tokens=recipe.data.line_tokens,
                minimum_count=recipe.data.minimum_count,
                maximum_size=recipe.data.maximum_vocabulary,
                pairs=recipe.model.has_encoder,
            )
        texts = data.oversample(texts, corpus, recipe.data.oversampling)
        self._data = data.TrainingData(texts, self.vocabulary, recipe, processes)

        torch.manual_seed(recipe.run.seed)
        self.model = build_model(recipe.model.config(len(self.vocabulary)))
        if start:
            _load(self.model, dict(start.model.named_parameters()))
        elif embedding:
            other = copy_embedding(embedding, self.model, self.vocabulary)
            self.info["embedding"] = provenance(other)
        self.model.to(processes.device)
        self._loss: nn.Module = SummedLoss(self.model, dtype)
        self._optimizer = make_optimizer(self.model, recipe)
        average = recipe.averaging
        self._average = (
            WindowAverage(self.model, average.window, average.minimum, average.maximum)
            if average.window
            else None
        )
        self.progress = Progress()
        self.interrupted = False  # the run was asked to stop before its end
        self._state: State | None = None  # of a continuous text
        self._evaluated_at = -1  # the update of the last evaluation
        if saved:
            self._restore(saved["progress"])
        if processes.world_size > 1:
            self._loss = DistributedDataParallel(self._loss)

    def run(self) -> Progress:
        """Trains until the budget is spent or the run is interrupted; then saves."""
        progress, is_main = self.progress, self.processes.is_main
        if is_main:
            self.out.mkdir(parents=True, exist_ok=True)
            self._log = RunLog(self.out, progress.update)
        self._bar = tqdm(
            total=100,
            bar_format="{percentage:3.0f}%|{bar}| {postfix}",
            disable=None if is_main else True,
        )
        self._install_signal_handlers()
        self.model.train()
        try:
            while not self._is_finished():
                self._run_epoch()
            self._save()
            if is_main and not self.interrupted and self._evaluated_at != progress.update:
                self._evaluate()
        finally:
            self._bar.close()
            if is_main:
                self._log.close()
        return progress

    def _is_finished(self) -> bool:
        return self.interrupted or self._budget.is_spent(self.progress)

    def _run_epoch(self) -> None:
        """Runs the rest of the present epoch, or as much of it as the budget allows."""
        progress, processes, run = self.progress, self.processes, self.recipe.run
        batches = self._data.batches(progress.epoch)
        self._updates_per_epoch = len(batches)
        loss = tokens = seconds = 0.0  # since the last line of the log
        while progress.batch < len(batches):
            begun = time.perf_counter()
            batch_loss, batch_tokens = self._update(*self._data.load(batches[progress.batch]))
            progress.update += 1
            progress.batch += 1
            progress.tokens += batch_tokens * processes.world_size
            loss += batch_loss
            tokens += batch_tokens
            seconds += time.perf_counter() - begun
            if processes.is_main and progress.update % run.log_every == 0:
                self._report(loss / tokens, tokens * processes.world_size / seconds)
                loss = tokens = seconds = 0.0
            if processes.is_main and progress.update % run.evaluate_every == 0:
                self._evaluate()
            progress.seconds += time.perf_counter() - begun
            if progress.update % run.save_every == 0:
                self._save()
            # All processes must leave the loop at the same update, or the others wait forever.
            progress.seconds = processes.maximum(progress.seconds)
            self.interrupted = bool(processes.maximum(float(self.interrupted)))
            if self._is_finished():
                return
        progress.epoch += 1
        progress.batch = 0
        self._state = None

    def _update(self, inputs: Tensor, targets: Tensor, source: Tensor | None) -> tuple[float, int]:
        """Makes one update; returns the summed loss in nats and the number of tokens."""
        recipe, progress = self.recipe, self.progress
        share = rate_share(recipe.optimizer, progress.update, self._share_done())
        self._optimizer.set_rate_share(share)
        # Dropout depends on the update alone, so that a resumed run repeats it.
        torch.manual_seed(
            (recipe.run.seed * 1_000_003 + progress.update) * 1_009 + self.processes.rank
        )
        tokens = int((targets != data.IGNORED).sum())
        loss, state = self._loss(inputs, targets, self._state, source)
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

    def _share_done(self) -> float:
        return self._budget.share_done(self.progress, self._updates_per_epoch)

    def _report(self, loss: float, speed: float) -> None:
        """Shows and logs the training loss, in nats a token, and the speed, in tokens a second."""
        progress, done = self.progress, self._share_done()
        minutes_left = progress.seconds / done * (1 - done) / 60
        shown = (
            f"update {progress.update}: loss {loss:.3f}, {speed:,.0f} tokens/s, "
            f"{minutes_left:.1f} min left"
        )
        if self._bar.disable:  # no terminal: one line each time
            tqdm.write(shown)
        else:
            self._bar.update(100 * done - self._bar.n)
            self._bar.set_postfix_str(shown)
        self._write_log(
            loss=round(loss, 4),
            learning_rate=self._optimizer.learning_rates[-1],
            tokens_per_second=round(speed, 1),
        )

    def _evaluate(self) -> None:
        """Measures validation perplexity and samples; writes best.pt if it is the lowest so far."""
        progress = self.progress
        self._evaluated_at = progress.update
        own = _copy_weights(self.model)
        used = self._weights_to_use()
        _load(self.model, used)
        scorer = CheckpointScorer(self.model, self.vocabulary)
        found = perplexity(
            scorer,
            self._validation.targets,
            stream=self.recipe.data.stream,
            sources=self._validation.sources,
        )
        texts = [self._sample(seed) for seed in range(self.recipe.run.samples)]
        _load(self.model, own)
        han = "" if found.han is None else f" (Han only {found.han:.1f})"
        tqdm.write(f"update {progress.update}: validation perplexity {found.all:.1f}{han}")
        for text in texts:
            tqdm.write(f"  {text}")
        self._write_log(
            validation_perplexity=round(found.all, 3),
            **({} if found.han is None else {"validation_han_perplexity": round(found.han, 3)}),
        )
        self._log.write_samples(progress.update, texts)
        self._log.draw()
        if found.all < progress.best:
            progress.best = found.all
            info = {**self._origin(), "validation_perplexity": found.all}
            save_checkpoint(self.out / "best.pt", self.model, used, self.vocabulary, info)

    def _sample(self, seed: int) -> str:
        sources = self._validation.sources
        source = sources[seed % len(sources)] if sources else None
        tokens = sample(
            self.model,
            self.vocabulary,
            [],
            source=source,
            temperature=_SAMPLE_TEMPERATURE,
            seed=seed,
            maximum=_SAMPLE_LENGTH,
        )
        text = as_text(tokens, self.vocabulary)
        return text if source is None else f"{as_text(source, self.vocabulary)} → {text}"

    def _write_log(self, **values: float) -> None:
        progress = self.progress
        self._log.write(
            progress.update,
            epoch=progress.epoch,
            tokens=progress.tokens,
            seconds=round(progress.seconds, 1),
            **values,
        )

    def _weights_to_use(self) -> dict[str, Tensor]:
        return self._average.weights() if self._average else _copy_weights(self.model)

    def _origin(self) -> dict[str, Any]:
        return {
            **self.info,
            "updates": self.progress.update,
            "tokens_seen": self.progress.tokens,
            "minutes": round(self.progress.seconds / 60, 1),
            "processes": self.processes.world_size,
        }

    def _save(self) -> None:
        """Writes last.pt, from which the run can be resumed."""
        if not self.processes.is_main:
            return
        save_checkpoint(
            self.out / "last.pt",
            self.model,
            self._weights_to_use(),
            self.vocabulary,
            self._origin(),
            {
                "counts": vars(self.progress),
                "weights": _copy_weights(self.model),
                "optimizer": self._optimizer.state_dict(),
                "average": self._average.state_dict() if self._average else None,
                "state": self._state,
            },
        )

    def _restore(self, saved: dict[str, Any]) -> None:
        """Restores what `_save` wrote as progress."""
        self.progress = Progress(**saved["counts"])
        _load(self.model, saved["weights"])
        self._optimizer.load_state_dict(saved["optimizer"])
        if self._average:
            self._average.load_state_dict(saved["average"])
        if saved["state"]:
            self._state = tuple(tensor.to(self.processes.device) for tensor in saved["state"])

    def _install_signal_handlers(self) -> None:
        def stop(signal_number: int, frame: object) -> None:
            if self.interrupted:  # a second Ctrl-C stops at once
                raise KeyboardInterrupt
            self.interrupted = True

        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGTERM, stop)


def _copy_weights(model: nn.Module) -> dict[str, Tensor]:
    return {name: parameter.detach().clone() for name, parameter in model.named_parameters()}


@torch.no_grad()
def _load(model: nn.Module, weights: dict[str, Tensor]) -> None:
    for name, parameter in model.named_parameters():
        parameter.copy_(weights[name])
