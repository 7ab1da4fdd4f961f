"""What the cogs share, opened and closed in one place."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from .desk import Desk
from .settings import Settings
from .store import Store, open_store
from .verse.composer import Composer, open_composer

__all__ = ["Resources", "open_resources"]


@dataclass(frozen=True)
class Resources:
    """The model, the database and what else the cogs need.

    Attributes:
        settings: The operator's.
        composer: Answers lines of verse.
        store: Keeps favourites and preferences.
        desk: Says who may ask now.
        clock: The time in Unix seconds.
        running: One future for each interaction that is being answered, and for what else must end
            before the database is closed.
        closing: Set once no new interaction is to be answered.
    """

    settings: Settings
    composer: Composer
    store: Store
    desk: Desk
    clock: Callable[[], float] = time.time
    running: set[asyncio.Future[None]] = field(default_factory=set)
    closing: asyncio.Event = field(default_factory=asyncio.Event)

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
            await asyncio.to_thread(self.composer.close)
        finally:
            await self.store.close()


async def open_resources(settings: Settings) -> Resources:
    """Opens the model and the database.

    Raises:
        BundleError: The bundle cannot be used.
        ProviderError: CUDA was asked for and cannot be had.
        StoreError: The database cannot be used.
    """
    composer = await asyncio.to_thread(
        open_composer, settings.bundle, settings.provider, settings.threads, settings.queue
    )
    try:
        store = await open_store(settings.database)
    except BaseException:
        composer.close()
        raise
    return Resources(settings, composer, store, Desk(time.time))
