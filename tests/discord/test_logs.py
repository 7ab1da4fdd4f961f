"""The log's own formats; what reaches them is tested where it is logged."""

import asyncio
import io
import json
import logging
import sys
from types import SimpleNamespace

import aiohttp
import discord
import pytest
from lianju.bot.logs import MESSAGES_WITH_SECRETS, log_unhandled_errors, set_up_logging

VERSE = "何处是江南"


@pytest.fixture(params=["text", "json"])
def log(request, monkeypatch):
    """Sets the log up, and returns what reads it."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(logging.root, "handlers", [])
    monkeypatch.setattr(logging, "raiseExceptions", True)
    levels = {name: logging.getLogger(name).level for name in ("", "lianju")}
    set_up_logging(request.param, "info")
    yield stream.getvalue
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    for name in MESSAGES_WITH_SECRETS:
        logging.getLogger(name).filters.clear()


def look_up():
    return {}[VERSE]


def fail():
    try:
        look_up()
    except KeyError as error:
        raise ValueError(VERSE) from error


def test_tracebacks_of_libraries_quote_no_error(log):
    try:
        fail()
    except ValueError:
        logging.getLogger("some.library").exception("Ignored.")
    told = log()
    assert "builtins.KeyError" in told
    assert "builtins.ValueError" in told
    assert "in fail" in told
    assert VERSE not in told


@pytest.mark.parametrize("name", MESSAGES_WITH_SECRETS)
def test_messages_of_discord_py_name_no_user(name, log):
    try:
        fail()
    except ValueError:
        logging.getLogger(name).exception("Ignoring exception (User: %s)", 271828)
    told = log()
    assert "Ignoring exception (User: %s)" in told
    assert "builtins.ValueError" in told
    assert "271828" not in told


def throw(error):
    raise error


def refused(status, kind=discord.HTTPException):
    """An error that Discord answered with."""
    response = SimpleNamespace(status=status, reason="")
    return kind(response, {"code": 0, "message": VERSE})


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (refused(500, discord.DiscordServerError), "discord.errors.DiscordServerError 500 0"),
        (refused(429), "discord.errors.HTTPException 429 0"),
        (aiohttp.ServerDisconnectedError(VERSE), "aiohttp.client_exceptions.ServerDisconnected"),
    ],
)
def test_outages_have_no_traceback(error, name, log):
    try:
        throw(error)
    except Exception:
        logging.getLogger("some.library").exception("Ignored.")
    told = log()
    assert name in told
    assert "File" not in told
    assert VERSE not in told


def test_what_discord_refuses_has_a_traceback(log):
    try:
        throw(refused(400))
    except discord.HTTPException:
        logging.getLogger("some.library").exception("Ignored.")
    assert "test_what_discord_refuses_has_a_traceback" in log()


async def test_unhandled_task_errors_are_logged_without_their_text(log):
    loop = asyncio.get_running_loop()
    log_unhandled_errors(loop)

    async def fail_later():
        fail()

    task = loop.create_task(fail_later())
    await asyncio.wait({task})
    del task
    told = log()
    assert "Task exception was never retrieved" in told
    assert "builtins.ValueError" in told
    assert VERSE not in told


def test_libraries_log_warnings_and_above(log):
    logging.getLogger("some.library").info(VERSE)
    logging.getLogger("lianju.bot").debug(VERSE)
    assert log() == ""
    logging.getLogger("some.library").warning("careful")
    assert "careful" in log()


def test_failed_log_write_prints_nothing(log, capfd):
    logging.root.handlers[0].stream.close()
    try:
        fail()
    except ValueError:
        logging.getLogger("some.library").exception("Ignored.")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("log", ["json"], indirect=True)
def test_json_log_has_one_object_per_line(log):
    logging.getLogger("lianju.bot").info("两行\nof text", extra={"server": 42})
    line = json.loads(log())
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "INFO",
        "logger": "lianju.bot",
        "message": "两行\nof text",
        "server": 42,
    }
