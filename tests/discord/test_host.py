"""Bots that Lianju cannot be added to say so at once."""

import discord
import pytest
from discord import app_commands
from discord.ext import commands
from lianju.bot import setup, teardown
from lianju.bot.errors import SetupError


def bot_of(library):
    """A bot of another library, which has nothing of discord.py."""
    client = type("Client", (), {"__module__": f"{library}.client"})
    return type("Bot", (client,), {"__module__": f"{library}.ext.commands.bot"})()


@pytest.mark.parametrize("library", ["nextcord", "disnake"])
def test_a_bot_of_another_library_is_refused_without_being_awaited(library):
    with pytest.raises(SetupError) as caught:
        setup(bot_of(library))
    assert (caught.value.key, caught.value.facts) == ("setup-library", {"library": library})
    assert library in str(caught.value)
    with pytest.raises(SetupError):  # likewise: a coroutine would be left behind
        teardown(bot_of(library))
    assert "discord.py 2.7" in str(caught.value)


def test_a_fork_under_the_same_name_is_refused(monkeypatch):
    monkeypatch.setattr(discord, "__title__", "pycord")
    with pytest.raises(SetupError) as caught:
        setup(commands.Bot("!", intents=discord.Intents.none()))
    assert (caught.value.key, caught.value.facts) == ("setup-library", {"library": "pycord"})


@pytest.mark.parametrize("version", ["2.6.4", "1.7.3", "2.0.0a5"])
def test_an_old_discord_py_is_refused(version, monkeypatch):
    monkeypatch.setattr(discord, "__version__", version)
    with pytest.raises(SetupError) as caught:
        setup(commands.Bot("!", intents=discord.Intents.none()))
    assert (caught.value.key, caught.value.facts) == ("setup-version", {"version": version})


def test_a_client_without_cogs_is_refused():
    client = discord.Client(intents=discord.Intents.none())
    app_commands.CommandTree(client)
    with pytest.raises(SetupError) as caught:
        setup(client)
    assert (caught.value.key, caught.value.facts) == ("setup-client", {"name": "Client"})


def test_something_else_is_refused():
    with pytest.raises(SetupError) as caught:
        setup(object())
    assert caught.value.key == "setup-library"
