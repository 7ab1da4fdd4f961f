"""The composer: answers requests for verse with one bundle."""

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from .answer import Answer, Candidate
from .model.bundle import Bundle, default_directory, load_bundle
from .model.language_model import LanguageModel
from .model.onnx_model import OnnxModel
from .model.provider import Provider
from .planning.generation import GenerationResult, Planner
from .planning.prepared import Line, PreparedRequest, prepare
from .request import Request
from .search.search import Job
from .serving.scheduler import Scheduler
from .text.corpus_index import CorpusIndex
from .text.prompt import write_line

__all__ = ["Composer", "open_composer"]


class Composer:
    """Answers requests with one bundle.

    Attributes:
        bundle: The bundle of the language model.
    """

    def __init__(self, bundle: Bundle, model: LanguageModel, scheduler: Scheduler) -> None:
        self.bundle = bundle
        self._model = model
        self._scheduler = scheduler
        self._planner = Planner(bundle)

    @property
    def provider(self) -> str:
        """The execution provider: `cpu` or `cuda`."""
        return self._model.provider

    def prepare(self, request: Request) -> PreparedRequest:
        """Parses a request; cheap enough for an event loop.

        Raises:
            PromptError: The text cannot be a prompt.
            RequestError: The form or the rhyme does not suit the text or the bundle.
        """
        return prepare(request, self.bundle)

    def compose_now(self, request: Request | PreparedRequest) -> Answer:
        """Answers a request in the calling thread.

        Raises:
            PromptError: The text cannot be a prompt.
            RequestError: The form or the rhyme does not suit the text or the bundle.
            SearchError: No line is possible, or the model failed.
        """
        return self._scheduler.run_now(self._job(request))

    async def compose(self, request: Request | PreparedRequest, deadline_s: float) -> Answer:
        """Answers a request in the thread of the scheduler, in a batch with others.

        Args:
            request: The request.
            deadline_s: Seconds that the answer may take; after that it has the best whole lines
                found so far, and is not `complete`.

        Raises:
            PromptError: The text cannot be a prompt.
            RequestError: The form or the rhyme does not suit the text or the bundle.
            BusyError: The queue is full, or the composer is closed.
            DeadlineError: The deadline passed before there was a whole line.
            SearchError: No line is possible, or the model failed.
        """
        return await self._scheduler.run(self._job(request), deadline_s)

    def close(self) -> None:
        """Ends the scheduler; requests in progress get a `BusyError`."""
        self._scheduler.close()

    def _job(self, request: Request | PreparedRequest) -> Job[Answer]:
        """Returns the job that answers a request, which is prepared first if it is not yet."""
        started = time.perf_counter()
        prepared = self.prepare(request) if isinstance(request, Request) else request

        def job() -> Job[Answer]:
            result = yield from self._planner.generate(prepared)
            return self._answer(prepared, result, started)

        return job()

    def _answer(
        self, prepared: PreparedRequest, result: GenerationResult, started: float
    ) -> Answer:
        request, prompt, manifest = prepared.request, prepared.prompt, self.bundle.manifest
        vocabulary, corpus = self.bundle.vocabulary, self.bundle.known

        def as_text(tokens: Sequence[int], opening: str = "") -> str:
            names = [vocabulary.tokens[token] for token in tokens]
            if opening:  # which the vocabulary may lack
                names[0] = opening
            return write_line(names, vocabulary, prompt.traditional)

        openings = (
            tuple(chain.from_iterable(prompt.lines))
            if prepared.openings
            else ("",) * prepared.new_lines
        )

        poems = result.poems[: request.count]
        known = _known({line for poem in poems for line in poem.lines}, corpus) if corpus else set()
        candidates = tuple(
            Candidate(
                tuple(map(as_text, poem.lines, openings)),
                poem.log_prob,
                poem.score,
                tuple(line in known for line in poem.lines) if corpus else (),
                poem.relaxed,
            )
            for poem in poems
        )
        continuation = prepared.corpus_continuation
        return Answer(
            prepared=prepared,
            line=("，" if vocabulary.is_chinese else "\n").join(prompt.shown),
            candidates=candidates,
            elapsed_ms=(time.perf_counter() - started) * 1e3,
            bundle_name=manifest.name,
            bundle_version=manifest.version,
            corpus_continuation=None if continuation is None else as_text(continuation),
            complete=result.complete,
        )


def _known(lines: Iterable[Line], corpus: CorpusIndex) -> set[Line]:
    """Returns those of the lines, of any lengths, that the corpus has."""
    by_length: defaultdict[int, list[Line]] = defaultdict(list)
    for line in lines:
        by_length[len(line)].append(line)
    return {
        line
        for length, group in by_length.items()
        if length
        for line, known in zip(group, corpus.contains(np.array(group, np.int64)), strict=True)
        if known
    }


def open_composer(
    directory: Path | None = None,
    provider: Provider = "auto",
    threads: int = 0,
    capacity: int = 64,
) -> Composer:
    """Loads a bundle and starts to answer requests; `close` the composer in the end.

    Args:
        directory: The bundle; None is the one that ships with Lianju.
        provider: Where the model runs.
        threads: Threads within one operator; 0 for all cores.
        capacity: How many requests `compose` accepts at once.

    Raises:
        BundleError: The bundle is damaged or cannot run.
        ProviderError: CUDA was requested and is not available.
    """
    bundle = load_bundle(default_directory() if directory is None else directory)
    model = OnnxModel(bundle, provider, threads)
    return Composer(bundle, model, Scheduler(model, capacity))
