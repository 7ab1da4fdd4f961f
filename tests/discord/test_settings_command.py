import pytest
from discord import Permissions, app_commands
from lianju.bot.cogs.settings import ServerSettings
from lianju.bot.guild_settings import BEAM_SIZE, CANDIDATES, COOLDOWN, TABLES, GuildSettings

from .bots import OtherBot
from .commands import ask, english, press
from .interactions import ADMIN, slash, texts
from .limits import within

SHOW = slash("settings show")
CHANNELS = slash("settings channels")
MENU = "lianju:channels:1"
FORBIDDEN = english("settings-forbidden")
EVERY = [
    SHOW,
    slash("settings beam-size", width=8),
    slash("settings candidates", number=3),
    slash("settings cooldown", seconds=60),
    CHANNELS,
    slash("settings script", script="traditional"),
    slash("settings language", language="zh-TW"),
    slash("settings linked-tables", number=2),
    slash("settings anthology", channel={"channel": 70}),
    slash("settings anthology-off"),
    slash("settings reset"),
]


async def administer(fake, bot, data, **place):
    """What an administrator is told, in private."""
    message = await ask(fake, bot, data, **{"permissions": ADMIN} | place)
    return "\n".join(texts(message))


async def test_show_names_every_setting_and_its_default(fake, bot, store):
    assert await administer(fake, bot, SHOW) == (
        "### Settings of this server\n"
        "**Beam size**: 5 (default)\n"
        "**Candidates**: 5 (default)\n"
        "**Cooldown**: 5 seconds (default)\n"
        "**Script**: as in the member's line (default)\n"
        "**Language**: each member's own (default)\n"
        "**Channels**: everywhere (default)\n"
        "**Tables of linked verse in a channel**: 1 (default)\n"
        "**Page of honor**: off (default)\n"
        "-# Change one of them with its own command, such as `/settings beam-size`; "
        "`/settings reset` resets all of them."
    )
    await store.guild_settings.change(
        42, beam_size=8, candidates=1, cooldown_s=0, channels=frozenset([12, 7])
    )
    text = await administer(fake, bot, SHOW)
    assert "**Beam size**: 8 (default: 5)\n" in text
    assert "**Candidates**: 1 (default: 5)\n" in text
    assert "**Cooldown**: none (default: 5 seconds)\n" in text
    assert "**Channels**: <#7> <#12> (default: everywhere)\n" in text


@pytest.mark.parametrize(
    ("data", "changed", "said"),
    [
        (slash("settings beam-size", width=40), {"beam_size": 40}, "**Beam size**: 5 → 40"),
        (slash("settings candidates", number=1), {"candidates": 1}, "**Candidates**: 5 → 1"),
        (
            slash("settings linked-tables", number=3),
            {"linked_tables": 3},
            "**Tables of linked verse in a channel**: 1 → 3",
        ),
        (
            slash("settings cooldown", seconds=0),
            {"cooldown_s": 0},
            "**Cooldown**: 5 seconds → none",
        ),
        (
            slash("settings script", script="simplified"),
            {"script": "simplified"},
            "**Script**: as in the member's line → simplified",
        ),
        (
            slash("settings language", language="en"),
            {"language": "en"},
            "**Language**: each member's own → English",
        ),
    ],
)
async def test_setting_is_changed_in_its_server_alone(data, changed, said, fake, bot, store):
    text = await administer(fake, bot, data)
    assert text == f"{said}\n-# This applies from the next request on."
    assert await store.guild_settings.get(42) == GuildSettings(**changed)
    assert await store.guild_settings.get(43) == GuildSettings()


async def test_unchanged_setting_says_so(fake, bot):
    text = await administer(fake, bot, slash("settings cooldown", seconds=5))
    assert text == "**Cooldown** stays as it was: 5 seconds."


async def test_wide_beam_has_a_cooldown_whatever_the_setting(fake, bot):
    await administer(fake, bot, slash("settings cooldown", seconds=0))
    text = await administer(fake, bot, slash("settings beam-size", width=64))
    floor = f"-# {english('settings-floor', seconds=8)}"
    assert floor in text.split("\n")
    assert floor in (await administer(fake, bot, slash("settings show"))).split("\n")
    text = await administer(fake, bot, slash("settings cooldown", seconds=8))
    assert floor not in text.split("\n")


async def test_change_applies_to_the_next_answer(fake, bot):
    await administer(fake, bot, slash("settings language", language="zh-CN"))
    assert (await administer(fake, bot, SHOW)).startswith("### 本服务器的设置\n**束宽**：5（默认）")


async def test_change_of_language_is_confirmed_in_the_new_language(fake, bot):
    text = await administer(fake, bot, slash("settings language", language="zh-TW"))
    assert text.startswith("**語言**：跟隨各成員 → 繁體中文")
    assert english("settings-reset") in await administer(fake, bot, slash("settings reset"))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, slash("settings candidates", number=6)),
        ({"beam_size": 8, "candidates": 8}, slash("settings beam-size", width=7)),
    ],
)
async def test_more_candidates_than_the_beam_has_are_refused(first, second, fake, bot, store):
    before = await store.guild_settings.change(42, **first)
    message = await ask(fake, bot, second, permissions=ADMIN)
    assert "choose a beam size from" in message["content"]
    assert await store.guild_settings.get(42) == before


