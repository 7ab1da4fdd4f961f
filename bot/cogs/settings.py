"""`/settings`: the settings of a server."""

from typing import Any, Unpack

import discord
from discord import app_commands
from discord.app_commands import Choice

from ..errors import NotAllowedError
from ..guild_settings import (
    BEAM_SIZE,
    CANDIDATES,
    COOLDOWN,
    DEFAULT_THRESHOLD,
    HONOR_THRESHOLD,
    TABLES,
    GuildSettings,
)
from ..i18n import LANGUAGES, Language
from ..store.guilds import Changes
from ..ui.guild_settings import (
    CHANNEL_MENU,
    change_text,
    channels_layout,
    reset_text,
    settings_text,
)
from ..ui.layout import Layout
from ..ui.replies import Interaction, defer_update, edit_message, respond
from ..verse import Script
from .base import Context, LianjuCog
from .honor_channel import PageChannel, check_channel
from .items import CogItem, cog_item
from .options import SCRIPT, choice

__all__ = ["ServerSettings"]

NAME = "Lianju settings"

# The `default_permissions` of the group are a hint that servers may override; this is the check.
for_admins = app_commands.checks.has_permissions(manage_guild=True)


class ServerSettings(LianjuCog, name=NAME):
    """Shows and changes a server's settings, for administrators only."""

    settings = app_commands.Group(
        name="settings",
        description="Shows or changes how Lianju behaves in this server.",
        guild_only=True,
        default_permissions=discord.Permissions(manage_guild=True),
        allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
    )

    @settings.command()
    @for_admins
    async def show(self, interaction: Interaction) -> None:
        """Shows every setting of this server with its default."""
        async with self.handle(interaction) as context:
            text = settings_text(context.localizer, context.guild_settings)
            await _send_text(interaction, text)

    @settings.command(name="beam-size")
    @for_admins
    async def beam_size(
        self,
        interaction: Interaction,
        width: app_commands.Range[int, BEAM_SIZE.low, BEAM_SIZE.high],
    ) -> None:
        """Sets how wide the choice is: wider is slower, with more lines to choose from.

        Args:
            width: 12 lines are drawn for each unit, and the best of them are offered.
        """
        await self._change(interaction, beam_size=width)

    @settings.command()
    @for_admins
    async def candidates(
        self,
        interaction: Interaction,
        number: app_commands.Range[int, CANDIDATES.low, CANDIDATES.high],
    ) -> None:
        """Sets how many answers members are offered.

        Args:
            number: At most the beam size.
        """
        await self._change(interaction, candidates=number)

    @settings.command()
    @for_admins
    async def cooldown(
        self,
        interaction: Interaction,
        seconds: app_commands.Range[int, COOLDOWN.low, COOLDOWN.high],
    ) -> None:
        """Sets how long a member waits from one request to the next.

        Args:
            seconds: 0 lets members ask without a pause.
        """
        await self._change(interaction, cooldown_s=seconds)

    @settings.command()
    @for_admins
    async def channels(self, interaction: Interaction) -> None:
        """Sets in which channels members may ask for verse."""
        async with self.handle(interaction) as context:
            layout = channels_layout(
                context.localizer, context.guild_settings.channels, interaction.guild, saved=False
            )
            await respond(interaction, layout, private=True)

    @settings.command()
    @for_admins
    @app_commands.choices(script=SCRIPT)
    async def script(self, interaction: Interaction, script: Script) -> None:
        """Sets the characters of the answers.

        Args:
            script: Members can still choose for themselves when they ask.
        """
        await self._change(interaction, script=script)

    @settings.command()
    @for_admins
    @app_commands.choices(
        language=[
            choice("settings-language", "auto", "each member's own"),
            *(Choice(name=name, value=language) for language, name in LANGUAGES.items()),
        ]
    )
    async def language(self, interaction: Interaction, language: Language) -> None:
        """Sets the language that Lianju uses in this server.

        Args:
            language: One for all, or each member's own.
        """
        await self._change(interaction, language=language)

    @settings.command(name="linked-tables")
    @for_admins
    async def linked_tables(
        self,
        interaction: Interaction,
        number: app_commands.Range[int, TABLES.low, TABLES.high],
    ) -> None:
        """Sets how many tables of linked verse (联句) a channel may have at a time.

        Args:
            number: How many; one, if nothing was set.
        """
        await self._change(interaction, linked_tables=number)

    @settings.command()
    @for_admins
    async def anthology(
        self,
        interaction: Interaction,
        channel: app_commands.Transform[Any, PageChannel],
        threshold: app_commands.Range[int, HONOR_THRESHOLD.low, HONOR_THRESHOLD.high] | None = None,
    ) -> None:
        """Sets a channel where the verse that members love is posted, with its picture.

        Args:
            channel: The text channel.
            threshold: How many must keep a verse, other than its writers; 3 if nothing was set.
        """
        async with self.handle(interaction) as context:
            before = context.guild_settings.honor_page
            await check_channel(interaction, channel, context.localizer)
            most = DEFAULT_THRESHOLD if before is None else before.threshold
            most = most if threshold is None else threshold
            store, now = self.resources.store.guild_settings, self.resources.clock()
            after = await store.set_honor_page(_guild_id(interaction), channel.id, most, now)
            await self._confirm(interaction, context, after, "honor_page")

    @settings.command(name="anthology-off")
    @for_admins
    async def anthology_off(self, interaction: Interaction) -> None:
        """Ends the posting of verse that members love; what was posted stays."""
        async with self.handle(interaction) as context:
            context.check()
            store = self.resources.store.guild_settings
            after = await store.unset_honor_page(_guild_id(interaction))
            await self._confirm(interaction, context, after, "honor_page")

    @settings.command()
    @for_admins
    async def reset(self, interaction: Interaction) -> None:
        """Resets every setting to its default, and says what each was."""
        async with self.handle(interaction) as context:
            before = context.guild_settings
            await self.resources.store.guild_settings.reset(_guild_id(interaction))
            text = reset_text(self.localizer_for(interaction), before)
            await _send_text(interaction, text)

    async def set_channels(self, interaction: Interaction, menu: CogItem) -> None:
        """Sets the chosen channels, if the member still has the permission."""
        channels = frozenset(channel.id for channel in menu.item.values)
        async with self.handle(interaction, defer_update) as context:
            localizer = context.localizer
            if not interaction.permissions.manage_guild:
                raise NotAllowedError("settings-forbidden")
            after = await self.resources.store.guild_settings.change(
                _guild_id(interaction), channels=channels
            )
            layout = channels_layout(localizer, after.channels, interaction.guild, saved=True)
            await edit_message(interaction, layout)

    async def cog_app_command_error(self, interaction: Interaction, error: Exception) -> None:
        """Reports a missing permission."""
        if isinstance(error, app_commands.MissingPermissions):
            error = NotAllowedError("settings-forbidden")
        await super().cog_app_command_error(interaction, error)

    async def _change(self, interaction: Interaction, **changes: Unpack[Changes]) -> None:
        async with self.handle(interaction) as context:
            context.check()
            after = await self.resources.store.guild_settings.change(
                _guild_id(interaction), **changes
            )
            (name,) = changes
            await self._confirm(interaction, context, after, name)

    async def _confirm(
        self, interaction: Interaction, context: Context, after: GuildSettings, name: str
    ) -> None:
        """Says how one setting changed, in the language after the change."""
        localizer = self.localizer_for(interaction, after.language)
        await _send_text(interaction, change_text(localizer, context.guild_settings, after, name))

    items = (cog_item(NAME, CHANNEL_MENU, set_channels),)


def _guild_id(interaction: Interaction) -> int:
    """Returns the server's id; outside servers nobody has the permission."""
    if interaction.guild_id is None:
        raise NotAllowedError("settings-forbidden")
    return interaction.guild_id


async def _send_text(interaction: Interaction, text: str) -> None:
    await respond(interaction, Layout(discord.ui.TextDisplay(text)), private=True)
