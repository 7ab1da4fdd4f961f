"""`/check`: a member's own poem, read by the rules of regulated verse."""

import asyncio
from typing import get_args

import discord
from discord import app_commands
from discord.ext import commands

from ..engine import RhymeGroup, readings_of
from ..errors import LianjuError
from ..places import OUTSIDE
from ..ui.clinic import (
    AGAIN_BUTTON,
    checkup_layout,
    clinic_form,
    poem_of,
    refusal_layout,
    written_poem,
)
from ..ui.layout import Layout
from ..ui.replies import Interaction, defer_update, edit_message, open_form, respond
from ..verse import MAX_WRITTEN, Checkup, RhymeBook, begin_checkup, check_choice, xinyun_readings
from .base import Context, LianjuCog
from .items import CogItem, cog_item
from .options import choice

__all__ = ["Clinic"]

NAME = "Lianju check"


class Clinic(LianjuCog, name=NAME):
    """Checks poems, and tells their writers alone.

    A poem comes with the command, or from a form. Forms are handled by their custom id, so those
    that were open while the bot restarted work as well.
    """

    @app_commands.command()
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    @app_commands.choices(
        rhymes=[
            choice("check-rhymes", "pingshui", "those of Tang verse (平水韵)"),
            choice("check-rhymes", "xinyun", "those of today (中华新韵)"),
        ]
    )
    async def check(
        self,
        interaction: Interaction,
        poem: app_commands.Range[str, 1, MAX_WRITTEN] | None = None,
        rhymes: RhymeBook = "pingshui",
    ) -> None:
        """Checks a poem of your own: tones, rhymes, and what would mend it. Only you see it.

        Args:
            poem: Two, four or eight lines, with punctuation or spaces; a form opens if left out.
            rhymes: Tones and rhymes: those of Tang verse, if left out, or those of today.
        """
        async with self.handle(interaction) as context:
            check_choice(rhymes, get_args(RhymeBook))
            if poem is None:
                await open_form(interaction, clinic_form(context.localizer, rhymes))
                context.outcome = "asked"
                return
            layout = await self._answer(interaction, context, poem, rhymes)
            await respond(interaction, layout, private=True)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        """Checks the poem that a form was sent with."""
        if interaction.type is not discord.InteractionType.modal_submit:
            return
        written = written_poem(interaction.data)
        if written is None:
            return
        if interaction.message is None:
            async with self.handle(interaction) as context:
                layout = await self._answer(interaction, context, *written)
                await respond(interaction, layout, private=True)
            return
        async with self.handle(interaction, defer_update) as context:
            await edit_message(interaction, await self._answer(interaction, context, *written))

    async def press(self, interaction: Interaction, button: CogItem) -> None:
        """Opens the form with the poem that a message is about."""
        async with self.handle(interaction) as context:
            poem = "" if interaction.message is None else poem_of(interaction.message)
            book: RhymeBook = "xinyun" if button.match["book"] == "xinyun" else "pingshui"
            await open_form(interaction, clinic_form(context.localizer, book, poem))
            context.outcome = "asked"

    async def _answer(
        self, interaction: Interaction, context: Context, poem: str, book: RhymeBook
    ) -> Layout:
        """Returns what is told of a poem, or why it is refused, with the poem."""
        localizer = context.localizer  # or why the bot does not answer at all
        try:
            checkup = await self._checkup(interaction, context, poem, book)
        except LianjuError as error:
            self.resources.observer.refused(error.key)
            context.outcome = f"refused:{type(error).__name__}"
            return refusal_layout(localizer.format_error(error), poem, book, localizer)
        return checkup_layout(checkup, localizer)

    async def _checkup(
        self, interaction: Interaction, context: Context, poem: str, book: RhymeBook
    ) -> Checkup:
        """Returns a poem with what is wrong with it and what would mend it.

        Raises:
            LianjuError: It is no poem, or cannot be checked now.
        """
        cooldown_s = context.guild_settings.applied_cooldown_s
        engine = self.resources.engine
        async with self.resources.admit(interaction.user.id, interaction.guild_id, cooldown_s):
            groups = (await engine.bundle()).rhymes
            begun = await asyncio.to_thread(_begin, poem, groups, book)
            context.add_log_fields(lines=len(begun.poem.lines), places=len(begun.blanks))
            mended = await engine.mend(
                begun.text.lines,
                begun.blanks,
                self.resources.settings.deadline,
                interaction.guild_id or OUTSIDE,
                book,
            )
        return begun.with_mended(mended)

    items = (cog_item(NAME, AGAIN_BUTTON, press),)


def _begin(poem: str, groups: tuple[RhymeGroup, ...], book: RhymeBook) -> Checkup:
    """Reads and checks a poem, which takes some 50 ms, and once 100 more for the table."""
    readings = xinyun_readings() if book == "xinyun" else readings_of(groups)
    return begin_checkup(poem, readings, book)
