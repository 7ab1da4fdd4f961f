import logging
import signal
import sys
import threading

import pytest
from discord.ext import commands
from lianju.bot.verse.composer import Composer

from .hosts import OtherBot
from .interactions import poem, texts

EXTENSION = "lianju.bot"
LINE = "黄河远上白云间"


@pytest.fixture
def _modules():
    """Puts back our modules, which unloading an extension takes away."""
    before = {name: module for name, module in sys.modules.items() if name.startswith("lianju")}
    yield
    for name in [name for name in sys.modules if name.startswith("lianju")]:
        del sys.modules[name]
    sys.modules.update(before)
    sys.modules["lianju"].bot = before[EXTENSION]


@pytest.fixture
async def host(fake, bundle, monkeypatch, _modules):
    monkeypatch.setenv("LIANJU_BUNDLE", str(bundle))
    monkeypatch.setenv("LIANJU_THREADS", "1")
    async with OtherBot() as bot:
        await bot.login(fake.token)
        yield bot


def engines():
    return [thread for thread in threading.enumerate() if thread.name == "lianju-engine"]


def names(bot):
    return {command.name for command in bot.tree.get_commands()}


async def ask(fake, bot, data):
    payload = fake.interaction(data)
    await bot.receive(payload)
    return fake.exchange(payload).messages


async def test_extension_adds_its_command_and_takes_nothing_over(fake, host):
    def ours(listener):
        return listener.__module__.startswith("lianju.bot.cogs.")

    def surroundings():
        return {
            "logging": (list(logging.root.handlers), logging.root.level),
            "discord logging": logging.getLogger("discord").level,
            "signals": (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)),
            "handlers": (host.tree.on_error, host.on_command_error, host.tree.interaction_check),
            "listeners": [f for there in host.extra_events.values() for f in there if not ours(f)],
            "checks": list(host._checks),
            "text commands": set(host.all_commands),
            "rest": sys.modules["discord.http"].Route.BASE,
        }

    before = surroundings()
    await host.load_extension(EXTENSION)
    assert surroundings() == before
    assert names(host) >= {"ping", "crash", "poem"}
    (message,) = await ask(fake, host, poem(LINE))
    assert texts(message)[0] == f"### {LINE}"
    assert not [path for method, path in fake.requests if method == "PUT"]  # no sync


async def test_each_bot_answers_for_its_own_failures(fake, host, monkeypatch):
    await host.load_extension(EXTENSION)

    async def fail(request, deadline_s):
        raise RuntimeError

    monkeypatch.setattr(host.get_cog("Lianju poem").resources.composer, "compose", fail)
    (message,) = await ask(fake, host, poem(LINE))
    assert "report incident" in message["content"]
    assert host.tree_errors == []
    (message,) = await ask(fake, host, {"id": "2", "name": "crash", "type": 1})
    assert message["content"] == "The other bot is sorry."
    assert len(host.tree_errors) == 1


async def test_unloading_frees_everything(fake, host):
    await host.load_extension(EXTENSION)
    assert await ask(fake, host, poem(LINE))
    assert engines()
    await host.unload_extension(EXTENSION)
    assert engines() == []
    assert names(host) == {"ping", "crash"}
    assert host.cogs == {}
    assert not any(host.extra_events.values())
    (message,) = await ask(fake, host, {"id": "3", "name": "ping", "type": 1})
    assert message["content"] == "pong"


async def test_extension_can_be_reloaded(fake, host):
    await host.load_extension(EXTENSION)
    assert await ask(fake, host, poem(LINE))
    await host.reload_extension(EXTENSION)
    assert engines() == []
    (message,) = await ask(fake, host, poem(LINE))
    assert message["components"]
    assert len(engines()) == 1


async def test_closing_the_bot_frees_the_model(fake, host):
    await host.load_extension(EXTENSION)
    assert await ask(fake, host, poem(LINE))
    await host.close()
    assert engines() == []


async def test_command_of_the_same_name_keeps_its_place(host, monkeypatch):
    closed = []
    monkeypatch.setattr(Composer, "close", lambda composer: closed.append(composer))

    @host.tree.command(name="poem")
    async def other(interaction):
        """Somebody else's."""

    with pytest.raises(commands.ExtensionFailed, match="CommandAlreadyRegistered"):
        await host.load_extension(EXTENSION)
    assert host.tree.get_command("poem") is other
    assert len(closed) == 1


async def test_wrong_setting_is_a_failed_extension_that_names_it(host, monkeypatch):
    monkeypatch.setenv("LIANJU_COLOUR", "red")
    with pytest.raises(commands.ExtensionFailed, match="LIANJU_COLOUR is not a setting"):
        await host.load_extension(EXTENSION)
    assert names(host) == {"ping", "crash"}
