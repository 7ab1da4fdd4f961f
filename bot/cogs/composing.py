"""How a line is answered, whichever way it was asked."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import discord

from ..preferences import Preferences
from ..store import Couplet
from ..ui.answer import Offer, Sheet, answer_layout
from ..ui.buttons import Method, Wish
from ..ui.replies import NO_MENTIONS, acknowledge
from ..ui.speech import Markdown
from ..verse.composer import Answer, Choosing, Request
from ..verse.errors import LianjuError
from ..verse.request import Script
from .base import Context, LianjuCog, is_allowed_here

__all__ = ["ComposingCog", "ElsewhereError", "choose"]

Interaction = discord.Interaction[Any]


class ElsewhereError(LianjuError):
    """The server has other channels for verse."""

    def __init__(self, channels: Iterable[int]) -> None:
        mentions = Markdown(" ".join(f"<#{channel}>" for channel in sorted(channels)))
        super().__init__(
            f"I do not answer in this channel: ask me in {mentions}.",
            "poem-elsewhere",
            channels=mentions,
        )


def choose(
    line: str, preferences: Preferences, count: int, script: Script, seed: int | None
) -> Request:
    """A wish for the lines that suit this very one, chosen as widely as the server likes.

    Args:
        line: What is to be answered.
        preferences: The server's.
        count: How many lines; more than the beam size widen the choice as well.
        script: Characters of the answer.
        seed: Where chance starts from; None draws a seed.
    """
    width = max(preferences.beam_size, count)
    return Request(line, width=width, count=count, script=script, choosing=Choosing(seed))


class ComposingCog(LianjuCog):
    """A cog that answers lines of verse."""

    async def compose(self, interaction: Interaction, context: Context, request: Request) -> None:
        """Answers a request with a new message.

        Raises:
            LianjuError: The line cannot be answered, or not here, or not now.
            discord.HTTPException: Discord did not take the answer.
        """
        resources, preferences = self.resources, context.preferences
        if not is_allowed_here(interaction, preferences):
            raise ElsewhereError(preferences.channels)
        resources.composer.read(request)  # refused now, a bad line is answered in private
        context.note(width=request.width or "none", lines=request.lines)
        with resources.desk.seat(interaction.user.id, interaction.guild_id, preferences.cooldown_s):
            await acknowledge(interaction)
            answer = await resources.composer.compose(request, resources.settings.deadline)
            sheet = self._sheet(request, answer, interaction.user.id)
            # An edit, unlike a new message, can be retried without answering twice.
            await interaction.edit_original_response(
                view=answer_layout(sheet, context.speech), allowed_mentions=NO_MENTIONS
            )

    def _sheet(self, request: Request, answer: Answer, asker: int) -> Sheet:
        composer = self.resources.composer
        # As it was written: characters changed into another script do not all change back.
        written = composer.read(replace(request, script="auto")).shown
        line = composer.read(request).shown[-1]
        return Sheet(
            prompt="\n".join(written),
            offers=tuple(
                Offer(Couplet(line, candidate.text), candidate.log_prob)
                for candidate in answer.candidates
            ),
            wish=Wish(
                asker, request.lines, request.script, "sampled" if request.sampling else "chosen"
            ),
            method=Method(
                answer.length,
                None if answer.sampling else answer.width,
                answer.sampling,
                answer.choosing,
            ),
            model=f"{answer.bundle_name} {answer.bundle_version}",
        )
