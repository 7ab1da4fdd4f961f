"""`lianju serve`: the Discord bot as a process."""

import asyncio
import logging
import os
import signal
import sys
from contextlib import suppress

import aiohttp
import discord
from discord.http import Route

from .client import LianjuBot, StartError
from .logs import log_faults_of, set_up_logging
from .reload import keep_reloading
from .settings import Settings

__all__ = ["PORTAL", "read_token", "run"]

PORTAL = "https://discord.com/developers/applications"
SWITCH_S = 1e-3
AUTHENTICATION_FAILED = 4004  # the gateway's close code
STDIN = 0

_log = logging.getLogger(__name__)


def run(settings: Settings) -> int:
    """Runs the bot until SIGTERM or Ctrl-C, which let the answers under way finish.

    SIGHUP loads the bundle anew, unless it means that the bot's terminal has gone: then it stops.

    Returns:
        The exit status, 0.

    Raises:
        LianjuError: The bot cannot start, or Discord sent it away; the message says why.
    """
    token = read_token(settings)
    set_up_logging(settings.log_format, settings.log_level)
    # The engine's thread and the event loop share the interpreter; with Python's 5 ms either would
    # wait long for the other under load.
    sys.setswitchinterval(SWITCH_S)
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # no voice here
    if settings.rest_base is not None:
        Route.BASE = settings.rest_base.rstrip("/")
    try:
        asyncio.run(_serve(settings, token))
    except discord.LoginFailure:
        raise _refused_token() from None
    except discord.ConnectionClosed as error:
        if error.code == AUTHENTICATION_FAILED:
            raise _refused_token() from None
        raise StartError(
            f"Discord closed the connection for good (code {error.code}): "
            "look the code up in Discord's documentation."
        ) from None
    except (discord.HTTPException, discord.GatewayNotFound) as error:
        cause = error if isinstance(error, discord.HTTPException) else error.__cause__
        status = getattr(cause, "status", "unknown")
        raise StartError(
            f"Discord answered the login with HTTP status {status}: "
            "try again in a few minutes (https://discordstatus.com)."
        ) from None
    except (aiohttp.ClientError, TimeoutError):
        raise StartError(
            f"Discord cannot be reached at {Route.BASE}: check the network and LIANJU_REST_BASE."
        ) from None
    return 0


async def _serve(settings: Settings, token: str) -> None:
    log_faults_of(asyncio.get_running_loop())
    stop, reload_requested = _install_signal_handlers()
    async with LianjuBot(settings) as bot:
        reloading = asyncio.create_task(_keep_reloading(bot, reload_requested))
        try:
            await _run_until(stop, bot, token)
        finally:
            reloading.cancel()
            await asyncio.gather(reloading, return_exceptions=True)


def _install_signal_handlers() -> tuple[asyncio.Event, asyncio.Event]:
    """The events that signals set: it is to stop, or to reload."""
    stop, reload_requested = asyncio.Event(), asyncio.Event()
    in_terminal = os.isatty(STDIN)

    def hang_up() -> None:
        gone = in_terminal and not os.isatty(STDIN)
        (stop if gone else reload_requested).set()

    for name, heed in (("SIGTERM", stop.set), ("SIGINT", stop.set), ("SIGHUP", hang_up)):
        # Windows has neither handlers, where Ctrl-C cancels all the same, nor SIGHUP.
        with suppress(NotImplementedError, AttributeError):
            asyncio.get_running_loop().add_signal_handler(getattr(signal, name), heed)
    return stop, reload_requested


async def _keep_reloading(bot: LianjuBot, reload_requested: asyncio.Event) -> None:
    await keep_reloading(await bot.opened(), reload_requested)


async def _run_until(stop: asyncio.Event, bot: LianjuBot, token: str) -> None:
    online = asyncio.create_task(bot.start(token))
    told = asyncio.create_task(stop.wait())
    with suppress(asyncio.CancelledError):
        await asyncio.wait({online, told}, return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    if online.done():
        online.result()
    # While it connects a shard, discord.py may lose a cancellation (Python 3.11's wait_for
    # does); closing ends it for certain. Before that, there may be half a bot to clean up.
    if bot.is_set_up:
        _log.info("stopping")
        await bot.close()
    online.cancel()
    await asyncio.gather(online, return_exceptions=True)


def read_token(settings: Settings) -> str:
    """The token of the bot.

    Raises:
        StartError: There is none, or no HTTP header could hold it.
    """
    token = settings.discord_token.get_secret_value() if settings.discord_token else ""
    if not token:
        raise StartError(
            f"DISCORD_TOKEN is missing: copy the token from the Bot page of {PORTAL} into .env."
        )
    # Caught here, as a header with a line break in it would be quoted by the network library.
    if not all("!" <= character <= "~" for character in token):
        raise StartError(
            "DISCORD_TOKEN has spaces or characters that no token has: "
            f"copy it anew from the Bot page of {PORTAL}."
        )
    return token


def _refused_token() -> StartError:
    return StartError(
        f"Discord refused DISCORD_TOKEN: copy the token anew from the Bot page of {PORTAL}."
    )
