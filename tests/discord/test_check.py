"""`lianju serve --check`: a line for each thing, and nothing goes online."""

import os
import socket
import sqlite3
import subprocess
import sys

import pytest
from lianju.bot.client import StartError
from lianju.bot.settings import SettingsError
from lianju.bot.store import StoreError

from .fake_discord import TOKEN

SECRET = "k3yOfTheClientSecretThatIsNoToken0"  # noqa: S105 -- made up


@pytest.fixture(autouse=True)
def _offline(monkeypatch):
    """No connection can be made."""

    def refuse(*_):
        raise AssertionError("went online")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def environment(bundle):
    """Everything in order."""
    return {
        "DISCORD_TOKEN": TOKEN,
        "LIANJU_BUNDLE": bundle,
        "LIANJU_PROVIDER": "cpu",
        "LIANJU_DATABASE": "sqlite+aiosqlite:///lianju.sqlite3",
    }


def test_check_succeeds_on_a_valid_setup(check, environment, tmp_path):
    status, lines = check(**environment)
    assert status == 0
    assert [line[:2] for line in lines] == [
        ["ok", "settings"],
        ["ok", "bundle"],
        ["ok", "database"],
        ["ok", "token"],
    ]
    words = [line[2] for line in lines]
    assert words[1] == "toy 0.0.1 runs on the CPU"
    assert words[2] == str(tmp_path / "lianju.sqlite3")
    assert "1000" in words[3]
    assert TOKEN not in "".join(words)


def test_process_of_its_own_says_the_same(check, environment):
    environment["DISCORD_TOKEN"] = ""
    done = subprocess.run(
        [sys.executable, "-m", "lianju.bot", "serve", "--check"],
        env={**os.environ, **{name: str(value) for name, value in environment.items()}},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.stderr == ""
    lines = [line.split(maxsplit=2) for line in done.stdout.splitlines()]
    assert (done.returncode, lines) == check(**environment)


@pytest.mark.parametrize(
    ("name", "value", "item", "key"),
    [
        ("DISCORD_TOKEN", "", "token", "start-token-missing"),
        ("DISCORD_TOKEN", SECRET, "token", "start-token-parts"),
        ("DISCORD_TOKEN", f"{SECRET}.b.c", "token", "start-token-parts"),
        ("DISCORD_TOKEN", "MTAwMA.b", "token", "start-token-parts"),
        ("DISCORD_TOKEN", f"Bot {TOKEN}", "token", "start-token-characters"),
        ("LIANJU_BUNDLE", "/nowhere", "bundle", None),
        ("LIANJU_DATABASE", "sqlite+aiosqlite:////dev/null/x", "database", None),
    ],
)
def test_every_check_runs_after_a_failed_one(name, value, item, key, check, environment):
    status, lines = check(**environment | {name: value})
    assert status == 2
    assert [line[1] for line in lines] == ["settings", "bundle", "database", "token"]
    assert {line[1]: line[0] for line in lines} == {
        other: "FAILED" if other == item else "ok"
        for other in ("settings", "bundle", "database", "token")
    }
    (told,) = (line[2] for line in lines if line[1] == item)
    if key is None:
        assert value.rpartition("///")[2].removesuffix("/x") in told
    else:
        assert told == str(StartError(key))
    assert SECRET not in told
    assert TOKEN not in told


def test_monitor_and_reports_are_checked_where_they_are_set(check, environment):
    dsn = "https://public@sentry.example/1"
    extra = {"LIANJU_MONITOR": "127.0.0.1:9100", "SENTRY_DSN": dsn}
    status, lines = check(**environment, **extra)
    assert status == 0
    assert [line[:2] for line in lines[4:]] == [["ok", "monitor"], ["ok", "sentry"]]
    assert "127.0.0.1:9100" in lines[4][2]
    status, lines = check(**environment, SENTRY_DSN=f"{dsn}/x/y")
    assert (status, lines[4][:2]) == (2, ["FAILED", "sentry"])
    assert "public" not in lines[4][2]


def test_invalid_setting_ends_the_check(check, environment):
    status, lines = check(**environment, LIANJU_QUEUE="none")
    assert status == 2
    assert [line[:2] for line in lines] == [["FAILED", "settings"]]
    error = SettingsError("setting-value", name="LIANJU_QUEUE", value="'none'")
    assert lines[0][2] == str(error)


def test_damaged_bundle(check, environment, bundle):
    (bundle / "step.onnx").write_bytes(b"")
    status, lines = check(**environment)
    assert (status, lines[1][0]) == (2, "FAILED")
    assert "step.onnx" in lines[1][2]


def test_database_of_another_program_is_not_changed(check, environment, tmp_path):
    with sqlite3.connect(tmp_path / "lianju.sqlite3") as other:
        other.execute("CREATE TABLE theirs (x)")
    before = (tmp_path / "lianju.sqlite3").read_bytes()
    status, lines = check(**environment)
    assert (status, lines[2][0]) == (2, "FAILED")
    assert lines[2][2] == str(StoreError("store-foreign", path=str(tmp_path / "lianju.sqlite3")))
    assert (tmp_path / "lianju.sqlite3").read_bytes() == before


def test_help_says_what_it_does():
    done = subprocess.run(
        [sys.executable, "-m", "lianju.bot", "serve", "--help"],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert "--check" in done.stdout
