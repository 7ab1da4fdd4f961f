"""`lianju web` as a process: the application on uvicorn."""

import asyncio
import errno
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import uvicorn

from ..engine import Engine, open_local_engine
from ..errors import LianjuError
from ..logs import log_unhandled_errors, set_up_logging
from ..metrics import Metrics
from ..sentry import reporting
from ..settings import Settings
from .app import configured_app

__all__ = ["configure", "run"]

BACKLOG = 2048  # connections that the system keeps until they are accepted
SWITCH_S = 1e-3  # as `lianju serve`: the engine's thread and the event loop share the interpreter
GRACE_S = 4.0  # after the deadline, for responses to be sent
STOPPED_EARLY = 1  # exit status

_log = logging.getLogger(__name__)


class WebStartError(LianjuError):
    """The service cannot start."""


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves signals to `_serve`: uvicorn would end the process by the signal it got."""
        yield


def run(settings: Settings, host: str, port: int) -> int:
    """Serves until SIGTERM or Ctrl-C; requests in progress are finished first.

    A second signal ends the process at once. SIGHUP reloads the bundle.

    Args:
        settings: The operator's settings.
        host: The address or name to listen at.
        port: The port; 0 is any that is free.

    Returns:
        The exit status, 0.

    Raises:
        LianjuError: The bundle cannot be used, or the address cannot be listened at.
    """
    set_up_logging(settings.log_format, settings.log_level)
    sys.setswitchinterval(SWITCH_S)
    with reporting(settings.sentry_dsn), closing(_listen(host, port)) as listener:
        asyncio.run(_serve(settings, listener))
    return 0


def configure(engine: Engine, settings: Settings, metrics: Metrics | None = None) -> uvicorn.Config:
    """Returns how uvicorn serves the JSON interface and the page.

    Args:
        engine: Answers requests.
        settings: The operator's settings.
        metrics: What `/metrics` shows, to which requests are added; None for these alone.
    """
    return uvicorn.Config(
        configured_app(engine, settings, metrics),
        lifespan="off",
        log_config=None,
        access_log=False,  # it would quote the query, which has what users wrote
        server_header=False,
        proxy_headers=False,  # see configured_app; uvicorn believes any program of this machine
        timeout_graceful_shutdown=int(settings.deadline + GRACE_S),
    )


def _listen(host: str, port: int) -> socket.socket:
    """Returns a socket that listens at the first address of the host.

    Raises:
        WebStartError: It cannot.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError):
        raise WebStartError("web-host", host=host) from None
    try:
        listener = socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise WebStartError("web-port-used", host=host, port=str(port)) from None
        if error.errno == errno.EADDRNOTAVAIL:
            raise WebStartError("web-host", host=host) from None
        reason = error.strerror or str(error)
        raise WebStartError("web-listen", host=host, port=str(port), reason=reason) from None
    # Connections inherit it. asyncio leaves it out for sockets whose protocol number is 0, and the
    # body of a response would wait until the client has confirmed its head: 40 ms on Linux.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


async def _serve(settings: Settings, listener: socket.socket) -> None:
    log_unhandled_errors(asyncio.get_running_loop())
    metrics = Metrics()
    engine = await asyncio.to_thread(
        open_local_engine,
        settings.bundle,
        settings.provider,
        settings.threads,
        settings.queue,
        metrics,
        settings.couplet_bundle,
    )
    try:
        server = _Server(configure(engine, settings, metrics))
        _install_signal_handlers(server, engine)
        address = _address(listener)
        _log.info("listening address=%s", address, extra={"address": address})
        await server.serve(sockets=[listener])
        _log.info("stopped")
    finally:
        await engine.close()


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _install_signal_handlers(server: uvicorn.Server, engine: Engine) -> None:
    reloads: set[asyncio.Task[None]] = set()

    def stop() -> None:
        if server.should_exit:
            _log.warning("stopped at once")
            logging.shutdown()
            os._exit(STOPPED_EARLY)
        _log.info("stopping")
        server.should_exit = True

    def reload() -> None:
        task = asyncio.ensure_future(_reload(engine))
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    for name, handler in (("SIGTERM", stop), ("SIGINT", stop), ("SIGHUP", reload)):
        # Windows has no such handlers and no SIGHUP.
        with suppress(NotImplementedError, AttributeError):
            asyncio.get_running_loop().add_signal_handler(getattr(signal, name), handler)


async def _reload(engine: Engine) -> None:
    try:
        await engine.reload()
    except LianjuError as error:
        _log.error("bundle not reloaded: %s", error)
    except Exception as error:
        _log.error("bundle not reloaded", exc_info=error)
