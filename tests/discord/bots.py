"""Bots that the cogs are tested in."""

import asyncio
import os
import threading
from contextlib import suppress
from pathlib import Path

import discord
from discord import app_commands
from discord.ext import commands

from .fake_gateway import guild_payload


class Receiver:
    """A bot that takes events as if from the gateway."""

    async def receive(self, payload: dict) -> None:
        """Takes an interaction as if from the gateway, and waits until it is dealt with."""
        await self.begin(payload)

    def begin(self, payload: dict) -> "asyncio.Future[list[None]]":
        """Takes an interaction as if from the gateway."""
        return self._after(self._connection.parse_interaction_create, payload)

    async def join(self, guild: int) -> None:
        """Is added to a server."""
        await self._after(self._connection.parse_guild_create, guild_payload(guild))

    async def leave(self, guild: int) -> None:
        """Is removed from a server."""
        await self._after(self._connection.parse_guild_delete, {"id": str(guild)})

    def _after(self, parse, payload: dict) -> "asyncio.Future[list[None]]":
        """What an event of the gateway sets going."""
        before = asyncio.all_tasks()
        parse(payload)
        return asyncio.gather(*map(_end, asyncio.all_tasks() - before))


class OtherBot(Receiver, commands.Bot):
    """A bot with a command and error handlers of its own.

    Attributes:
        tree_errors: What its command tree's error handler was given.
    """

    def __init__(self) -> None:
        super().__init__(commands.when_mentioned, intents=discord.Intents(guilds=True))
        self.tree_errors: list[Exception] = []
        self.tree.error(self.answer_error)

        @self.tree.command()
        async def ping(interaction: discord.Interaction) -> None:
            """Says pong."""
            await interaction.response.send_message("pong")

        @self.tree.command()
        async def crash(interaction: discord.Interaction) -> None:
            """Fails."""
            raise RuntimeError

    async def answer_error(
        self, interaction: discord.Interaction, error: app_commands.AppCommandError
    ) -> None:
        """Answers every error, even one that was answered before."""
        self.tree_errors.append(error)
        if interaction.response.is_done():
            await interaction.followup.send("The other bot is sorry.")
        else:
            await interaction.response.send_message("The other bot is sorry.")


async def _end(task: "asyncio.Task[None]") -> None:
    with suppress(asyncio.CancelledError):  # as it may end itself
        await task


def threads():
    """The names of all threads but those that the event loop keeps for anybody's use."""
    for thread in threading.enumerate():
        if "_connection_worker_thread" in thread.name:
            thread.join(0.2)  # aiosqlite's ends a moment after its connection is closed
    names = {thread.name for thread in threading.enumerate()}
    return {name for name in names if not name.startswith("asyncio_")}


def open_files():
    """The names of the files that this process has open, where the system tells."""
    return [
        Path(os.readlink(each)).name  # noqa: PTH115 -- some vanish meanwhile
        for each in Path("/proc/self/fd").glob("*")
        if each.is_symlink() and each.exists()
    ]


def names(bot):
    return {command.name for command in bot.tree.get_commands()}


def items(bot):
    return dict(bot._connection._view_store._dynamic_items)
