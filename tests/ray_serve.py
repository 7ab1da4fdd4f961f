"""Ray Serve on this machine, as an operator starts it: `serve run` and `serve deploy`."""

import asyncio
import json
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp

SERVE = (sys.executable, "-m", "ray.serve.scripts")
APPLICATION = "lianju.bot.cluster:app"
DASHBOARD = re.compile(r"dashboard at .*?(http://[\d.]+:\d+)")
TICKS = os.sysconf("SC_CLK_TCK")
LOOKS_S = 0.1  # how often the state of others' processes is read
STARTS_S = 180  # a machine that is busy
ENVIRONMENT = {
    "RAY_AUTH_MODE": "disabled",  # else there would be a token in the home directory
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_SERVE_ENABLE_HA_PROXY": "1",
    "RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH": "lianju.bot.cluster.proxy:middleware",
}

Configuration = dict[str, Any]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def application(name: str, variables: Mapping[str, object], **arguments: object) -> Configuration:
    """An application of a configuration file, at a path that is its name.

    Args:
        name: Empty for the one at /.
        variables: Variables of the environment.
        arguments: See `ClusterOptions`.
    """
    return {
        "name": name or "default",
        "route_prefix": f"/{name}",
        "import_path": APPLICATION,
        "args": arguments,
        "runtime_env": {"env_vars": {key: str(value) for key, value in variables.items()}},
    }


class RayServe:
    """A running Ray with its applications.

    Attributes:
        pid: Of the process that started everything.
        address: Where the applications are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, free_port()
        self._log = folder / "log"
        self.address = f"http://127.0.0.1:{self._port}"
        self._dashboard = ""
        self.pid = 0

    async def start(self, *applications: Configuration, cpus: int) -> asyncio.subprocess.Process:
        """Starts Ray with so many processors, and waits until all applications run."""
        self._write(applications)
        with self._log.open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *(*SERVE, "run", "serve.yaml"),
                cwd=self._folder,
                env=os.environ | self._environment(cpus),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.pid = process.pid
        try:
            async with asyncio.timeout(STARTS_S):
                while not (found := DASHBOARD.search(self.log)):
                    assert process.returncode is None, self.log
                    await asyncio.sleep(LOOKS_S)
                self._dashboard = found[1]
                await self.running(len(applications))
        except BaseException:
            await self.stop(process)
            print(self.log, file=sys.stderr)
            raise
        return process

    async def stop(self, process: asyncio.subprocess.Process) -> None:
        """Ends Ray, with all processes that it has started."""
        pids = [process.pid, *processes_below(process.pid)]
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.wait()
        for pid in pids[1:]:
            kill(pid)

    async def deploy(self, *applications: Configuration) -> None:
        """Changes the applications, as `serve deploy` does; Ray does the rest later."""
        self._write(applications)
        process = await asyncio.create_subprocess_exec(
            *(*SERVE, "deploy", "--address", self._dashboard, "serve.yaml"),
            cwd=self._folder,
            env=os.environ | ENVIRONMENT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await process.communicate()
        assert process.returncode == 0, out.decode()

    async def running(self, count: int = 1) -> None:
        """Waits until so many applications run, each with all its replicas."""
        while True:
            states = [each["status"] for each in (await self._applications()).values()]
            if states == ["RUNNING"] * count:
                return
            assert "DEPLOY_FAILED" not in states, self.log
            await asyncio.sleep(LOOKS_S)

    async def replicas(self, name: str = "default") -> list[int]:
        """The process ids of the replicas that serve an application."""
        (deployment,) = (await self._applications())[name]["deployments"].values()
        return [each["pid"] for each in deployment["replicas"] if each["state"] == "RUNNING"]

    @property
    def log(self) -> str:
        """What the process has written so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    async def _applications(self) -> dict[str, Any]:
        url = f"{self._dashboard}/api/serve/applications/"
        try:
            async with aiohttp.ClientSession() as session, session.get(url) as response:
                found: dict[str, Any] = (await response.json())["applications"]
        except (aiohttp.ClientError, ValueError, KeyError):  # it is starting
            return {}
        return found

    def _write(self, applications: tuple[Configuration, ...]) -> None:
        options = {"host": "127.0.0.1", "port": self._port}
        content = {"http_options": options, "applications": list(applications)}
        # JSON is YAML.
        (self._folder / "serve.yaml").write_text(json.dumps(content), encoding="utf-8")

    def _environment(self, cpus: int) -> dict[str, str]:
        return ENVIRONMENT | {
            "RAY_TMPDIR": str(self._folder),
            "RAY_OVERRIDE_RESOURCES": json.dumps({"CPU": cpus}),
        }


@asynccontextmanager
async def ray_serving(*applications: Configuration, cpus: int = 2) -> AsyncIterator[RayServe]:
    """Runs applications on a Ray of their own.

    Args:
        applications: See `application`.
        cpus: How many processors Ray may give to replicas, whatever the machine has.
    """
    # A short path: those of sockets in it have a limit.
    with TemporaryDirectory(prefix="ray-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        serve = RayServe(Path(folder))
        process = await serve.start(*applications, cpus=cpus)
        try:
            yield serve
        finally:
            await serve.stop(process)


def processes_below(ancestor: int) -> dict[int, str]:
    """The titles of all processes that a process has started, or that these have started."""
    parents, titles = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                stat = (entry / "stat").read_text(encoding="utf-8", errors="replace")
                title = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
            except OSError:  # it has ended
                continue
            pid = int(entry.name)
            parents[pid], titles[pid] = int(stat.rpartition(")")[2].split()[1]), title
    below: dict[int, str] = {}
    found = [ancestor]
    while found:
        found = [pid for pid, parent in parents.items() if parent in found and pid not in below]
        below |= {pid: titles[pid] for pid in found}
    return below


def computed_s(pid: int) -> float:
    """Seconds that a process has computed."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    user, system = stat.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / TICKS


def kill(pid: int) -> None:
    """Ends a process at once, if it has not ended."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
