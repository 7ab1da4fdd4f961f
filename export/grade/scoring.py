"""Log-probabilities of lines, by themselves and after others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from lianju.bot.verse.model.bundle import load_bundle
from lianju.bot.verse.model.language_model import LanguageModel
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.bot.verse.search.scoring import ScoringSearch
from lianju.bot.verse.serving.jobs import run_search
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.training.checkpoint import load_trained
from lianju.training.model import LanguageModel as TorchModel
from numpy.typing import NDArray

from ..errors import ExportError

Floats = NDArray[np.float64]
Ids = NDArray[np.int64]

Score = Callable[[tuple[int, ...], Ids], Floats]
"""Gives the natural-log probability of each text [rows, T] after one prompt: [rows]."""


class LineScorer:
    """Scores lines with a model, as lines that others follow.

    Args:
        score: Runs the model.
        name: Of the model.
    """

    def __init__(self, vocabulary: Vocabulary, score: Score, name: str = "") -> None:
        self.vocabulary = vocabulary
        self.name = name
        self._score = score
        self._start = () if vocabulary.start is None else (vocabulary.start,)
        self._line = () if vocabulary.line is None else (vocabulary.line,)

    def after(self, prompt: str, lines: Sequence[str]) -> Floats:
        """Returns the log-probability of each line after a first one, ending included: [lines]."""
        return self._lines((*self._start, *self.vocabulary.encode(prompt), *self._line), lines)

    def alone(self, lines: Sequence[str]) -> Floats:
        """Returns the log-probability of each line as the first of a poem: [lines]."""
        return self._lines(self._start, lines)

    def matrix(self, prompts: Sequence[str], lines: Sequence[str]) -> Floats:
        """Returns the log-probability of every line after every prompt: [prompts, lines]."""
        return np.array([self.after(prompt, lines) for prompt in prompts])

    def _lines(self, prompt: tuple[int, ...], lines: Sequence[str]) -> Floats:
        scores = np.zeros(len(lines))
        for length in {len(line) for line in lines}:
            places = [i for i, line in enumerate(lines) if len(line) == length]
            texts = [[*self.vocabulary.encode(lines[i]), *self._line] for i in places]
            scores[places] = self._score(prompt, np.array(texts, np.int64))
        return scores


def onnx_scorer(model: LanguageModel, vocabulary: Vocabulary, name: str = "") -> LineScorer:
    """Returns a scorer that runs a bundle's model as the bot does."""

    def score(prompt: tuple[int, ...], texts: Ids) -> Floats:
        search = ScoringSearch(prompt, texts)
        return np.array([path.log_prob for path in run_search(model, search)])

    return LineScorer(vocabulary, score, name)


def torch_scorer(model: TorchModel, vocabulary: Vocabulary, name: str = "") -> LineScorer:
    """Returns a scorer that runs a model in PyTorch, which reads each prompt once."""

    @torch.inference_mode()
    def score(prompt: tuple[int, ...], texts: Ids) -> Floats:
        rows = torch.from_numpy(texts)
        first, state = model(torch.tensor([prompt]))
        state = tuple(each.expand(-1, len(rows), -1).contiguous() for each in state)
        rest, _ = model(rows[:, :-1], state)
        logits = torch.cat((first[:, -1:].expand(len(rows), -1, -1), rest), dim=1)
        picked = logits.log_softmax(-1).gather(-1, rows[..., None]).double()
        return np.asarray(picked.sum(dim=(1, 2)).numpy())

    return LineScorer(vocabulary, score, name)


def open_judge(path: Path) -> LineScorer:
    """Opens a checkpoint (a file) or a bundle (a directory).

    Raises:
        BundleError: The bundle is damaged or cannot be run.
        CheckpointError: The checkpoint is missing or damaged.
        ExportError: The model is not one of Chinese verse.
    """
    if path.is_dir():
        bundle = load_bundle(path)
        name = f"{bundle.manifest.name} {bundle.manifest.version}"
        judge = onnx_scorer(OnnxModel(bundle), bundle.vocabulary, name)
    else:
        trained = load_trained(path)
        config, info = trained.model.config, trained.info
        name = (
            f"{info.get('preset', config.cell)} {config.layers}×{config.hidden_size}, "
            f"seed {info.get('seed', 'unknown')}"
        )
        judge = torch_scorer(trained.model, trained.vocabulary, name)
    if not judge.vocabulary.is_chinese:
        raise ExportError(f"{path} is not a model of Chinese verse: give another --judge.")
    return judge
