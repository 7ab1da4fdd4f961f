import gc
import os
import signal
import subprocess
import sys

import discord
import pytest
from lianju.bot.client import LianjuBot, StartError
from lianju.bot.settings import Settings

from .fake_discord import TOKEN
from .interactions import EPHEMERAL, custom_ids, poem, texts
from .process import serving

LINE = "黄河远上白云间"


async def fails(settings):
    """Runs a bot that cannot start, and returns its sentence."""
    async with serving(**settings) as served:
        ended = await served.ended()
    assert ended.status == 2
    assert ended.out == ""
    *before, last = ended.log.splitlines()
    assert last.startswith("lianju: ")
    assert all(": loaded " in line for line in before)  # how far it came
    assert "Traceback" not in ended.log
    assert TOKEN not in ended.log
    return last.removeprefix("lianju: ")


async def test_collections_leave_out_what_is_imported(monkeypatch):
    """They run in the event loop, and would hold it up for longer than all else."""
    counts = []

    async def open_nothing(*_, **__):
        counts.append((gc.get_freeze_count(), len(gc.get_objects())))
        raise StartError("start-token-missing")

    monkeypatch.setattr("lianju.bot.client.add_cogs", open_nothing)
    gc.unfreeze()  # what tests/conftest.py has left out
    try:
        with pytest.raises(StartError):
            await LianjuBot(Settings()).setup_hook()
    finally:
        gc.unfreeze()
        gc.collect()
        gc.freeze()
    ((frozen, left),) = counts
    assert left < frozen / 100


async def test_poem_gives_five_candidates(fake, settings):
    async with serving(fork=False, **settings) as served:
        await served.online(fake.ready)
        for guild in (42, None):
            exchange = await fake.send(fake.interaction(poem(LINE), guild=guild))
            message = await exchange.answered()
            assert exchange.type == 5
            assert texts(message)[0] == f"### {LINE}"
            assert len(custom_ids(message, "lianju:heart:")) == 5
        unknown = await fake.send(fake.interaction(poem("黄龘龘上龘"), user=78))
        assert (await unknown.answered())["flags"] & EPHEMERAL
        ended = await served.stop()
    assert ended.status == 0
    assert ended.out == ""
    # The process is gone: nothing can have been added to the answers.
    assert len(exchange.messages) == len(unknown.messages) == 1
    assert fake.refusals == []
    assert ended.log.count("outcome=answered") == 2
    assert ended.log.count("outcome=refused:PromptError") == 1
    known = (" online ", ": loaded ", ": stopping", "outcome=")
    assert all(any(words in line for words in known) for line in ended.log.splitlines())
    assert TOKEN not in ended.log
    assert not set(LINE + "龘") & set(ended.log)
    assert "token-1" not in ended.log  # the interactions' own tokens


async def test_bot_asks_for_no_privileged_intent(fake, settings):
    fake.shards = 2
    async with serving(**settings) as served:
        await served.online(fake.ready)
        while len(fake.identified) < 2:
            fake.ready.clear()
            await served.online(fake.ready)
        await served.stop()
    assert [identify["shard"] for identify in fake.identified] == [[0, 2], [1, 2]]
    privileged = discord.Intents(members=True, presences=True, message_content=True).value
    for identify in fake.identified:
        assert identify["intents"] & privileged == 0


async def test_commands_are_registered_everywhere(fake, settings):
    async with serving(**settings) as served:
        await served.online(fake.ready)
        await served.stop()
    assert list(fake.commands) == ["global"]
    assert "poem" in {command["name"] for command in fake.commands["global"]}


async def test_commands_are_registered_only_in_the_test_server(fake, settings):
    async with serving(**settings, LIANJU_TEST_GUILD=42) as served:
        await served.online(fake.ready)
        exchange = await fake.send(fake.interaction(poem(LINE), guild=42))
        await exchange.answered()
        await served.stop()
    assert list(fake.commands) == ["42"]
    assert "poem" in {command["name"] for command in fake.commands["42"]}


async def test_dropped_gateway_is_resumed(fake, settings):
    async with serving(**settings) as served:
        await served.online(fake.ready)
        await fake.drop_gateway()
        await served.online(fake.back)
        exchange = await fake.send(fake.interaction(poem(LINE)))
        assert (await exchange.answered())["components"]
        assert (await served.stop()).status == 0
    assert [resume["session_id"] for resume in fake.resumed] == ["session-0"]
    assert len(fake.identified) == 1


