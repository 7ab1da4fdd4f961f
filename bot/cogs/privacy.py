"""`/privacy`: what is stored about a member, and its deletion."""

import re
from typing import Any

import discord
from discord import app_commands

from ..ui.privacy import FORGET, deleted_layout, privacy_layout, question_layout
from ..ui.replies import defer_update, edit_message, respond
from .base import LianjuCog
from .items import CogItem, check_owner

__all__ = ["Privacy"]

NAME = "Lianju privacy"

Interaction = discord.Interaction[Any]


class ForgetButton(CogItem, template=FORGET):
    """A step on the way to the deletion, or back."""

    async def callback(self, interaction: Interaction) -> None:
        """Takes the step."""
        cog = interaction.client.get_cog(NAME)
        if isinstance(cog, Privacy):
            await cog.step(interaction, self.match)


class Privacy(LianjuCog, name=NAME):
    """Tells what is stored about whoever asks, and deletes it on demand."""

    items = (ForgetButton,)

    @app_commands.command()
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def privacy(self, interaction: Interaction) -> None:
        """Tells what is stored about you, and deletes it if you wish."""
        async with self.handle(interaction) as context:
            layout = privacy_layout(
                context.localizer, interaction.user.id, self.resources.settings.retention_days
            )
            await respond(interaction, layout, private=True)

    async def step(self, interaction: Interaction, pressed: re.Match[str]) -> None:
        """Asks once more, deletes, or goes back."""
        async with self.handle(interaction, defer_update) as context:
            localizer, user = context.localizer, interaction.user.id
            check_owner(interaction, pressed["owner"], "/privacy")
            match pressed["step"]:
                case "ask":
                    await edit_message(interaction, question_layout(localizer, user))
                case "keep":
                    days = self.resources.settings.retention_days
                    await edit_message(interaction, privacy_layout(localizer, user, days))
                case "delete":
                    forgotten = await self.resources.store.delete_user(user)
                    await edit_message(interaction, deleted_layout(localizer, forgotten))
