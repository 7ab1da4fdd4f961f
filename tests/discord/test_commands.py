"""What is registered, held against Discord's own limits.

https://discord.com/developers/docs/interactions/application-commands
"""

import re
from collections import Counter

import pytest
from lianju.bot.client import LianjuBot
from lianju.bot.settings import load_settings

CHAT_INPUT, MESSAGE = 1, 3
EVERYWHERE = [0, 1, 2]  # servers, direct messages with the bot, other private channels
BOTH_INSTALLS = [0, 1]  # by a server, by a user


@pytest.fixture
async def commands(fake, bundle, monkeypatch):
    """The payloads of all commands, as Discord gets them."""
    monkeypatch.setenv("LIANJU_BUNDLE", str(bundle))
    async with LianjuBot(load_settings()) as bot:
        await bot.login(fake.token)
    return fake.commands["global"]


def typed(commands):
    """The commands that are typed, and not chosen from a menu."""
    return [command for command in commands if command["type"] == CHAT_INPUT]


def within(command):
    """A command and everything named inside it."""
    yield command
    for option in command.get("options", []):
        yield from within(option)


def test_names_and_descriptions_keep_the_limits(commands):
    for part in (part for command in typed(commands) for part in within(command)):
        name = part["name"]
        # A lower-case word; Discord allows any script.
        assert re.fullmatch(r"[-_\w]{1,32}", name)
        assert name == name.lower()
        assert 1 <= len(part["description"]) <= 100
        assert not part["description"].endswith("…")  # where discord.py cuts
        assert len(part.get("options", [])) <= 25
        assert len(part.get("choices", [])) <= 25


def test_names_are_unique_and_few_enough(commands):
    counts = Counter(command["name"] for command in commands if command["type"] == CHAT_INPUT)
    assert set(counts.values()) == {1}
    assert len(counts) <= 100


def test_message_menu_keeps_the_limits(commands):
    (menu,) = (command for command in commands if command["type"] == MESSAGE)
    assert menu["name"] == "Answer this line"
    assert len(menu["name"]) <= 32
    assert sorted(menu["contexts"]) == EVERYWHERE
    assert sorted(menu["integration_types"]) == BOTH_INSTALLS


def test_required_options_come_first(commands):
    for part in (part for command in commands for part in within(command)):
        required = [o.get("required", False) for o in part.get("options", [])]
        assert required == sorted(required, reverse=True)


@pytest.mark.parametrize("name", ["poem", "acrostic", "couplet"])
def test_commands_on_verse_are_available_in_every_context(name, commands):
    (poem,) = (command for command in commands if command["name"] == name)
    assert sorted(poem["contexts"]) == EVERYWHERE
    assert sorted(poem["integration_types"]) == BOTH_INSTALLS
    assert not poem["nsfw"]
    assert poem["default_member_permissions"] is None


def test_acrostic_requires_only_its_first_characters(commands):
    (acrostic,) = (command for command in commands if command["name"] == "acrostic")
    heads, chars, *others = acrostic["options"]
    assert (heads["name"], heads["type"], heads["required"]) == ("heads", 3, True)
    assert [choice["value"] for choice in chars["choices"]] == [5, 7]
    assert not any(option.get("required") for option in (chars, *others))


def test_line_is_a_required_text_of_bounded_length(commands):
    (poem,) = (command for command in commands if command["name"] == "poem")
    line, *others = poem["options"]
    assert line["autocomplete"]
    assert not any(option.get("required") for option in others)
    assert (line["name"], line["type"], line["required"]) == ("line", 3, True)
    assert line["min_length"] == 1
    assert 64 < line["max_length"] <= 6000
