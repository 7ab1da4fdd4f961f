"""The engine in this process."""

import asyncio
import logging
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from ..observer import NOBODY, Observer
from ..verse import (
    Answer,
    BusyError,
    CandidateScore,
    Composer,
    Provider,
    Request,
    open_composer,
    simplify,
    usable_cores,
    write_line,
)
from .bundle import BundleInfo, describe_bundle
from .protocol import CLOSE_TIMEOUT_S, Accepted

__all__ = ["LocalEngine", "open_local_engine"]

_log = logging.getLogger(__name__)


class LocalEngine:
    """Answers requests with a composer.

    A request keeps the composer that it started with, even if `reload` replaces it meanwhile.

    Args:
        composer: Answers requests until the first reload; `close` closes it.
        open_again: Opens another composer over the same directory; it is called in a thread.
        threads: Threads within one operator, for the log; 0 for all cores.
        observer: Is told which bundle answers.

    Attributes:
        composer: Answers new requests.
    """

    def __init__(
        self,
        composer: Composer,
        open_again: Callable[[], Composer],
        threads: int = 0,
        observer: Observer = NOBODY,
    ) -> None:
        self.composer = composer
        self._open_again = open_again
        self._threads = threads or usable_cores()
        self._observer = observer
        self._description = (composer.bundle, describe_bundle(composer))
        self._running: dict[asyncio.Future[None], Composer] = {}
        self._closing_composers: dict[Composer, asyncio.Task[None]] = {}
        self._reloading = asyncio.Lock()
        self._is_closed = False
        self._tell_loaded()

    async def compose(
        self,
        request: Request,
        deadline_s: float,
        group: Hashable | None = None,
        on_accepted: Accepted | None = None,
    ) -> Answer:
        """Answers a request; see `Engine`."""
        with self._use() as composer:
            prepared = composer.prepare(request)
            if on_accepted is not None:
                await on_accepted()
            return await composer.compose(prepared, deadline_s, group)

    async def score(
        self,
        line: str,
        candidates: Sequence[str],
        deadline_s: float,
        group: Hashable | None = None,
    ) -> list[CandidateScore]:
        """Scores what could follow a line; see `Engine`."""
        with self._use() as composer:
            return await composer.score(line, candidates, deadline_s, group)

    async def bundle(self) -> BundleInfo:
        """Describes the bundle; see `Engine`."""
        bundle, description = self._description
        if bundle is not self.composer.bundle:
            bundle, description = self.composer.bundle, describe_bundle(self.composer)
        if description.provider != self.composer.provider:  # CUDA may fail in service
            description = description.model_copy(update={"provider": self.composer.provider})
            self._observer.bundle_loaded(
                description.name, description.version, description.provider
            )
        self._description = bundle, description
        return description

    async def reload(self) -> None:
        """Loads the bundle again and replaces the composer.

        The old composer answers meanwhile, and goes on if the new bundle cannot be used. It
        finishes its requests and is then closed.

        Raises:
            BundleError: The bundle cannot be used.
            ProviderError: CUDA was requested and is not available.
            BusyError: The engine is closed.
        """
        async with self._reloading:
            self._raise_if_closed()
            composer = await asyncio.to_thread(self._open_again)
            description = await asyncio.to_thread(describe_bundle, composer)
            self._raise_if_closed()
            old, self.composer = self.composer, composer
            self._description = composer.bundle, description
            users = [future for future, used in self._running.items() if used is old]
            self._closing_composers[old] = asyncio.create_task(self._close_after(users, old))
            self._tell_loaded()

    async def close(self, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """Ends the engine; see `Engine`."""
        self._is_closed = True
        composers = (self.composer, *self._closing_composers)
        await asyncio.gather(
            *(asyncio.to_thread(composer.close, timeout_s) for composer in composers)
        )
        for task in self._closing_composers.values():
            task.cancel()

    def _tell_loaded(self) -> None:
        """Tells the observer and the log which bundle answers, and where it runs."""
        manifest, provider = self.composer.bundle.manifest, self.composer.provider
        self._observer.bundle_loaded(manifest.name, manifest.version, provider)
        figures = {
            "bundle": manifest.name,
            "version": manifest.version,
            "provider": provider,
            "threads": self._threads,
        }
        line = " ".join(f"{name}={value}" for name, value in figures.items())
        _log.info("loaded %s", line, extra=figures)

    def _raise_if_closed(self) -> None:
        if self._is_closed:
            raise BusyError("busy-closing")

    @contextmanager
    def _use(self) -> Iterator[Composer]:
        """Keeps the composer of one request open."""
        finished = asyncio.get_running_loop().create_future()
        self._running[finished] = self.composer
        try:
            yield self.composer
        finally:
            del self._running[finished]
            finished.set_result(None)

    async def _close_after(self, users: list[asyncio.Future[None]], composer: Composer) -> None:
        if users:
            await asyncio.wait(users)
        await asyncio.to_thread(composer.close)
        del self._closing_composers[composer]


def open_local_engine(
    directory: Path | None = None,
    provider: Provider = "auto",
    threads: int = 0,
    capacity: int = 64,
    observer: Observer = NOBODY,
) -> LocalEngine:
    """Loads a bundle; `close` the engine in the end.

    Args:
        directory: The bundle; None is the one that ships with Lianju.
        provider: Where the model runs.
        threads: Threads within one operator; 0 for all cores.
        capacity: How many requests are accepted at once.
        observer: Is told which bundle answers, and of requests and steps of the model.

    Raises:
        BundleError: The bundle is damaged or cannot run.
        ProviderError: CUDA was requested and is not available.
    """
    open_it = partial(_open, directory, provider, threads, capacity, observer)
    return LocalEngine(open_it(), open_it, threads, observer)


def _open(
    directory: Path | None, provider: Provider, threads: int, capacity: int, observer: Observer
) -> Composer:
    composer = open_composer(directory, provider, threads, capacity, observer)
    # OpenCC reads its dictionaries at the first use, which would hold up the event loop.
    write_line(simplify("漢"), composer.bundle.vocabulary, traditional=True)
    return composer
