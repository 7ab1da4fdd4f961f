"""How a server's settings read."""

from collections.abc import Collection
from dataclasses import fields

import discord

from ..guild_settings import CHANNELS, GuildSettings
from ..i18n import Localizer
from .layout import Layout

__all__ = ["CHOOSE_CHANNELS", "change", "channels_layout", "everything", "what_was_reset"]

CHOOSE_CHANNELS = "lianju:channels:1"

# Where commands are used, or whose threads and posts they are used in.
CHANNEL_TYPES = [
    discord.ChannelType.text,
    discord.ChannelType.news,
    discord.ChannelType.forum,
    discord.ChannelType.media,
]
NAMES = tuple(field.name for field in fields(GuildSettings))


def everything(localizer: Localizer, guild_settings: GuildSettings) -> str:
    """Every preference, each on a line of its own and beside its default."""
    lines = [f"### {localizer.format('settings-heading')}"]
    for name in NAMES:
        facts = {
            "name": localizer.format("settings-name", setting=name),
            "value": _value(localizer, guild_settings, name),
        }
        if getattr(guild_settings, name) == getattr(GuildSettings(), name):
            lines.append(localizer.format("settings-default", **facts))
        else:
            default = _value(localizer, GuildSettings(), name)
            lines.append(localizer.format("settings-other", **facts, default=default))
    return "\n".join([*lines, f"-# {localizer.format('settings-how')}"])


def change(localizer: Localizer, before: GuildSettings, after: GuildSettings, name: str) -> str:
    """What became of one preference."""
    facts = {
        "name": localizer.format("settings-name", setting=name),
        "value": _value(localizer, after, name),
    }
    if getattr(before, name) == getattr(after, name):
        return localizer.format("settings-same", **facts)
    changed = localizer.format("settings-change", **facts, before=_value(localizer, before, name))
    return f"{changed}\n-# {localizer.format('settings-applies')}"


def what_was_reset(localizer: Localizer, before: GuildSettings) -> str:
    """Which settings went back to their defaults."""
    lines = [
        localizer.format(
            "settings-change",
            name=localizer.format("settings-name", setting=name),
            before=_value(localizer, before, name),
            value=_value(localizer, GuildSettings(), name),
        )
        for name in NAMES
        if getattr(before, name) != getattr(GuildSettings(), name)
    ]
    if not lines:
        return localizer.format("settings-reset-same")
    return "\n".join(
        [localizer.format("settings-reset"), *lines, f"-# {localizer.format('settings-applies')}"]
    )


def channels_layout(
    localizer: Localizer, channels: Collection[int], guild: discord.Guild | None, *, saved: bool
) -> Layout:
    """A menu of the channels where the bot answers.

    Args:
        localizer: The language.
        channels: The choice in force.
        guild: The server, as far as it is known.
        saved: Whether the choice has just been made.
    """
    key = "settings-where-saved" if saved else "settings-where-now"
    known = {channel.id for channel in guild.channels} if guild else set()
    menu = discord.ui.ChannelSelect[Layout](
        custom_id=CHOOSE_CHANNELS,
        channel_types=CHANNEL_TYPES,
        placeholder=localizer.format("settings-where-choose"),
        min_values=CHANNELS.low,
        max_values=CHANNELS.high,
        # A channel deleted since would be a choice that nobody can see or take back.
        default_values=[
            discord.Object(channel) for channel in sorted(channels) if channel in known or not known
        ],
    )
    return Layout(
        discord.ui.TextDisplay(f"### {localizer.format('settings-where')}"),
        discord.ui.TextDisplay(localizer.format(key, channels=_mentions(localizer, channels))),
        discord.ui.ActionRow(menu),
        discord.ui.TextDisplay(f"-# {localizer.format('settings-where-how')}"),
    )


def _value(localizer: Localizer, guild_settings: GuildSettings, name: str) -> str:
    value = getattr(guild_settings, name)
    match name:
        case "cooldown_s":
            return localizer.format("settings-seconds", seconds=value)
        case "script":
            return localizer.format("settings-script-is", script=value)
        case "language":
            return localizer.format("settings-language-is", language=value)
        case "channels":
            return _mentions(localizer, value)
    return str(value)


def _mentions(localizer: Localizer, channels: Collection[int]) -> str:
    if not channels:
        return localizer.format("settings-everywhere")
    return " ".join(f"<#{channel}>" for channel in sorted(channels))
