"""`lianju serve` as a process of its own."""

import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass

from .interactions import HANGS_S


@dataclass
class Ended:
    """A process that has ended, and what it wrote."""

    status: int
    out: str
    log: str


class Served:
    """A running `lianju serve`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
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


async def _start(*arguments: str, stdin: int, **environment: object):
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "lianju.bot", *arguments),
        env={**os.environ, **{name: str(value) for name, value in environment.items()}},
        stdin=stdin,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@asynccontextmanager
async def serving(stdin: int = asyncio.subprocess.DEVNULL, **environment: object):
    """Runs `lianju serve` in the working folder with these variables added."""
    served = Served(await _start("serve", stdin=stdin, **environment))
    try:
        yield served
    finally:
        served.kill()
        await served.ended()
