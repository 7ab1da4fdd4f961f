"""Names and descriptions of the commands in the languages of Discord's users."""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Location

from .i18n import messages

__all__ = ["LianjuTranslator"]

DESCRIPTIONS = (
    Location.command_description,
    Location.group_description,
    Location.parameter_description,
)
LANGUAGES = ("zh-CN", "zh-TW")  # English is in the code


class LianjuTranslator(app_commands.Translator):
    """Translates Lianju's own commands, and leaves those of others alone.

    The messages are in `bot/locales/zh-*/commands-*.ftl`: `command-<name>` with its attribute
    `.description`, where the name is that of a command or context menu, with the option's name
    behind it for an option, in lower case and with hyphens. A choice names its own message:
    `Choice(name=locale_str("newest first", key="choice-favorites-list-newest"), value=…)`.
    """

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """The translation, or None where English will do."""
        if locale.value not in LANGUAGES:
            return None
        key = _key(string, context)
        bundle = messages(locale.value)
        if key is None or not bundle.has_message(key):
            return None
        message = bundle.get_message(key)
        pattern = message.value
        if context.location in DESCRIPTIONS:
            pattern = message.attributes.get("description")
        return None if pattern is None else str(bundle.format_pattern(pattern)[0])


def _key(
    string: app_commands.locale_str, context: app_commands.TranslationContextTypes
) -> str | None:
    """The name of the message; None if it is not ours."""
    data: Any = context.data
    if context.location is Location.choice_name:
        return string.extras.get("key")
    if context.location is Location.other:
        return None
    command = data.command if isinstance(data, app_commands.Parameter) else data
    if not _is_ours(command.module):
        return None
    path = command.qualified_name
    if isinstance(data, app_commands.Parameter):
        path += f" {data.name}"
    return "command-" + path.lower().replace(" ", "-").replace("_", "-")


def _is_ours(module: str | None) -> bool:
    return module is not None and module.startswith(f"{__package__}.")
