"""Long functions off the event loop, one at a time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from .errors import LianjuError

__all__ = ["OneThread"]

A = TypeVar("A")
T = TypeVar("T")


class OneThread:
    """Runs functions in a thread of its own, one after the other.

    Args:
        name: Of the thread.
        most_waiting: How many calls may wait, the running one included; others are refused.
        busy: Makes the error of a refusal.
    """

    def __init__(self, name: str, most_waiting: int, busy: Callable[[], LianjuError]) -> None:
        self._thread = ThreadPoolExecutor(1, name)
        self._most_waiting = most_waiting
        self._busy = busy
        self._waiting = 0

    async def run(self, function: Callable[[A], T], argument: A) -> T:
        """Returns what a function returns.

        Raises:
            LianjuError: Too many others are waiting.
        """
        if self._waiting >= self._most_waiting:
            raise self._busy()
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._thread, function, argument)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Ends the thread after the function that it runs; those that wait are cancelled."""
        self._thread.shutdown(wait=False, cancel_futures=True)
