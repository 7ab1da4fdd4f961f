"""Ranking: scorers for the lines that a search found, and the choice of lines that differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ..search.scoring import ScoringSearch
from ..search.search import Hypothesis, Job
from ..text.vocabulary import Vocabulary
from .line_plan import LinePlan
from .prepared import Line

__all__ = [
    "LogProbScorer",
    "MutualInformationScorer",
    "ScoredLine",
    "Scorer",
    "Scores",
    "choose_diverse",
    "log_prob_search",
    "rank",
]

Scores = npt.NDArray[np.float64]

MIN_DISTANCE = 3  # characters, at least, in which any two candidates differ
MISMATCH_PENALTY = 5.0  # nats for each wrong tone where tones are only preferred


@dataclass(frozen=True)
class ScoredLine:
    """A whole line, its natural-log probability, and the score that it is ranked by."""

    tokens: Line
    log_prob: float
    score: float


class Scorer(Protocol):
    """Scores lines that follow a prompt. `Planner` chooses one for each search mode."""

    def score(
        self, plans: Sequence[LinePlan], found: Sequence[Sequence[Hypothesis]]
    ) -> Job[list[Scores]]:
        """Returns a score for every line, the higher the better.

        Args:
            plans: The plans, all for the same line of a poem.
            found: The lines found under each plan.

        Returns:
            For each plan, the scores of its lines [lines].

        Raises:
            DeadlineError: It was thrown in.
        """


class LogProbScorer:
    """Scores lines by their log-probability after the prompt."""

    def score(
        self, plans: Sequence[LinePlan], found: Sequence[Sequence[Hypothesis]]
    ) -> Job[list[Scores]]:
        """See `Scorer.score`; no search is needed."""
        yield from ()
        return log_probs(found)


@dataclass(frozen=True)
class MutualInformationScorer:
    """Scores lines by how much more probable the prompt makes them.

    The most probable lines suit any prompt. The score is log p(line | prompt) - weight * log
    p(line): for a weight of 1 pointwise mutual information, which Li et al. (2016) proposed against
    generic responses of dialogue models.

    Attributes:
        vocabulary: The vocabulary, with the tokens `<s>` and `</l>`.
        weight: How much of a line's own log-probability is subtracted.
    """

    vocabulary: Vocabulary
    weight: float

    def score(
        self, plans: Sequence[LinePlan], found: Sequence[Sequence[Hypothesis]]
    ) -> Job[list[Scores]]:
        """See `Scorer.score`."""
        lines = [path.tokens for paths in found for path in paths]
        if not lines:
            return log_probs(found)
        opening = plans[0].opening  # the same in all plans, as they are for the same line
        start = self.vocabulary.start or 0
        (alone,) = yield [log_prob_search((start, *opening), lines, self.vocabulary)]
        prior = self.weight * np.array([path.log_prob for path in alone])
        priors = np.split(prior, np.cumsum([len(paths) for paths in found])[:-1])
        return [a - b for a, b in zip(log_probs(found), priors, strict=True)]


def log_probs(found: Sequence[Sequence[Hypothesis]]) -> list[Scores]:
    """Returns the log-probabilities of the lines found under each plan."""
    return [np.array([path.log_prob for path in paths], np.float64) for paths in found]


def log_prob_search(prompt: Line, lines: Sequence[Line], vocabulary: Vocabulary) -> ScoringSearch:
    """Returns a search for the log-probabilities of lines that `</l>` ends."""
    ended = np.array([(*line, vocabulary.line) for line in lines], np.int64)
    return ScoringSearch(prompt, ended)


def rank(plan: LinePlan, paths: Sequence[Hypothesis], scores: Scores) -> list[ScoredLine]:
    """Returns the lines found under one plan, best first; wrong tones cost a penalty."""
    if plan.preferred_tones and paths:
        lines = np.array([path.tokens for path in paths], np.int64)
        scores = scores - MISMATCH_PENALTY * plan.preferred_tones.mismatches(lines)
    scored = [
        ScoredLine((*plan.opening, *path.tokens), path.log_prob, score)
        for path, score in zip(paths, scores.tolist(), strict=True)
    ]
    return sorted(scored, key=lambda line: -line.score)


def choose_diverse(
    ranked: Sequence[ScoredLine], count: int, required: Line | None
) -> list[ScoredLine]:
    """Returns the best `count` lines of which any two differ in `MIN_DISTANCE` characters.

    Where there are too few, they may differ in fewer.

    Args:
        ranked: Lines of one length, best first.
        count: How many to choose.
        required: A line that is chosen in any case, if it is among them.
    """
    chosen = [line for line in ranked if line.tokens == required]
    rest = [line for line in ranked if line.tokens != required]
    for distance in range(MIN_DISTANCE, 0, -1):
        for line in rest:
            if len(chosen) == count:
                break
            if all(_distance(line.tokens, other.tokens) >= distance for other in chosen):
                chosen.append(line)
        rest = [line for line in rest if line not in chosen]
    return sorted(chosen, key=lambda line: -line.score)


def _distance(a: Line, b: Line) -> int:
    """Returns in how many positions two lines of one length differ."""
    return sum(x != y for x, y in zip(a, b, strict=True))
