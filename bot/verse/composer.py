"""The composer: from a line of verse to its next lines."""

import secrets
import time
from dataclasses import replace
from pathlib import Path

from .batch import run_search
from .beam import BeamPlan, BeamSearch
from .bundle import Bundle, default_directory, load_bundle
from .request import COUNT, LENGTH, WIDTH, Answer, Bounds, Candidate, Request, Sampling
from .rules import RuleBook
from .sampling import SamplePlan, SampleSearch
from .scheduler import Scheduler
from .search import Hypothesis, Search
from .session import Provider
from .step import Stepper
from .step_model import StepModel
from .text import MAX_CHARACTERS, MAX_LINES, Prompt, read_prompt, write_line
from .vocabulary import Vocabulary

__all__ = [
    "COUNT",
    "LENGTH",
    "MAX_CHARACTERS",
    "MAX_LINES",
    "WIDTH",
    "Answer",
    "Bounds",
    "Candidate",
    "Composer",
    "Request",
    "Sampling",
    "open_composer",
]

DRAWN_SEEDS = 1_000_000  # few enough to be typed again
DRAWS_PER_LINE = 2  # some draws come out alike


class Composer:
    """Answers lines of verse with next lines, from one bundle.

    Attributes:
        bundle: Where the language model comes from.
    """

    def __init__(self, bundle: Bundle, model: Stepper, scheduler: Scheduler) -> None:
        self.bundle = bundle
        self._model = model
        self._scheduler = scheduler
        self._rules = RuleBook(bundle.vocabulary)

    def read(self, request: Request) -> Prompt:
        """Reads the prompt of a request, without answering it.

        Raises:
            PromptError: The text cannot be a prompt.
        """
        return read_prompt(request.text, self.bundle.vocabulary, request.script)

    def compose_now(self, request: Request) -> Answer:
        """Answers a request in the calling thread.

        Raises:
            PromptError: The text cannot be a prompt.
            SearchError: Nothing is allowed, or the model failed.
        """
        started = time.perf_counter()
        request = _with_seed(request)
        prompt = self.read(request)
        found = run_search(self._model, self._search(request, prompt))
        return self._answer(request, prompt, found, started)

    async def compose(self, request: Request, deadline_s: float) -> Answer:
        """Answers a request beside those of others, in the engine's own thread.

        Args:
            request: What is asked for.
            deadline_s: Seconds that the answer may take.

        Raises:
            PromptError: The text cannot be a prompt.
            BusyError: Too many requests are here already, or the composer is closed.
            DeadlineError: The deadline passed.
            SearchError: Nothing is allowed, or the model failed.
        """
        started = time.perf_counter()
        request = _with_seed(request)
        prompt = self.read(request)
        found = await self._scheduler.search(self._search(request, prompt), deadline_s)
        return self._answer(request, prompt, found, started)

    def close(self) -> None:
        """Ends the engine; whoever still waits gets a `BusyError`."""
        self._scheduler.close()

    def _search(self, request: Request, prompt: Prompt) -> Search:
        vocabulary = self.bundle.vocabulary
        line = [] if vocabulary.line is None else [vocabulary.line]
        ids = [] if vocabulary.start is None else [vocabulary.start]
        for tokens in prompt.lines:
            ids += vocabulary.encode(tokens) + line
        length = _length(request, prompt)
        # Under the rules the ending token's probability counts, so it takes one more step.
        closing_step = not request.plain and vocabulary.line is not None
        max_tokens = length + closing_step
        rules = self._rules.plain() if request.plain else self._rules.exact_length(length)
        repeats = request.plain or _may_repeat(prompt, vocabulary)
        if request.sampling:
            return SampleSearch(
                SamplePlan(
                    prompt=tuple(ids),
                    max_tokens=max_tokens,
                    endings=vocabulary.endings,
                    rules=rules,
                    vocabulary_size=len(vocabulary),
                    repeats=repeats,
                    paths=DRAWS_PER_LINE * request.lines,
                    count=request.lines,
                    temperature=request.sampling.temperature,
                    top_k=request.sampling.top_k,
                    top_p=request.sampling.top_p,
                    seed=request.sampling.seed or 0,  # _with_seed has left no None
                )
            )
        return BeamSearch(
            BeamPlan(
                prompt=tuple(ids),
                max_tokens=max_tokens,
                endings=vocabulary.endings,
                rules=rules,
                vocabulary_size=len(vocabulary),
                repeats=repeats,
                width=request.beam,
                distinct=not request.plain,
            )
        )

    def _answer(
        self, request: Request, prompt: Prompt, found: list[Hypothesis], started: float
    ) -> Answer:
        vocabulary, manifest = self.bundle.vocabulary, self.bundle.manifest
        candidates = tuple(
            Candidate(
                write_line(
                    [vocabulary.tokens[token] for token in path.tokens],
                    vocabulary,
                    prompt.traditional,
                ),
                path.log_prob,
            )
            for path in found[: request.lines]
        )
        return Answer(
            line=("，" if vocabulary.is_chinese else "\n").join(prompt.shown),
            candidates=candidates,
            width=None if request.sampling else request.beam,
            length=_length(request, prompt),
            plain=request.plain,
            elapsed_ms=(time.perf_counter() - started) * 1e3,
            bundle_name=manifest.name,
            bundle_version=manifest.version,
            sampling=request.sampling,
        )


def open_composer(
    directory: Path | None = None,
    provider: Provider = "auto",
    threads: int = 0,
    capacity: int = 64,
) -> Composer:
    """Loads a bundle and makes it ready to answer; `close` the composer in the end.

    Args:
        directory: The bundle; None is the one that ships.
        provider: Where the model runs.
        threads: Threads within one operator; 0 takes every core.
        capacity: How many requests `compose` takes at once.

    Raises:
        BundleError: The bundle is damaged or cannot be run.
        ProviderError: CUDA was asked for and cannot be had.
    """
    bundle = load_bundle(default_directory() if directory is None else directory)
    model = StepModel(bundle, provider, threads)
    return Composer(bundle, model, Scheduler(model, capacity))


def _length(request: Request, prompt: Prompt) -> int:
    return request.length or len(prompt.lines[-1])


def _may_repeat(prompt: Prompt, vocabulary: Vocabulary) -> bool:
    """Whether a line may have a character twice: in Chinese verse, if the line it answers does."""
    line = prompt.lines[-1]
    return not vocabulary.is_chinese or len(set(line)) < len(line)


def _with_seed(request: Request) -> Request:
    """The request with a seed drawn for it, if it leaves that open."""
    if request.sampling is None or request.sampling.seed is not None:
        return request
    seed = secrets.randbelow(DRAWN_SEEDS)
    return replace(request, sampling=replace(request.sampling, seed=seed))
