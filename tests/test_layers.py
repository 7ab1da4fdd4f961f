"""Modules of the runtime import from lower layers only."""

import ast
from importlib.resources import files
from pathlib import Path

import pytest

BOT = Path(str(files("lianju.bot")))
BOT_LAYERS = (
    # An error's text comes from the messages, and these name commands.
    {
        *("characters", "commands", "confidence", "discord_codes", "errors", "i18n", "markdown"),
        *("observer", "places"),
    },
    {"one_thread", "rounds", "verse", "verses"},
    {"answer_text", "fault_text", "honor"},
    {"clinic_text", "events", "guild_settings", "host", "linked", "picture", "settings"},
    {"booklet", "store", "logs", "metrics"},
    {"engine", "rate_limit", "sentry", "translator"},
    {"guess", "resources", "revising"},
    {"ui", "web"},
    {"cluster", "cogs", "sharding"},
    {"client"},
    {"monitor"},
    {"serve"},
    {"cli"},
)
VERSE_LAYERS = (
    {"errors"},
    {"bounds"},
    {"form"},
    {"request"},
    {"text"},
    {"prosody"},
    {"clinic", "model"},
    {"search"},
    {"planning", "serving"},
    {"answer", "composer"},
)
SHARED = {"commands", "errors", "i18n", "markdown", "request", "answer", "composer"}
"""Parts that may import others of their layer."""

packages = pytest.mark.parametrize(
    ("folder", "layers"), [(BOT, BOT_LAYERS), (BOT / "verse", VERSE_LAYERS)], ids=["bot", "verse"]
)


def imported_parts(path, folder):
    """The parts of the package that a module imports, as the first name below its folder."""
    package = path.relative_to(folder).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and 0 < node.level <= len(package) + 1:
            base = package[: len(package) + 1 - node.level]
            yield (*base, *(node.module or node.names[0].name).split("."))[0]


def levels(layers):
    return {name: level for level, names in enumerate(layers) for name in names}


@packages
def test_no_module_imports_from_a_higher_layer(folder, layers):
    level = levels(layers)
    wrong = []
    for path in sorted(folder.rglob("*.py")):
        own = path.relative_to(folder).with_suffix("").parts[0]
        if own in ("__init__", "__main__"):
            continue
        for part in imported_parts(path, folder):
            together = level[part] == level[own] and {part, own} <= SHARED
            if part != own and not together and level[part] >= level[own]:
                wrong.append(f"{path.relative_to(folder)} imports {part}")
    assert wrong == []


@packages
def test_every_part_has_a_layer(folder, layers):
    parts = {path.stem for path in folder.iterdir() if path.suffix == ".py" or path.is_dir()}
    data = {"__init__", "__main__", "__pycache__", "locales", "models"}
    assert parts - data == set(levels(layers))
