"""Does something again and again while a cog is loaded."""

import asyncio
from collections.abc import Awaitable, Callable

from ..resources import Resources

__all__ = ["Sleep", "keep_ticking"]

Sleep = Callable[[float], Awaitable[None]]
"""Waits so many seconds."""


async def keep_ticking(
    resources: Resources, tick: Callable[[], Awaitable[None]], every_s: float, sleep: Sleep
) -> None:
    """Does something every so many seconds, until it is cancelled.

    Args:
        resources: Are closed only when what is being done is done: a cancelled operation may leave
            a connection open.
        tick: What is done.
        every_s: Seconds between two times.
        sleep: Waits so long.
    """
    while True:
        await sleep(every_s)
        doing = asyncio.ensure_future(tick())
        resources.background.add(doing)
        doing.add_done_callback(resources.background.discard)
        await asyncio.shield(doing)
