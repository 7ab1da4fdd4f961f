"""`setup` in somebody's bot: clashes, settings in code, a base of cogs, and nothing left."""

import asyncio
import sys

import discord
import pytest
from discord import app_commands
from discord.ext import commands
from lianju.bot import cogs, setup, teardown
from lianju.bot.commands import MENU
from lianju.bot.errors import SetupError
from lianju.bot.i18n import Localizer
from lianju.bot.store import open_store

from .bots import items, names, threads
from .commands import ask, press
from .hosts import LINE, OWN
from .hosts import busy as busy
from .hosts import given as given
from .hosts import host as host
from .interactions import EPHEMERAL, custom_ids, poem, slash, texts

HOUSEKEEPING = "Lianju housekeeping"


def state(bot):
    """All that an extension may leave in a bot and in its process."""
    listeners = [function for there in bot.extra_events.values() for function in there]
    return names(bot), dict(bot.cogs), items(bot), listeners, threads()


async def refused(bot, before, tmp_path, **options):
    """The error of a setup that leaves nothing behind, and lets a later one be."""
    with pytest.raises(SetupError) as caught:
        await setup(bot, **options)
    assert state(bot) == before
    if (tmp_path / "lianju.sqlite3").exists():  # it was opened, and no lock is left on it
        store = await open_store(options["settings"].database, alone=True)
        await store.close()
    return caught.value


# --- clashes, and other things that a host may get wrong ---


@pytest.mark.parametrize(
    ("options", "key", "name"),
    [
        ({"context_menu": None, "commands": ["poem", "settings"]}, "setup-clash", "settings"),
        ({"context_menu": None, "commands": "help"}, "setup-clash", "help"),
        ({"context_menu": None, "group": "ping"}, "setup-group-clash", "ping"),
        ({"group": "lianju"}, "setup-menu-clash", MENU),
        ({"group": "lianju", "context_menu": ""}, "setup-menu-name", ""),
        ({"group": "lianju", "context_menu": "x" * 33}, "setup-menu-name", "x" * 33),
        ({"group": "Two words"}, "setup-group-name", "Two words"),
        ({"group": ""}, "setup-group-name", ""),
        ({"commands": ["poem", "peom"]}, "setup-unknown-command", "peom"),
    ],
)
async def test_what_cannot_be_is_refused_before_anything_is_opened(
    options, key, name, busy, given, tmp_path
):
    error = await refused(busy, state(busy), tmp_path, **given, **options)
    assert (error.key, error.facts["name"]) == (key, name)
    assert not (tmp_path / "lianju.sqlite3").exists()
    if key.endswith("clash"):
        option = {"setup-clash": "group=", "setup-group-clash": "group="}.get(key, "context_menu=")
        for language in ("en", "zh-CN", "zh-TW"):
            sentence = Localizer(language).format(key, **error.facts)
            assert name in sentence
            assert option in sentence


@pytest.mark.parametrize("late", ["poem", MENU])
async def test_a_clash_that_comes_while_the_model_loads_leaves_nothing(
    late, host, given, tmp_path, monkeypatch
):
    before, opened = state(host), cogs.open_resources

    async def their_command(interaction):
        """Theirs."""

    async def their_menu(interaction, message: discord.Message):
        pass

    their = (
        app_commands.ContextMenu(name=late, callback=their_menu)
        if late == MENU
        else app_commands.Command(name=late, description="Theirs.", callback=their_command)
    )

    async def open_slowly(*arguments):
        resources = await opened(*arguments)
        host.tree.add_command(their)
        return resources

    monkeypatch.setattr(cogs, "open_resources", open_slowly)
    with_theirs = (before[0] | {late}, *before[1:])
    error = await refused(host, with_theirs, tmp_path, **given)
    assert error.facts == {"name": late}
    kind = their.type if late == MENU else discord.AppCommandType.chat_input
    assert host.tree.get_command(late, type=kind) is their


async def test_more_commands_than_discord_allows_are_refused(host, given, tmp_path):
    async def nothing(interaction):
        """Nothing."""

    for number in range(98 - len(OWN)):
        command = app_commands.Command(name=f"c{number}", description="x", callback=nothing)
        host.tree.add_command(command)
    error = await refused(host, state(host), tmp_path, **given)
    assert (error.key, error.facts) == ("setup-too-many", {"limit": 100})
    await setup(host, **given, group="lianju")
    assert "lianju" in names(host)


async def test_more_menus_than_discord_allows_are_refused(host, given, tmp_path):
    async def nothing(interaction, message: discord.Message):
        pass

    for number in range(5):
        host.tree.add_command(app_commands.ContextMenu(name=f"m{number}", callback=nothing))
    error = await refused(host, state(host), tmp_path, **given)
    assert (error.key, error.facts) == ("setup-too-many-menus", {"limit": 5})
    await setup(host, **given, context_menu=None)
    assert "poem" in names(host)


async def test_a_second_setup_is_refused_and_the_first_goes_on(fake, host, given, tmp_path):
    await setup(host, **given)
    with pytest.raises(SetupError) as caught:
        await setup(host, **given, group="again")
    assert caught.value.key == "setup-twice"
    assert texts(await ask(fake, host, poem(LINE), private=False))[0] == f"### {LINE}"
    assert "again" not in names(host)


