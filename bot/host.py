"""Checks the bot that the extension is added to, before anything that needs discord.py 2.7."""

import re
from typing import Any

from .errors import SetupError

__all__ = ["check_host"]

NEEDED = (2, 7)  # has the layouts of messages


def check_host(bot: Any) -> None:
    """Checks that a bot is one of discord.py's, in a version that has all we need.

    py-cord installs itself under the name `discord` as well; nextcord and disnake have bots that
    merely look the same.

    Raises:
        SetupError: The bot is another library's, or discord.py is too old.
    """
    import discord
    from discord.ext import commands

    title = getattr(discord, "__title__", "another library")
    if title != "discord":
        raise SetupError("setup-library", library=str(title))
    if not isinstance(bot, discord.Client):
        raise SetupError("setup-library", library=_library(bot))
    version = str(discord.__version__)
    if tuple(map(int, re.findall(r"\d+", version)[:2])) < NEEDED:
        raise SetupError("setup-version", version=version)
    if not isinstance(bot, commands.Bot | commands.AutoShardedBot):
        raise SetupError("setup-client", name=type(bot).__name__)


def _library(bot: Any) -> str:
    """Returns the package of a bot's class; each of these libraries has a class `Client`."""
    client = next((each for each in type(bot).__mro__ if each.__name__ == "Client"), type(bot))
    return str(client.__module__).split(".")[0]
