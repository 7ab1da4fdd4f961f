"""What every cog shares: one error handler, and one line in the log for each interaction."""

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import aiohttp
import discord
from discord.app_commands import Choice
from discord.ext import commands

from ..engine import ServiceError
from ..errors import LianjuError, NotAllowedError
from ..guild_settings import GuildSettings
from ..i18n import Language, Localizer, Markdown, localizer_for
from ..logs import format_traceback
from ..resources import Resources
from ..ui.replies import Defer, Interaction, defer_private_reply, deferring_when_late, send_error
from ..verse import BusyError, PromptError

__all__ = ["Context", "LianjuCog", "check_allowed_here", "check_may_write", "is_allowed_here"]

_log = logging.getLogger(__name__)


class Context:
    """What a handler knows about its interaction.

    Errors are raised on first attribute access, since a context manager cannot skip its block.

    Args:
        localizer: The language to answer in.
        guild_settings: The server's settings, or the error that reading them raised.
        refusal: Why the interaction is not to be handled at all.

    Attributes:
        error_localizer: The language of errors, which is always known.
        log_fields: Further fields of the log line.
        outcome: What the log line says if there is no error.
    """

    def __init__(
        self,
        localizer: Localizer,
        guild_settings: GuildSettings | Exception,
        refusal: LianjuError | None = None,
    ) -> None:
        self.error_localizer = localizer
        self.log_fields: dict[str, object] = {}
        self.outcome = "answered"
        self._guild_settings = guild_settings
        self._refusal = refusal

    def check(self) -> None:
        """Checks that the interaction is to be handled, where nothing else of it is used.

        Raises:
            LianjuError: It is not.
        """
        if self._refusal is not None:
            raise self._refusal

    def add_log_fields(self, **fields: object) -> None:
        """Adds fields to the log line; never what the user wrote."""
        self.log_fields |= fields

    @property
    def localizer(self) -> Localizer:
        """The language to answer in.

        Raises:
            LianjuError: The interaction is not to be handled.
        """
        if self._refusal is not None:
            raise self._refusal
        return self.error_localizer

    @property
    def guild_settings(self) -> GuildSettings:
        """The server's settings; the defaults outside servers.

        Raises:
            LianjuError: The interaction is not to be handled, or they could not be read.
        """
        if self._refusal is not None:
            raise self._refusal
        if isinstance(self._guild_settings, Exception):
            raise self._guild_settings
        return self._guild_settings


