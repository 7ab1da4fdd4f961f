"""`lianju serve`: the Discord bot as a process."""

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from types import ModuleType

import aiohttp
import discord
from discord.http import Route

from .client import LianjuBot, StartError
from .errors import LianjuError, missing_extra
from .logs import log_unhandled_errors, set_up_logging
from .sentry import reporting
from .settings import Settings

__all__ = ["load_monitor", "read_token", "run"]

SWITCH_S = 1e-3
AUTHENTICATION_FAILED = 4004  # the gateway's close code
STDIN = 0
GRACE_S = 4.0  # after the deadline, to close connections, threads and the database
STOPPED_EARLY = 1  # exit status

_log = logging.getLogger(__name__)


def run(settings: Settings) -> int:
    """Runs the bot until SIGTERM or Ctrl-C; requests in progress are finished first.

    This takes at most the deadline and `GRACE_S`. A second signal ends the process at once.

    SIGHUP reloads the bundle. If the bot's terminal is gone, SIGHUP stops the bot instead.

    Returns:
        The exit status, 0.

    Raises:
        LianjuError: The bot cannot start, or Discord closed the connection permanently.
    """
    token = read_token(settings)
    set_up_logging(settings.log_format, settings.log_level)
    # The engine's thread and the event loop share the interpreter. With Python's default of 5 ms
    # each would wait long for the other under load.
    sys.setswitchinterval(SWITCH_S)
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # no voice here
    if settings.rest_base is not None:
        Route.BASE = settings.rest_base.rstrip("/")
    try:
        with reporting(settings.sentry_dsn):
            asyncio.run(_serve(settings, token))
    except discord.LoginFailure:
        raise StartError("start-token-refused") from None
    except discord.ConnectionClosed as error:
        if error.code == AUTHENTICATION_FAILED:
            raise StartError("start-token-refused") from None
        raise StartError("start-closed", code=str(error.code)) from None
    except (discord.HTTPException, discord.GatewayNotFound) as error:
        cause = error if isinstance(error, discord.HTTPException) else error.__cause__
        status = getattr(cause, "status", "unknown")
        raise StartError("start-http-status", status=str(status)) from None
    except (aiohttp.ClientError, TimeoutError):
        raise StartError("start-unreachable", address=Route.BASE) from None
    return 0


async def _serve(settings: Settings, token: str) -> None:
    log_unhandled_errors(asyncio.get_running_loop())
    async with _monitored_bot(settings) as bot:
        stop, reload_requested = _install_signal_handlers(bot, settings.deadline + GRACE_S)
        reloading = asyncio.create_task(_reload_on_request(bot, reload_requested))
        try:
            await _run_until(stop, bot, token)
        finally:
            reloading.cancel()
            await asyncio.gather(reloading, return_exceptions=True)


@asynccontextmanager
async def _monitored_bot(settings: Settings) -> AsyncIterator[LianjuBot]:
    """Opens a bot; its monitor, if it has one, is opened before and closed after it."""
    if settings.monitor is None:
        async with LianjuBot(settings) as bot:
            yield bot
        return
    monitor = load_monitor()
    metrics = monitor.Metrics()
    bot = LianjuBot(settings, metrics)
    async with monitor.monitoring(settings.monitor, bot, metrics), bot:
        yield bot


def load_monitor() -> ModuleType:
    """Returns the module of the monitor, which needs packages of the extra `web`.

    Raises:
        LianjuError: One of them is missing.
    """
    try:
        from . import monitor
    except ModuleNotFoundError as error:
        raise missing_extra(error, "web") from None
    return monitor


def _install_signal_handlers(
    bot: LianjuBot, stop_within_s: float
) -> tuple[asyncio.Event, asyncio.Event]:
    """Returns the events that signals set: stop and reload."""
    stop, reload_requested = asyncio.Event(), asyncio.Event()
    in_terminal = os.isatty(STDIN)

    def end(reason: str) -> None:
        # A thread that waits for the database or the model would delay any other exit.
        _log.warning("stopped %s: dropped=%d", reason, bot.running)
        logging.shutdown()
        os._exit(STOPPED_EARLY)

    def on_stop() -> None:
        if stop.is_set():
            end("at once")
        stop.set()
        timer = threading.Timer(stop_within_s, end, ["at the deadline"])
        timer.daemon = True
        timer.start()

    def on_hangup() -> None:
        terminal_is_gone = in_terminal and not os.isatty(STDIN)
        if not terminal_is_gone:
            reload_requested.set()
        elif not stop.is_set():  # the system may tell of the terminal more than once
            on_stop()

    for name, handler in (("SIGTERM", on_stop), ("SIGINT", on_stop), ("SIGHUP", on_hangup)):
        # Windows has no such handlers (Ctrl-C still cancels the main task) and no SIGHUP.
        with suppress(NotImplementedError, AttributeError):
            asyncio.get_running_loop().add_signal_handler(getattr(signal, name), handler)
    return stop, reload_requested


async def _reload_on_request(bot: LianjuBot, reload_requested: asyncio.Event) -> None:
    """Reloads the bundle whenever it is requested; a request during a reload starts another."""
    resources = await bot.opened()
    while True:
        await reload_requested.wait()
        reload_requested.clear()
        try:
            await resources.reload()
        except LianjuError as error:
            _log.error("bundle not reloaded: %s", error)
        except Exception as error:
            _log.error("bundle not reloaded", exc_info=error)


async def _run_until(stop: asyncio.Event, bot: LianjuBot, token: str) -> None:
    running = asyncio.create_task(bot.start(token))
    stopped = asyncio.create_task(stop.wait())
    with suppress(asyncio.CancelledError):
        await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if running.done():
        running.result()
    # discord.py may lose a cancellation while it connects a shard (Python 3.11's wait_for does).
    # Closing the bot ends it in any case; a bot that is not set up has nothing to close.
    if bot.is_set_up:
        _log.info("stopping")
        await bot.close()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def read_token(settings: Settings) -> str:
    """Returns the bot's token.

    Raises:
        StartError: The token is missing, or has characters that no HTTP header may contain.
    """
    token = settings.discord_token.get_secret_value() if settings.discord_token else ""
    if not token:
        raise StartError("start-token-missing")
    # Checked here because the network library would quote a header with a line break in its error.
    if not all("!" <= character <= "~" for character in token):
        raise StartError("start-token-characters")
    return token