async def test_lost_session_reconnects_to_the_same_gateway(fake, settings):
    async with serving(**settings) as served:
        await served.online(fake.ready)
        fake.ready.clear()
        await fake.forget_session()
        await served.online(fake.ready)
        await served.stop()
    assert len(fake.identified) == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_sigterm_stops_the_bot_cleanly(number, fake, settings):
    async with serving(fork=False, **settings) as served:
        await served.online(fake.ready)
        ended = await served.stop(number)
    assert (ended.status, ended.out) == (0, "")
    assert "Traceback" not in ended.log
    assert fake.closed_with == [1000]


async def test_token_is_read_from_dotenv(fake, settings, tmp_path):
    lines = [f"{name}={value}\n" for name, value in settings.items()]
    (tmp_path / ".env").write_text("".join(lines), encoding="utf-8")
    async with serving(fork=False) as served:
        await served.online(fake.ready)
        assert (await served.stop()).status == 0


@pytest.mark.parametrize("token", [None, ""])
async def test_missing_token(token, settings):
    del settings["DISCORD_TOKEN"]
    given = {} if token is None else {"DISCORD_TOKEN": token}
    assert await fails(settings | given) == str(StartError("start-token-missing"))


async def test_wrong_token(fake, settings):
    sentence = await fails(settings | {"DISCORD_TOKEN": "another.secret.token"})
    assert sentence == str(StartError("start-token-refused"))
    assert fake.refusals == [(401, "/api/v10/users/@me")]


@pytest.mark.parametrize("token", ["two words-of-secret", "line\nbreak-of-secret", "密码secret"])
async def test_malformed_token(token, fake, settings):
    sentence = await fails(settings | {"DISCORD_TOKEN": token})
    assert sentence == str(StartError("start-token-characters"))
    assert fake.requests == []


async def test_no_network(settings, closed_port):
    address = f"http://127.0.0.1:{closed_port}/api"
    sentence = await fails(settings | {"LIANJU_REST_BASE": address})
    assert sentence == str(StartError("start-unreachable", address=address))


async def test_no_such_host(settings):
    address = "https://discord.invalid/api"
    sentence = await fails(settings | {"LIANJU_REST_BASE": address})
    assert sentence == str(StartError("start-unreachable", address=address))


async def test_gateway_unreachable_at_startup(fake, settings, closed_port):
    fake.gateway_url = f"ws://127.0.0.1:{closed_port}/"
    sentence = await fails(settings)
    assert sentence == str(StartError("start-gateway-unreachable", address=fake.gateway_url))


async def test_gateway_where_the_token_could_be_read(fake, settings):
    fake.gateway_url = "ws://gateway.example/"
    sentence = await fails(settings)
    assert sentence == str(StartError("start-gateway-plaintext", address=fake.gateway_url))


@pytest.mark.parametrize("address", ["wss://[gateway", "wss://gateway:port", "nowhere"])
async def test_gateway_with_a_malformed_address(address, fake, settings):
    fake.gateway_url = address
    sentence = await fails(settings)
    assert sentence == str(StartError("start-gateway-unreachable", address=address))


@pytest.mark.parametrize("path", ["/users/@me", "/gateway/bot", "/commands"])
async def test_discord_returns_server_errors(path, fake, settings):
    fake.failures[path] = [503]
    assert await fails(settings) == str(StartError("start-http-status", status="503"))


async def test_token_refused_by_the_gateway(fake, settings):
    fake.refuse_identify_with = 4004
    assert await fails(settings) == str(StartError("start-token-refused"))


async def test_gateway_closes_with_a_fatal_code(fake, settings):
    fake.refuse_identify_with = 4013
    assert await fails(settings) == str(StartError("start-closed", code="4013"))


async def test_test_server_without_the_bot(settings):
    sentence = await fails(settings | {"LIANJU_TEST_GUILD": 666})
    assert sentence == str(StartError("start-test-guild", guild="666"))


async def test_bad_bundle(fake, settings, bundle):
    (bundle / "vocab.txt").write_text("altered", encoding="utf-8")
    assert "vocab.txt" in await fails(settings)
    assert fake.commands == {}


def test_poem_needs_no_token(bundle):
    done = subprocess.run(
        [sys.executable, "-m", "lianju.bot", "poem", LINE],
        env={**os.environ, "LIANJU_BUNDLE": str(bundle)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
    assert done.stderr == b""