async def test_a_failing_cog_leaves_nothing(host, given, monkeypatch, tmp_path):
    before, add = state(host), host.add_cog

    async def add_cog(cog):
        if cog.qualified_name == HOUSEKEEPING:
            raise RuntimeError("the host refuses it")
        await add(cog)

    monkeypatch.setattr(host, "add_cog", add_cog)
    with pytest.raises(RuntimeError):
        await setup(host, **given)
    assert state(host) == before
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    await setup(host, **given)


# --- settings in code ---


async def test_settings_in_code_read_no_environment(fake, host, given, monkeypatch, tmp_path):
    monkeypatch.setenv("LIANJU_RETENTION_DAYS", "7")
    monkeypatch.setenv("LIANJU_COLOR", "red")  # which load_settings refuses
    (tmp_path / ".env").write_text("LIANJU_QUEUE=9\nno setting\n", encoding="utf-8")
    await setup(host, **given)
    settings = host.get_cog(HOUSEKEEPING).resources.settings
    assert (settings.retention_days, settings.queue, settings.threads) == (30, 64, 1)


# --- unloading ---


async def test_teardown_leaves_nothing(fake, busy, given):
    before = state(busy)
    for options in ({"group": "lianju"}, {"commands": ["poem"]}):
        await setup(busy, **given, **options, context_menu="Verse")
        command = slash("lianju poem" if "group" in options else "poem", line=LINE)
        await ask(fake, busy, command, private=False)
        await teardown(busy)
        assert state(busy) == before
    await teardown(busy)  # of nothing
    store = await open_store(given["settings"].database, alone=True)  # no lock is left on it
    await store.close()


async def test_teardown_leaves_a_command_that_took_our_place(host, given):
    await setup(host, **given)

    async def theirs(interaction):
        """Theirs."""

    their = app_commands.Command(name="poem", description="Theirs.", callback=theirs)
    host.tree.add_command(their, override=True)
    await teardown(host)
    assert host.tree.get_command("poem") is their
    assert names(host) == OWN | {"poem"}


HOST_EXTENSION = """
from lianju import bot as lianju
from lianju.bot.settings import Settings


async def setup(bot):
    await lianju.setup(bot, settings=Settings(**bot.given), group="verse", context_menu="Verse")


async def teardown(bot):
    await lianju.teardown(bot)
"""


async def test_an_extension_of_the_host_reloads_twice(fake, host, bundle, tmp_path, monkeypatch):
    (tmp_path / "their_verse.py").write_text(HOST_EXTENSION, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    before = state(host)
    host.given = {"bundle": bundle, "threads": 1, "database": "sqlite+aiosqlite:///lianju.sqlite3"}
    await host.load_extension("their_verse")
    answer = await ask(fake, host, slash("verse poem", line=LINE), private=False)
    heart = custom_ids(answer, "lianju:heart")[0]
    for count in (1, 2):
        await host.reload_extension("their_verse")
        kept = await press(fake, host, answer, heart, user=80 + count)
        assert f"♥ {count}" in str(kept["components"])
        assert names(host) == OWN | {"verse", "Verse"}
    await host.unload_extension("their_verse")
    assert state(host) == before
    assert "lianju.bot.cogs" in sys.modules  # not the host's to remove


# --- the host's own base of cogs, as Red wants it ---


class TheirCog(commands.Cog):
    marked = True


async def test_cogs_derive_from_the_hosts_base(fake, host, given):
    await setup(host, **given, group="lianju", cog_base=TheirCog)
    assert len(host.cogs) == len(cogs.FEATURES) + 3  # two clocks, and housekeeping
    for name, cog in host.cogs.items():
        assert isinstance(cog, TheirCog)
        assert cog.qualified_name == name
        assert type(cog).__module__.startswith("lianju.bot.cogs.")
        assert cog.description
    answer = await ask(fake, host, slash("lianju poem", line=LINE), private=False)
    again = custom_ids(answer, "lianju:again")[0]
    payload = fake.press(answer, again)
    await host.receive(payload)
    assert fake.exchange(payload).messages
    error = await ask(fake, host, slash("lianju poem", line="x"))
    assert error["flags"] & EPHEMERAL
    assert host.tree_errors == []
    await teardown(host)
    assert host.cogs == {}


# --- a member's data ---


async def test_the_host_may_delete_and_export_a_members_data(fake, host, given):
    await setup(host, **given)
    housekeeping = host.get_cog(HOUSEKEEPING)
    assert await housekeeping.export_user(77) == {}
    answer = await ask(fake, host, poem(LINE), private=False)
    await press(fake, host, answer, custom_ids(answer, "lianju:heart")[0])
    files = await housekeeping.export_user(77)
    assert set(files) == {"lianju-favorites.json", "lianju-recent-lines.txt"}
    assert files["lianju-recent-lines.txt"].decode() == f"{LINE}\n"
    assert LINE in files["lianju-favorites.json"].decode()
    deleted = await housekeeping.delete_user(77)
    assert (deleted.favorites, deleted.recent_lines) == (1, 1)
    assert await housekeeping.export_user(77) == {}
    await asyncio.sleep(0)
