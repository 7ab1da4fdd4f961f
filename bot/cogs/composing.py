"""What the commands that answer with verse have in common."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import get_args

from discord.app_commands import Choice

from ..engine import matching_rhymes
from ..events import AnswerEvent
from ..guild_settings import CANDIDATES, GuildSettings
from ..i18n import localizer_for
from ..places import OUTSIDE
from ..ui.answer import answer_layout
from ..ui.answer_message import AnswerMessage, answer_message
from ..ui.buttons import Writer
from ..ui.replies import Interaction, defer_reply, respond
from ..verse import (
    Beam,
    Form,
    Known,
    Request,
    Rerank,
    Rules,
    Sample,
    Script,
    SearchMode,
    check_choice,
)
from .base import Context, LianjuCog, check_allowed_here
from .options import MAX_CHOICE, MAX_CHOICES, MAX_RHYME, Mode

__all__ = ["ComposingCog", "request_for"]


def request_for(
    text: str,
    form: Form,
    guild_settings: GuildSettings,
    *,
    mode: Mode = "chosen",
    seed: int | None = 0,
    count: int | None = None,
    script: Script | None = None,
    rhyme: str | None = None,
    rules: Rules = "strict",
    known: Known = "exclude",
) -> Request:
    """Returns the request that a command describes; what it leaves out follows the guild settings.

    Args:
        text: The lines to continue; for an acrostic, its first characters.
        form: What to write.
        guild_settings: The settings of the server.
        mode: How to search.
        seed: Seed of the random numbers; None draws one.
        count: How many candidates; more than the beam size widen the search as well.
        script: The script of the answer.
        rhyme: A rhyme group, or a character that rhymes.
        rules: How tones bind.
        known: Whether lines of the corpus may be answers.

    Raises:
        RequestError: A value is out of range, or two of them exclude each other.
    """
    # Bounds and choices of options are checked by Discord's own client alone.
    check_choice(mode, get_args(Mode))
    if count is None:
        count = guild_settings.candidates
    else:
        CANDIDATES.check("count", count)
    width = max(guild_settings.beam_size, count)
    search: SearchMode
    if mode == "sampled":
        search = Sample(seed=seed)
    elif mode == "beam":
        search = Beam(width)
    else:
        search = Rerank(seed, width)
    script = script or guild_settings.script
    return Request(text, form, search, count, script, rhyme, rules, known)


class ComposingCog(LianjuCog):
    """A cog that answers with verse."""

    @asynccontextmanager
    async def limit(self, interaction: Interaction, context: Context) -> AsyncIterator[None]:
        """Checks where and how often the user asks, before anything of the request is read.

        Args:
            interaction: The request, which is made and answered in the block. If the block refuses
                it, it counts as well.
            context: Of the interaction.

        Raises:
            NotAllowedError: The bot does not answer here.
            RateLimitError: The user has to wait.
        """
        guild_settings = context.guild_settings
        check_allowed_here(interaction, guild_settings)
        async with self.resources.admit(
            interaction.user.id, interaction.guild_id, guild_settings.applied_cooldown_s
        ):
            yield

    async def compose(
        self,
        interaction: Interaction,
        context: Context,
        request: Request,
        writer: Writer | None = None,
    ) -> None:
        """Answers a request with a new message, inside `limit`.

        Args:
            interaction: The request.
            context: Of the interaction.
            request: What the user asks for.
            writer: Who wrote the line, if it was not the user.

        Raises:
            LianjuError: It cannot be answered, or not now.
            discord.HTTPException: Discord did not accept the answer.
        """
        width = "none" if isinstance(request.search, Sample) else request.search.width
        context.add_log_fields(form=request.form.name, width=width, lines=request.count)
        observer = self.resources.observer

        async def acknowledge() -> None:
            with observer.stage("acknowledge"):
                await defer_reply(interaction)

        with observer.stage("engine"):
            answer = await self.resources.engine.compose(
                request,
                self.resources.settings.deadline,
                interaction.guild_id or OUTSIDE,
                acknowledge,  # errors of the request come before, in private
            )
        message = answer_message(answer, interaction.user.id, writer)
        await self.send_answer(interaction, context, message)
        if not answer.complete:
            context.outcome = "cut-short"

    async def send_answer(
        self, interaction: Interaction, context: Context, message: AnswerMessage
    ) -> None:
        """Sends an answer as a new message, and tells the host.

        Args:
            interaction: What it answers.
            context: Of the interaction.
            message: The answer.

        Raises:
            LianjuError: It is too long for a message.
            discord.HTTPException: Discord did not accept it.
        """
        layout = answer_layout(message, context.localizer)
        with self.resources.observer.stage("reply"):
            message_id = await respond(interaction, layout, private=False)
        event = AnswerEvent(
            self.command_name(interaction),
            interaction.user.id,
            interaction.guild_id,
            interaction.channel_id,
            message_id,
            message.prompt,
            tuple(message.verses),
        )
        interaction.client.dispatch(event.NAME, event)

    async def complete_rhyme(self, interaction: Interaction, current: str) -> list[Choice[str]]:
        """Offers the rhyme groups that match what is typed; none if the bundle has none."""
        traditional = localizer_for(interaction).language == "zh-TW"

        async def find() -> list[Choice[str]]:
            groups = (await self.resources.engine.bundle()).rhymes
            fitting = matching_rhymes(groups, current[:MAX_RHYME], traditional)
            return [
                Choice(name=text[:MAX_CHOICE], value=name)
                for name, text in list(fitting.items())[:MAX_CHOICES]
            ]

        return await self.complete(interaction, find)
