"""Every message in every language, and every message that the code uses."""

import ast
import re
from pathlib import Path

import lianju.bot
import pytest
from fluent.syntax import FluentParser
from fluent.syntax import ast as ftl
from fluent.syntax.visitor import Visitor
from lianju.bot.translator import LianjuTranslator

from .bots import OtherBot

HOME = Path(lianju.bot.__file__).parent
LOCALES = HOME / "locales"
ENGLISH, CHINESE = "en", ("zh-CN", "zh-TW")
COMMANDS = "commands-"  # English names and descriptions of commands are in the code
KEY = r"[a-z]+(-[a-z0-9]+)+|incident|deadline"


class Variables(Visitor):
    def __init__(self):
        self.names = set()

    def visit_VariableReference(self, node):  # noqa: N802 -- the visitor's way
        self.names.add(node.id.name)


def messages(language, *, commands=False):
    """The messages of a language by file: their keys, each with its variables."""
    found = {}
    for path in sorted((LOCALES / language).glob("*.ftl")):
        if path.name.startswith(COMMANDS) is not commands:
            continue
        body = FluentParser().parse(path.read_text(encoding="utf-8")).body
        assert not [entry for entry in body if isinstance(entry, ftl.Junk)], path
        for entry in body:
            if isinstance(entry, ftl.Message):
                variables = Variables()
                variables.visit(entry)
                keys = found.setdefault(path.name, {})
                assert entry.id.name not in keys, f"{path}: {entry.id.name} comes twice"
                keys[entry.id.name] = variables.names
    return found


class References(Visitor):
    """The messages that others contain."""

    def __init__(self):
        self.keys = set()

    def visit_MessageReference(self, node):  # noqa: N802 -- the visitor's way
        self.keys.add(node.id.name)


def referenced():
    found = References()
    for path in (LOCALES / ENGLISH).glob("*.ftl"):
        found.visit(FluentParser().parse(path.read_text(encoding="utf-8")))
    return found.keys


def keys(language):
    return {key for each in messages(language).values() for key in each}


class UsedMessages(ast.NodeVisitor):
    """The keys that a module names: whole, or the beginning of one that it puts together."""

    def __init__(self):
        self.formatted, self.whole, self.prefixes = set(), set(), set()

    def visit_Call(self, node):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name in ("format", "__init__") or name.endswith("Error"):
            self.formatted |= {each.value for each in node.args if isinstance(each, ast.Constant)}
        self.generic_visit(node)

    def visit_Constant(self, node):
        if isinstance(node.value, str):
            self.whole.add(node.value)

    def visit_JoinedStr(self, node):
        first = node.values[0]
        if isinstance(first, ast.Constant) and first.value.endswith("-"):
            self.prefixes.add(first.value)
        self.generic_visit(node)


@pytest.fixture(scope="module")
def used():
    found = UsedMessages()
    for path in HOME.rglob("*.py"):
        found.visit(ast.parse(path.read_text(encoding="utf-8")))
    for path in HOME.rglob("*.html"):
        named = set(re.findall(r"'([a-z]+-[a-z-]+)'", path.read_text(encoding="utf-8")))
        found.formatted |= named
        found.whole |= named
    return found


@pytest.mark.parametrize("language", CHINESE)
def test_languages_have_the_same_messages_and_variables(language):
    assert messages(language) == messages(ENGLISH)


def test_two_scripts_name_the_same_commands():
    one, other = (messages(language, commands=True) for language in CHINESE)
    assert one == other


def test_every_message_that_the_code_uses_exists(used):
    named = {key for key in used.formatted if isinstance(key, str) and re.fullmatch(KEY, key)}
    assert len(named) > 40
    assert named <= keys(ENGLISH)


def test_every_message_is_used(used):
    prefixes = tuple(used.prefixes)
    unused = keys(ENGLISH) - used.whole - referenced()
    assert [key for key in unused if not key.startswith(prefixes)] == []


# --- names of commands ---


@pytest.fixture
async def registered(fake, bot):
    """Our commands as Discord gets them with every translation."""
    await bot.tree.set_translator(LianjuTranslator())
    await bot.tree.sync()
    others = {command.name for command in OtherBot().tree.get_commands()}
    return [command for command in fake.commands["global"] if command["name"] not in others]


def parts(command):
    """A command, its subcommands and options, each with where it is, and their choices."""
    yield command["name"], command
    for option in command.get("options", []):
        for place, part in parts(option):
            yield f"{command['name']} {place}", part


async def test_everything_registered_has_a_name_in_every_language(registered):
    own_names = {"settings language language"}  # languages are called what they call themselves
    named = 0
    for command in registered:
        for place, part in parts(command):
            for language in CHINESE:
                name = part["name_localizations"][language]
                if command["type"] == 1:
                    assert re.fullmatch(r"[-_\w]{1,32}", name), place
                    assert name == name.lower()
                    assert 1 <= len(part["description_localizations"][language]) <= 100, place
                else:
                    assert 1 <= len(name) <= 32
                if place not in own_names:
                    for choice in part.get("choices", []):
                        assert 1 <= len(choice["name_localizations"][language]) <= 100, place
                named += 1
    assert named > 60


async def test_names_in_one_language_differ_from_each_other(registered):
    for language in CHINESE:
        names = [command["name_localizations"][language] for command in registered]
        assert len(set(names)) == len(names)
        for command in registered:
            for _, part in parts(command):
                inner = [each["name_localizations"][language] for each in part.get("options", [])]
                assert len(set(inner)) == len(inner)


async def test_commands_of_the_host_are_not_translated(fake, registered):
    names = {command["name"] for command in registered}
    for command in fake.commands["global"]:
        if command["name"] not in names:
            assert not command.get("name_localizations")
