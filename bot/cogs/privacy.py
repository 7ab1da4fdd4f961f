"""`/privacy`: the data stored about a member, and its deletion."""

from discord import app_commands

from ..events import ForgetEvent
from ..ui.privacy import DELETE_BUTTON, confirmation_layout, deleted_layout, privacy_layout
from ..ui.replies import Interaction, defer_update, edit_message, respond
from .base import LianjuCog
from .items import CogItem, check_owner, cog_item
from .linked_forgotten import redraw_forgotten

__all__ = ["Privacy"]

NAME = "Lianju privacy"


class Privacy(LianjuCog, name=NAME):
    """Shows a member which data is stored, and deletes it."""

    @app_commands.command()
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def privacy(self, interaction: Interaction) -> None:
        """Shows what is stored about you, and deletes it if you wish."""
        async with self.handle(interaction) as context:
            layout = privacy_layout(
                context.localizer, interaction.user.id, self.resources.settings.retention_days
            )
            await respond(interaction, layout, private=True)

    async def press(self, interaction: Interaction, button: CogItem) -> None:
        """Asks for confirmation, deletes, or goes back."""
        async with self.handle(interaction, defer_update) as context:
            localizer, user = context.localizer, interaction.user.id
            check_owner(interaction, button.match["owner"], "privacy")
            match button.match["step"]:
                case "ask":
                    await edit_message(interaction, confirmation_layout(localizer, user))
                case "keep":
                    days = self.resources.settings.retention_days
                    await edit_message(interaction, privacy_layout(localizer, user, days))
                case "delete":
                    at = interaction.created_at.timestamp()
                    deleted = await self.resources.store.delete_user(user, at)
                    interaction.client.dispatch(ForgetEvent.NAME, ForgetEvent(user))
                    try:
                        await edit_message(interaction, deleted_layout(localizer, deleted))
                    finally:
                        redraw_forgotten(self.resources, interaction.client, deleted.tables)

    items = (cog_item(NAME, DELETE_BUTTON, press),)
