"""The cog package in a real Red-DiscordBot, which needs an environment of its own.

RED_PYTHON=/path/to/red/bin/python pytest -m slow tests/discord/test_red.py
"""

import json
import os
import subprocess
from pathlib import Path

import pytest
from lianju.bot.commands import MENU

ROOT = Path(__file__).parents[2]
PYTHON = os.environ.get("RED_PYTHON")
ABSENT = {"cogs": [], "commands": [], "hidden": False, "items": [], "threads": []}
COGS = 10

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        PYTHON is None, reason="RED_PYTHON names no Python with Red-DiscordBot and Lianju"
    ),
]


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What `red_bot` saw."""
    folder = tmp_path_factory.mktemp("red")
    ran = subprocess.run(
        [PYTHON, "-m", "tests.discord.red_bot", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])


def test_the_package_loads_with_its_commands_hidden_as_red_wants_it(seen):
    assert seen["before"] == ABSENT
    assert seen["load"] == {"loaded_packages": ["lianjucog"]}
    assert len(seen["loaded"]["cogs"]) == COGS
    assert (seen["loaded"]["commands"], seen["loaded"]["hidden"]) == ([], True)


def test_enabled_commands_are_registered_and_answer(seen):
    (said,) = seen["enable"]
    assert "Enabled 2 commands from `lianju`" in said
    assert {"lianju", MENU} <= set(seen["registered"])
    assert seen["answer"] == "### 黄河远上白云间"
    assert seen["about"].startswith("### Lianju")
    assert seen["refusals"] == []


def test_old_buttons_work_after_two_reloads_and_data_is_deleted_on_request(seen):
    assert seen["reload"] == {"loaded_packages": ["lianjucog"]}
    assert set(seen["exported"]) == {"lianju-favorites.json"}
    assert "黄河远上白云间" in seen["exported"]["lianju-favorites.json"]
    assert seen["deletion"] == {"failed_modules": [], "failed_cogs": [], "unhandled": []}
    assert seen["hearts"] == ["♥ 1", "♥ 2", "♥ 3", "♥ 3", "♥ 4"]
    assert "/lianju privacy" in seen["statement"]


def test_unloading_leaves_nothing(seen):
    assert seen["unload"] == {"unloaded_packages": ["lianjucog"]}
    assert seen["left"] == ABSENT
    assert seen["pressed without it"] is None


def test_a_clash_is_told_to_the_owner_and_leaves_nothing(seen):
    (sentence,) = seen["clash"]["failed_with_reason_packages"].values()
    assert "/lianju" in sentence
    assert "group=" in sentence
    assert seen["left after a clash"] == ABSENT | {"commands": None, "hidden": None}
    assert seen["load again"] == {"loaded_packages": ["lianjucog"]}
