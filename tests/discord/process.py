"""`lianju serve` as a process of its own."""

import asyncio
import atexit
import functools
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from .interactions import HANGS_S


@dataclass
class Ended:
    """A process that has ended, and what it wrote."""

    status: int
    out: str
    log: str


class Served:
    """A running `lianju serve`."""

    def __init__(self, process: "asyncio.subprocess.Process | Forked") -> None:
        self._process = process
        self._log = ""
        self._logged = asyncio.Condition()
        self._end = asyncio.create_task(self._watch())

    async def _watch(self) -> Ended:
        out = asyncio.create_task(self._process.stdout.read())
        async for line in self._process.stderr:
            async with self._logged:
                self._log += line.decode(errors="backslashreplace")
                self._logged.notify_all()
        status = await self._process.wait()
        return Ended(status, (await out).decode(), self._log)

    async def ended(self) -> Ended:
        return await self._end

    async def stop(self, number: int = signal.SIGTERM) -> Ended:
        self.signal(number)
        return await self.ended()

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def online(self, ready: asyncio.Event) -> None:
        """Waits until the fake has seen it come online; fails if it ends before."""
        await self._wait_for(ready.wait())

    @property
    def log(self) -> str:
        """What it has written to standard error so far."""
        return self._log

    async def logs(self, words: str, times: int = 1) -> None:
        """Waits until these words are in the log so often; fails if it ends before."""

        async def logged() -> None:
            async with self._logged:
                await self._logged.wait_for(lambda: self._log.count(words) >= times)

        await self._wait_for(logged())

    async def _wait_for(self, event) -> None:
        waiting = asyncio.ensure_future(event)
        done, _ = await asyncio.wait(
            {waiting, self._end}, timeout=HANGS_S, return_when=asyncio.FIRST_COMPLETED
        )
        waiting.cancel()
        assert waiting in done, self._log

    def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()


class Forked:
    """A process of the fork server; what `Served` needs of `asyncio.subprocess.Process`."""

    def __init__(self, pid: int, stdout, stderr, report) -> None:
        self.pid, self.returncode = pid, None
        self.stdout, self.stderr, self._report = stdout, stderr, report

    async def wait(self) -> int:
        self.returncode = int(await self._report.readline())
        return self.returncode

    def send_signal(self, number: int) -> None:
        with suppress(ProcessLookupError):  # it has ended meanwhile
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


@functools.cache
def _fork_server() -> socket.socket:
    """Starts the fork server of this process; returns the socket that takes its messages."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        server = subprocess.Popen(
            [
                sys.executable,
                "-P",
                Path(__file__).with_name("fork_server.py"),
                str(theirs.fileno()),
            ],
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # it may have no threads
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
    atexit.register(server.wait)
    atexit.register(ours.close)  # which comes first
    return ours


async def _pipe():
    """Returns a reader, and the end of its pipe to write to."""
    reader = asyncio.StreamReader()
    theirs, ours = os.pipe()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(theirs, "rb")
    )
    return reader, ours


async def _fork(*arguments: str, environment: dict[str, str]) -> Forked:
    message = json.dumps([arguments, environment, str(Path.cwd())]).encode()
    pipes = [await _pipe() for _ in range(3)]
    handles = [os.open(os.devnull, os.O_RDONLY), *(handle for _, handle in pipes)]
    socket.send_fds(_fork_server(), [message], handles)
    for each in handles:
        os.close(each)
    stdout, stderr, report = (reader for reader, _ in pipes)
    return Forked(int(await report.readline()), stdout, stderr, report)


@asynccontextmanager
async def serving(*, fork: bool = True, stdin: int | None = None, **environment: object):
    """Runs `lianju serve` in the working folder with these variables added.

    Args:
        fork: Whether its process is forked from one that has imported everything, not started.
        stdin: Its standard input, if it is not empty; of a process that is started.
        environment: The variables.
    """
    variables = {**os.environ, **{name: str(value) for name, value in environment.items()}}
    if fork and stdin is None:
        process = await _fork("serve", environment=variables)
    else:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "lianju.bot", "serve"),
            env=variables,
            stdin=asyncio.subprocess.DEVNULL if stdin is None else stdin,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    served = Served(process)
    try:
        yield served
    finally:
        served.kill()
        await served.ended()
