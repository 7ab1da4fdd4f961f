"""Opens the engine that the settings describe."""

import asyncio
import logging

from ..errors import LianjuError
from ..observer import NOBODY, Observer
from ..settings import Settings
from .protocol import Engine

__all__ = ["open_engine"]

_log = logging.getLogger(__name__)


async def open_engine(settings: Settings, observer: Observer = NOBODY) -> Engine:
    """Opens the engine: in this process, or the service that `LIANJU_ENGINE` names.

    A service may be away, silent or full: the engine tries again with each request.

    Args:
        settings: The operator's settings.
        observer: Is told which bundle answers, and of requests and steps in this process.

    Raises:
        BundleError: The bundle cannot be used.
        ProviderError: CUDA was requested and is not available.
    """
    if not settings.engine_addresses:
        from .local import open_local_engine  # a bot that asks a service needs no ONNX Runtime

        return await asyncio.to_thread(
            open_local_engine,
            settings.bundle,
            settings.provider,
            settings.threads,
            settings.queue,
            observer,
            settings.couplet_bundle,
        )
    from .remote import RemoteEngine

    engine = RemoteEngine(settings.engine_addresses, settings.engine_token, observer)
    try:
        await engine.reload()
    except LianjuError as error:
        _log.warning("service not described: %s", error)
    except BaseException:
        await engine.close()
        raise
    return engine
