"""`setup` in somebody's bot: chosen commands, other names, settings in code, and nothing left."""

import asyncio
import re
import sys
from pathlib import Path

import discord
import pytest
from discord import app_commands
from discord.ext import commands
from lianju.bot import cogs, setup, teardown
from lianju.bot.commands import COMMANDS, MENU, Commands
from lianju.bot.errors import SetupError
from lianju.bot.i18n import Localizer
from lianju.bot.settings import Settings
from lianju.bot.store import open_store
from lianju.bot.translator import LianjuTranslator

from .bots import OtherBot, items, names, threads
from .commands import ask, english, press
from .interactions import ADMIN, EPHEMERAL, custom_ids, person, poem, slash, texts
from .messages import written

LINE = "黄河远上白云间"
OWN = {"ping", "crash"}
LOCALES = Path(cogs.__file__).parents[1] / "locales"
HOUSEKEEPING = "Lianju housekeeping"


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


# --- a group ---


async def test_a_group_stands_beside_the_hosts_own_commands(fake, busy, given):
    await setup(busy, **given, group="lianju", context_menu="接龙")
    assert names(busy) == OWN | {"settings", "help", MENU, "lianju", "接龙"}
    for own in ("settings", "help"):
        payload = fake.interaction(slash(own))
        await busy.receive(payload)
        assert fake.exchange(payload).original["content"] == f"the host's {own}"
    answer = await ask(fake, busy, slash("lianju poem", line=LINE), private=False)
    assert texts(answer)[0] == f"### {LINE}"
    shown = await ask(fake, busy, slash("lianju settings show"), permissions=ADMIN)
    assert texts(shown)[0].startswith("### Settings of this server")
    kept = await press(fake, busy, answer, custom_ids(answer, "lianju:heart")[0])
    listed = await ask(fake, busy, slash("lianju favorites list"))
    assert "♥ 1" in str(kept["components"])
    assert LINE in texts(listed)[1]
    menu = fake.menu("接龙", written(LINE, person(78)), user=79)
    await busy.receive(menu)
    (answer,) = fake.exchange(menu).messages
    assert texts(answer)[0] == f"### {LINE}"
    assert busy.tree_errors == []


async def test_discord_accepts_the_group_with_all_translations(fake, busy, given):
    await busy.tree.set_translator(LianjuTranslator())
    await setup(busy, **given, group="verse", context_menu="接龙")
    await busy.tree.sync()
    assert fake.refusals == []
    by_name = {command["name"]: command for command in fake.commands["global"]}
    group, menu = by_name["verse"], by_name["接龙"]
    assert group["name_localizations"] == menu["name_localizations"] == {}
    assert set(group["description_localizations"]) == {"zh-CN", "zh-TW"}
    inner = {option["name"]: option for option in group["options"]}
    assert set(inner) == set(COMMANDS)
    assert inner["poem"]["name_localizations"]["zh-CN"] == "联句"
    assert inner["favorites"]["options"][0]["name_localizations"]["zh-TW"] == "清單"
    assert sorted(group["contexts"]) == [0, 1, 2]
    assert sorted(group["integration_types"]) == [0, 1]
    assert group["default_member_permissions"] is None


async def test_a_group_for_administrators_alone_is_shown_to_them_alone(fake, host, given):
    await setup(host, **given, group="verse", commands=["settings"], context_menu=None)
    await host.tree.sync()
    (group,) = (each for each in fake.commands["global"] if each["name"] == "verse")
    assert (group["contexts"], group["integration_types"]) == ([0], [0])
    assert int(group["default_member_permissions"]) == ADMIN


async def test_a_member_without_permission_is_refused_inside_a_group(fake, host, given):
    await setup(host, **given, group="lianju")
    message = await ask(fake, host, slash("lianju settings show"))
    assert message["content"] == english("settings-forbidden")
    outside = await ask(fake, host, slash("lianju leaderboard"), guild=None)
    assert outside["content"] == english("leaderboard-no-server")
    forbidden = slash("lianju remove-verse", verse="1", reason="spam")
    assert (await ask(fake, host, forbidden))["content"] == english("moderation-forbidden")
    assert host.tree_errors == []


async def test_suggestions_work_inside_a_group(fake, host, given):
    await setup(host, **given, group="lianju")
    await ask(fake, host, slash("lianju poem", line=LINE), private=False)
    typing = fake.complete(slash("lianju poem", "line", line="黄河"))
    await host.receive(typing)
    assert [choice["value"] for choice in fake.exchange(typing).choices] == [LINE]


