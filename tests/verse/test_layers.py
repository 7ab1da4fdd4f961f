"""Subpackages of the engine import from lower layers only."""

import ast
from importlib.resources import files
from pathlib import Path

VERSE = Path(str(files("lianju.bot.verse")))
LAYERS = (
    {"errors", "request"},
    {"text"},
    {"prosody"},
    {"model"},
    {"search"},
    {"planning", "serving"},  # neither imports the other
    {"answer", "composer"},
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}


def imported_parts(path):
    """The parts of the engine that a module imports, as the first name below `verse`."""
    package = ("verse", *path.relative_to(VERSE).with_suffix("").parts[:-1])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or node.level == 0:
            continue
        base = package[: len(package) - node.level + 1]
        names = (*base, *(node.module or "").split("."))
        if base:  # else it is outside the engine
            yield names[1]


def test_no_module_imports_from_a_higher_layer():
    wrong = []
    for path in sorted(VERSE.rglob("*.py")):
        own = path.relative_to(VERSE).with_suffix("").parts[0]
        if own == "__init__":
            continue
        for part in imported_parts(path):
            together = LEVEL[part] == LEVEL[own] in (0, len(LAYERS) - 1)
            if part != own and not together and LEVEL[part] >= LEVEL[own]:
                wrong.append(f"{path.relative_to(VERSE)} imports {part}")
    assert wrong == []


def test_every_part_of_the_engine_has_a_layer():
    parts = {path.stem for path in VERSE.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert parts - {"__init__", "__pycache__"} == set(LEVEL)
