"""What every cog shares: one answer to an interaction, one error handler, one line in the log."""

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from traceback import format_tb
from typing import Any

import aiohttp
import discord
from discord.ext import commands

from ..ui.replies import refuse
from ..verse.errors import LianjuError

__all__ = ["LianjuCog"]

_log = logging.getLogger(__name__)

Interaction = discord.Interaction[Any]


class LianjuCog(commands.Cog):
    """A cog whose commands answer inside `self.answering(...)`.

    Failures are told to the user right there instead of being raised: discord.py would also pass
    a raised error to the handler of the bot's command tree, which in somebody else's bot answers
    too.
    """

    def __init__(self) -> None:
        self._running: set[asyncio.Future[None]] = set()

    @asynccontextmanager
    async def answering(self, interaction: Interaction, **facts: object) -> AsyncIterator[None]:
        """Turns whatever goes wrong inside into one private sentence, and logs one line.

        A `LianjuError` is shown as it stands. Anything else becomes a fixed sentence with an
        incident id, under which the log has the traceback.

        Args:
            interaction: What is being answered.
            facts: Further figures for the log line; never what the user wrote.
        """
        finished = asyncio.get_running_loop().create_future()
        self._running.add(finished)
        started = time.perf_counter()
        outcome = "abandoned"
        try:
            yield
            outcome = "answered"
        except Exception as error:
            outcome = await _tell(interaction, error)
        finally:
            self._running.remove(finished)
            finished.set_result(None)
            figures = {
                "command": interaction.command.qualified_name if interaction.command else "unknown",
                "server": interaction.guild_id or "none",
                **facts,
                "ms": round((time.perf_counter() - started) * 1e3),
                "outcome": outcome,
            }
            _log.info(" ".join(f"{name}={value}" for name, value in figures.items()))

    async def finish(self, timeout_s: float) -> None:
        """Waits for the answers under way, but no longer than so many seconds."""
        if self._running:
            await asyncio.wait(self._running, timeout=timeout_s)

    async def cog_app_command_error(
        self, interaction: Interaction, error: discord.app_commands.AppCommandError
    ) -> None:
        """Answers for what fails before a command's own code runs, such as an outdated option."""
        async with self.answering(interaction):
            raise error


async def _tell(interaction: Interaction, error: Exception) -> str:
    """Tells the user of an error and returns the outcome for the log."""
    if isinstance(error, discord.NotFound):
        return "gone"  # too late, or the message was deleted: nobody is there to be told
    if isinstance(error, LianjuError):
        outcome, sentence = f"refused:{type(error).__name__}", str(error)
    else:
        incident = secrets.token_hex(4)
        _log.error("incident=%s\n%s", incident, "".join(_trace(error)).rstrip())
        outcome = f"failed:{incident}"
        sentence = f"Something went wrong here: if it happens again, report incident {incident}."
    try:
        await refuse(interaction, sentence)
    except (discord.HTTPException, aiohttp.ClientError, TimeoutError) as failure:
        return f"{outcome},untold:{type(failure).__name__}"
    return outcome


def _trace(error: BaseException) -> Iterator[str]:
    """The traceback without the errors' messages, which may quote what the user wrote."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before:
        yield from _trace(before)
        yield "which led to\n"
    yield from format_tb(error.__traceback__)
    status = f" {error.status} {error.code}" if isinstance(error, discord.HTTPException) else ""
    yield f"{type(error).__module__}.{type(error).__qualname__}{status}\n"
