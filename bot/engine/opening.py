"""Opens the engine that the settings describe."""

import asyncio

from ..settings import Settings
from .local import open_local_engine
from .protocol import Engine

__all__ = ["open_engine"]


async def open_engine(settings: Settings) -> Engine:
    """Opens the engine in this process.

    Raises:
        BundleError: The bundle cannot be used.
        ProviderError: CUDA was requested and is not available.
    """
    return await asyncio.to_thread(
        open_local_engine, settings.bundle, settings.provider, settings.threads, settings.queue
    )
