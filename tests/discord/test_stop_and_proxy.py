"""What operators do to a running `lianju serve`: stop it, shard it, put a proxy before it."""

import asyncio
import json
import os
import signal
import sqlite3
import sys
from contextlib import closing

import pytest
from lianju.bot.resources import ANSWER_S
from lianju.bot.serve import GRACE_S
from lianju.bot.settings import Settings
from lianju.bot.store import StoreError, open_store

from .fake_discord import TOKEN
from .interactions import ADMIN, EPHEMERAL, custom_ids, poem, slash
from .process import serving

LINE = "黄河远上白云间"
OTHER_SHARD = 1 << 22  # a server's id


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_stopping_finishes_running_requests_and_refuses_new_ones(
    number, fake, settings, tmp_path
):
    gate = fake.gates["@original"] = asyncio.Event()
    async with serving(**settings) as served:
        await served.online(fake.ready)
        running = await fake.send(fake.interaction(poem(LINE)))
        await running.until(lambda: running.acknowledged)
        served.signal(number)
        await served.logs("stopping")
        late = await fake.send(fake.interaction(poem(LINE), user=78, locale="zh-CN"))
        refusal = await late.answered()
        assert refusal["flags"] & EPHEMERAL
        assert refusal["content"] == "我正要停机：请过一分钟再问。"
        assert running.messages == []
        gate.set()
        ended = await served.ended()
    assert (ended.status, ended.out) == (0, "")
    assert len(running.messages) == len(late.messages) == 1
    assert "Traceback" not in ended.log
    assert fake.closed_with == [1000]
    # A database that was closed has no write-ahead log left beside it.
    assert [path.name for path in tmp_path.glob("lianju.sqlite3*")] == ["lianju.sqlite3"]


async def test_stopping_waits_for_a_limited_time(fake, settings, tmp_path):
    fake.gates["@original"] = asyncio.Event()  # Discord takes the answer, and says nothing
    async with serving(**settings, LIANJU_DEADLINE=1) as served:
        await served.online(fake.ready)
        exchange = await fake.send(fake.interaction(poem(LINE)))
        await fake.reached["@original"].wait()
        ended = await served.stop()
    assert (ended.status, ended.out) == (0, "")
    assert exchange.messages == []
    assert "outcome=abandoned" in ended.log
    assert "Traceback" not in ended.log
    assert [path.name for path in tmp_path.glob("lianju.sqlite3*")] == ["lianju.sqlite3"]


async def test_a_request_from_just_before_is_waited_for_beyond_its_deadline(resources):
    resources.settings = Settings(deadline=1)
    loop = asyncio.get_running_loop()
    running = loop.create_future()
    resources.running.add(running)
    running.add_done_callback(resources.running.discard)
    loop.call_later(1 + ANSWER_S / 2, running.set_result, None)
    await resources.finish()
    assert running.done()


async def test_all_waiting_takes_one_deadline(resources, monkeypatch):
    monkeypatch.setattr("lianju.bot.resources.ANSWER_S", 0)
    resources.settings = Settings(deadline=1)
    clock = asyncio.get_running_loop().time
    never = asyncio.get_running_loop().create_future()
    resources.running.add(never)
    began = clock()
    await resources.finish()
    await resources.finish()
    await resources.close()
    assert 1 <= clock() - began < 2
    never.cancel()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_second_signal_ends_at_once_and_says_what_is_dropped(number, fake, settings):
    fake.gates["@original"] = asyncio.Event()
    async with serving(**settings, LIANJU_DEADLINE=800) as served:
        await served.online(fake.ready)
        running = await fake.send(fake.interaction(poem(LINE)))
        await running.until(lambda: running.acknowledged)
        served.signal(signal.SIGTERM)
        await served.logs("stopping")
        ended = await served.stop(number)
    assert ended.status == 1
    assert "stopped at once: dropped=1" in ended.log
    assert "Traceback" not in ended.log


