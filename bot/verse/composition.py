"""What a request asks of the engine: one search, or a pool of lines and a choice among them.

Likelihood alone prefers what suits any prompt. Chosen are the lines that this prompt makes likelier
than they are by themselves: pointwise mutual information, which Li and others (2016) proposed
against the dull answers of dialogue models.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from .beam import BeamPlan, BeamSearch
from .rating import Rating
from .request import Request
from .rules import Rule, RuleBook
from .sampling import SamplePlan, SampleSearch
from .search import Hypothesis, Search
from .text import Prompt
from .vocabulary import Vocabulary

__all__ = ["Composition", "Found", "Planner", "line_length"]

DRAWS_PER_LINE = 2  # some draws come out alike
# The pool is drawn from nearly all that the model thinks possible.
POOL_TEMPERATURE, POOL_TOP_K, POOL_TOP_P = 1.0, 200, 0.95
# How much of a line's own log-probability is taken off: over held-out lines the share of different
# bigrams rises with it (.93 at 0.5, .97 at 0.85; real lines .99), and the likelihood falls.
PRIOR_WEIGHT = 0.75
DIFFERENT = 3  # characters, at least, between any two lines offered


@dataclass(frozen=True)
class Found:
    """A line that was found, and why it was chosen, if it was."""

    path: Hypothesis
    objective: float | None = None


Composition = Generator[Search, list[Hypothesis], list[Found]]
"""Yields searches to run, is sent what each found, and returns the lines, best first."""


class _Common(TypedDict):
    """What every kind of search is told; see `Plan`."""

    prompt: tuple[int, ...]
    max_tokens: int
    endings: tuple[int, ...]
    rules: tuple[Rule, ...]
    vocabulary_size: int
    repeats: bool


class Planner:
    """Plans the searches for one vocabulary."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._rules = RuleBook(vocabulary)

    @property
    def can_choose(self) -> bool:
        """Whether a line has a probability of its own in this model, as a first one."""
        return self._vocabulary.start is not None and self._vocabulary.line is not None

    def compose(self, request: Request, prompt: Prompt) -> Composition:
        """Finds the lines that a request asks for.

        Args:
            request: With its seed, if it leaves anything to chance; to choose, `can_choose`.
            prompt: Its text.
        """
        if request.choosing:
            return (yield from self._choose(request, request.choosing.seed or 0, prompt))
        if request.sampling:
            settings = request.sampling
            sample = SamplePlan(
                **self._common(request, prompt),
                paths=DRAWS_PER_LINE * request.lines,
                count=request.lines,
                temperature=settings.temperature,
                top_k=settings.top_k,
                top_p=settings.top_p,
                seed=settings.seed or 0,  # by now it is never None
            )
            found = yield SampleSearch(sample)
        else:
            common = self._common(request, prompt)
            beam = BeamPlan(**common, width=request.beam, distinct=not request.plain)
            found = yield BeamSearch(beam)
        return [Found(path) for path in found]

    def _choose(self, request: Request, seed: int, prompt: Prompt) -> Composition:
        pool = SamplePlan(
            **self._common(request, prompt),
            paths=request.pool,
            count=request.pool,
            temperature=POOL_TEMPERATURE,
            top_k=POOL_TOP_K,
            top_p=POOL_TOP_P,
            seed=seed,
        )
        drawn = yield SampleSearch(pool)
        vocabulary = self._vocabulary
        # By itself every line is rated as one that goes on, whichever token has closed it.
        texts = np.array([(*path.tokens, vocabulary.line) for path in drawn], np.int64)
        prior = yield Rating((vocabulary.start or 0,), texts, len(vocabulary))
        rated = [
            Found(path, path.log_prob - PRIOR_WEIGHT * alone.log_prob)
            for path, alone in zip(drawn, prior, strict=True)
        ]
        return _different(rated, request.lines)

    def _common(self, request: Request, prompt: Prompt) -> _Common:
        vocabulary = self._vocabulary
        line = [] if vocabulary.line is None else [vocabulary.line]
        ids = [] if vocabulary.start is None else [vocabulary.start]
        for tokens in prompt.lines:
            ids += vocabulary.encode(tokens) + line
        length = line_length(request, prompt)
        rules = self._rules.plain() if request.plain else self._rules.exact_length(length)
        # Under the rules the ending token's probability counts, so it takes one more step.
        closing_step = not request.plain and vocabulary.line is not None
        return _Common(
            prompt=tuple(ids),
            max_tokens=length + closing_step,
            endings=vocabulary.endings,
            rules=rules,
            vocabulary_size=len(vocabulary),
            repeats=request.plain or _may_repeat(prompt, vocabulary),
        )


def line_length(request: Request, prompt: Prompt) -> int:
    """Tokens of the new line: as asked for, or as many as the prompt's last line has."""
    return request.length or len(prompt.lines[-1])


def _different(rated: Sequence[Found], count: int) -> list[Found]:
    """The best `count` lines that differ enough; if there are too few, they may differ less."""
    left = sorted(rated, key=lambda found: -(found.objective or 0))
    chosen: list[Found] = []
    for apart in range(DIFFERENT, 0, -1):
        for found in left:
            if len(chosen) == count:
                break
            if all(_distance(found, other) >= apart for other in chosen):
                chosen.append(found)
        left = [found for found in left if found not in chosen]
    return sorted(chosen, key=lambda found: -(found.objective or 0))


def _distance(one: Found, other: Found) -> int:
    """How many places two lines of one length differ in."""
    return sum(a != b for a, b in zip(one.path.tokens, other.path.tokens, strict=True))


def _may_repeat(prompt: Prompt, vocabulary: Vocabulary) -> bool:
    """Whether a line may have a character twice: in Chinese verse, if the line it answers does."""
    line = prompt.lines[-1]
    return not vocabulary.is_chinese or len(set(line)) < len(line)
