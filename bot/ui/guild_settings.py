"""How a server's preferences read."""

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


def everything(speech: Localizer, preferences: GuildSettings) -> str:
    """Every preference, each on a line of its own and beside its default."""
    lines = [f"### {speech.say('settings-heading')}"]
    for name in NAMES:
        facts = {
            "name": speech.say("settings-name", setting=name),
            "value": _value(speech, preferences, name),
        }
        if getattr(preferences, name) == getattr(GuildSettings(), name):
            lines.append(speech.say("settings-default", **facts))
        else:
            default = _value(speech, GuildSettings(), name)
            lines.append(speech.say("settings-other", **facts, default=default))
    return "\n".join([*lines, f"-# {speech.say('settings-how')}"])


def change(speech: Localizer, before: GuildSettings, after: GuildSettings, name: str) -> str:
    """What became of one preference."""
    facts = {
        "name": speech.say("settings-name", setting=name),
        "value": _value(speech, after, name),
    }
    if getattr(before, name) == getattr(after, name):
        return speech.say("settings-same", **facts)
    changed = speech.say("settings-change", **facts, before=_value(speech, before, name))
    return f"{changed}\n-# {speech.say('settings-applies')}"


def what_was_reset(speech: Localizer, before: GuildSettings) -> str:
    """Which preferences went back to their defaults."""
    lines = [
        speech.say(
            "settings-change",
            name=speech.say("settings-name", setting=name),
            before=_value(speech, before, name),
            value=_value(speech, GuildSettings(), name),
        )
        for name in NAMES
        if getattr(before, name) != getattr(GuildSettings(), name)
    ]
    if not lines:
        return speech.say("settings-reset-same")
    return "\n".join([speech.say("settings-reset"), *lines, f"-# {speech.say('settings-applies')}"])


def channels_layout(
    speech: Localizer, channels: Collection[int], guild: discord.Guild | None, *, saved: bool
) -> Layout:
    """A menu of the channels where the bot answers.

    Args:
        speech: The language.
        channels: The choice in force.
        guild: The server, as far as it is known.
        saved: Whether the choice has just been made.
    """
    key = "settings-where-saved" if saved else "settings-where-now"
    known = {channel.id for channel in guild.channels} if guild else set()
    menu = discord.ui.ChannelSelect[Layout](
        custom_id=CHOOSE_CHANNELS,
        channel_types=CHANNEL_TYPES,
        placeholder=speech.say("settings-where-choose"),
        min_values=CHANNELS.low,
        max_values=CHANNELS.high,
        # A channel deleted since would be a choice that nobody can see or take back.
        default_values=[
            discord.Object(channel) for channel in sorted(channels) if channel in known or not known
        ],
    )
    return Layout(
        discord.ui.TextDisplay(f"### {speech.say('settings-where')}"),
        discord.ui.TextDisplay(speech.say(key, channels=_mentions(speech, channels))),
        discord.ui.ActionRow(menu),
        discord.ui.TextDisplay(f"-# {speech.say('settings-where-how')}"),
    )


def _value(speech: Localizer, preferences: GuildSettings, name: str) -> str:
    value = getattr(preferences, name)
    match name:
        case "cooldown_s":
            return speech.say("settings-seconds", seconds=value)
        case "script":
            return speech.say("settings-script-is", script=value)
        case "language":
            return speech.say("settings-language-is", language=value)
        case "channels":
            return _mentions(speech, value)
    return str(value)


def _mentions(speech: Localizer, channels: Collection[int]) -> str:
    if not channels:
        return speech.say("settings-everywhere")
    return " ".join(f"<#{channel}>" for channel in sorted(channels))