async def test_locked_database_does_not_delay_the_end(fake, settings, tmp_path):
    async with serving(**settings, LIANJU_DEADLINE=2) as served:
        await served.online(fake.ready)
        answer = await (await fake.send(fake.interaction(poem(LINE)))).answered()
        with closing(sqlite3.connect("lianju.sqlite3", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await fake.send(fake.press(answer, custom_ids(answer, "lianju:heart:")[0]))
            clock = asyncio.get_running_loop().time
            began = clock()
            ended = await served.stop()
            assert clock() - began < 2 + GRACE_S + 2  # to end a process under load
    assert ended.out == ""
    assert "Traceback" not in ended.log


@pytest.mark.parametrize("step", ["/users/@me", "/commands", "/gateway/bot", "/gateway/"])
async def test_stopping_while_the_bot_connects(step, fake, settings, tmp_path):
    fake.gates[step] = asyncio.Event()
    async with serving(**settings) as served:
        await served.online(fake.reached[step])
        ended = await served.stop()
    assert (ended.status, ended.out) == (0, "")
    assert "Traceback" not in ended.log
    assert len(list(tmp_path.glob("lianju.sqlite3*"))) <= 1


async def test_json_log_has_a_field_for_each_number(fake, settings):
    async with serving(**settings, LIANJU_LOG_FORMAT="json") as served:
        await served.online(fake.ready)
        for guild, line in ((42, LINE), (None, LINE), (43, "龘龘上龘")):
            exchange = await fake.send(fake.interaction(poem(line), guild=guild))
            await exchange.answered()
            await served.logs(f'"server": {guild}' if guild else '"server": "none"')
        ended = await served.stop()
    lines = [json.loads(line) for line in ended.log.splitlines()]
    requests = [line for line in lines if "outcome" in line]
    assert [(r["command"], r["server"], r["outcome"]) for r in requests] == [
        ("poem", 42, "answered"),
        ("poem", "none", "answered"),
        ("poem", 43, "refused:PromptError"),
    ]
    for request in requests:
        assert {"time", "level", "logger", "message", "ms"} <= set(request)
        assert isinstance(request["ms"], int)
    assert requests[0]["width"] == 5


@pytest.mark.parametrize("style", ["text", "json"])
async def test_log_has_no_secret_at_any_level(style, fake, settings):
    secrets = {"token": TOKEN, "line": "何处", "exchange": "token-1", "session": "session-"}
    async with serving(**settings, LIANJU_LOG_FORMAT=style, LIANJU_LOG_LEVEL="debug") as served:
        await served.online(fake.ready)
        for user, line in enumerate((LINE, "何处龘龘龘", "何处" * 100), 1):
            await (await fake.send(fake.interaction(poem(line), user=user))).answered()
        fake.failures["@original"] = [400]  # an error whose traceback is logged
        await (await fake.send(fake.interaction(poem(LINE), user=4))).answered()
        await fake.drop_gateway()
        await served.online(fake.back)
        ended = await served.stop()
    assert "incident" in ended.log
    assert [name for name, secret in secrets.items() if secret in ended.log] == []
    assert not set(LINE + "龘") & set(ended.log)


async def test_quiet_log(fake, settings):
    async with serving(**settings, LIANJU_LOG_LEVEL="warning") as served:
        await served.online(fake.ready)
        await (await fake.send(fake.interaction(poem(LINE)))).answered()
        assert (await served.stop()).log == ""


async def test_server_that_removed_the_bot_while_it_was_offline(fake, settings, tmp_path):
    store = await open_store(f"sqlite+aiosqlite:///{tmp_path}/lianju.sqlite3")
    for guild in (42, 43):
        await store.guild_settings.change(guild, beam_size=9)
    await store.close()
    for guilds, words in (({"42", "43"}, " online "), ({"42"}, "settings deleted of servers=1")):
        fake.guilds = guilds
        async with serving(**settings) as served:
            await served.logs(words)
            assert (await served.stop()).status == 0
    store = await open_store(f"sqlite+aiosqlite:///{tmp_path}/lianju.sqlite3")
    assert [(await store.guild_settings.get(guild)).beam_size for guild in (42, 43)] == [9, 5]
    await store.close()


async def test_every_shard_answers_for_its_servers(fake, settings):
    fake.shards = 2
    fake.guilds.add(str(OTHER_SHARD))
    async with serving(**settings) as served:
        while len(fake.identified) < 2:
            fake.ready.clear()
            await served.online(fake.ready)
        for guild in (42, OTHER_SHARD, None):
            exchange = await fake.send(fake.interaction(poem(LINE), guild=guild, user=guild or 1))
            await exchange.answered()
        await fake.drop_gateway(shard=1)
        await served.online(fake.back)
        exchange = await fake.send(fake.interaction(poem(LINE), guild=OTHER_SHARD, user=2))
        await exchange.answered()
        assert (await served.stop()).status == 0
    assert [resume["session_id"] for resume in fake.resumed] == ["session-1"]


async def test_every_connection_goes_to_the_gateway_of_the_settings(fake, settings, closed_port):
    fake.gateway_url = fake.resume_url = f"ws://127.0.0.1:{closed_port}/"
    proxy = f"ws://127.0.0.1:{fake.port}/proxy/"
    async with serving(**settings, LIANJU_GATEWAY=proxy) as served:
        await served.online(fake.ready)
        await fake.drop_gateway()
        await served.online(fake.back)  # resumed
        fake.ready.clear()
        await fake.forget_session()
        await served.online(fake.ready)  # begun anew
        await (await fake.send(fake.interaction(poem(LINE)))).answered()
        assert (await served.stop()).status == 0
    assert len(fake.resumed) == 1
    assert len(fake.identified) == 2
    assert "/gateway/" not in [path for _, path in fake.requests]


@pytest.mark.parametrize(("outage", "width"), [(False, None), (True, 9)])
async def test_leaving_a_server_deletes_its_settings_but_an_outage_does_not(
    outage, width, fake, settings
):
    async with serving(**settings) as served:
        await served.online(fake.ready)
        change = slash("settings beam-size", width=9)
        await (await fake.send(fake.interaction(change, permissions=ADMIN))).answered()
        await fake.leave(42, outage=outage)
        # Comes after it on the same connection.
        await (await fake.send(fake.interaction(poem(LINE), guild=None))).answered()
        assert (await served.stop()).status == 0
    with sqlite3.connect("lianju.sqlite3") as database:
        kept = database.execute("SELECT beam_size FROM server WHERE guild_id = 42").fetchone()
    assert kept == (None if width is None else (width,))


async def test_second_bot_on_the_same_database_is_refused(fake, settings, tmp_path):
    async with serving(**settings) as served:
        await served.online(fake.ready)
        async with serving(**settings) as second:
            ended = await second.ended()
        path = str(tmp_path / "lianju.sqlite3")
        loaded, *said = ended.log.splitlines()
        assert " loaded bundle=toy " in loaded
        assert said == [f"lianju: {StoreError('store-in-use', path=path)}"]
        assert (ended.status, ended.out) == (2, "")
        await (await fake.send(fake.interaction(poem(LINE)))).answered()
        assert (await served.stop()).status == 0


async def test_check_works_while_the_bot_runs(fake, settings):
    async with serving(**settings) as served:
        await served.online(fake.ready)
        checking = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "lianju.bot", "serve", "--check"),
            env={**os.environ, **{name: str(value) for name, value in settings.items()}},
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await checking.communicate()
        assert checking.returncode == 0, out
        assert (await served.stop()).status == 0
