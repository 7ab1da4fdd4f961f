"""Texts and layouts of `/settings`."""

from collections.abc import Collection
from dataclasses import fields

import discord

from ..guild_settings import CHANNELS, GuildSettings
from ..i18n import LANGUAGES, Localizer
from ..markdown import small
from .layout import Layout

__all__ = ["CHANNEL_MENU", "change_text", "channels_layout", "reset_text", "settings_text"]

CHANNEL_MENU = "lianju:channels:1"

# Channels where commands are used, or in whose threads and posts they are.
CHANNEL_TYPES = [
    discord.ChannelType.text,
    discord.ChannelType.news,
    discord.ChannelType.forum,
    discord.ChannelType.media,
]
NAMES = tuple(field.name for field in fields(GuildSettings))


def settings_text(localizer: Localizer, guild_settings: GuildSettings) -> str:
    """Returns every setting with its default."""
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
    how = localizer.format("settings-how")
    notes = [*_floor(localizer, guild_settings), *_fault(localizer, guild_settings)]
    return "\n".join([*lines, *notes, small(how)])


def change_text(
    localizer: Localizer, before: GuildSettings, after: GuildSettings, name: str
) -> str:
    """Returns how one setting changed."""
    facts = {
        "name": localizer.format("settings-name", setting=name),
        "value": _value(localizer, after, name),
    }
    if _value(localizer, before, name) == facts["value"]:
        return localizer.format("settings-same", **facts)
    changed = localizer.format("settings-change", **facts, before=_value(localizer, before, name))
    floor = _floor(localizer, after) if name in ("beam_size", "cooldown_s") else []
    applies = "settings-applies"
    if name == "honor_page":
        applies = f"settings-anthology-{'ended' if after.honor_page is None else 'how'}"
    return "\n".join([changed, *floor, small(localizer.format(applies))])


def reset_text(localizer: Localizer, before: GuildSettings) -> str:
    """Returns which settings changed to their defaults."""
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
        [localizer.format("settings-reset"), *lines, small(localizer.format("settings-applies"))]
    )


def channels_layout(
    localizer: Localizer, channels: Collection[int], guild: discord.Guild | None, *, saved: bool
) -> Layout:
    """Returns a menu of the channels where the bot answers.

    Args:
        localizer: The language.
        channels: Ids of the current channels.
        guild: The server, if known.
        saved: Whether they have just been saved.
    """
    key = "settings-where-saved" if saved else "settings-where-now"
    known = {channel.id for channel in guild.channels} if guild else set()
    menu = discord.ui.ChannelSelect[Layout](
        custom_id=CHANNEL_MENU,
        channel_types=CHANNEL_TYPES,
        placeholder=localizer.format("settings-where-choose"),
        min_values=CHANNELS.low,
        max_values=CHANNELS.high,
        # A deleted channel would be a choice that cannot be seen or removed.
        default_values=[
            discord.Object(channel) for channel in sorted(channels) if channel in known or not known
        ],
    )
    return Layout(
        discord.ui.TextDisplay(f"### {localizer.format('settings-where')}"),
        discord.ui.TextDisplay(localizer.format(key, channels=_mentions(localizer, channels))),
        discord.ui.ActionRow(menu),
        discord.ui.TextDisplay(small(localizer.format("settings-where-how"))),
    )


def _floor(localizer: Localizer, guild_settings: GuildSettings) -> list[str]:
    """Returns a line about the cooldown, if it is longer than the setting says."""
    seconds = guild_settings.applied_cooldown_s
    if seconds == guild_settings.cooldown_s:
        return []
    return [small(localizer.format("settings-floor", seconds=seconds))]


def _fault(localizer: Localizer, guild_settings: GuildSettings) -> list[str]:
    """Returns a line about the page of honor, if nothing can be posted there."""
    page = guild_settings.honor_page
    if page is None or page.fault is None:
        return []
    return [f"⚠ {localizer.format('settings-fault', fault=page.fault)}"]


def _value(localizer: Localizer, guild_settings: GuildSettings, name: str) -> str:
    value = getattr(guild_settings, name)
    match name:
        case "cooldown_s":
            return localizer.format("settings-seconds", seconds=value)
        case "script":
            return localizer.format("settings-script-is", script=value)
        case "language":
            return LANGUAGES.get(value) or localizer.format("settings-language-auto")
        case "channels":
            return _mentions(localizer, value)
        case "honor_page" if value is None:
            return localizer.format("settings-anthology-off")
        case "honor_page":
            facts = {"channel": f"<#{value.channel_id}>", "threshold": value.threshold}
            return localizer.format("settings-anthology-on", **facts)
    return str(value)


def _mentions(localizer: Localizer, channels: Collection[int]) -> str:
    if not channels:
        return localizer.format("settings-everywhere")
    return " ".join(f"<#{channel}>" for channel in sorted(channels))
