"""Generation: the searches that answer a request, and what is made of their results.

A poem is written line by line. The first new line gives the candidates; each is continued with the
best line that is found for it. Where parts of a poem are kept, an open line is chosen together with
the kept lines after it, and the best of all poems so far go on: a beam over lines.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np

from ..errors import DeadlineError
from ..form import ACROSTIC_LINES, Acrostic, Couplet
from ..model.bundle import Bundle
from ..model.reranker import Reranker
from ..request import WIDTH, Beam, Rerank, Sample
from ..search.beam import BeamParams, BeamSearch
from ..search.sampling import SampleParams, SampleSearch
from ..search.scoring import ScoringSearch
from ..search.search import Hypothesis, Job, Search, nothing_allowed
from ..text.template import Template
from .couplets import CoupletPlanner, CoupletScorer
from .line_plan import LinePlan, LinePlanner
from .prepared import Line, PreparedRequest
from .ranking import (
    RankingWeights,
    ScoredLine,
    Scorer,
    Scores,
    choose_diverse,
    log_prob_search,
    log_probs,
    merge,
    rank,
)

__all__ = ["GenerationResult", "PartialPoem", "Planner", "make_scorer"]

DRAWS_PER_LINE = 2  # lines sampled for each candidate, since some are equal
# Chosen by blind readings of the answers to held-out first lines, see docs/readings.md.
POOL_TEMPERATURE, POOL_TOP_K, POOL_TOP_P = 0.7, 100, 0.95
COUPLETS_PER_WIDTH = 8  # of a pool of couplets, in place of `Rerank.pool`: scoring takes time too
PARTIAL_POEMS = 5  # that go on at least where parts of a poem are kept, if the search is so wide
# Lines of a beam search in the pool for each that a beam alone would keep, for a line of one poem
# and for one of several poems at once.
BEAM_PER_WIDTH, SHARED_BEAM_PER_WIDTH = 2, 4


@dataclass(frozen=True)
class PartialPoem:
    """A candidate that may still lack lines.

    Attributes:
        lines: The new lines.
        log_prob: Natural-log probability of the lines, their endings included.
        score: Sum of the scores of the lines, by which candidates are ranked.
        relaxed: The rules that were dropped.
    """

    lines: tuple[Line, ...] = ()
    log_prob: float = 0.0
    score: float = 0.0
    relaxed: tuple[str, ...] = ()

    def with_line(self, line: ScoredLine, relaxed: Sequence[str]) -> "PartialPoem":
        """Returns the poem with one more line."""
        return PartialPoem(
            (*self.lines, line.tokens),
            self.log_prob + line.log_prob,
            self.score + line.score,
            tuple(dict.fromkeys((*self.relaxed, *relaxed))),
        )


@dataclass(frozen=True)
class GenerationResult:
    """The result of a generation.

    Attributes:
        poems: The candidates, best first.
        complete: Whether all were written and scored before the deadline.
    """

    poems: list[PartialPoem]
    complete: bool = True


def make_scorer(bundle: Bundle, reranker: Reranker | None) -> Scorer:
    """Returns what orders the candidates of a bundle."""
    part = bundle.manifest.reranker
    if reranker is None or part is None:
        return Scorer(bundle.vocabulary)
    return Scorer(bundle.vocabulary, RankingWeights(**part.weights.model_dump()), reranker)


class Planner:
    """Plans the searches for requests to one bundle."""

    def __init__(self, bundle: Bundle, reranker: Reranker | None = None) -> None:
        self._vocabulary = bundle.vocabulary
        self._lines = LinePlanner(bundle)
        self._couplets = CoupletPlanner(bundle)
        self._scorer = make_scorer(bundle, reranker)
        self._couplet_scorer = CoupletScorer(bundle.vocabulary)

    def generate(self, prepared: PreparedRequest) -> Job[GenerationResult]:
        """Writes what a request asks for.

        Raises:
            NothingAllowedError: No line is possible, even without the rules that can be dropped.
            DeadlineError: It was thrown in before there was a whole line, or two of an acrostic.
        """
        if prepared.template is not None:
            return (yield from self._revise(prepared, prepared.template))
        result = GenerationResult([PartialPoem()])
        count, continuation = prepared.request.count, prepared.permitted_continuation
        for _ in range(prepared.new_lines):
            result = yield from self._extend(prepared, result.poems, count, continuation)
            if not result.complete:
                break
            count, continuation = 1, None
        # No line is given with an acrostic, and verse has two or more.
        is_acrostic = isinstance(prepared.request.form, Acrostic)
        if is_acrostic and len(result.poems[0].lines) < ACROSTIC_LINES.low:
            raise DeadlineError
        poems = sorted(result.poems, key=lambda poem: -poem.score)
        return GenerationResult(poems, result.complete)

    def _revise(self, prepared: PreparedRequest, template: Template) -> Job[GenerationResult]:
        """Writes the open lines of a poem of which parts are kept.

        Raises:
            NothingAllowedError: No line is possible, even without the rules that can be dropped.
            DeadlineError: It was thrown in before there was a whole poem.
        """
        search, count = prepared.request.search, prepared.request.count
        width = max(count, PARTIAL_POEMS)
        if not isinstance(search, Sample):
            width = min(width, search.width)
        poems: Sequence[PartialPoem] = [PartialPoem()]
        complete = True
        for number in range(1, prepared.new_lines + 1):
            found = yield from self._extend(prepared, poems, width, None)
            complete = found.complete
            if not complete and len(found.poems[0].lines) < prepared.new_lines:
                raise DeadlineError
            ranked = sorted(found.poems, key=lambda poem: -poem.score)
            going_on = count if number == prepared.new_lines else width
            if isinstance(search, Rerank):
                new = {template.new_tokens(poem.lines): poem for poem in ranked}
                scored = [ScoredLine(text, each.log_prob, each.score) for text, each in new.items()]
                ranked = [new[each.tokens] for each in choose_diverse(scored, going_on, None)]
            poems = ranked[:going_on]
        return GenerationResult(list(poems), complete)

    def _with_kept_lines(
        self,
        prepared: PreparedRequest,
        plans: Sequence[LinePlan],
        found: Sequence[list[Hypothesis]],
        number: int,
    ) -> Job[list[list[Hypothesis]]]:
        """Returns the lines found for an open line with the probability of all up to the next one.

        Args:
            prepared: The request.
            plans: The plans of that line.
            found: The lines found under each plan.
            number: How many open lines are before it.
        """
        template, line_end = prepared.template, self._vocabulary.line
        kept = template.kept_after(template.open_lines[number]) if template is not None else ()
        if not kept or line_end is None:
            return list(found)
        after = tuple(chain.from_iterable((*line, line_end) for line in kept))
        searches = [
            ScoringSearch(
                plan.prompt,
                np.array([(*path.tokens, line_end, *after) for path in paths], np.int64),
            )
            for plan, paths in zip(plans, found, strict=True)
            if paths
        ]
        scored = iter((yield searches) if searches else ())
        return [
            [
                replace(path, log_prob=whole.log_prob)
                for path, whole in zip(paths, next(scored) if paths else [], strict=True)
            ]
            for paths in found
        ]

    def _extend(
        self,
        prepared: PreparedRequest,
        poems: Sequence[PartialPoem],
        count: int,
        continuation: Line | None,
    ) -> Job[GenerationResult]:
        """Extends every poem by up to `count` lines; rules that leave nothing are relaxed.

        Args:
            prepared: The request.
            poems: Poems with the same number of lines.
            count: How many lines for each.
            continuation: The corpus continuation, which is a candidate if the rules allow it.
        """
        plans = [self._plans(prepared, poem.lines) for poem in poems]
        extended: dict[int, list[PartialPoem]] = {}
        chosen: set[Line] = set()  # no two poems go on with the same line, if there is another
        late: DeadlineError | None = None
        for attempt in range(max(map(len, plans))):
            waiting = [n for n, own in enumerate(plans) if n not in extended and attempt < len(own)]
            current = [plans[n][attempt] for n in waiting]
            searches = [
                self._searches(prepared, plan, count, len(poems), (len(poems[n].lines), n))
                for n, plan in zip(waiting, current, strict=True)
            ]
            results: Sequence[list[Hypothesis]]
            try:
                results = yield list(chain.from_iterable(searches))
            except DeadlineError as error:
                late, results = error, error.found or [[] for _ in chain.from_iterable(searches)]
            result = iter(results)
            found = [merge([next(result) for _ in own]) for own in searches]
            reranked = isinstance(prepared.request.search, Rerank)
            if late is None:
                try:
                    written = len(poems[0].lines)
                    found = yield from self._with_kept_lines(prepared, current, found, written)
                except DeadlineError as error:
                    late = error
            if reranked and continuation and late is None:
                try:
                    found = yield from self._with_line(continuation, current[0], found)
                except DeadlineError as error:
                    late = error
            scores = log_probs(found)
            if reranked and late is None:
                try:
                    scores = yield from self._score(prepared, current, found)
                except DeadlineError as error:
                    late = error
            for n, plan, paths, score in zip(waiting, current, found, scores, strict=True):
                best = rank(plan, paths, score)
                if reranked:
                    if count == 1:
                        best = [line for line in best if line.tokens not in chosen] or best
                    best = choose_diverse(best, count, continuation)
                    chosen |= {line.tokens for line in best}
                if best:
                    extended[n] = [poems[n].with_line(line, plan.relaxed) for line in best[:count]]
            if late or len(extended) == len(poems):
                break
        if extended:
            longer = [poem for n in sorted(extended) for poem in extended[n]]
            return GenerationResult(longer, complete=late is None)
        if late is None:
            raise nothing_allowed()
        if not poems[0].lines:
            raise late
        return GenerationResult(list(poems), complete=False)

    def _plans(self, prepared: PreparedRequest, written: Sequence[Line]) -> list[LinePlan]:
        """Returns plans for the next line, the first with all rules."""
        if isinstance(prepared.request.form, Couplet):
            return self._couplets.plans(prepared)
        return self._lines.plans(prepared, written)

    def _score(
        self,
        prepared: PreparedRequest,
        plans: Sequence[LinePlan],
        found: Sequence[Sequence[Hypothesis]],
    ) -> Job[list[Scores]]:
        """Returns the scores of the lines found under each plan."""
        form = prepared.request.form
        if not isinstance(form, Couplet):
            return (yield from self._scorer.score(plans, found))
        (line,), (paths,) = prepared.given, found
        return [(yield from self._couplet_scorer.score(line, form.upper, paths))]

    def _searches(
        self,
        prepared: PreparedRequest,
        plan: LinePlan,
        count: int,
        poems: int,
        position: tuple[int, int],
    ) -> list[Search]:
        """Returns the searches for one line, whose results are joined.

        Args:
            prepared: The request.
            plan: The plan of the line.
            count: How many lines to find.
            poems: How many poems are extended at once; a pool is divided among them.
            position: The number of lines before it and the number of its poem, which make its
                random numbers independent of those of other lines.
        """
        vocabulary, search = self._vocabulary, prepared.request.search
        # Under the rules the probability of the ending token counts, which takes one more step. It
        # is not that of a line where `<e>` alone ends, after a whole poem.
        ends_lines = vocabulary.line is not None or isinstance(prepared.request.form, Couplet)
        ending_step = not prepared.request.is_plain and ends_lines
        common: dict[str, Any] = {
            "prompt": plan.prompt,
            "max_tokens": plan.length + ending_step,
            "endings": vocabulary.endings,
            "constraints": plan.constraints,
            "vocabulary_size": len(vocabulary),
            "path_constraints": plan.path_constraints,
            "line_tokens": plan.length,
            "source": plan.source,
            "copies": plan.copies,
        }
        if isinstance(search, Beam):
            beam = BeamParams(**common, width=search.width, distinct=not search.plain)
            return [BeamSearch(beam)]
        seed = (search.seed or 0, *position)  # never None in a prepared request
        if isinstance(search, Sample):
            sample = SampleParams(
                **common,
                paths=DRAWS_PER_LINE * count,
                count=count,
                temperature=search.temperature,
                top_k=search.top_k,
                top_p=search.top_p,
                seed=seed,
            )
            return [SampleSearch(sample)]
        draws = search.pool // poems
        if isinstance(prepared.request.form, Couplet):
            draws = COUPLETS_PER_WIDTH * search.width
        sample = SampleParams(
            **common,
            paths=draws,
            count=draws,
            temperature=POOL_TEMPERATURE,
            top_k=POOL_TOP_K,
            top_p=POOL_TOP_P,
            seed=seed,
        )
        beams = BEAM_PER_WIDTH if poems == 1 else SHARED_BEAM_PER_WIDTH
        width = min(WIDTH.high, beams * search.width // poems)
        beam = BeamParams(**common, width=width, distinct=True)
        return [SampleSearch(sample), BeamSearch(beam)]

    def _with_line(
        self, line: Line, plan: LinePlan, found: list[list[Hypothesis]]
    ) -> Job[list[list[Hypothesis]]]:
        """Adds a line to those found under the first plan, if the plan allows it."""
        if not plan.allows(line) or any(path.tokens == line for path in found[0]):
            return found
        (scored,) = yield [log_prob_search(plan, line, self._vocabulary)]
        return [[*found[0], *scored], *found[1:]]
