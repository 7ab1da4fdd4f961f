"""What the cogs share, opened and closed in one place."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from .rate_limit import RequestLimiter
from .settings import Settings
from .store import Store, open_store
from .verse.composer import Composer, open_composer
from .verse.errors import BusyError
from .verse.model.session import usable_cores

__all__ = ["Resources", "open_resources"]

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class Resources:
    """The model, the database and what else the cogs need.

    Attributes:
        settings: The operator's.
        composer: Answers lines of verse. `reload` puts another in its place, so an answer keeps to
            the one that it began with.
        store: Keeps favorites and guild settings.
        limiter: Bounds how often a user may ask.
        clock: The time in Unix seconds.
        running: One future for each interaction that is being answered, and for what else must end
            before the database is closed.
        closing: Set once no new interaction is to be answered.
    """

    settings: Settings
    composer: Composer
    store: Store
    limiter: RequestLimiter
    clock: Callable[[], float] = time.time
    running: set[asyncio.Future[None]] = field(default_factory=set)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    _reloading: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _retiring: dict[Composer, asyncio.Task[None]] = field(default_factory=dict, init=False)

    async def reload(self) -> None:
        """Loads the bundle anew; meanwhile, and if it cannot be used, the old one answers.

        Answers under way are finished by the composer that began them; it is closed after the last.

        Raises:
            BundleError: The bundle cannot be used.
            ProviderError: CUDA was asked for and cannot be had.
            BusyError: Everything is being closed.
        """
        async with self._reloading:
            self._refuse_if_closing()
            composer = await asyncio.to_thread(_load, self.settings)
            self._refuse_if_closing()  # what nobody has used needs no closing
            old, self.composer = self.composer, composer
            self._retiring[old] = asyncio.create_task(self._retire(old, tuple(self.running)))
            _log_loaded(composer, self.settings)

    def _refuse_if_closing(self) -> None:
        if self.closing.is_set():
            raise BusyError("Lianju is shutting down: ask again in a minute.", "busy-closing")

    async def _retire(self, composer: Composer, users: tuple[asyncio.Future[None], ...]) -> None:
        """Closes a composer once all are done who may have begun with it."""
        if users:
            await asyncio.wait(users)
        await asyncio.to_thread(composer.close)
        del self._retiring[composer]

    async def finish(self) -> None:
        """Lets no new answer begin, and waits for those under way as long as one may take."""
        self.closing.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(self.settings.deadline):
                while self.running:
                    await asyncio.wait(self.running)

    async def close(self) -> None:
        """Waits for the answers under way, then frees the model and closes the database."""
        await self.finish()
        try:
            for composer in (self.composer, *self._retiring):
                await asyncio.to_thread(composer.close)
        finally:
            await self.store.close()


async def open_resources(settings: Settings) -> Resources:
    """Opens the model and the database.

    Raises:
        BundleError: The bundle cannot be used.
        ProviderError: CUDA was asked for and cannot be had.
        StoreError: The database cannot be used.
    """
    composer = await asyncio.to_thread(_load, settings)
    try:
        store = await open_store(settings.database, settings.deadline)
    except BaseException:
        composer.close()
        raise
    _log_loaded(composer, settings)
    return Resources(settings, composer, store, RequestLimiter(time.time))


def _load(settings: Settings) -> Composer:
    return open_composer(settings.bundle, settings.provider, settings.threads, settings.queue)


def _log_loaded(composer: Composer, settings: Settings) -> None:
    """Logs what answers from now on, and on what it runs."""
    figures = {
        "bundle": composer.bundle.manifest.name,
        "version": composer.bundle.manifest.version,
        "provider": composer.provider,
        "threads": settings.threads or usable_cores(),
    }
    line = " ".join(f"{name}={value}" for name, value in figures.items())
    _log.info("loaded %s", line, extra=figures)
