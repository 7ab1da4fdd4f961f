"""What Discord says against the registration of commands.

https://discord.com/developers/docs/interactions/application-commands#application-command-object
"""

import re
from collections import Counter
from collections.abc import Iterator

from .limits import Json

CHAT_INPUT = 1
SUBCOMMANDS = (1, 2)  # types of options: a subcommand, a group of them
MAX_COMMANDS = {1: 100, 2: 5, 3: 5}  # typed, in a user's menu, in a message's menu
MAX_CHARACTERS = 8000  # of names, descriptions and values within one command
# Discord writes it `^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$`.
NAME = re.compile(r"[-_'\w]{1,32}")


def registration_fault(commands: list[Json]) -> str | None:
    """The first thing wrong with commands that are registered together."""
    return next(_faults(commands), None)


def _faults(commands: list[Json]) -> Iterator[str]:
    names = Counter((command.get("type", CHAT_INPUT), command["name"]) for command in commands)
    for (_, name), count in names.items():
        if count > 1:
            yield f"{name}: Application command names must be unique"
    for kind, count in Counter(kind for kind, _ in names).items():
        if count > MAX_COMMANDS[kind]:
            yield f"Maximum number of application commands reached ({MAX_COMMANDS[kind]})."
    for command in commands:
        if command.get("type", CHAT_INPUT) == CHAT_INPUT:
            yield from _faults_within(command, command["name"])
            if (size := _characters(command)) > MAX_CHARACTERS:
                yield f"{command['name']}: {size} characters are more than {MAX_CHARACTERS}."
        else:
            yield from _menu_faults(command)


def _menu_faults(menu: Json) -> Iterator[str]:
    if not all(1 <= len(name) <= 32 for name in _said(menu, "name")):
        yield f"{menu['name']}: Must be between 1 and 32 in length."
    if menu.get("description") or menu.get("options"):
        yield f"{menu['name']}: Context menu commands cannot have description or options"


def _faults_within(part: Json, place: str) -> Iterator[str]:
    for name in _said(part, "name"):
        if not NAME.fullmatch(name) or name != name.lower():
            yield f"{place}: name {name}: Command name is invalid"
    for description in _said(part, "description"):
        if not 1 <= len(description) <= 100:
            yield f"{place}: description: Must be between 1 and 100 in length."
    options, choices = part.get("options", []), part.get("choices", [])
    if len(options) > 25 or len(choices) > 25:
        yield f"{place}: Must be 25 or fewer in length."
    required = [option.get("required", False) for option in options]
    if required != sorted(required, reverse=True):
        yield f"{place}: Required options must be placed before non-required options"
    if len({option["type"] in SUBCOMMANDS for option in options}) > 1:
        yield f"{place}: Sub-command and option types are mutually exclusive"
    for language in ("", "zh-CN", "zh-TW"):
        names = [_name(option, language) for option in options]
        if len(set(names)) < len(names):
            yield f"{place}: Option name already exists"
    for choice in choices:
        if not all(1 <= len(name) <= 100 for name in _said(choice, "name")):
            yield f"{place}: choice: Must be between 1 and 100 in length."
        if isinstance(choice["value"], str) and not 1 <= len(choice["value"]) <= 100:
            yield f"{place}: choice value: Must be between 1 and 100 in length."
    if part.get("autocomplete") and choices:
        yield f"{place}: Choices and autocomplete are mutually exclusive"
    for option in options:
        yield from _faults_within(option, f"{place} {option['name']}")


def _said(part: Json, what: str) -> list[str]:
    """A name or description in every language."""
    return [part[what], *(part.get(f"{what}_localizations") or {}).values()]


def _name(part: Json, language: str) -> str:
    return (part.get("name_localizations") or {}).get(language, part["name"])


def _characters(part: Json) -> int:
    """Of all names, descriptions and values within, each in its longest language."""
    own = sum(max(map(len, _said(part, what))) for what in ("name", "description"))
    choices = sum(
        max(map(len, _said(choice, "name"))) + len(str(choice["value"]))
        for choice in part.get("choices", [])
    )
    return own + choices + sum(map(_characters, part.get("options", [])))
