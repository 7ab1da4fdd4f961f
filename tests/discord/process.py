"""`lianju serve` as a process of its own."""

import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass
class Ended:
    """A process that has ended, and what it wrote."""

    status: int
    out: str
    log: str


class Served:
    """A running `lianju serve`; its output is there once it has ended."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._output = asyncio.create_task(process.communicate())

    async def ended(self) -> Ended:
        out, log = await self._output
        return Ended(self._process.returncode, out.decode(), log.decode())

    async def stop(self, number: int = signal.SIGTERM) -> Ended:
        self._process.send_signal(number)
        return await self.ended()

    async def online(self, ready: asyncio.Event) -> None:
        """Waits until the fake has seen it come online; fails if it ends before."""
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait({waiting, self._output}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        assert ready.is_set(), (await self.ended()).log

    def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()


@asynccontextmanager
async def serving(**environment: object):
    """Runs `lianju serve` in the working folder with these variables added."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "lianju.bot", "serve"),
        env={**os.environ, **{name: str(value) for name, value in environment.items()}},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    served = Served(process)
    try:
        yield served
    finally:
        served.kill()
        await served.ended()
