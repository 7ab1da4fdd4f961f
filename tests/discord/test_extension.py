"""Lianju inside somebody's bot, which has commands, handlers, buttons and a translator too."""

import gc
import logging
import signal
import sys
import weakref

import discord
import pytest
from discord import app_commands, ui
from discord.ext import commands
from lianju.bot.verse import BundleError

from ..verse.toy import read_manifest, write_manifest
from .bots import OtherBot, items, names, open_files, threads
from .interactions import EPHEMERAL, custom_ids, labels, poem, slash, texts

EXTENSION = "lianju.bot"
LINE = "黄河远上白云间"
OWN = {"ping", "crash", "offer"}


class Theirs(ui.DynamicItem[ui.Button], template=r"theirs:(\d+)"):
    """A button of the host."""

    @classmethod
    async def from_custom_id(cls, interaction, item, match):
        return cls(item)

    async def callback(self, interaction):
        await interaction.response.send_message("theirs")


class TheirTranslator(app_commands.Translator):
    pass


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
    monkeypatch.setenv("LIANJU_DATABASE", "sqlite+aiosqlite:///lianju.sqlite3")
    async with OtherBot() as bot:
        await bot.login(fake.token)
        await bot.tree.set_translator(TheirTranslator())
        bot.add_dynamic_items(Theirs)

        @bot.tree.command()
        async def offer(interaction):
            """Shows a button of theirs."""
            view = ui.View(timeout=None).add_item(ui.Button(label="t", custom_id="theirs:1"))
            await interaction.response.send_message("press", view=view)

        yield bot


def surroundings(host):
    """What an extension must leave as it is."""

    def ours(listener):
        return listener.__module__.startswith("lianju.bot.cogs.")

    return {
        "logging": (list(logging.root.handlers), logging.root.level),
        "discord logging": logging.getLogger("discord").level,
        "signals": (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)),
        "handlers": (host.tree.on_error, host.on_command_error, host.tree.interaction_check),
        "translator": host.tree.translator,
        "listeners": [f for there in host.extra_events.values() for f in there if not ours(f)],
        "checks": list(host._checks),
        "text commands": set(host.all_commands),
        "rest": sys.modules["discord.http"].Route.BASE,
        "gateway": discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY,
    }


async def ask(fake, bot, data):
    payload = fake.interaction(data)
    await bot.receive(payload)
    return fake.exchange(payload).messages


async def press_heart(fake, bot, message, user):
    heart = custom_ids(message, "lianju:heart:2:1:")[0]
    payload = fake.press(message, heart, user=user)
    await bot.receive(payload)
    return fake.exchange(payload), labels(message)[heart]


async def their_button_works(fake, bot):
    (message,) = await ask(fake, bot, slash("offer"))
    payload = fake.press(message, "theirs:1")
    await bot.receive(payload)
    (answer,) = fake.exchange(payload).messages
    return answer["content"] == "theirs"


async def test_extension_adds_its_commands_and_changes_nothing_of_the_host(fake, host):
    before = surroundings(host)
    await host.load_extension(EXTENSION)
    assert surroundings(host) == before
    assert names(host) > OWN
    assert items(host).items() > {Theirs.__discord_ui_compiled_template__: Theirs}.items()
    (message,) = await ask(fake, host, poem(LINE))
    assert texts(message)[0] == f"### {LINE}"
    assert await their_button_works(fake, host)
    assert not [path for method, path in fake.requests if method == "PUT"]  # no sync
    await host.unload_extension(EXTENSION)
    assert surroundings(host) == before


async def test_each_bot_handles_its_own_errors(fake, host, monkeypatch):
    await host.load_extension(EXTENSION)

    async def fail(request, *rest):
        raise RuntimeError

    monkeypatch.setattr(host.get_cog("Lianju poem").resources.engine, "compose", fail)
    (message,) = await ask(fake, host, poem(LINE))
    assert "report incident" in message["content"]
    assert host.tree_errors == []
    (message,) = await ask(fake, host, {"id": "2", "name": "crash", "type": 1})
    assert message["content"] == "The other bot is sorry."
    assert len(host.tree_errors) == 1


async def test_error_in_a_check_is_not_passed_to_the_host(fake, host):
    await host.load_extension(EXTENSION)
    (message,) = await ask(fake, host, slash("settings show"))  # no admin
    assert message["flags"] & EPHEMERAL
    (message,) = await ask(fake, host, poem(LINE, count="many"))  # an outdated registration
    assert message["flags"] & EPHEMERAL
    assert host.tree_errors == []


