"""`lianju web` as a process."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import asynccontextmanager, closing
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from lianju.bot.cli import main
from lianju.bot.errors import LianjuError
from lianju.bot.web.server import _address, _listen

from ..discord.interactions import HANGS_S
from ..verse.toy import Toy, read_manifest, write_manifest

LINE = "黄河远上白云间"
PROGRAM = (sys.executable, "-m", "lianju.bot", "web")


@pytest.fixture(autouse=True)
def environment(bundle, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.upper().startswith("LIANJU_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("LIANJU_BUNDLE", str(bundle))
    monkeypatch.setenv("LIANJU_PROVIDER", "cpu")


class Process:
    """A running `lianju web`."""

    def __init__(self, process):
        self._process = process
        self.log = ""

    async def wait_for(self, pattern):
        """Waits for a line of the log."""
        async with asyncio.timeout(HANGS_S):
            while not (match := re.search(pattern, self.log)):
                line = await self._process.stderr.readline()
                assert line, self.log
                self.log += line.decode()
        return match

    def send(self, number):
        self._process.send_signal(number)

    async def stop(self, number=signal.SIGTERM):
        self.send(number)
        self.log += (await self._process.stderr.read()).decode()
        return await self._process.wait()


@asynccontextmanager
async def running():
    process = await asyncio.create_subprocess_exec(
        *PROGRAM, "--port", "0", stderr=asyncio.subprocess.PIPE
    )
    try:
        web = Process(process)
        web.address = (await web.wait_for(r"listening address=(\S+)"))[1]
        yield web
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_process_answers_and_stops_cleanly(number):
    async with running() as web:
        async with aiohttp.ClientSession(web.address) as client:
            response = await client.post("/v1/compose", json={"line": LINE})
            assert response.status == 200
            assert len((await response.json())["candidates"]) == 5
            assert "Server" not in response.headers
        assert await web.stop(number) == 0
    assert "Traceback" not in web.log
    assert LINE not in web.log
    assert web.log.count("outcome=answered") == 1


async def test_bundle_is_reloaded_on_request(bundle, tmp_path, monkeypatch):
    own = Toy().write(tmp_path / "own")
    monkeypatch.setenv("LIANJU_BUNDLE", str(own))
    async with running() as web, aiohttp.ClientSession(web.address) as client:
        write_manifest(own, read_manifest(own) | {"version": "0.0.2"})
        web.send(signal.SIGHUP)
        await web.wait_for(r"loaded bundle=toy version=0\.0\.2")
        assert (await (await client.get("/v1/bundle")).json())["version"] == "0.0.2"
        (own / "step.onnx").unlink()
        web.send(signal.SIGHUP)
        await web.wait_for("bundle not reloaded")
        assert (await client.post("/v1/compose", json={"line": LINE})).status == 200
        assert await web.stop() == 0


async def test_token_is_asked_for_and_not_logged(monkeypatch):
    monkeypatch.setenv("LIANJU_ENGINE_TOKEN", "secret")
    monkeypatch.setenv("LIANJU_LOG_LEVEL", "debug")
    async with running() as web, aiohttp.ClientSession(web.address) as client:
        for token, status in (("wrong", 401), ("secret", 200)):
            response = await client.get("/v1/bundle", headers={"Authorization": f"Bearer {token}"})
            assert response.status == status
        await web.stop()
    assert "secret" not in web.log
    assert "wrong" not in web.log


def fails(*arguments, **environment):
    """Runs a service that cannot start, and returns its sentence."""
    done = subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        env={**os.environ, **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=HANGS_S,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("lianju: ")
    assert done.stderr.count("\n") == 1
    return done.stderr.removeprefix("lianju: ").strip()


def test_responses_do_not_wait_for_acknowledgments():
    with (
        closing(_listen("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()),
        closing(listener.accept()[0]) as connection,
    ):
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_port_in_use():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        told = fails("--port", port)
    assert told.startswith(f"Port {port} of 127.0.0.1 is in use")


def test_host_of_another_machine():
    assert fails("--host", "192.0.2.1").startswith("192.0.2.1 is not an address of this machine")


@pytest.mark.parametrize("host", ["nowhere.invalid", "a..b", "x" * 300, "1.2.3.4.5"])
def test_host_that_is_none(host):
    with pytest.raises(LianjuError) as caught:
        _listen(host, 0)
    assert (caught.value.key, caught.value.facts) == ("web-host", {"host": host})


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_host_of_this_machine(host):
    if host == "::1" and not Path("/proc/net/if_inet6").exists():
        pytest.skip("this machine has no IPv6")
    with _listen(host, 0) as listener:
        assert urlsplit(_address(listener)).port == listener.getsockname()[1]


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_wrong_port(port, capsys):
    assert main(["web", "--port", port]) == 2
    told = capsys.readouterr().err
    assert "--port" in told
    assert told.count("\n") == 1


def test_missing_bundle():
    assert "/nowhere" in fails(LIANJU_BUNDLE="/nowhere")


@pytest.mark.parametrize("module", ["starlette", "uvicorn"])
def test_missing_extra_is_named(module):
    code = (
        f"import sys; sys.modules['{module}'] = None\n"
        "from lianju.bot.cli import main\n"
        "sys.exit(main(['web']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "pip install 'lianju[web]'" in done.stderr
    assert done.stderr.count("\n") == 1
