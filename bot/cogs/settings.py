"""`/settings`: what the administrators of a server set."""

from typing import Any, Unpack

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str

from ..errors import LianjuError
from ..guild_settings import BEAM_SIZE, CANDIDATES, COOLDOWN, GuildSettings, Language
from ..store.guilds import Changes
from ..ui.guild_settings import (
    CHOOSE_CHANNELS,
    change,
    channels_layout,
    everything,
    what_was_reset,
)
from ..ui.language import localizer_for
from ..ui.layout import Layout
from ..ui.replies import defer_update, edit_message, respond
from ..verse.request import Script
from .base import LianjuCog
from .items import CogItem

__all__ = ["ServerSettings"]

NAME = "Lianju settings"

Interaction = discord.Interaction[Any]

# What Discord shows, `default_permissions` of the group, is a hint that servers may override.
for_admins = app_commands.checks.has_permissions(manage_guild=True)


def _choice(setting: str, value: str, name: str) -> Choice[str]:
    return Choice(name=locale_str(name, key=f"choice-settings-{setting}-{value}"), value=value)


class NotAllowedError(LianjuError):
    """The member may not manage the server."""

    def __init__(self) -> None:
        super().__init__(
            "Only members with the permission Manage Server can see or change these settings.",
            "settings-forbidden",
        )


class ChannelMenu(CogItem, template=CHOOSE_CHANNELS):
    """Sets the channels that are chosen."""

    async def callback(self, interaction: Interaction) -> None:
        """Sets them."""
        cog = interaction.client.get_cog(NAME)
        if isinstance(cog, ServerSettings):
            await cog.choose(interaction, [channel.id for channel in self.item.values])


class ServerSettings(LianjuCog, name=NAME):
    """Shows and changes a server's settings, to its administrators alone."""

    items = (ChannelMenu,)

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
            await _say(interaction, everything(context.localizer, context.guild_settings))

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
        """Sets how many answers /poem and /acrostic offer.

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
        """Sets in which channels members may use /poem and /acrostic."""
        async with self.handle(interaction) as context:
            layout = channels_layout(
                context.localizer, context.guild_settings.channels, interaction.guild, saved=False
            )
            await respond(interaction, layout, private=True)

    @settings.command()
    @for_admins
    @app_commands.choices(
        script=[
            _choice("script", "auto", "as in the line"),
            _choice("script", "simplified", "simplified"),
            _choice("script", "traditional", "traditional"),
        ]
    )
    async def script(self, interaction: Interaction, script: Script) -> None:
        """Sets the characters of the answers.

        Args:
            script: Members can still choose for themselves in /poem and /acrostic.
        """
        await self._change(interaction, script=script)

    @settings.command()
    @for_admins
    @app_commands.choices(
        language=[
            _choice("language", "auto", "each member's own"),
            Choice(name="English", value="en"),
            Choice(name="简体中文", value="zh-CN"),
            Choice(name="繁體中文", value="zh-TW"),
        ]
    )
    async def language(self, interaction: Interaction, language: Language) -> None:
        """Sets the language that Lianju speaks in this server.

        Args:
            language: One for all, or each member's own.
        """
        await self._change(interaction, language=language)

    @settings.command()
    @for_admins
    async def reset(self, interaction: Interaction) -> None:
        """Takes every setting back to its default, and says what each was."""
        async with self.handle(interaction) as context:
            before = context.guild_settings
            await self.resources.store.guild_settings.reset(_server(interaction))
            await _say(
                interaction, what_was_reset(localizer_for(interaction, GuildSettings()), before)
            )

    async def choose(self, interaction: Interaction, channels: list[int]) -> None:
        """Sets the channels; whoever opened the menu may have lost the permission since."""
        async with self.handle(interaction, defer_update) as context:
            localizer = context.localizer
            if not interaction.permissions.manage_guild:
                raise NotAllowedError
            after = await self.resources.store.guild_settings.change(
                _server(interaction), channels=frozenset(channels)
            )
            layout = channels_layout(localizer, after.channels, interaction.guild, saved=True)
            await edit_message(interaction, layout)

    async def cog_app_command_error(self, interaction: Interaction, error: Exception) -> None:
        """Says what permission is missing."""
        if isinstance(error, app_commands.MissingPermissions):
            error = NotAllowedError()
        await super().cog_app_command_error(interaction, error)

    async def _change(self, interaction: Interaction, **changes: Unpack[Changes]) -> None:
        async with self.handle(interaction) as context:
            before = context.guild_settings
            after = await self.resources.store.guild_settings.change(
                _server(interaction), **changes
            )
            (name,) = changes
            await _say(interaction, change(localizer_for(interaction, after), before, after, name))


def _server(interaction: Interaction) -> int:
    """The id of the server; the permission that commands and menu demand exists nowhere else."""
    if interaction.guild_id is None:
        raise NotAllowedError
    return interaction.guild_id


async def _say(interaction: Interaction, text: str) -> None:
    await respond(interaction, Layout(discord.ui.TextDisplay(text)), private=True)
