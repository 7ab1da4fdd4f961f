"""Ranking: the score of the lines that a search found, and the choice of lines that differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from ..model.reranker import Reranker
from ..search.scoring import ScoringSearch
from ..search.search import Hypothesis, Job, Search
from ..text.vocabulary import Vocabulary
from .line_plan import LinePlan
from .prepared import Line

__all__ = [
    "RankingWeights",
    "ScoreParts",
    "ScoredLine",
    "Scorer",
    "Scores",
    "choose_diverse",
    "log_prob_search",
    "log_probs",
    "merge",
    "rank",
]

Scores = npt.NDArray[np.float64]

MIN_DISTANCE = 3  # characters, at least, in which any two candidates differ
OPENING = 2  # characters: a line of verse begins with a word of two
ENDING = 3  # characters: after its pause a line of verse has three
MISMATCH_PENALTY = 5.0  # nats for each wrong tone where tones are only preferred


@dataclass(frozen=True)
class ScoredLine:
    """A whole line, its natural-log probability, and the score that it is ranked by."""

    tokens: Line
    log_prob: float
    score: float


@dataclass(frozen=True)
class RankingWeights:
    """How much each part counts in a score, beside the log-probability after the prompt.

    Attributes:
        relevance: Of how much the line tells of the prompt. The default was chosen by blind
            readings of the bundle that ships, see docs/readings.md.
        poet: Of the re-ranker's logit that a poet wrote the line.
        next: Of its logit that the line follows this prompt rather than another one.
    """

    relevance: float = 0.3
    poet: float = 0.0
    next: float = 0.0


@dataclass(frozen=True)
class ScoreParts:
    """The parts of the scores of lines, each [lines].

    Attributes:
        log_prob: Log-probabilities after the prompt, in nats.
        relevance: By how many nats the first line after a prompt of one line makes that prompt
            more probable, if it came before it at the beginning of a poem. Zeros for other lines.
        poet: The re-ranker's logits that a poet wrote the line; zeros where it does not judge.
        next: Its logits that the line follows this prompt rather than another one.
    """

    log_prob: Scores
    relevance: Scores
    poet: Scores
    next: Scores

    def total(self, weights: RankingWeights) -> Scores:
        """Returns the scores [lines]."""
        return (
            self.log_prob
            + weights.relevance * self.relevance
            + weights.poet * self.poet
            + weights.next * self.next
        )


@dataclass(frozen=True)
class Scorer:
    """Scores lines by how well they and the line before predict each other, and by a re-ranker.

    score = log p(line | prompt) + `relevance` (log p(prompt | line) - log p(prompt)), all by the
    same model: Li and others, A Diversity-Promoting Objective Function (2016), but for the last
    part, which makes scores after different prompts comparable. The second term is low for stock
    lines, which suit any prompt. Later lines have the first term alone: there it does not help.

    Attributes:
        vocabulary: The model's.
        weights: Of the parts.
        reranker: The bundle's, if it has one.
    """

    vocabulary: Vocabulary
    weights: RankingWeights = RankingWeights()
    reranker: Reranker | None = None

    def score(
        self, plans: Sequence[LinePlan], found: Sequence[Sequence[Hypothesis]]
    ) -> Job[list[Scores]]:
        """Returns a score for every line, the higher the better.

        Args:
            plans: The plans, for lines of one length.
            found: The lines found under each plan.

        Returns:
            For each plan, the scores of its lines [lines].

        Raises:
            SearchError: The model or the re-ranker failed.
        """
        parts = yield from self.parts(plans, found)
        return [each.total(self.weights) for each in parts]

    def parts(
        self, plans: Sequence[LinePlan], found: Sequence[Sequence[Hypothesis]]
    ) -> Job[list[ScoreParts]]:
        """Returns the parts of the scores of the lines found under each plan."""
        relevance = yield from self._relevance(plans, found)
        ends = np.cumsum([len(paths) for paths in found])[:-1]
        logits = [np.split(each, ends) for each in judge(self.reranker, plans, found)]
        parts = zip(log_probs(found), relevance, *logits, strict=True)
        return [ScoreParts(*each) for each in parts]

    def _relevance(
        self, plans: Sequence[LinePlan], found: Sequence[Sequence[Hypothesis]]
    ) -> Job[list[Scores]]:
        """Returns how much the lines tell of the line that they answer; zeros without one."""
        relevance = [np.zeros(len(paths)) for paths in found]
        start, ending = self.vocabulary.start, self.vocabulary.line
        answering = [n for n, plan in enumerate(plans) if plan.answered and found[n]]
        if not (self.weights.relevance and answering) or start is None or ending is None:
            return relevance
        searches: list[Search] = []
        for number in answering:
            plan, paths = plans[number], found[number]
            rows = [(*path.tokens, ending, *plan.answered, ending) for path in paths]
            length = len(paths[0].tokens) + 1
            prompt = (start, *plan.opening)
            searches.append(ScoringSearch(prompt, np.array(rows, np.int64), unscored=length))
        answered = list(dict.fromkeys(plans[number].answered for number in answering))
        searches += [ScoringSearch((start,), np.array([(*line, ending)])) for line in answered]
        results = log_probs((yield searches))
        alone = dict(zip(answered, results[len(answering) :], strict=True))
        for number, after in zip(answering, results, strict=False):
            relevance[number] = after - alone[plans[number].answered]
        return relevance


def judge(
    reranker: Reranker | None,
    plans: Sequence[LinePlan],
    found: Sequence[Sequence[Hypothesis]],
) -> tuple[Scores, Scores]:
    """Returns the two logits of a re-ranker for all lines [lines].

    They are zeros without one, and for first lines: it knows only what follows others.
    """
    count = sum(map(len, found))
    contexts = [plan.context for plan in plans]
    if reranker is None or not count or not all(contexts):
        return np.zeros(count), np.zeros(count)
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


def log_prob_search(plan: LinePlan, line: Line, vocabulary: Vocabulary) -> ScoringSearch:
    """Returns a search for the log-probability of a line under a plan, its ending included."""
    ending = vocabulary.end if vocabulary.line is None else vocabulary.line
    return ScoringSearch(plan.prompt, np.array([(*line, ending)], np.int64), source=plan.source)


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
    """Returns the best `count` lines that differ.

    Any two open and end with other words, and differ in `MIN_DISTANCE` characters. Where there are
    too few, they may end alike, then open alike, and then differ in fewer.

    Args:
        ranked: Lines of one length, best first.
        count: How many to choose.
        required: A line that is chosen in any case, if it is among them.
    """
    chosen = [line for line in ranked if line.tokens == required]
    rest = [line for line in ranked if line.tokens != required]
    for distance, opening, ending in (
        (MIN_DISTANCE, OPENING, ENDING),
        (MIN_DISTANCE, OPENING, 0),
        *((d, 0, 0) for d in range(MIN_DISTANCE, 0, -1)),
    ):
        for line in rest:
            if len(chosen) == count:
                break
            if all(
                _differ(line.tokens, other.tokens, distance, opening, ending) for other in chosen
            ):
                chosen.append(line)
        rest = [line for line in rest if line not in chosen]
    return sorted(chosen, key=lambda line: -line.score)


def _differ(a: Line, b: Line, distance: int, opening: int, ending: int) -> bool:
    """Returns whether two lines of one length differ in so many characters, and at both ends."""
    return (
        sum(x != y for x, y in zip(a, b, strict=True)) >= distance
        and (not opening or a[:opening] != b[:opening])
        and (not ending or a[-ending:] != b[-ending:])
    )
