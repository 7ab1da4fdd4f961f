"""The engine in this process."""

import asyncio
import logging
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from ..errors import LianjuError
from ..observer import NOBODY, Observer
from ..verse import (
    Answer,
    Anthology,
    Blank,
    Bundle,
    BundleError,
    BusyError,
    CandidateScore,
    Composer,
    Couplet,
    Mended,
    Provider,
    Request,
    RhymeBook,
    SearchError,
    default_couplets,
    open_composer,
    simplify,
    usable_cores,
    write_line,
)
from .bundle import BundleInfo, describe_bundle
from .protocol import CLOSE_TIMEOUT_S, Accepted
from .shared import Shared

__all__ = ["LocalEngine", "open_local_engine"]

_log = logging.getLogger(__name__)


class LocalEngine:
    """Answers requests with a composer, and couplets with another one.

    The other one is opened by the first request for a couplet, as most bots may never have one. A
    request keeps the composer that it started with, even if `reload` replaces it meanwhile.

    Args:
        composer: Answers requests until the first reload; `close` closes it.
        open_again: Opens another composer over the same directory; it is called in a thread.
        open_couplets: Opens a composer over a bundle for couplets, in a thread; it gets the bundle
            of poems.
        threads: Threads within one operator, for the log; 0 for all cores.
        observer: Is told which bundle answers.

    Attributes:
        composer: Answers new requests.
    """

    def __init__(
        self,
        composer: Composer,
        open_again: Callable[[], Composer],
        open_couplets: Callable[[Bundle], Composer],
        threads: int = 0,
        observer: Observer = NOBODY,
    ) -> None:
        self.composer = composer
        self._open_again = open_again
        self._open_couplets = open_couplets
        self._couplets: Composer | None = None
        self._opening_couplets = asyncio.Lock()
        self._first_opening = Shared(self._load_couplets)
        self._threads = threads or usable_cores()
        self._observer = observer
        self._description = (composer.bundle, describe_bundle(composer))
        self._running: dict[asyncio.Future[None], Composer] = {}
        self._closing_composers: dict[Composer, asyncio.Task[None]] = {}
        self._reloading = asyncio.Lock()
        self._is_closed = False
        self._tell_observer()
        self._log_loaded(composer)

    async def compose(
        self,
        request: Request,
        deadline_s: float,
        group: Hashable | None = None,
        on_accepted: Accepted | None = None,
    ) -> Answer:
        """Answers a request; see `Engine`."""
        is_couplet = isinstance(request.form, Couplet)
        with self._use(await self._couplet_composer() if is_couplet else self.composer) as composer:
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
        with self._use(self.composer) as composer:
            return await composer.score(line, candidates, deadline_s, group)

    async def mend(
        self,
        lines: Sequence[str],
        blanks: Sequence[Blank],
        deadline_s: float,
        group: Hashable | None = None,
        book: RhymeBook = "pingshui",
    ) -> Mended:
        """Finds characters for places of a poem; see `Engine`."""
        with self._use(self.composer) as composer:
            return await composer.mend(lines, blanks, deadline_s, group, book)

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

    async def anthology(self) -> Anthology:
        """Returns the poems with title and poet; see `Engine`."""
        return self.composer.bundle.anthology

    async def reload(self) -> None:
        """Loads the bundle again and replaces the composer, and that of couplets if it is open.

        The old ones answer meanwhile, and go on if a new bundle cannot be used. They finish their
        requests and are then closed.

        Raises:
            BundleError: The bundle cannot be used.
            ProviderError: CUDA was requested and is not available.
            BusyError: The engine is closed.
        """
        async with self._reloading:
            self._raise_if_closed()
            composer = await asyncio.to_thread(self._open_again)
            description = await asyncio.to_thread(describe_bundle, composer)
            await self._reload_couplets(composer.bundle)
            self._raise_if_closed()
            old, self.composer = self.composer, composer
            self._description = composer.bundle, description
            self._retire(old)
            self._tell_observer()
            self._log_loaded(composer)

    async def close(self, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """Ends the engine; see `Engine`."""
        self._is_closed = True
        open_ones = (self.composer, self._couplets, *self._closing_composers)
        composers = [composer for composer in open_ones if composer is not None]
        await asyncio.gather(
            *(asyncio.to_thread(composer.close, timeout_s) for composer in composers)
        )
        for task in self._closing_composers.values():
            task.cancel()

    async def _couplet_composer(self) -> Composer:
        """Returns the composer of couplets, which is opened if it is not yet.

        Raises:
            SearchError: The bundle cannot be used; the log says why.
            BusyError: The engine is closed.
        """
        return await self._first_opening() if self._couplets is None else self._couplets

    async def _load_couplets(self) -> Composer:
        """Opens the composer of couplets for the first time; see `_couplet_composer`."""
        async with self._opening_couplets:
            self._raise_if_closed()
            try:
                composer = await asyncio.to_thread(self._open_couplets, self.composer.bundle)
            except LianjuError as error:
                _log.error("bundle for couplets not loaded: %s", error)
                raise SearchError("couplets-unusable") from error
            self._raise_if_closed()
            self._couplets = composer
            self._log_loaded(composer)
            return composer

    async def _reload_couplets(self, poems: Bundle) -> None:
        """Replaces the composer of couplets, if there is one; `poems` is the bundle of poems."""
        async with self._opening_couplets:
            if self._couplets is None:
                return
            composer = await asyncio.to_thread(self._open_couplets, poems)
            self._raise_if_closed()
            old, self._couplets = self._couplets, composer
            self._retire(old)
            self._log_loaded(composer)

    def _tell_observer(self) -> None:
        """Tells the observer which bundle answers, and where it runs."""
        manifest = self.composer.bundle.manifest
        self._observer.bundle_loaded(manifest.name, manifest.version, self.composer.provider)

    def _log_loaded(self, composer: Composer) -> None:
        manifest = composer.bundle.manifest
        figures = {
            "bundle": manifest.name,
            "version": manifest.version,
            "provider": composer.provider,
            "threads": self._threads,
        }
        line = " ".join(f"{name}={value}" for name, value in figures.items())
        _log.info("loaded %s", line, extra=figures)

    def _raise_if_closed(self) -> None:
        if self._is_closed:
            raise BusyError("busy-closing")

    @contextmanager
    def _use(self, composer: Composer) -> Iterator[Composer]:
        """Keeps the composer of one request open."""
        finished = asyncio.get_running_loop().create_future()
        self._running[finished] = composer
        try:
            yield composer
        finally:
            del self._running[finished]
            finished.set_result(None)

    def _retire(self, composer: Composer) -> None:
        """Closes a composer after its last request."""
        users = [future for future, used in self._running.items() if used is composer]
        closing = asyncio.create_task(self._close_after(users, composer))
        self._closing_composers[composer] = closing

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
    couplets: Path | None = None,
) -> LocalEngine:
    """Loads a bundle; `close` the engine in the end.

    Args:
        directory: The bundle; None is the one that ships with Lianju.
        provider: Where the model runs.
        threads: Threads within one operator; 0 for all cores.
        capacity: How many requests are accepted at once, and how many for couplets.
        observer: Is told which bundle answers, and of requests and steps of the model.
        couplets: The bundle for couplets, which is loaded when it is needed; None is the one that
            ships with Lianju.

    Raises:
        BundleError: The bundle is damaged or cannot run.
        ProviderError: CUDA was requested and is not available.
    """
    open_it = partial(_open, directory, provider, threads, capacity, observer)

    def open_couplets(poems: Bundle) -> Composer:
        found = couplets or default_couplets()
        composer = _open(found, provider, threads, capacity, observer, poems)
        if composer.bundle.manifest.encoder is None:
            raise BundleError("bundle-no-encoder", path=str(found))
        return composer

    return LocalEngine(open_it(), open_it, open_couplets, threads, observer)


def _open(
    directory: Path | None,
    provider: Provider,
    threads: int,
    capacity: int,
    observer: Observer,
    poems: Bundle | None = None,
) -> Composer:
    composer = open_composer(directory, provider, threads, capacity, observer, poems)
    # OpenCC reads its dictionaries at the first use, which would hold up the event loop.
    write_line(simplify("漢"), composer.bundle.vocabulary, traditional=True)
    return composer