class LianjuCog(commands.Cog):
    """A cog whose commands and buttons run inside `self.handle(interaction)`.

    Errors are reported there and not raised further. discord.py would also pass an error of a
    command to the handler of the bot's command tree, which in another bot responds as well, and
    it would only log an error of a button.

    Attributes:
        items: Classes of buttons and selects in messages of any age, which find this cog by its
            name. `Housekeeping` registers them.
        menus: Message menus, which find this cog likewise.
    """

    items: ClassVar[tuple[type[discord.ui.DynamicItem[Any]], ...]] = ()
    menus: ClassVar[tuple[discord.app_commands.ContextMenu, ...]] = ()

    def __init__(self, resources: Resources) -> None:
        self.resources = resources

    def localizer_for(self, interaction: Interaction, setting: Language = "auto") -> Localizer:
        """Returns the language of an answer, with the names that the commands have in this bot."""
        return localizer_for(interaction, setting, self.resources.commands)

    def command_name(self, interaction: Interaction) -> str:
        """Returns what a command is called where nothing is renamed.

        For a button it is the second part of its custom id.
        """
        if interaction.command is not None:
            return self.resources.commands.usual_name(interaction.command.qualified_name)
        data: Any = interaction.data or {}
        parts = data.get("custom_id", "").split(":")
        return parts[1] if parts[0] == "lianju" and len(parts) > 1 else "unknown"

    @asynccontextmanager
    async def handle(
        self, interaction: Interaction, defer: Defer = defer_private_reply, **log_fields: object
    ) -> AsyncIterator[Context]:
        """Handles one interaction: the block's errors become one private message.

        A `LianjuError` is shown in the user's language. Anything else becomes a fixed sentence with
        an incident id; the log has the traceback under the same id. Each interaction is one line
        in the log.

        Args:
            interaction: The interaction to respond to.
            defer: How to defer the response if it takes too long: as a new message for all or for
                the user alone, or as an edit.
            log_fields: Further fields of the log line; never what the user wrote.
        """
        finished, observer = asyncio.get_running_loop().create_future(), self.resources.observer
        self.resources.running.add(finished)
        try:
            async with deferring_when_late(interaction, defer):
                started = time.perf_counter()
                context = await self._context(interaction)
                outcome = "abandoned"
                try:
                    yield context
                    outcome = context.outcome
                except Exception as error:
                    if isinstance(error, LianjuError):
                        observer.refused(error.key)
                    outcome = await _report_error(interaction, error, context.error_localizer)
                finally:
                    seconds = time.perf_counter() - started
                    fields = {
                        "command": self.command_name(interaction),
                        "server": interaction.guild_id or "none",
                        **log_fields,
                        **context.log_fields,
                        "ms": round(seconds * 1e3),
                        "outcome": outcome,
                    }
                    line = " ".join(f"{name}={value}" for name, value in fields.items())
                    _log.info(line, extra=fields)  # the fields of a log in JSON
                    observer.interaction_ended(str(fields["command"]), outcome, seconds)
        finally:
            self.resources.running.remove(finished)
            finished.set_result(None)

    async def complete(
        self, interaction: Interaction, find: Callable[[], Awaitable[list[Choice[str]]]]
    ) -> list[Choice[str]]:
        """Answers an autocomplete; if anything fails, typing goes on without.

        Args:
            interaction: The autocomplete.
            find: Finds the choices.

        Raises:
            asyncio.CancelledError: The answer was not accepted. It ends the interaction's task;
                discord.py would log any other error with the id of the user.
        """
        started, outcome = time.perf_counter(), "unanswered"
        choices: list[Choice[str]] = []
        try:
            choices = await find()
        except (UnicodeEncodeError, PromptError):
            pass  # lone surrogates were typed: no text contains them
        except ServiceError:
            pass  # the log says once that the service is away
        except Exception as error:
            self.resources.count_failure("autocomplete", error)
        try:
            await interaction.response.autocomplete(choices)
            outcome = "answered"
        except discord.NotFound:  # the user has typed on
            raise asyncio.CancelledError from None
        except Exception as error:
            self.resources.count_failure("answer to an autocomplete", error)
            raise asyncio.CancelledError from None
        finally:
            seconds = time.perf_counter() - started
            self.resources.observer.interaction_ended("autocomplete", outcome, seconds)
        return choices

    async def _context(self, interaction: Interaction) -> Context:
        localizer, guild_id = self.localizer_for(interaction), interaction.guild_id
        if self.resources.closing.is_set():
            return Context(localizer, GuildSettings(), BusyError("busy-closing"))
        if guild_id is None:
            return Context(localizer, GuildSettings())
        try:
            guild_settings = await self.resources.store.guild_settings.get(guild_id)
        except Exception as error:
            return Context(localizer, error)
        return Context(self.localizer_for(interaction, guild_settings.language), guild_settings)

    async def cog_app_command_error(self, interaction: Interaction, error: Exception) -> None:
        """Reports what fails before a command's own code runs, such as an outdated option.

        Raises:
            asyncio.CancelledError: Always; it ends the interaction's task. discord.py would go on
                to the error handler of the bot's command tree.
        """
        async with self.handle(interaction):
            raise error
        raise asyncio.CancelledError


def is_allowed_here(interaction: Interaction, guild_settings: GuildSettings) -> bool:
    """Whether the server allows the bot in this channel, or in the channel of this thread."""
    here = {interaction.channel_id, getattr(interaction.channel, "parent_id", None)}
    return not guild_settings.channels or not guild_settings.channels.isdisjoint(here)


def check_allowed_here(interaction: Interaction, guild_settings: GuildSettings) -> None:
    """Checks that the server allows the bot here.

    Raises:
        NotAllowedError: It does not; the sentence names the channels where it does.
    """
    if not is_allowed_here(interaction, guild_settings):
        channels = " ".join(f"<#{channel}>" for channel in sorted(guild_settings.channels))
        raise NotAllowedError("poem-elsewhere", channels=Markdown(channels))


def check_may_write(interaction: Interaction) -> None:
    """Checks that the member may write here what may well be words of their own.

    Discord lets members press buttons wherever they may look on.

    Raises:
        NotAllowedError: They may not.
    """
    channel, allowed = interaction.channel, interaction.permissions
    if interaction.guild_id is None:
        return
    may_write = allowed.send_messages
    if isinstance(channel, discord.Thread):
        may_write = allowed.send_messages_in_threads
        may_write &= not channel.locked or allowed.manage_threads
    if not may_write:
        raise NotAllowedError("post-no-right")


async def _report_error(interaction: Interaction, error: Exception, localizer: Localizer) -> str:
    """Shows an error to the user and returns the outcome for the log."""
    if isinstance(error, discord.NotFound):
        return "gone"  # the interaction expired, or its message was deleted
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
        return f"{outcome},report_failed:{type(failure).__name__}"
    return outcome
