"""How likely a model finds lines, by themselves and after others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from lianju.bot.verse.model.bundle import load_bundle
from lianju.bot.verse.model.language_model import LanguageModel
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.bot.verse.search.scoring import ScoringSearch
from lianju.bot.verse.serving.jobs import run_search
from lianju.bot.verse.text.vocabulary import Vocabulary
from lianju.training.checkpoint import load_trained
from lianju.training.errors import CheckpointError

from ..errors import ExportError
from ..plain import Stepwise
from .statistics import Floats


class Rater:
    """Rates lines with a model; every line is taken as one that another follows.

    Attributes:
        name: of the model.
        vocabulary: its tokens.
    """

    def __init__(self, model: LanguageModel, vocabulary: Vocabulary, name: str = "") -> None:
        self.name = name
        self.vocabulary = vocabulary
        self._model = model
        self._start = () if vocabulary.start is None else (vocabulary.start,)
        self._line = () if vocabulary.line is None else (vocabulary.line,)

    def after(self, prompt: str, lines: Sequence[str]) -> Floats:
        """Natural-log probability of each line after a first one, its ending included: [lines]."""
        tokens = self.vocabulary.encode(prompt)
        return self._rate((*self._start, *tokens, *self._line), lines)

    def alone(self, lines: Sequence[str]) -> Floats:
        """Natural-log probability of each line as the first of a poem: [lines]."""
        return self._rate(self._start, lines)

    def matrix(self, prompts: Sequence[str], lines: Sequence[str]) -> Floats:
        """Natural-log probability of every line after every prompt: [prompts, lines]."""
        return np.array([self.after(prompt, lines) for prompt in prompts])

    def _rate(self, prompt: tuple[int, ...], lines: Sequence[str]) -> Floats:
        found = np.zeros(len(lines))
        for length in {len(line) for line in lines}:
            places = [i for i, line in enumerate(lines) if len(line) == length]
            texts = [[*self.vocabulary.encode(lines[i]), *self._line] for i in places]
            rating = ScoringSearch(prompt, np.array(texts, np.int64), len(self.vocabulary))
            found[places] = [path.log_prob for path in run_search(self._model, rating)]
        return found


def open_judge(path: Path, threads: int = 0) -> Rater:
    """Opens a checkpoint (a file) or a bundle (a directory), to rate lines that others wrote.

    Raises:
        BundleError: the bundle is damaged or cannot be run.
        ExportError: the checkpoint is missing or damaged, or the model knows no Chinese.
    """
    rater = _open_bundle(path, threads) if path.is_dir() else _open_checkpoint(path)
    if not rater.vocabulary.is_chinese:
        raise ExportError(f"{path} is no model of Chinese verse: give another --judge.")
    return rater


def _open_bundle(path: Path, threads: int) -> Rater:
    bundle = load_bundle(path)
    name = f"{bundle.manifest.name} {bundle.manifest.version}"
    return Rater(OnnxModel(bundle, threads=threads), bundle.vocabulary, name)


def _open_checkpoint(path: Path) -> Rater:
    try:
        trained = load_trained(path)
    except CheckpointError as error:
        raise ExportError(str(error)) from error
    config, info = trained.model.config, trained.info
    size = f"{config.layers}×{config.hidden_size}"
    name = f"{info.get('preset', config.cell)} {size}, seed {info.get('seed', 'unknown')}"
    return Rater(Stepwise(trained.model), trained.vocabulary, name)
