"""`setup` in somebody's bot: which commands it adds, in which group, and what texts call them."""

import re
from pathlib import Path

import pytest
from lianju.bot import cogs, setup, teardown
from lianju.bot.commands import COMMANDS, MENU, Commands
from lianju.bot.i18n import Localizer
from lianju.bot.translator import LianjuTranslator

from .bots import names
from .commands import ask, english, press
from .hosts import LINE, OWN
from .hosts import busy as busy
from .hosts import given as given
from .hosts import host as host
from .interactions import ADMIN, custom_ids, person, poem, slash, texts
from .messages import written

LOCALES = Path(cogs.__file__).parents[1] / "locales"


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