async def test_reset_lists_the_changed_settings(fake, bot, store):
    await store.guild_settings.change(42, beam_size=8, channels=frozenset([7]))
    assert await administer(fake, bot, slash("settings reset")) == (
        "Back to the defaults:\n"
        "**Beam size**: 8 → 5\n"
        "**Channels**: <#7> → everywhere\n"
        "-# This applies from the next request on."
    )
    assert await store.guild_settings.get(42) == GuildSettings()
    text = await administer(fake, bot, slash("settings reset"))
    assert text == english("settings-reset-same")


# --- channels ---


def menu(message):
    (select,) = (part for part in within(message["components"]) if part["type"] == 8)
    return select


async def test_channels_are_chosen_in_a_menu(fake, bot, store):
    message = await ask(fake, bot, CHANNELS, permissions=ADMIN)
    assert texts(message)[1] == "Now: everywhere."
    assert (menu(message)["min_values"], menu(message)["max_values"]) == (0, 25)
    message = await press(fake, bot, message, MENU, [12, 7], permissions=ADMIN)
    assert texts(message)[1].startswith("Saved: <#7> <#12>.")
    assert [int(value["id"]) for value in menu(message)["default_values"]] == [7, 12]
    assert (await store.guild_settings.get(42)).channels == {7, 12}
    message = await press(fake, bot, message, MENU, [], permissions=ADMIN)
    assert texts(message)[1].startswith("Saved: everywhere.")
    assert (await store.guild_settings.get(42)).channels == frozenset()


async def test_menu_works_after_a_restart(fake, bot, resources, store):
    message = await ask(fake, bot, CHANNELS, permissions=ADMIN)
    await bot.close()
    async with OtherBot() as reborn:
        await reborn.login(fake.token)
        await reborn.add_cog(ServerSettings(resources))
        reborn.add_dynamic_items(*ServerSettings.items)
        await press(fake, reborn, message, MENU, [7], permissions=ADMIN)
    assert (await store.guild_settings.get(42)).channels == {7}


async def test_menu_refuses_a_member_who_lost_the_permission(fake, bot, store):
    message = await ask(fake, bot, CHANNELS, permissions=ADMIN)
    refusal = await press(fake, bot, message, MENU, [7], permissions=0)
    assert refusal["content"] == FORBIDDEN
    assert (await store.guild_settings.get(42)).channels == frozenset()


# --- permissions ---


def subcommands():
    return list(ServerSettings.settings.walk_commands())


def test_settings_are_registered_for_admins_of_servers():
    root = ServerSettings.settings
    assert root.guild_only
    assert root.default_permissions == Permissions(manage_guild=True)
    assert (root.allowed_installs.guild, root.allowed_installs.user) == (True, False)


def test_every_setting_has_its_command():
    assert {command.name for command in subcommands()} == {
        "show",
        "beam-size",
        "candidates",
        "cooldown",
        "channels",
        "script",
        "language",
        "linked-tables",
        "anthology",
        "anthology-off",
        "reset",
    }
    assert len(subcommands()) == len(EVERY)


class Stub:
    """As much of an interaction as a permission check looks at."""

    def __init__(self, permissions):
        self.permissions = permissions


@pytest.mark.parametrize("command", subcommands(), ids=lambda command: command.name)
def test_every_subcommand_checks_the_permission(command):
    (check,) = command.checks
    assert check(Stub(Permissions(manage_guild=True)))
    everything_else = Permissions.all()
    everything_else.manage_guild = False
    with pytest.raises(app_commands.MissingPermissions):
        check(Stub(everything_else))


@pytest.mark.parametrize("data", EVERY, ids=lambda data: data["options"][0]["name"])
async def test_member_is_refused_once_and_in_private(data, fake, bot, store):
    message = await ask(fake, bot, data, permissions=Permissions.all().value & ~ADMIN)
    assert message["content"] == FORBIDDEN
    assert await store.guild_settings.get(42) == GuildSettings()
    assert bot.tree_errors == []


async def test_refusal_is_in_the_members_language(fake, bot):
    message = await ask(fake, bot, SHOW, locale="zh-TW")
    assert message["content"].startswith("只有具備「管理伺服器」權限的成員")


async def test_settings_are_refused_outside_servers(fake, bot):
    message = await ask(fake, bot, SHOW, guild=None)
    assert message["content"] == FORBIDDEN


@pytest.mark.parametrize(
    ("name", "option", "bounds"),
    [
        ("beam-size", "width", BEAM_SIZE),
        ("candidates", "number", CANDIDATES),
        ("cooldown", "seconds", COOLDOWN),
        ("linked-tables", "number", TABLES),
    ],
)
def test_discord_knows_the_bounds(name, option, bounds):
    (parameter,) = ServerSettings.settings.get_command(name).parameters
    assert parameter.name == option
    assert (parameter.min_value, parameter.max_value) == (bounds.low, bounds.high)
