"""What the commands that answer with verse have in common."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import get_args

from discord.app_commands import Choice

from ..characters import describe
from ..engine import matching_rhymes
from ..errors import NotAllowedError
from ..events import AnswerEvent
from ..guild_settings import CANDIDATES, GuildSettings
from ..i18n import Markdown, localizer_for
from ..ui.answer import answer_layout
from ..ui.answer_message import AnswerMessage, CandidateView
from ..ui.buttons import DetailsButton, RequestOptions, Writer
from ..ui.replies import Interaction, defer_reply, respond
from ..verse import (
    Answer,
    Beam,
    Candidate,
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
from ..verses import Verse
from .base import Context, LianjuCog, is_allowed_here
from .options import MAX_CHOICE, MAX_CHOICES, MAX_RHYME, Mode

__all__ = ["OUTSIDE", "ComposingCog", "request_for"]

OUTSIDE = 0  # direct messages share the queue as one server does


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
        if not is_allowed_here(interaction, guild_settings):
            channels = " ".join(f"<#{channel}>" for channel in sorted(guild_settings.channels))
            raise NotAllowedError("poem-elsewhere", channels=Markdown(channels))
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
        message = _answer_message(answer, interaction.user.id, writer)
        layout = answer_layout(message, context.localizer)
        with observer.stage("reply"):
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
        if not answer.complete:
            context.outcome = "cut-short"

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


def _answer_message(answer: Answer, user_id: int, writer: Writer | None) -> AnswerMessage:
    """Returns the content of the message with an answer.

    Args:
        answer: The answer.
        user_id: Id of the user who made the request.
        writer: Who wrote the line, if it was not the user.
    """
    request = answer.request
    options = RequestOptions(
        user_id,
        request.count,
        request.script,
        "sampled" if isinstance(request.search, Sample) else "chosen",
        request.form,
        answer.rhyme,
        request.rules,
        request.known,
        writer,
    )
    given = () if options.is_acrostic else answer.shown
    generated = answer.length - options.is_acrostic  # the first characters are given
    return AnswerMessage(
        # As the user wrote it: a conversion to the other script cannot always be undone.
        prompt="\n".join(answer.written),
        candidates=tuple(
            CandidateView(
                _verse(options, given, candidate),
                candidate.log_prob,
                candidate.known,
                candidate.relaxed,
            )
            for candidate in answer.candidates
        ),
        options=options,
        details=DetailsButton(
            generated * max(len(candidate.lines) for candidate in answer.candidates),
            request.search,
            answer.complete,
        ),
        model=f"{answer.bundle_name} {answer.bundle_version}",
        corpus_continuation=answer.corpus_continuation,
        unknown=tuple(map(describe, answer.unknown)),
    )


def _verse(options: RequestOptions, given: Sequence[str], candidate: Candidate) -> Verse:
    """Returns what a heart keeps: the whole poem, or two lines in their order."""
    if options.is_poem:
        return Verse.of(*given, *candidate.lines)
    if options.is_upper:
        return Verse(candidate.text, given[-1])
    return Verse(given[-1], candidate.text)
