"""Scores lines that a user gives as the planner scores those that it finds."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import chain

import numpy as np

from ..search.search import Job
from ..text.vocabulary import Vocabulary
from .line_plan import LinePlan
from .prepared import Line
from .ranking import BidirectionalScorer, ScoreParts, log_prob_search

__all__ = ["score_candidates"]


def score_candidates(
    scorer: BidirectionalScorer, given: Sequence[Line], candidates: Sequence[Sequence[Line]]
) -> Job[list[ScoreParts]]:
    """Scores what could follow some lines.

    Args:
        scorer: What the lines are scored by.
        given: The lines before, at least one.
        candidates: One or several lines each.

    Returns:
        The parts of the scores of each candidate's lines, [lines].

    Raises:
        SearchError: The model failed.
    """
    # Lines of one place and one length, after lines of one length, share the steps of the model.
    together: defaultdict[tuple[int, int, int], list[int]] = defaultdict(list)
    for number, lines in enumerate(candidates):
        for place, (before, line) in enumerate(zip((given[-1], *lines), lines, strict=False)):
            together[place, len(before), len(line)].append(number)
    found: dict[tuple[int, int], ScoreParts] = {}
    for (place, _, _), numbers in together.items():
        lines = [candidates[number][place] for number in numbers]
        plans = [
            _plan(scorer.vocabulary, (*given, *candidates[number][:place]), len(line))
            for number, line in zip(numbers, lines, strict=True)
        ]
        results = yield [
            log_prob_search(plan.prompt, [line], scorer.vocabulary)
            for plan, line in zip(plans, lines, strict=True)
        ]
        parts = yield from scorer.parts(plans, results)
        found |= {(number, place): each for number, each in zip(numbers, parts, strict=True)}
    return [
        _join([found[number, place] for place in range(len(lines))])
        for number, lines in enumerate(candidates)
    ]


def _plan(vocabulary: Vocabulary, before: Sequence[Line], length: int) -> LinePlan:
    ending = (vocabulary.line or 0,)
    prompt = (vocabulary.start or 0, *chain.from_iterable((*line, *ending) for line in before))
    return LinePlan(prompt, before[-1], (), length, (), ())


def _join(parts: Sequence[ScoreParts]) -> ScoreParts:
    return ScoreParts(
        *(
            np.concatenate([getattr(each, name) for each in parts])
            for name in ScoreParts.__dataclass_fields__
        )
    )
