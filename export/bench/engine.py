"""The engine under measurement, and its searches driven by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lianju.bot.verse.composer import Composer
from lianju.bot.verse.model.bundle import Bundle
from lianju.bot.verse.model.language_model import LanguageModel
from lianju.bot.verse.model.onnx_model import OnnxModel
from lianju.bot.verse.model.session import Provider
from lianju.bot.verse.request import Request
from lianju.bot.verse.search.search import Job, Search
from lianju.bot.verse.serving.batch import Batch
from lianju.bot.verse.serving.scheduler import Scheduler

from .prompts import plain

CROWD = 64  # as many requests as a scheduler takes by default
DEADLINE = 600.0  # seconds: nothing here is to be cut short


@dataclass(frozen=True)
class Engine:
    """A bundle and how it is run.

    Attributes:
        line: the prompt that the report is about.
        threads: within one operator; 0 takes every core.
    """

    bundle: Bundle
    line: str
    provider: Provider = "auto"
    threads: int = 0

    @cached_property
    def model(self) -> OnnxModel:
        """The step model, opened once.

        Raises:
            BundleError: the graph cannot be run.
            ProviderError: CUDA was asked for and cannot be had.
        """
        return OnnxModel(self.bundle, self.provider, self.threads)

    def composer(self, model: LanguageModel | None = None, capacity: int = CROWD) -> Composer:
        """A composer that has seen no prompt yet, with a scheduler of its own."""
        model = model or self.model
        return Composer(self.bundle, model, Scheduler(model, capacity))

    @property
    def prompt_tokens(self) -> int:
        """How many tokens the model reads of `line`, those around it included."""
        vocabulary = self.bundle.vocabulary
        (*_, tokens) = self.composer().read(plain(self.line)).lines
        return len(tokens) + sum(each is not None for each in (vocabulary.start, vocabulary.line))


class _Collected(Exception):  # noqa: N818 - no error: what was sought is found
    pass


class _Collector:
    """Stands where a scheduler would, and runs nothing."""

    searches: Sequence[Search] = ()

    async def run(self, job: Job[Any], deadline_s: float) -> None:
        self.searches = next(job)
        raise _Collected


def searches_of(engine: Engine, requests: Sequence[Request]) -> list[Search]:
    """What the composer first asks of the scheduler for these requests."""
    collector = _Collector()
    composer = Composer(engine.bundle, engine.model, collector)  # type: ignore[arg-type]
    found: list[Search] = []
    for request in requests:
        try:
            # It cannot wait for anything, as the collector never does.
            composer.compose(request, DEADLINE).send(None)
        except _Collected:
            found += collector.searches
    return found


def run_together(model: LanguageModel, searches: Sequence[Search]) -> list[Search]:
    """Runs searches beside each other in the calling thread, and returns them at their end.

    Raises:
        SearchError: the model failed, or the rules leave nothing.
    """
    batch = Batch(model)
    seats = [batch.join(search) for search in searches]
    while batch:
        batch.step()
    for seat in seats:
        if seat.error:
            raise seat.error
    return [seat.search for seat in seats]
