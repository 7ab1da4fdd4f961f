"""Resources that the cogs share, opened and closed in one place."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from .booklet import Booklets
from .commands import Commands
from .engine import Engine, open_engine
from .errors import LianjuError
from .i18n import load_languages
from .logs import format_traceback
from .observer import NOBODY, Observer
from .picture import Pictures
from .rate_limit import RateLimitError, RequestLimiter
from .settings import Settings
from .store import Store, StoreError, open_store
from .verse import BusyError

if TYPE_CHECKING:
    from discord.ext import commands as ext

__all__ = ["Resources", "open_resources"]

DAY = 24 * 60 * 60  # seconds

# After the deadline of a request that began shortly before: for its last step, and to be answered.
ANSWER_S = 2.0
MIN_CLOSE_S = 1.0  # that a step of the model may take to end, even after the deadline

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class Resources:
    """The engine, the database and the state that the cogs share.

    Attributes:
        settings: The operator's settings.
        engine: Answers requests.
        store: The database.
        limiter: Limits the requests of each user.
        clock: Returns the time in Unix seconds.
        commands: The commands of the bot.
        client: The bot, for messages that answer no interaction.
        observer: Is told what happens, for metrics.
        running: A future for each interaction; the database is closed after the last.
        background: A future for each background job; closing waits for them too.
        closing: Set when no new interaction is accepted.
        failures: How often something failed of which no user is told.
        pictures: Draws pictures.
        picture_limiter: Limits the pictures of each user.
        booklets: Makes booklets.
        booklet_limiter: Limits the booklets of each user.
        line_limiter: Limits the lines of linked verse that each user sends.
        locks: Held while something is edited that others edit too, by its name; each is dropped
            when nobody holds it.
    """

    settings: Settings
    engine: Engine
    store: Store
    limiter: RequestLimiter
    clock: Callable[[], float] = time.time
    commands: Commands = field(default_factory=Commands)
    client: "ext.Bot | ext.AutoShardedBot | None" = None
    observer: Observer = NOBODY
    running: set[asyncio.Future[Any]] = field(default_factory=set)
    background: set[asyncio.Future[Any]] = field(default_factory=set)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    failures: Counter[str] = field(default_factory=Counter)
    pictures: Pictures = field(default_factory=Pictures)
    picture_limiter: RequestLimiter = field(default_factory=RequestLimiter)
    booklets: Booklets = field(default_factory=Booklets)
    booklet_limiter: RequestLimiter = field(default_factory=RequestLimiter)
    line_limiter: RequestLimiter = field(default_factory=RequestLimiter)
    locks: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)
    _closed_by: float | None = field(default=None, init=False)

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
        self.observer.failed(what)
        fields = {"error": type(error).__name__, "failures": self.failures[what], **log_fields}
        line = " ".join((f"{what} failed", *(f"{name}={value}" for name, value in fields.items())))
        if not isinstance(error, LianjuError):
            line += f"\n{format_traceback(error)}"
        _log.warning(line, extra=fields)

    @asynccontextmanager
    async def admit(
        self, user_id: int, guild_id: int | None, cooldown_s: float
    ) -> AsyncIterator[None]:
        """Counts a request of a user as running while the block runs.

        Each server is with one process, and so are its cooldowns. A member is in servers of
        several processes: that one request of a member runs at a time is kept in the database.

        Args:
            user_id: The user.
            guild_id: The server, or None.
            cooldown_s: Seconds between two requests in the server.

        Raises:
            RateLimitError: The user has to wait.
            StoreError: The database cannot be used.
        """
        processes = self.store.processes if self.settings.shards else None
        with self.limiter.acquire(user_id, guild_id, cooldown_s):
            if processes is None:
                yield
                return
            most_s = 2 * self.settings.deadline  # one that takes longer is not refused for it
            begun = await processes.begin_request(user_id, most_s)
            if begun is None:
                raise RateLimitError("limit-running")
            try:
                yield
            finally:
                try:
                    await asyncio.shield(processes.end_request(user_id, begun))
                except StoreError as error:  # the request was answered
                    self.count_failure("end of a request", error)

    async def reload(self) -> None:
        """Loads the bundle again; see `Engine.reload`.

        Raises:
            BundleError: The bundle cannot be used.
            ProviderError: CUDA was requested and is not available.
            BusyError: The resources are being closed.
        """
        if self.closing.is_set():
            raise BusyError("busy-closing")
        await self.engine.reload()

    async def finish(self) -> None:
        """Refuses new interactions, and waits for running ones and background jobs.

        All waiting until the resources are closed takes at most the deadline and `ANSWER_S`, from
        the first call.
        """
        self.closing.set()
        if self._closed_by is None:
            waits_s = self.settings.deadline + ANSWER_S
            self._closed_by = asyncio.get_running_loop().time() + waits_s
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._closed_by):
                while waited_for := self.running | self.background:
                    await asyncio.wait(waited_for)

    async def close(self) -> None:
        """Waits for running interactions, then closes the engine and the database."""
        await self.finish()
        left_s = (self._closed_by or 0) - asyncio.get_running_loop().time()
        timeout_s = max(MIN_CLOSE_S, left_s)
        try:
            await self.engine.close(timeout_s)
        finally:
            self.pictures.close()
            self.booklets.close()
            await self.store.close()


async def open_resources(settings: Settings, observer: Observer = NOBODY) -> Resources:
    """Opens the engine and the database.

    Args:
        settings: The operator's settings.
        observer: Is told what happens, for metrics.

    Raises:
        BundleError: The bundle cannot be used.
        ProviderError: CUDA was requested and is not available.
        StoreError: The database cannot be used.
    """
    await asyncio.to_thread(load_languages)
    engine = await open_engine(settings, observer)
    try:
        store = await open_store(
            settings.database, settings.deadline, alone=True, observer=observer
        )
    except BaseException:
        await engine.close()
        raise
    return Resources(settings, engine, store, RequestLimiter(), observer=observer)
