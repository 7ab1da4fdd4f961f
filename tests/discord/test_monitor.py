"""`LIANJU_MONITOR`: health and metrics of a real process, read by a real client."""

import asyncio
import errno
import os
import socket
import subprocess
import sys

import pytest
from lianju.bot.client import StartError
from lianju.bot.errors import LianjuError
from lianju.bot.serve import GRACE_S, load_monitor

from .fake_discord import TOKEN
from .interactions import custom_ids, poem, slash
from .monitor import monitored
from .process import serving

LINE = "黄河远上白云间"
GUILD, USER = 427_561_193_205_118_976, 913_377_204_558_311_424


async def test_bot_is_alive_at_once_and_ready_when_it_is_online(fake, settings, closed_port):
    fake.gates["/gateway/bot"] = asyncio.Event()
    async with monitored(closed_port, **settings) as (served, monitor):
        assert (await monitor.get("/healthz"))[0] == 200
        await served.online(fake.reached["/gateway/bot"])
        status, checks = await monitor.readiness()
        assert status == 503
        assert {name: check["ok"] for name, check in checks.items()} == {
            "bot": True,
            "model": True,
            "gateway": False,
            "database": True,
        }
        assert checks["model"] == {"ok": True, "bundle": "toy 0.0.1", "provider": "cpu"}
        fake.gates["/gateway/bot"].set()
        await served.logs(" online ")
        status, checks = await monitor.readiness()
        assert status == 200
        assert checks["gateway"] == {"ok": True, "shards": 1, "missing": []}
        assert (await served.stop()).status == 0


async def test_shard_that_lost_its_connection_is_missed_until_it_is_back(
    fake, settings, closed_port
):
    fake.shards = 2
    async with monitored(closed_port, **settings) as (served, monitor):
        await monitor.until_ready()
        gate = fake.gates["/gateway/"] = asyncio.Event()
        fake.reached["/gateway/"].clear()
        await fake.drop_gateway(shard=1)
        await served.online(fake.reached["/gateway/"])
        status, checks = await monitor.readiness()
        assert (status, checks["gateway"]) == (503, {"ok": False, "shards": 2, "missing": [1]})
        samples = await monitor.samples()
        assert [samples["lianju_gateway_connected", str(shard)] for shard in (0, 1)] == [1, 0]
        assert samples["lianju_gateway_disconnects_total", "1"] == 1
        gate.set()
        await monitor.until_ready()
        assert (await monitor.samples())["lianju_gateway_connected", "1"] == 1
        assert (await served.stop()).status == 0


async def test_database_that_was_moved_away_is_reported(fake, settings, closed_port, tmp_path):
    async with monitored(closed_port, **settings) as (served, monitor):
        await monitor.until_ready()
        (tmp_path / "lianju.sqlite3").rename(tmp_path / "elsewhere.sqlite3")
        status, checks = await monitor.readiness()
        assert (status, checks["database"]) == (503, {"ok": False, "error": "store-failed"})
        (tmp_path / "elsewhere.sqlite3").rename(tmp_path / "lianju.sqlite3")
        assert (await monitor.readiness())[0] == 200
        assert (await served.stop()).status == 0


async def test_metrics_count_what_members_did(fake, settings, closed_port):
    async with monitored(closed_port, **settings) as (served, monitor):
        await served.logs(" online ")
        answer = await (await fake.send(fake.interaction(poem(LINE)))).answered()
        heart = await fake.send(fake.press(answer, custom_ids(answer, "lianju:heart:")[0]))
        await heart.updated()
        await (await fake.send(fake.interaction(poem("龘龘上龘"), user=78))).answered()
        fake.failures["@original"] = [400]
        await (await fake.send(fake.interaction(poem(LINE), user=79))).answered()
        await served.logs("outcome=", 4)
        samples = await monitor.samples()
        assert (await served.stop()).status == 0

    def count(name, *labels):
        return samples[f"lianju_{name}", *sorted(labels)]

    assert count("interactions_total", "poem", "answered") == 1
    assert count("interactions_total", "heart", "answered") == 1
    assert count("interactions_total", "poem", "refused") == 1
    assert count("interactions_total", "poem", "failed") == 1
    assert count("refusals_total", "prompt-unknown") == 1
    assert count("interaction_seconds_count", "poem") == 3
    assert count("stage_seconds_count", "engine") == 3
    for stage in ("queue", "search", "acknowledge", "reply"):
        assert count("stage_seconds_count", stage) == 2
    assert count("step_rows_count") == count("step_seconds_count") >= 2 * 7
    assert count("step_rows_sum") > count("step_rows_count")
    assert count("store_seconds_count", "lookup") >= 4
    assert count("store_seconds_count", "write") >= 1
    assert count("requests_waiting") == count("requests_running") == 0
    assert count("interactions_running") == 0
    assert count("gateway_connected", "0") == 1
    assert count("servers") == 1
    assert count("bundle_info", "toy", "0.0.1", "cpu") == 1
    assert samples["process_resident_memory_bytes",] > 1e6
    assert samples["process_cpu_seconds_total",] > 0


