"""Which language an interaction is answered in."""

from typing import Any

import discord

from ..guild_settings import GuildSettings
from ..i18n import ENGLISH, Localizer

__all__ = ["localizer_for"]

CHINESE = {"zh-CN": "zh-CN", "zh-SG": "zh-CN", "zh-TW": "zh-TW", "zh-HK": "zh-TW"}


def localizer_for(
    interaction: discord.Interaction[Any], guild_settings: GuildSettings | None
) -> Localizer:
    """The server's language if it has chosen one; else the user's, or the server's own locale.

    Args:
        interaction: What is being answered.
        guild_settings: The server's; None if they are not known.
    """
    if guild_settings is not None and guild_settings.language != "auto":
        return Localizer(guild_settings.language)
    for locale in (interaction.locale, interaction.guild_locale):
        if language := _language_of(str(locale)):
            return Localizer(language)
    return Localizer(ENGLISH)


def _language_of(locale: str) -> str | None:
    return ENGLISH if locale.startswith(ENGLISH) else CHINESE.get(locale)
