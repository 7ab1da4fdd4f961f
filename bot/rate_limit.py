"""Rate limit for requests: one running request a user, and a cooldown."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .errors import LianjuError
from .verse import NothingAllowedError, PromptError, RequestError

__all__ = ["REFUSED_S", "RateLimitError", "RequestLimiter"]

SWEEP_AT = 1024  # cooldowns; below this number none are removed
REFUSED_S = 2.0  # the longest cooldown after a request that could not be answered as it was written
REFUSALS = (PromptError, RequestError, NothingAllowedError)

Bucket = tuple[int, int | None]  # user id and server id; None outside servers


class RateLimitError(LianjuError):
    """The user's previous request is still running, or the cooldown after it is not over."""


@dataclass(frozen=True)
class Last:
    """The last request of a user in a server.

    Attributes:
        at: When it began, in monotonic seconds.
        cooldown_s: The server's cooldown at that time.
        most_s: The longest cooldown that it may have.
    """

    at: float
    cooldown_s: float
    most_s: float = math.inf

    def free_at(self, cooldown_s: float) -> float:
        """Returns when the next request is accepted if the cooldown is the given one."""
        return self.at + min(cooldown_s, self.most_s)


class RequestLimiter:
    """Admits one running request a user, with a cooldown after it.

    Args:
        clock: Returns monotonic seconds, so that nobody waits longer if the time is set.
        wall_clock: Returns the time in Unix seconds, to tell when to ask again.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._wall_clock = wall_clock
        self._running: set[int] = set()
        self._last: dict[Bucket, Last] = {}
        self._sweep_at = SWEEP_AT

    def __len__(self) -> int:
        """Returns how many users and cooldowns are stored."""
        return len(self._running) + len(self._last)

    @contextmanager
    def acquire(self, user_id: int, guild_id: int | None, cooldown_s: float) -> Iterator[None]:
        """Counts the user's request as running while the block runs.

        The cooldown counts from the start of the request. After a request that is refused for what
        the user wrote it is short, so that a slip does not cost an hour; if the block fails
        otherwise there is none, so that the user can try again at once. A changed cooldown applies
        from the next request on.

        Args:
            user_id: The user; one request of a user runs at a time, in whatever server.
            guild_id: The server, or None; each has its own cooldown.
            cooldown_s: Seconds between two requests.

        Raises:
            RateLimitError: Another request of this user is running, or the cooldown is not over;
                then the fact `retry_at` is the whole Unix second when it is.
        """
        now, bucket = self._clock(), (user_id, guild_id)
        if user_id in self._running:
            raise RateLimitError("limit-running")
        if bucket in self._last and (free_at := self._last[bucket].free_at(cooldown_s)) > now:
            retry_at = math.ceil(self._wall_clock() + free_at - now)
            raise RateLimitError("limit-cooldown", retry_at=str(retry_at))
        self._running.add(user_id)
        try:
            yield
            self._last[bucket] = Last(now, cooldown_s)
        except REFUSALS:
            self._last[bucket] = Last(now, cooldown_s, REFUSED_S)
            raise
        finally:
            self._running.remove(user_id)
            self._sweep()

    def _sweep(self) -> None:
        """Removes cooldowns that are over, each time that their number has doubled."""
        if len(self._last) < self._sweep_at:
            return
        now = self._clock()
        self._last = {
            bucket: last
            for bucket, last in self._last.items()
            if last.free_at(last.cooldown_s) > now
        }
        self._sweep_at = max(SWEEP_AT, 2 * len(self._last))