async def test_metrics_hold_nothing_that_users_wrote_and_no_ids(fake, settings, closed_port):
    fake.guilds = {str(GUILD)}
    place = {"guild": GUILD, "user": USER}
    odd = 'lianju_x{a="1"} 2\n# TYPE \\ 漫漫'
    async with monitored(closed_port, **settings) as (served, monitor):
        await served.logs(" online ")
        answer = await (await fake.send(fake.interaction(poem(LINE), **place))).answered()
        heart = await fake.send(fake.press(answer, custom_ids(answer, "lianju:heart:")[0], **place))
        await heart.updated()
        for line in (odd, LINE * 50, str(USER)):
            await (await fake.send(fake.interaction(poem(line), **place))).answered()
        remove = slash("favorites remove", verse=f"{USER}{odd}")
        await (await fake.send(fake.interaction(remove, **place))).answered()
        await served.logs("outcome=", 6)
        _, text = await monitor.get("/metrics")
        _, ready = await monitor.get("/readyz")
        assert (await served.stop()).status == 0
    for shown in (text, ready):
        assert str(GUILD) not in shown
        assert str(USER) not in shown
        assert TOKEN not in shown
        assert not set(LINE + "漫龘") & set(shown)
    assert "lianju_x" not in text
    assert 'command="favorites remove",outcome="refused"' in text


async def test_monitor_is_closed_last(fake, settings, closed_port):
    fake.gates["@original"] = asyncio.Event()
    async with monitored(closed_port, **settings, LIANJU_DEADLINE=800) as (served, monitor):
        await monitor.until_ready()
        running = await fake.send(fake.interaction(poem(LINE)))
        await running.until(lambda: running.acknowledged)
        served.signal(15)
        await served.logs("stopping")
        status, checks = await monitor.readiness()
        assert (status, checks["bot"]) == (503, {"ok": False, "state": "closing"})
        assert (await monitor.get("/healthz"))[0] == 200
        assert (await monitor.samples())["lianju_interactions_running",] == 1
        fake.gates["@original"].set()
        await running.answered()
        ended = await served.ended()
    assert (ended.status, ended.out) == (0, "")
    assert "Traceback" not in ended.log


async def test_clients_of_the_monitor_do_not_delay_the_end(fake, settings, closed_port):
    async with monitored(closed_port, **settings, LIANJU_DEADLINE=2) as (served, monitor):
        await monitor.until_ready()
        idle = socket.create_connection(("127.0.0.1", closed_port))
        slow = socket.create_connection(("127.0.0.1", closed_port))
        with idle, slow:
            slow.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n")  # and no end of it
            await monitor.samples()  # so that both are accepted
            clock = asyncio.get_running_loop().time
            began = clock()
            ended = await served.stop()
            assert clock() - began < 2 + GRACE_S + 2  # to end a process under load
    assert (ended.status, ended.out) == (0, "")
    assert "Traceback" not in ended.log


async def test_port_in_use_is_one_sentence_at_the_start(fake, settings):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        async with serving(**settings, LIANJU_MONITOR=address) as served:
            ended = await served.ended()
    reason = os.strerror(errno.EADDRINUSE)
    error = StartError("monitor-address", address=address, reason=reason)
    assert (ended.status, ended.out, ended.log) == (2, "", f"lianju: {error}\n")
    assert fake.requests == []


async def test_monitor_listens_at_ipv6_as_well(fake, settings, closed_port):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 on this machine")
    address = f"[::1]:{closed_port}"
    async with serving(**settings, LIANJU_MONITOR=address) as served:
        await served.logs(f"monitor address={address}")
        with socket.create_connection(("::1", closed_port)):
            pass
        assert (await served.stop()).status in (0, -15)


@pytest.mark.parametrize("missing", ["prometheus_client", "uvicorn", "starlette"])
def test_monitor_without_its_extra_is_one_sentence(missing, settings):
    code = (
        "import sys\n"
        f"sys.modules[{missing!r}] = None\n"
        "from lianju.bot.cli import main\n"
        "sys.exit(main(['serve']))"
    )
    variables = settings | {"LIANJU_MONITOR": "127.0.0.1:9100"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **{name: str(value) for name, value in variables.items()}},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"lianju: {LianjuError('cli-extra', module=missing, extra='web')}\n"


def test_a_broken_module_of_ours_is_no_missing_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "lianju.bot.monitor", None)
    monkeypatch.delattr("lianju.bot.monitor", raising=False)
    with pytest.raises(ModuleNotFoundError, match=r"lianju\.bot\.monitor"):
        load_monitor()


def test_bot_without_a_monitor_imports_nothing_of_it():
    extra = ("prometheus_client", "sentry_sdk", "starlette", "uvicorn")
    code = (
        f"import sys, lianju.bot.serve; print(*(name for name in {extra} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
