"""Ranking: scorers for the lines that a search found, and the choice of lines that differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ..model.reranker import Reranker
from ..search.scoring import ScoringSearch
from ..search.search import Hypothesis, Job
from ..text.vocabulary import Vocabulary
from .line_plan import LinePlan
from .prepared import Line

__all__ = [
    "BidirectionalScorer",
    "LogProbScorer",
    "RankingWeights",
    "ScoreParts",
    "ScoredLine",
    "Scorer",
    "Scores",
    "choose_diverse",
    "log_prob_search",
    "merge",
    "rank",
    "shortlist",
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
class RankingWeights:
    """How much each part of a line's score counts, beside its log-probability after the prompt.

    Attributes:
        prior: How much of the line's log-probability by itself is subtracted.
        reverse: How much of the previous line's log-probability after the line is added.
        poet: How much of the re-ranker's first logit is added.
        next: How much of its second logit is added.
    """

    prior: float
    reverse: float
    poet: float = 0.0
    next: float = 0.0


@dataclass(frozen=True)
class ScoreParts:
    """The parts of the scores of lines, each [lines].

    Attributes:
        log_prob: Log-probabilities after the prompt, in nats.
        prior: Log-probabilities of the lines by themselves, as the first of a poem.
        reverse: Log-probabilities of the previous line after each line.
        poet: The re-ranker's logits that a poet wrote the line; zeros without a re-ranker.
        next: Its logits that the line follows this prompt rather than another one.
    """

    log_prob: Scores
    prior: Scores
    reverse: Scores
    poet: Scores
    next: Scores

    def total(self, weights: RankingWeights) -> Scores:
        """Returns the scores [lines]."""
        return (
            self.log_prob
            - weights.prior * self.prior
            + weights.reverse * self.reverse
            + weights.poet * self.poet
            + weights.next * self.next
        )


@dataclass(frozen=True)
class BidirectionalScorer:
    """Scores lines by how well they and the line before predict each other, and by a re-ranker.

    The most probable lines suit any prompt, and drawn lines need not suit theirs. The score is log
    p(line | prompt) - prior * log p(line) + reverse * log p(previous | line): the maximum mutual
    information of Li et al. (2016) in both directions, a noisy channel, with the same model in all
    three places. Where the bundle has a re-ranker, its logits are added.

    Attributes:
        vocabulary: The vocabulary, with the tokens `<s>` and `</l>`.
        weights: Of the parts.
        reranker: The bundle's, if it has one.
    """

    vocabulary: Vocabulary
    weights: RankingWeights
    reranker: Reranker | None = None

    def score(
        self, plans: Sequence[LinePlan], found: Sequence[Sequence[Hypothesis]]
    ) -> Job[list[Scores]]:
        """See `Scorer.score`; every plan has a previous line."""
        parts = yield from self.parts(plans, found)
        return [each.total(self.weights) for each in parts]

    def parts(
        self, plans: Sequence[LinePlan], found: Sequence[Sequence[Hypothesis]]
    ) -> Job[list[ScoreParts]]:
        """Returns the parts of the scores of the lines found under each plan."""
        ending = self.vocabulary.line or 0
        lines = [path.tokens for paths in found for path in paths]
        if not lines:
            return [ScoreParts(*[np.zeros(0)] * 5) for _ in found]
        couplets = [
            (*path.tokens, ending, *plan.previous)
            for plan, paths in zip(plans, found, strict=True)
            for path in paths
        ]
        opening = plans[0].opening  # the same in all plans, as they are for the same line
        prompt = (self.vocabulary.start or 0, *opening)
        # The batch merges equal rows, so that the shorter texts cost no step of their own.
        results = yield [
            log_prob_search(prompt, texts, self.vocabulary) for texts in (lines, couplets)
        ]
        prior, joint = log_probs(results)
        poet, following = judge(self.reranker, plans, found)
        ends = np.cumsum([len(paths) for paths in found])[:-1]
        split = (np.split(each, ends) for each in (prior, joint - prior, poet, following))
        return [ScoreParts(*each) for each in zip(log_probs(found), *split, strict=True)]


def judge(
    reranker: Reranker | None,
    plans: Sequence[LinePlan],
    found: Sequence[Sequence[Hypothesis]],
) -> tuple[Scores, Scores]:
    """Returns the two logits of a re-ranker for all lines [lines]; zeros without one."""
    count = sum(map(len, found))
    if reranker is None or not count:
        return np.zeros(count), np.zeros(count)
    contexts = [plan.context for plan in plans]
    lines = [
        (*plan.opening, *path.tokens)
        for plan, paths in zip(plans, found, strict=True)
        for path in paths
    ]
    poem = np.repeat(np.arange(len(plans)), [len(paths) for paths in found])
    logits = reranker.logits(contexts, np.array(lines, np.int64), poem).astype(np.float64)
    return logits[:, 0], logits[:, 1]


def log_probs(found: Sequence[Sequence[Hypothesis]]) -> list[Scores]:
    """Returns the log-probabilities of the lines found under each plan."""
    return [np.array([path.log_prob for path in paths], np.float64) for paths in found]


def log_prob_search(prompt: Line, lines: Sequence[Line], vocabulary: Vocabulary) -> ScoringSearch:
    """Returns a search for the log-probabilities of lines that `</l>` ends."""
    ended = np.array([(*line, vocabulary.line) for line in lines], np.int64)
    return ScoringSearch(prompt, ended)


def merge(results: Sequence[Sequence[Hypothesis]]) -> list[Hypothesis]:
    """Returns the different lines of several searches, the most probable first.

    The lines of a single search are returned as they are.
    """
    if len(results) == 1:
        return list(results[0])
    best: dict[Line, Hypothesis] = {}
    for path in sorted(chain.from_iterable(results), key=lambda path: -path.log_prob):
        best.setdefault(path.tokens, path)
    return list(best.values())


def shortlist(plan: LinePlan, paths: Sequence[Hypothesis], size: int) -> list[Hypothesis]:
    """Returns the most probable of the lines found under one plan."""
    (scores,) = log_probs([paths])
    order = np.argsort(-_penalized(plan, paths, scores), kind="stable")
    return [paths[place] for place in order[:size].tolist()]


def rank(plan: LinePlan, paths: Sequence[Hypothesis], scores: Scores) -> list[ScoredLine]:
    """Returns the lines found under one plan, best first; wrong tones cost a penalty."""
    scored = [
        ScoredLine((*plan.opening, *path.tokens), path.log_prob, score)
        for path, score in zip(paths, _penalized(plan, paths, scores).tolist(), strict=True)
    ]
    return sorted(scored, key=lambda line: -line.score)


def _penalized(plan: LinePlan, paths: Sequence[Hypothesis], scores: Scores) -> Scores:
    """Returns scores minus the penalty for wrong tones where tones are only preferred."""
    if not (plan.preferred_tones and paths):
        return scores
    lines = np.array([path.tokens for path in paths], np.int64)
    return scores - MISMATCH_PENALTY * plan.preferred_tones.mismatches(lines)


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
