"""Scores lines that a user gives as the planner scores those that it finds."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import chain

import numpy as np

from ..search.search import Job
from ..text.vocabulary import Vocabulary
from .line_plan import LinePlan
from .prepared import Line
from .ranking import ScoreParts, Scorer, log_prob_search

__all__ = ["score_candidates"]


def score_candidates(
    scorer: Scorer,
    vocabulary: Vocabulary,
    given: Sequence[Line],
    candidates: Sequence[Sequence[Line]],
) -> Job[list[ScoreParts]]:
    """Scores what could follow some lines.

    Args:
        scorer: What the lines are scored by.
        vocabulary: The model's, with line tokens.
        given: The lines before, at least one.
        candidates: One or several lines each.

    Returns:
        The parts of the scores of each candidate's lines, [lines].

    Raises:
        SearchError: The model failed.
    """
    # A re-ranker judges lines of one length together.
    together: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for number, lines in enumerate(candidates):
        for place, line in enumerate(lines):
            together[len(line)].append((number, place))
    found: dict[tuple[int, int], ScoreParts] = {}
    for length, places in together.items():
        plans = [
            _plan(
                vocabulary,
                (*given, *candidates[number][:place]),
                length,
                given[0] if len(given) == 1 and place == 0 else (),
            )
            for number, place in places
        ]
        results = yield [
            log_prob_search(plan, candidates[number][place], vocabulary)
            for plan, (number, place) in zip(plans, places, strict=True)
        ]
        parts = yield from scorer.parts(plans, results)
        found |= zip(places, parts, strict=True)
    return [
        _join([found[number, place] for place in range(len(lines))])
        for number, lines in enumerate(candidates)
    ]


def _plan(vocabulary: Vocabulary, before: Sequence[Line], length: int, answered: Line) -> LinePlan:
    ending = (vocabulary.line or 0,)
    prompt = (vocabulary.start or 0, *chain.from_iterable((*line, *ending) for line in before))
    return LinePlan(prompt, (), length, (), (), answered=answered)


def _join(parts: Sequence[ScoreParts]) -> ScoreParts:
    return ScoreParts(
        *(
            np.concatenate([getattr(each, name) for each in parts])
            for name in ScoreParts.__dataclass_fields__
        )
    )
