"""What every cog shares: one answer to an interaction, one error handler, one line in the log."""

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import aiohttp
import discord
from discord.ext import commands

from ..errors import LianjuError
from ..guild_settings import GuildSettings
from ..i18n import Localizer
from ..logs import format_traceback
from ..resources import Resources
from ..ui.language import localizer_for
from ..ui.replies import send_error
from ..verse.errors import BusyError

__all__ = ["Context", "LianjuCog", "is_allowed_here"]

_log = logging.getLogger(__name__)

Interaction = discord.Interaction[Any]


class Context:
    """Where an interaction is answered.

    What stands against an answer is raised when this is first asked for something, since a
    context manager cannot keep its block from running.

    Args:
        localizer: The language to answer in.
        guild_settings: The server's settings, or why they are not known.
        refusal: Why there is to be no answer at all, if that is so.
    """

    def __init__(
        self,
        localizer: Localizer,
        guild_settings: GuildSettings | Exception,
        refusal: LianjuError | None,
    ) -> None:
        self.voice = localizer  # for refusals; answers go through `localizer`
        self._guild_settings = guild_settings
        self._refusal = refusal
        self.facts: dict[str, object] = {}
        self.outcome = "answered"  # for the log, unless something goes wrong

    def add_log_fields(self, **facts: object) -> None:
        """Adds figures to the log line; never what the user wrote."""
        self.facts |= facts

    @property
    def localizer(self) -> Localizer:
        """The language to answer in.

        Raises:
            LianjuError: There is to be no answer.
        """
        if self._refusal is not None:
            raise self._refusal
        return self.voice

    @property
    def guild_settings(self) -> GuildSettings:
        """The server's settings; the defaults outside servers.

        Raises:
            LianjuError: There is to be no answer, or they could not be read.
        """
        if self._refusal is not None:
            raise self._refusal
        if isinstance(self._guild_settings, Exception):
            raise self._guild_settings
        return self._guild_settings


class LianjuCog(commands.Cog):
    """A cog whose commands and buttons answer inside `self.handle(...)`.

    Failures are told to the user right there instead of being raised: discord.py would also pass
    a raised error to the handler of the bot's command tree, which in somebody else's bot answers
    too; and it would only log what a button raises.

    Attributes:
        items: The classes of buttons and selects that find this cog by its name, so that they
            work for messages of any age; registered while the cogs are loaded.
        menus: Context menus that find this cog by its name; likewise.
    """

    items: ClassVar[tuple[type[discord.ui.DynamicItem[Any]], ...]] = ()
    menus: ClassVar[tuple[discord.app_commands.ContextMenu, ...]] = ()

    def __init__(self, resources: Resources) -> None:
        self.resources = resources

    @asynccontextmanager
    async def handle(self, interaction: Interaction, **facts: object) -> AsyncIterator[Context]:
        """Turns whatever goes wrong inside into one private sentence, and logs one line.

        A `LianjuError` is explained in the reader's language. Anything else becomes a fixed
        sentence with an incident id, under which the log has the traceback.

        Args:
            interaction: What is being answered.
            facts: Further figures for the log line; never what the user wrote.
        """
        finished = asyncio.get_running_loop().create_future()
        self.resources.running.add(finished)
        started = time.perf_counter()
        context = await self._context(interaction)
        context.add_log_fields(**facts)
        outcome = "abandoned"
        try:
            yield context
            outcome = context.outcome
        except Exception as error:
            outcome = await _tell(interaction, error, context.voice)
        finally:
            self.resources.running.remove(finished)
            finished.set_result(None)
            figures = {
                "command": _name(interaction),
                "server": interaction.guild_id or "none",
                **context.facts,
                "ms": round((time.perf_counter() - started) * 1e3),
                "outcome": outcome,
            }
            line = " ".join(f"{name}={value}" for name, value in figures.items())
            _log.info(line, extra=figures)  # the fields of a log in JSON

    async def _context(self, interaction: Interaction) -> Context:
        if self.resources.closing.is_set():
            closing = BusyError("Lianju is shutting down: ask again in a minute.", "busy-closing")
            return Context(localizer_for(interaction, None), GuildSettings(), closing)
        if interaction.guild_id is None:
            return Context(localizer_for(interaction, None), GuildSettings(), None)
        try:
            guild_settings = await self.resources.store.guild_settings.get(interaction.guild_id)
        except Exception as error:  # whatever it is, it is told where it is missed
            return Context(localizer_for(interaction, None), error, None)
        return Context(localizer_for(interaction, guild_settings), guild_settings, None)

    async def cog_app_command_error(self, interaction: Interaction, error: Exception) -> None:
        """Answers for what fails before a command's own code runs, such as an outdated option.

        Raises:
            asyncio.CancelledError: Always. discord.py would go on to the error handler of the
                bot's command tree; this ends the interaction's task instead.
        """
        async with self.handle(interaction):
            raise error
        raise asyncio.CancelledError


def is_allowed_here(interaction: Interaction, guild_settings: GuildSettings) -> bool:
    """Whether the server lets the bot answer in this channel; a thread belongs to its channel."""
    here = {interaction.channel_id, getattr(interaction.channel, "parent_id", None)}
    return not guild_settings.channels or not guild_settings.channels.isdisjoint(here)


def _name(interaction: Interaction) -> str:
    """What was used; a button is named by the second part of its custom id."""
    if interaction.command is not None:
        return interaction.command.qualified_name
    data: Any = interaction.data or {}
    parts = data.get("custom_id", "").split(":")
    return parts[1] if parts[0] == "lianju" and len(parts) > 1 else "unknown"


async def _tell(interaction: Interaction, error: Exception, localizer: Localizer) -> str:
    """Tells the user of an error and returns the outcome for the log."""
    if isinstance(error, discord.NotFound):
        return "gone"  # too late, or the message was deleted: nobody is there to be told
    if isinstance(error, LianjuError):
        outcome, sentence = f"refused:{type(error).__name__}", localizer.format_error(error)
    else:
        incident = secrets.token_hex(4)
        _log.error(
            "incident=%s\n%s", incident, format_traceback(error), extra={"incident": incident}
        )
        outcome, sentence = f"failed:{incident}", localizer.format("incident", incident=incident)
    try:
        await send_error(interaction, sentence)
    except (discord.HTTPException, aiohttp.ClientError, TimeoutError) as failure:
        return f"{outcome},untold:{type(failure).__name__}"
    return outcome