async def test_unloading_releases_all_resources(fake, host):
    running, registered = threads(), items(host)
    await host.load_extension(EXTENSION)
    (message,) = await ask(fake, host, poem(LINE))
    await press_heart(fake, host, message, 78)
    assert threads() > running
    model = weakref.ref(host.get_cog("Lianju poem").resources.engine.composer._model)
    await host.unload_extension(EXTENSION)
    assert threads() == running
    assert names(host) == OWN
    assert host.cogs == {}
    assert not any(host.extra_events.values())
    assert items(host) == registered
    assert not [name for name in open_files() if name.startswith("lianju.sqlite3")]
    gc.collect()
    assert model() is None
    exchange, label = await press_heart(fake, host, message, 79)
    assert not exchange.acknowledged  # nobody is there
    assert label == "♥ 1"
    assert await their_button_works(fake, host)


async def test_old_buttons_work_after_a_reload(fake, host):
    await host.load_extension(EXTENSION)
    (message,) = await ask(fake, host, poem(LINE))
    assert (await press_heart(fake, host, message, 78))[1] == "♥ 1"
    await host.reload_extension(EXTENSION)
    exchange, label = await press_heart(fake, host, message, 79)
    assert (exchange.type, label) == (7, "♥ 2")
    (another,) = await ask(fake, host, poem(LINE))
    assert another["components"]
    assert host.tree_errors == []


async def test_host_may_reload_the_bundle(fake, host, bundle):
    await host.load_extension(EXTENSION)
    await ask(fake, host, poem(LINE))
    running, housekeeping = threads(), host.get_cog("Lianju housekeeping")
    write_manifest(bundle, read_manifest(bundle) | {"version": "0.0.2"})
    await housekeeping.reload()
    (message,) = await ask(fake, host, slash("about"))
    assert "toy 0.0.2" in texts(message)[2]
    (bundle / "step.onnx").unlink()
    with pytest.raises(BundleError) as caught:
        await housekeeping.reload()
    assert caught.value.key == "bundle-missing-file"
    (message,) = await ask(fake, host, slash("about"))
    assert "toy 0.0.2" in texts(message)[2]
    assert not [name for name in threads() - running if name.startswith("lianju")]
    await host.unload_extension(EXTENSION)
    assert not [name for name in threads() if name.startswith("lianju")]


async def test_closing_the_bot_releases_all_resources(fake, host):
    running = threads()
    await host.load_extension(EXTENSION)
    assert await ask(fake, host, poem(LINE))
    await host.close()
    assert threads() == running


async def test_extension_does_not_replace_a_command_of_the_same_name(host, tmp_path):
    running = threads()

    @host.tree.command(name="poem")
    async def other(interaction):
        """Somebody else's."""

    with pytest.raises(commands.ExtensionFailed) as caught:
        await host.load_extension(EXTENSION)
    error = caught.value.original
    assert (error.key, error.facts) == ("setup-clash", {"name": "poem"})
    assert host.tree.get_command("poem") is other
    assert names(host) == OWN | {"poem"}
    assert (host.cogs, threads()) == ({}, running)
    assert list(items(host).values()) == [Theirs]
    assert not (tmp_path / "lianju.sqlite3").exists()


@pytest.mark.parametrize("name", ["about", "help"])
async def test_extension_keeps_the_hosts_own_help(name, fake, host, caplog):
    @host.tree.command(name=name)
    async def other(interaction):
        """Somebody else's."""

    await host.load_extension(EXTENSION)
    assert host.tree.get_command(name) is other
    assert names(host) > {"poem", "favorites"}
    assert f"this bot has a command {name} of its own" in caplog.text
    await host.unload_extension(EXTENSION)
    assert names(host) == OWN | {name}


async def test_invalid_setting_fails_the_extension_and_is_named(host, monkeypatch):
    monkeypatch.setenv("LIANJU_X", "red")
    with pytest.raises(commands.ExtensionFailed) as caught:
        await host.load_extension(EXTENSION)
    assert caught.value.original.key == "setting-unknown"
    assert caught.value.original.facts["name"] == "LIANJU_X"
    assert names(host) == OWN


async def test_failed_opening_of_the_database_releases_all_resources(host, monkeypatch, tmp_path):
    running = threads()
    (tmp_path / "lianju.sqlite3").write_bytes(b"something else")
    with pytest.raises(commands.ExtensionFailed, match=r"lianju\.sqlite3"):
        await host.load_extension(EXTENSION)
    assert (names(host), host.cogs, threads()) == (OWN, {}, running)
