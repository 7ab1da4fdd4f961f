"""The composer: from a line of verse to its next lines."""

import secrets
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from .batch import run_search
from .bundle import Bundle, default_directory, load_bundle
from .composition import Found, Planner, line_length
from .request import (
    COUNT,
    LENGTH,
    WIDTH,
    Answer,
    Bounds,
    Candidate,
    Choosing,
    Request,
    Sampling,
)
from .scheduler import Scheduler
from .session import Provider
from .step import Stepper
from .step_model import StepModel
from .text import MAX_CHARACTERS, MAX_LINES, Prompt, read_prompt, write_line

__all__ = [
    "COUNT",
    "LENGTH",
    "MAX_CHARACTERS",
    "MAX_LINES",
    "WIDTH",
    "Answer",
    "Bounds",
    "Candidate",
    "Choosing",
    "Composer",
    "Request",
    "Sampling",
    "open_composer",
]

DRAWN_SEEDS = 1_000_000  # few enough to be typed again


class Composer:
    """Answers lines of verse with next lines, from one bundle.

    Attributes:
        bundle: Where the language model comes from.
    """

    def __init__(self, bundle: Bundle, model: Stepper, scheduler: Scheduler) -> None:
        self.bundle = bundle
        self._model = model
        self._scheduler = scheduler
        self._planner = Planner(bundle.vocabulary)

    @property
    def provider(self) -> str:
        """What runs the model: `cpu` or `cuda`."""
        return self._model.provider

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
        request, prompt = self._understand(request)
        composition = self._planner.compose(request, prompt)
        try:
            search = next(composition)
            while True:
                search = composition.send(run_search(self._model, search))
        except StopIteration as end:
            return self._answer(request, prompt, end.value, started)

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
        request, prompt = self._understand(request)
        composition = self._planner.compose(request, prompt)
        try:
            search = next(composition)
            while True:
                left_s = deadline_s - (time.perf_counter() - started)
                search = composition.send(await self._scheduler.search(search, left_s))
        except StopIteration as end:
            return self._answer(request, prompt, end.value, started)

    def close(self) -> None:
        """Ends the engine; whoever still waits gets a `BusyError`."""
        self._scheduler.close()

    def _understand(self, request: Request) -> tuple[Request, Prompt]:
        """The request with all that it leaves open, and its prompt."""
        if request.choosing and not self._planner.can_choose:
            request = replace(request, choosing=None)
        seed = secrets.randbelow(DRAWN_SEEDS)
        if request.sampling and request.sampling.seed is None:
            request = replace(request, sampling=replace(request.sampling, seed=seed))
        if request.choosing and request.choosing.seed is None:
            request = replace(request, choosing=replace(request.choosing, seed=seed))
        return request, self.read(request)

    def _answer(
        self, request: Request, prompt: Prompt, found: Sequence[Found], started: float
    ) -> Answer:
        vocabulary, manifest = self.bundle.vocabulary, self.bundle.manifest

        def written(tokens: Sequence[int]) -> str:
            names = [vocabulary.tokens[token] for token in tokens]
            return write_line(names, vocabulary, prompt.traditional)

        candidates = tuple(
            Candidate(written(each.path.tokens), each.path.log_prob, each.objective)
            for each in found[: request.lines]
        )
        return Answer(
            line=("，" if vocabulary.is_chinese else "\n").join(prompt.shown),
            candidates=candidates,
            width=request.beam,
            length=line_length(request, prompt),
            plain=request.plain,
            elapsed_ms=(time.perf_counter() - started) * 1e3,
            bundle_name=manifest.name,
            bundle_version=manifest.version,
            sampling=request.sampling,
            choosing=request.choosing,
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
