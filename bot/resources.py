"""Resources that the cogs share, opened and closed in one place."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from .errors import LianjuError
from .i18n import load_languages
from .logs import format_traceback
from .rate_limit import RequestLimiter
from .settings import Settings
from .store import Store, open_store
from .verse import BusyError, Composer, open_composer, simplify, usable_cores, write_line

__all__ = ["Resources", "open_resources"]

DAY = 24 * 60 * 60  # seconds

MIN_CLOSE_S = 1.0  # that a step of the model may take to end, even after the deadline

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class Resources:
    """The model, the database and the state that the cogs share.

    Attributes:
        settings: The operator's settings.
        composer: Answers requests. `reload` replaces it, so a request must keep the composer that
            it started with.
        store: The database.
        limiter: Limits the requests of each user.
        clock: Returns the time in Unix seconds.
        running: A future for each interaction; the database is closed after the last.
        background: A future for each background job; closing waits for them too.
        closing: Set when no new interaction is accepted.
        failures: How often something failed of which no user is told.
    """

    settings: Settings
    composer: Composer
    store: Store
    limiter: RequestLimiter
    clock: Callable[[], float] = time.time
    running: set[asyncio.Future[Any]] = field(default_factory=set)
    background: set[asyncio.Future[Any]] = field(default_factory=set)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    failures: Counter[str] = field(default_factory=Counter)
    _closed_by: float | None = field(default=None, init=False)
    _reloading: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _closing_composers: dict[Composer, asyncio.Task[None]] = field(default_factory=dict, init=False)

    @property
    def retained_since(self) -> float:
        """The Unix time from which on recent lines are kept."""
        return self.clock() - self.settings.retention_days * DAY

    def count_failure(self, what: str, error: Exception, **log_fields: int) -> None:
        """Counts and logs a failure of which no user is told, without the text of the error.

        Args:
            what: What failed.
            error: Its traceback is logged if it is not an error of ours.
            log_fields: Further fields of the log line.
        """
        self.failures[what] += 1
        fields = {"error": type(error).__name__, "failures": self.failures[what], **log_fields}
        line = " ".join((f"{what} failed", *(f"{name}={value}" for name, value in fields.items())))
        if not isinstance(error, LianjuError):
            line += f"\n{format_traceback(error)}"
        _log.warning(line, extra=fields)

    async def reload(self) -> None:
        """Loads the bundle again and replaces the composer.

        The old composer answers meanwhile, and goes on if the new bundle cannot be used. It
        finishes its running requests and is then closed.

        Raises:
            BundleError: The bundle cannot be used.
            ProviderError: CUDA was requested and is not available.
            BusyError: The resources are being closed.
        """
        async with self._reloading:
            self._raise_if_closing()
            composer = await asyncio.to_thread(_load, self.settings)
            self._raise_if_closing()
            old, self.composer = self.composer, composer
            self._closing_composers[old] = asyncio.create_task(
                self._close_when_unused(old, tuple(self.running))
            )
            _log_loaded(composer, self.settings)

    def _raise_if_closing(self) -> None:
        if self.closing.is_set():
            raise BusyError("busy-closing")

    async def _close_when_unused(
        self, composer: Composer, users: tuple[asyncio.Future[Any], ...]
    ) -> None:
        """Closes a composer after the interactions that may use it."""
        if users:
            await asyncio.wait(users)
        await asyncio.to_thread(composer.close)
        del self._closing_composers[composer]

    async def finish(self) -> None:
        """Refuses new interactions, and waits for running ones and background jobs.

        All waiting until the resources are closed takes at most the deadline, from the first call.
        """
        self.closing.set()
        if self._closed_by is None:
            self._closed_by = asyncio.get_running_loop().time() + self.settings.deadline
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._closed_by):
                while waited_for := self.running | self.background:
                    await asyncio.wait(waited_for)

    async def close(self) -> None:
        """Waits for running interactions, then closes the model and the database."""
        await self.finish()
        left_s = (self._closed_by or 0) - asyncio.get_running_loop().time()
        timeout_s = max(MIN_CLOSE_S, left_s)
        composers = (self.composer, *self._closing_composers)
        try:
            await asyncio.gather(
                *(asyncio.to_thread(composer.close, timeout_s) for composer in composers)
            )
        finally:
            await self.store.close()


async def open_resources(settings: Settings) -> Resources:
    """Opens the model and the database.

    Raises:
        BundleError: The bundle cannot be used.
        ProviderError: CUDA was requested and is not available.
        StoreError: The database cannot be used.
    """
    await asyncio.to_thread(load_languages)
    composer = await asyncio.to_thread(_load, settings)
    try:
        store = await open_store(settings.database, settings.deadline, alone=True)
    except BaseException:
        composer.close()
        raise
    _log_loaded(composer, settings)
    return Resources(settings, composer, store, RequestLimiter())


def _load(settings: Settings) -> Composer:
    composer = open_composer(settings.bundle, settings.provider, settings.threads, settings.queue)
    # OpenCC reads its dictionaries at the first use, which would hold up the event loop.
    write_line(simplify("漢"), composer.bundle.vocabulary, traditional=True)
    return composer


def _log_loaded(composer: Composer, settings: Settings) -> None:
    """Logs which bundle is loaded, and where it runs."""
    figures = {
        "bundle": composer.bundle.manifest.name,
        "version": composer.bundle.manifest.version,
        "provider": composer.provider,
        "threads": settings.threads or usable_cores(),
    }
    line = " ".join(f"{name}={value}" for name, value in figures.items())
    _log.info("loaded %s", line, extra=figures)
