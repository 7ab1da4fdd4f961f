"""What a request asks of the engine: searches for a line at a time, and a choice among the lines.

Likelihood alone prefers what suits any prompt. Chosen are the lines that this prompt makes likelier
than they are by themselves: pointwise mutual information, which Li and others (2016) proposed
against the dull answers of dialogue models. A poem is written line by line: the first new line
gives the candidates, and each goes on with the best line that it finds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import numpy.typing as npt

from ..errors import DeadlineError
from ..model.language_model import IntArray
from ..request import Request
from ..search.beam import BeamParams, BeamSearch
from ..search.constraints import TokenConstraint
from ..search.path_constraints import PathConstraint
from ..search.sampling import SampleParams, SampleSearch
from ..search.scoring import ScoringSearch
from ..search.search import Hypothesis, Job, Search, nothing_allowed
from ..text.vocabulary import Vocabulary
from .line_plan import LinePlan, LinePlanner
from .task import Line, Task

__all__ = ["Composition", "GenerationResult", "PartialPoem", "Planner"]

DRAWS_PER_LINE = 2  # some draws come out alike
# Measured over held-out first lines by `lianju-export tune`: cooler draws read more smoothly, a
# greater weight keeps the answers apart. Here .99 of the bigrams of the best answers are different,
# the fifth still suits its prompt more than the likeliest line does in 96 of 100 cases, and the
# answers remain likelier than what the poets wrote.
POOL_TEMPERATURE, POOL_TOP_K, POOL_TOP_P = 0.8, 100, 0.95
PRIOR_WEIGHT = 1.5  # how much of a line's own log-probability is taken off
# Less of it where a whole poem is written, so that its lines hang together: at 0.6 every third
# quatrain has 不知, at 1.5 it reads like a list.
POEM_WEIGHT = 1.25
DIFFERENT = 3  # characters, at least, between any two lines offered
MISFIT = 5.0  # nats that a wrong tone costs where tones are only preferred


@dataclass(frozen=True)
class PartialPoem:
    """A candidate as far as it is written.

    Attributes:
        lines: The new lines.
        log_prob: Natural-log probability of the lines, their endings included.
        worth: What candidates are ranked by: the log-probability, or what replaces it.
        relaxed: The rules that could not be kept.
    """

    lines: tuple[Line, ...] = ()
    log_prob: float = 0.0
    worth: float = 0.0
    relaxed: tuple[str, ...] = ()

    def grow(self, line: "ScoredLine", relaxed: Sequence[str]) -> "PartialPoem":
        """The draft with one line more."""
        return PartialPoem(
            (*self.lines, line.tokens),
            self.log_prob + line.log_prob,
            self.worth + line.worth,
            tuple(dict.fromkeys((*self.relaxed, *relaxed))),
        )


@dataclass(frozen=True)
class ScoredLine:
    """A whole line that was found, and what it is worth."""

    tokens: Line
    log_prob: float
    worth: float


@dataclass(frozen=True)
class GenerationResult:
    """What a composition comes to.

    Attributes:
        drafts: The candidates, best first.
        complete: Whether there was time to finish and to rate them all.
    """

    drafts: list[PartialPoem]
    complete: bool = True


@dataclass(frozen=True)
class _Reply:
    """What each of some searches found, until the deadline if that came first."""

    paths: Sequence[list[Hypothesis]]
    late: DeadlineError | None = None


Composition = Job[GenerationResult]
"""Writes; where the deadline comes first, it ends with what there is."""

_Ranking = Job[tuple[list[list[ScoredLine]], DeadlineError | None]]


class _Common(TypedDict):
    """What every kind of search is told; see `SearchParams`."""

    prompt: Line
    max_tokens: int
    endings: tuple[int, ...]
    constraints: tuple[TokenConstraint, ...]
    vocabulary_size: int
    path_constraints: tuple[PathConstraint, ...]
    line_tokens: int


class Planner:
    """Plans the searches for one vocabulary.

    Args:
        vocabulary: The bundle's.
        lines: Plans its lines.
    """

    def __init__(self, vocabulary: Vocabulary, lines: LinePlanner) -> None:
        self._vocabulary = vocabulary
        self._lines = lines

    @property
    def can_rerank(self) -> bool:
        """Whether a line has a probability of its own in this model, as a first one."""
        return self._vocabulary.start is not None and self._vocabulary.line is not None

    def compose(self, request: Request, task: Task, welcome: Line | None = None) -> Composition:
        """Writes what a request asks for.

        Args:
            request: With its seed, if it leaves anything to chance; to choose, `can_rerank`.
            task: What is to be written.
            welcome: A line that has a place among the first new ones, though it was not drawn,
                if the rules allow it.

        Raises:
            NothingAllowedError: The rules leave nothing, even without those that may go.
            DeadlineError: It was thrown in before there was a whole line.
        """
        written = GenerationResult([PartialPoem()])
        for number in range(task.new_lines):
            wanted, extra = (request.lines, welcome) if number == 0 else (1, None)
            written = yield from self._extend(request, task, written.drafts, wanted, extra)
            if not written.complete:
                break
        drafts = sorted(written.drafts, key=lambda draft: -draft.worth)
        return GenerationResult(drafts, written.complete)

    def _extend(
        self,
        request: Request,
        task: Task,
        drafts: Sequence[PartialPoem],
        wanted: int,
        welcome: Line | None,
    ) -> Composition:
        """Every draft with up to `wanted` next lines; where rules leave nothing, they relax."""
        plans = [self._lines.plans(request, task, draft.lines) for draft in drafts]
        grown: dict[int, list[PartialPoem]] = {}
        late = None
        for attempt in range(max(map(len, plans))):
            waiting = [number for number in range(len(drafts)) if number not in grown]
            current = {number: plans[number][attempt] for number in waiting}
            drawn = yield from _ask(
                *(
                    self._search(request, plan, wanted, len(drafts), (len(drafts[n].lines), n))
                    for n, plan in current.items()
                )
            )
            weight = PRIOR_WEIGHT if task.new_lines == 1 else POEM_WEIGHT
            if not (task.given or drafts[0].lines):
                weight = 0.0  # there is nothing yet that a first line could suit
            asked = list(current.values())
            ranked, late = yield from self._rank(request, asked, drawn, weight, welcome)
            for (number, plan), lines in zip(current.items(), ranked, strict=True):
                if (
                    best := _different(lines, wanted, welcome)
                    if request.choosing
                    else lines[:wanted]
                ):
                    grown[number] = [drafts[number].grow(line, plan.relaxed) for line in best]
            if late or len(grown) == len(drafts):
                break
        if grown:
            longer = [draft for number in sorted(grown) for draft in grown[number]]
            return GenerationResult(longer, complete=late is None)
        if late is None:
            raise nothing_allowed()
        if not drafts[0].lines:
            raise late
        return GenerationResult(list(drafts), complete=False)

    def _search(
        self, request: Request, plan: LinePlan, wanted: int, drafts: int, place: tuple[int, ...]
    ) -> Search:
        """The search for one line; `place` sets its chance apart from that of other lines."""
        vocabulary = self._vocabulary
        # Under the rules the ending token's probability counts, so it takes one more step.
        closing_step = not request.plain and vocabulary.line is not None
        common = _Common(
            prompt=plan.prompt,
            max_tokens=plan.length + closing_step,
            endings=vocabulary.endings,
            constraints=plan.rules,
            vocabulary_size=len(vocabulary),
            path_constraints=plan.path_rules,
            line_tokens=plan.length,
        )
        if request.choosing:
            draws = request.pool // drafts
            return SampleSearch(
                SampleParams(
                    **common,
                    paths=draws,
                    count=draws,
                    temperature=POOL_TEMPERATURE,
                    top_k=POOL_TOP_K,
                    top_p=POOL_TOP_P,
                    seed=(request.choosing.seed or 0, *place),
                )
            )
        if request.sampling:
            settings = request.sampling
            return SampleSearch(
                SampleParams(
                    **common,
                    paths=DRAWS_PER_LINE * wanted,
                    count=wanted,
                    temperature=settings.temperature,
                    top_k=settings.top_k,
                    top_p=settings.top_p,
                    seed=(settings.seed or 0, *place),  # by now it is never None
                )
            )
        return BeamSearch(BeamParams(**common, width=request.beam, distinct=not request.plain))

    def _rank(
        self,
        request: Request,
        plans: Sequence[LinePlan],
        drawn: _Reply,
        weight: float,
        welcome: Line | None,
    ) -> _Ranking:
        """The lines found under each plan, best first; by their log-probability alone if late."""
        paths = [list(each) for each in drawn.paths] or [[] for _ in plans]
        late = drawn.late
        priors = [np.zeros(len(each)) for each in paths]
        if request.choosing and welcome and not late and plans[0].allows(welcome):
            rated = yield from _ask(self._rating(plans[0].prompt, [welcome]))
            late = rated.late
            paths[0] += [] if late else rated.paths[0]
            priors[0] = np.zeros(len(paths[0]))
        texts = [path.tokens for each in paths for path in each]
        if request.choosing and texts and not late:
            opening = plans[0].opening  # lines at one place of a poem open alike
            alone = yield from _ask(self._rating((self._vocabulary.start or 0, *opening), texts))
            late = alone.late
            if not late:
                prior = np.array([path.log_prob for path in alone.paths[0]])
                priors = np.split(prior, np.cumsum([len(each) for each in paths])[:-1])
        ranked = [
            _ranked(plan, each, weight * prior)
            for plan, each, prior in zip(plans, paths, priors, strict=True)
        ]
        return ranked, late

    def _rating(self, prompt: Line, texts: Sequence[Line]) -> ScoringSearch:
        """Rates lines as ones that go on, whichever token has closed them."""
        closed = np.array([(*text, self._vocabulary.line) for text in texts], np.int64)
        return ScoringSearch(prompt, closed, len(self._vocabulary))


def _ask(*searches: Search) -> Job[_Reply]:
    """Asks for searches; the deadline may come first."""
    try:
        return _Reply((yield searches))
    except DeadlineError as late:
        return _Reply(late.found, late)


def _ranked(
    plan: LinePlan, paths: Sequence[Hypothesis], deduction: npt.NDArray[np.float64]
) -> list[ScoredLine]:
    """The lines found under one plan, best first, with something taken off each."""
    misfits: IntArray = np.zeros(len(paths), np.int64)
    if plan.preferred and paths:
        misfits = plan.preferred.misfits(np.array([path.tokens for path in paths], np.int64))
    lines = [
        ScoredLine(
            (*plan.opening, *path.tokens),
            path.log_prob,
            path.log_prob - float(off) - MISFIT * int(wrong),
        )
        for path, off, wrong in zip(paths, deduction, misfits, strict=True)
    ]
    return sorted(lines, key=lambda line: -line.worth)


def _different(lines: Sequence[ScoredLine], count: int, welcome: Line | None) -> list[ScoredLine]:
    """The best `count` lines that differ enough; if there are too few, they may differ less.

    A welcome line has its place among them.
    """
    chosen = [line for line in lines if line.tokens == welcome]
    left = [line for line in lines if line.tokens != welcome]
    for apart in range(DIFFERENT, 0, -1):
        for line in left:
            if len(chosen) == count:
                break
            if all(_distance(line.tokens, other.tokens) >= apart for other in chosen):
                chosen.append(line)
        left = [line for line in left if line not in chosen]
    return sorted(chosen, key=lambda line: -line.worth)


def _distance(one: Line, other: Line) -> int:
    """How many places two lines of one length differ in."""
    return sum(a != b for a, b in zip(one, other, strict=True))
