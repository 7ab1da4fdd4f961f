"""Log-probabilities of lines, by themselves and after others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from lianju.bot.verse.model.language_model import LanguageModel
from lianju.bot.verse.search.scoring import ScoringSearch
from lianju.bot.verse.serving.jobs import run_search
from lianju.bot.verse.text.vocabulary import Vocabulary
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class LineScorer:
    """Scores lines, as lines that others follow.

    Args:
        model: The language model, run as the bot runs it.
    """

    def __init__(self, model: LanguageModel, vocabulary: Vocabulary) -> None:
        self._model, self._vocabulary = model, vocabulary
        self._start = () if vocabulary.start is None else (vocabulary.start,)
        self._line = () if vocabulary.line is None else (vocabulary.line,)

    def after(self, prompt: str, lines: Sequence[str]) -> Floats:
        """Returns the log-probability of each line after a first one, ending included: [lines]."""
        return self._lines((*self._start, *self._vocabulary.encode(prompt), *self._line), lines)

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
            texts = [[*self._vocabulary.encode(lines[i]), *self._line] for i in places]
            search = ScoringSearch(prompt, np.array(texts, np.int64))
            scores[places] = [path.log_prob for path in run_search(self._model, search)]
        return scores
