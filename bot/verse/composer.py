"""The composer: from a line of verse to its next lines."""

import secrets
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from .errors import RequestError
from .model.bundle import Bundle, default_directory, load_bundle
from .model.language_model import LanguageModel
from .model.onnx_model import OnnxModel
from .model.session import Provider
from .planning.generation import Composition, GenerationResult, Planner
from .planning.line_plan import LinePlanner
from .planning.task import Line, Task
from .request import (
    COUNT,
    LENGTH,
    WIDTH,
    Answer,
    Bounds,
    Candidate,
    Request,
    Rerank,
    Sample,
)
from .search.search import Job
from .serving.scheduler import Scheduler
from .text.corpus_index import CorpusIndex
from .text.prompt import MAX_CHARACTERS, MAX_LINES, Prompt, read_prompt, simplify, write_line

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
    "Rerank",
    "Sample",
    "open_composer",
]

DRAWN_SEEDS = 1_000_000  # few enough to be typed again


class Composer:
    """Answers lines of verse with next lines, from one bundle.

    Attributes:
        bundle: Where the language model comes from.
    """

    def __init__(self, bundle: Bundle, model: LanguageModel, scheduler: Scheduler) -> None:
        self.bundle = bundle
        self._model = model
        self._scheduler = scheduler
        lines = LinePlanner(bundle.vocabulary, bundle.prosody, bundle.known)
        self._planner = Planner(bundle.vocabulary, lines)

    @property
    def provider(self) -> str:
        """What runs the model: `cpu` or `cuda`."""
        return self._model.provider

    def read(self, request: Request) -> Prompt:
        """Reads the prompt of a request, or the heads of its acrostic, without answering it.

        Raises:
            PromptError: The text cannot be a prompt.
            RequestError: It does not suit what is asked for.
        """
        return self._read(request)[0]

    def _read(self, request: Request) -> tuple[Prompt, Task]:
        """The prompt of a request, and what is to be written; see `read`."""
        text = request.text if request.heads is None else request.heads
        prompt = read_prompt(text, self.bundle.vocabulary, request.script)
        task = Task.of(request, prompt, self.bundle.vocabulary)
        if request.rhyme is not None:
            if self.bundle.prosody is None:
                raise RequestError(
                    "This bundle has no table of rhymes: drop the rhyme, or use another bundle.",
                    "request-no-rhymes",
                )
            self.bundle.prosody.group(simplify(request.rhyme))
        return prompt, task

    def compose_now(self, request: Request) -> Answer:
        """Answers a request in the calling thread.

        Raises:
            PromptError: The text cannot be a prompt.
            RequestError: It does not suit what is asked for.
            SearchError: Nothing is allowed, or the model failed.
        """
        return self._scheduler.run_now(self._job(request, time.perf_counter()))

    async def compose(self, request: Request, deadline_s: float) -> Answer:
        """Answers a request beside those of others, in the engine's own thread.

        Args:
            request: What is asked for.
            deadline_s: Seconds that the answer may take; then it has the best whole lines that
                were found, and is not `complete`.

        Raises:
            PromptError: The text cannot be a prompt.
            RequestError: It does not suit what is asked for.
            BusyError: Too many requests are here already, or the composer is closed.
            DeadlineError: The deadline passed before there was a whole line.
            SearchError: Nothing is allowed, or the model failed.
        """
        return await self._scheduler.run(self._job(request, time.perf_counter()), deadline_s)

    def _job(self, request: Request, started: float) -> Job[Answer]:
        """All that answers a request, in parts between which the engine does those of others."""
        writing = self._begin(request, started)
        return self._answer(writing, (yield from writing.composition))

    def close(self) -> None:
        """Ends the engine; whoever still waits gets a `BusyError`."""
        self._scheduler.close()

    def _begin(self, request: Request, started: float) -> "_PendingAnswer":
        """The request with all that it leaves open, its prompt, and what it asks of the engine."""
        if request.choosing and not self._planner.can_rerank:
            request = replace(request, choosing=None)
        seed = secrets.randbelow(DRAWN_SEEDS)
        if request.sampling and request.sampling.seed is None:
            request = replace(request, sampling=replace(request.sampling, seed=seed))
        if request.choosing and request.choosing.seed is None:
            request = replace(request, choosing=replace(request.choosing, seed=seed))
        prompt, task = self._read(request)
        if request.rhyme is not None:
            request = replace(request, rhyme=simplify(request.rhyme))
        known = self.bundle.known
        follows = known.answer(task.given[-1]) if known and task.given else None
        welcome = follows if request.known == "allow" and _fits(follows, task) else None
        composition = self._planner.compose(request, task, welcome)
        return _PendingAnswer(request, prompt, task, follows, composition, started)

    def _answer(self, writing: "_PendingAnswer", written: GenerationResult) -> Answer:
        drafts = written.drafts
        request, prompt, manifest = writing.request, writing.prompt, self.bundle.manifest
        vocabulary, known = self.bundle.vocabulary, self.bundle.known

        def as_text(tokens: Sequence[int]) -> str:
            names = [vocabulary.tokens[token] for token in tokens]
            return write_line(names, vocabulary, prompt.traditional)

        drafts = drafts[: request.lines]
        lines = {line for draft in drafts for line in draft.lines}
        found = _known_among(lines, known) if known else set()
        candidates = tuple(
            Candidate(
                tuple(map(as_text, draft.lines)),
                draft.log_prob,
                draft.worth if request.choosing else None,
                () if known is None else tuple(line in found for line in draft.lines),
                draft.relaxed,
            )
            for draft in drafts
        )
        return Answer(
            line=("，" if vocabulary.is_chinese else "\n").join(prompt.shown),
            candidates=candidates,
            request=request,
            length=writing.task.length,
            elapsed_ms=(time.perf_counter() - writing.started) * 1e3,
            bundle_name=manifest.name,
            bundle_version=manifest.version,
            known_answer=None if writing.follows is None else as_text(writing.follows),
            complete=written.complete,
        )


@dataclass(frozen=True)
class _PendingAnswer:
    """A request under way.

    Attributes:
        follows: The corpus' own next line, if it is known.
        started: When the request came.
    """

    request: Request
    prompt: Prompt
    task: Task
    follows: Line | None
    composition: Composition
    started: float


def _fits(line: Line | None, task: Task) -> bool:
    """Whether a line has the length that is asked for."""
    return line is not None and len(line) == task.length


def _known_among(lines: Iterable[Line], known: CorpusIndex) -> set[Line]:
    """Those of the lines, of any length, that the corpus has."""
    by_length: defaultdict[int, list[Line]] = defaultdict(list)
    for line in lines:
        by_length[len(line)].append(line)
    return {
        line
        for length, alike in by_length.items()
        if length
        for line, has in zip(alike, known.contains(np.array(alike, np.int64)), strict=True)
        if has
    }


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
    model = OnnxModel(bundle, provider, threads)
    return Composer(bundle, model, Scheduler(model, capacity))