async def test_the_log_names_commands_as_everywhere(fake, host, given, caplog):
    await setup(host, **given, group="lianju", context_menu="接龙")
    with caplog.at_level("INFO", "lianju"):
        await ask(fake, host, slash("lianju favorites list"))
        await ask(fake, host, slash("lianju poem", line=LINE), private=False)
        await host.receive(fake.menu("接龙", written("", person(78))))
    logged = re.findall("command=(.+) server=", caplog.text)
    assert logged == ["favorites list", "poem", MENU]


# --- what texts call the commands ---


@pytest.mark.parametrize("locale", ["en-US", "zh-CN", "zh-TW"])
async def test_help_names_each_command_with_its_group(locale, fake, host, given):
    await setup(host, **given, group="lianju", context_menu="*接龙*")
    message = await ask(fake, host, slash("lianju help"), locale=locale)
    text = "\n".join(texts(message))
    assert text.count("`/lianju ") == len(COMMANDS) + 2  # two more in the last line
    assert "`/" not in text.replace("`/lianju ", "")
    assert "\\*接龙\\*" in text


async def test_errors_name_commands_with_their_group(fake, host, given):
    await setup(host, **given, group="lianju")
    message = await ask(fake, host, slash("lianju privacy"))
    (delete,) = custom_ids(message)
    payload = fake.press(message, delete, user=78)
    await host.receive(payload)
    (refusal,) = fake.exchange(payload).messages
    assert "`/lianju privacy`" in refusal["content"]


def test_texts_name_commands_by_variables_only():
    """Or a text would name a command that is called otherwise in another bot."""
    # Not of a file or a host, such as //lianju.example.
    named = re.compile(rf"(?<![/\w])/(?:{'|'.join(COMMANDS)})\b(?!\.)")
    wrong = [
        f"{path.parent.name}/{path.name}: {line}"
        for path in LOCALES.rglob("*.ftl")
        for line in path.read_text(encoding="utf-8").splitlines()
        if named.search(line)
    ]
    assert wrong == []


async def test_descriptions_name_no_command(host, given):
    await setup(host, **given)
    for command in host.tree.walk_commands():
        assert "/" not in command.description
        for option in getattr(command, "parameters", ()):
            assert not re.search(rf"/(?:{'|'.join(COMMANDS)})\b", str(option.description))


def test_the_hosts_name_of_the_menu_stands_in_every_language():
    renamed = Commands(menu="Verse!")
    for language in ("en", "zh-CN", "zh-TW"):
        assert "Verse!" in Localizer(language, renamed).format("help-answer")
        assert "Verse!" not in Localizer(language).format("help-answer")
    assert MENU in Localizer("en").format("help-answer")
    assert "接这一句" in Localizer("zh-CN").format("help-answer")


# --- fewer commands ---


async def test_only_the_chosen_commands_are_added(fake, busy, given):
    await setup(busy, **given, commands=("poem", "privacy", "about"), context_menu=None)
    assert names(busy) == OWN | {"settings", "help", MENU, "poem", "privacy", "about"}
    answer = await ask(fake, busy, poem(LINE), private=False)
    kept = await press(fake, busy, answer, custom_ids(answer, "lianju:heart")[0])  # none of theirs
    assert "♥ 1" in str(kept["components"])
    privacy = await ask(fake, busy, slash("privacy"))
    sure = await press(fake, busy, privacy, custom_ids(privacy)[0])
    assert not any("/favorites" in text for text in texts(sure))  # which this bot does not have
    await teardown(busy)
    assert names(busy) == OWN | {"settings", "help", MENU}


async def test_help_leaves_out_what_the_bot_does_not_have(fake, host, given):
    await setup(host, **given, commands=["poem", "help"], context_menu=None)
    text = "\n".join(texts(await ask(fake, host, slash("help"))))
    assert set(re.findall("`/([a-z-]+)`", text)) == {"poem", "help"}
    assert MENU not in text


def test_every_command_can_be_chosen():
    found = {command.name for each in cogs.FEATURES for command in each.__cog_app_commands__}
    assert found == set(COMMANDS)
    assert {menu.name for each in cogs.FEATURES for menu in each.menus} == {MENU}


async def test_a_menu_alone_is_possible(fake, host, given):
    await setup(host, **given, commands=[], group="unused", context_menu="Verse")
    assert names(host) == OWN | {"Verse"}
    menu = fake.menu("Verse", written(LINE, person(78)))
    await host.receive(menu)
    (answer,) = fake.exchange(menu).messages
    assert texts(answer)[0] == f"### {LINE}"


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
