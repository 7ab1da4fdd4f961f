"""`/about` and `/help`."""

from discord import app_commands

from ..ui.about import about_layout, help_layout
from ..ui.replies import Interaction, respond
from .base import LianjuCog

__all__ = ["About"]


class About(LianjuCog, name="Lianju about"):
    """Describes the model and the commands, in private replies."""

    @app_commands.command()
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def about(self, interaction: Interaction) -> None:
        """Shows the model behind the answers: size, quality, version, license."""
        async with self.handle(interaction) as context:
            localizer, resources = context.localizer, self.resources
            figures = await resources.store.guesses.figures()
            layout = about_layout(localizer, await resources.engine.bundle(), figures)
            await respond(interaction, layout, private=True)

    @app_commands.command(name="help")
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def show_help(self, interaction: Interaction) -> None:
        """Shows what every command does."""
        async with self.handle(interaction) as context:
            await respond(interaction, help_layout(context.localizer), private=True)
