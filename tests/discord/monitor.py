"""What an operator's programs read of a running bot."""

import asyncio
from contextlib import asynccontextmanager

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from .interactions import HANGS_S
from .process import serving


class Monitored:
    """The monitor of a bot."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http

    async def get(self, path):
        """The status and the body."""
        async with self._http.get(path) as response:
            return response.status, await response.text()

    async def readiness(self):
        """The status of `/readyz`, and what its checks have found."""
        async with self._http.get("/readyz") as response:
            body = await response.json()
        assert body["ready"] == (response.status == 200)
        return response.status, body["checks"]

    async def until_ready(self):
        """Waits until everything can be used."""
        async with asyncio.timeout(HANGS_S):
            while (await self.readiness())[0] != 200:
                pass

    async def samples(self):
        """The metrics: their values, by name and labels."""
        status, text = await self.get("/metrics")
        assert status == 200
        return {
            (sample.name, *sorted(sample.labels.values())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }


@asynccontextmanager
async def monitored(port, **environment):
    """Runs `lianju serve` with a monitor at a port."""
    async with (
        serving(**environment, LIANJU_MONITOR=f"127.0.0.1:{port}") as served,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http,
    ):
        await served.logs("monitor address=")
        yield served, Monitored(http)
