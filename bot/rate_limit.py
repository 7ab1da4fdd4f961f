"""Who may ask now: one running request a user, and a pause between a user's requests."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .errors import LianjuError

__all__ = ["CooldownError", "RequestLimiter", "StillRunningError"]

SWEEP_AT = 1024  # cooldowns; fewer than this are not worth a look

Slot = tuple[int, int | None]  # a user in a server, or outside servers


class StillRunningError(LianjuError):
    """The user's request before this one has no answer yet."""

    def __init__(self) -> None:
        super().__init__(
            "Your last line is still being answered: ask again when it is done.", "limit-running"
        )


class CooldownError(LianjuError):
    """The user asked only just now.

    Attributes:
        retry_at: When to ask again, in whole Unix seconds.
    """

    def __init__(self, retry_at: int) -> None:
        # Discord shows the timestamp as a countdown in the reader's own language.
        super().__init__(
            f"One line at a time: you can ask again <t:{retry_at}:R>.",
            "limit-cooldown",
            retry_at=str(retry_at),
        )
        self.retry_at = retry_at


class RequestLimiter:
    """Seats those who ask, one request a user.

    Args:
        clock: The time in Unix seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._running: set[int] = set()
        self._last: dict[Slot, tuple[float, float]] = {}  # when, and the cooldown in force then
        self._sweep_at = SWEEP_AT

    def __len__(self) -> int:
        """How many users and cooldowns it remembers."""
        return len(self._running) + len(self._last)

    @contextmanager
    def acquire(self, user_id: int, guild_id: int | None, cooldown_s: float) -> Iterator[None]:
        """Keeps the user's seat while the block runs, and then for the cooldown.

        The cooldown counts from the request. There is none if the block fails: whoever got no
        answer may ask again at once. A changed cooldown holds from the next request on.

        Args:
            user_id: Who asks; in whatever server, one request of a user runs at a time.
            guild_id: Where; each server has its own cooldown, and so have direct messages.
            cooldown_s: Seconds between two requests.

        Raises:
            StillRunningError: A request of this user is running.
            CooldownError: The cooldown after the last one is not over.
        """
        now, seat = self._clock(), (user_id, guild_id)
        if user_id in self._running:
            raise StillRunningError
        if seat in self._last and (free_at := self._last[seat][0] + cooldown_s) > now:
            raise CooldownError(math.ceil(free_at))
        self._running.add(user_id)
        try:
            yield
            self._last[seat] = (now, cooldown_s)
        finally:
            self._running.remove(user_id)
            self._sweep()

    def _sweep(self) -> None:
        """Drops the cooldowns that are over, each time that they have doubled in number."""
        if len(self._last) < self._sweep_at:
            return
        now = self._clock()
        self._last = {
            seat: (at, cooldown_s)
            for seat, (at, cooldown_s) in self._last.items()
            if at + cooldown_s > now
        }
        self._sweep_at = max(SWEEP_AT, 2 * len(self._last))
