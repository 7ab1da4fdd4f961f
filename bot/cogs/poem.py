"""`/poem`: next lines for a line of verse."""

from typing import Any

import discord
from discord import app_commands

from ..ui.embeds import answer_embed
from ..ui.replies import NO_MENTIONS, acknowledge
from ..verse.composer import MAX_CHARACTERS, Request
from .base import LianjuCog

__all__ = ["Poem"]

# The composer counts characters of verse; spaces and punctuation come on top.
MAX_TYPED = 4 * MAX_CHARACTERS


class Poem(LianjuCog, name="Lianju poem"):
    """Answers lines of verse."""

    @app_commands.command()
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def poem(
        self,
        interaction: discord.Interaction[Any],
        line: app_commands.Range[str, 1, MAX_TYPED],
    ) -> None:
        """Answers your line of verse with five next lines.

        Args:
            line: A line of classical Chinese verse, such as 黄河远上白云间; at most four lines.
        """
        request = Request(line)
        async with self.answering(interaction, width=request.beam):
            composer, deadline = self.resources.composer, self.resources.settings.deadline
            composer.read(request)  # refused now, a bad line is answered in private
            await acknowledge(interaction)
            answer = await composer.compose(request, deadline)
            # An edit, unlike a new message, can be retried without answering twice.
            await interaction.edit_original_response(
                embed=answer_embed(answer), allowed_mentions=NO_MENTIONS
            )
