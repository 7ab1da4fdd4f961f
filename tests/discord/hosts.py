"""Bots of others that a test calls `setup` with, and what it passes."""

import discord
import pytest
from lianju.bot.commands import MENU
from lianju.bot.settings import Settings

from .bots import OtherBot

LINE = "黄河远上白云间"
OWN = {"ping", "crash"}  # commands of `OtherBot`


class BusyBot(OtherBot):
    """A bot whose own commands have names that ours have too."""

    def __init__(self):
        super().__init__()

        @self.tree.command()
        async def settings(interaction):
            """The host's."""
            await interaction.response.send_message("the host's settings")

        @self.tree.command()
        async def help(interaction):  # noqa: A001 -- as it is called
            """The host's."""
            await interaction.response.send_message("the host's help")

        @self.tree.context_menu(name=MENU)
        async def answer(interaction, message: discord.Message):
            await interaction.response.send_message("the host's answer")


@pytest.fixture
def given(bundle, tmp_path):
    """What each host passes."""
    database = f"sqlite+aiosqlite:///{tmp_path.as_posix()}/lianju.sqlite3"
    return {"settings": Settings(bundle=bundle, threads=1, database=database)}


@pytest.fixture
async def host(fake):
    async with OtherBot() as bot:
        await bot.login(fake.token)
        yield bot


@pytest.fixture
async def busy(fake):
    async with BusyBot() as bot:
        await bot.login(fake.token)
        yield bot
