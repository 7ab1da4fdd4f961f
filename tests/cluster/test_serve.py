"""The application on a real Ray Serve."""

import asyncio
import json
from collections import Counter
from contextlib import asynccontextmanager

import aiohttp
import pytest

from ..ray_serve import application, kill, ray_serving
from ..verse.toy import PROMPTS, Toy, read_manifest, write_manifest

pytest.importorskip("ray", reason="Ray is not installed (pip install 'lianju[cluster]')")
pytestmark = pytest.mark.slow

CLIENTS = 8


@pytest.fixture
def bundles(tmp_path):
    """Two versions of a bundle, in different folders."""
    folders = []
    for version in ("0.1.0", "0.2.0"):
        folder = Toy().write(tmp_path / version)
        write_manifest(folder, read_manifest(folder) | {"version": version})
        folders.append(folder)
    return folders


def one(bundle, replicas=2, **variables):
    fixed = {"LIANJU_BUNDLE": bundle, "LIANJU_PROVIDER": "cpu"}
    return application("", fixed | variables, replicas=replicas)


class Clients:
    """Clients that ask all the time, and what they got."""

    def __init__(self, address):
        self._address = address
        self.statuses = Counter()
        self.versions = Counter()
        self._changed = asyncio.Condition()

    async def ask(self, number):
        body = {"line": PROMPTS[number % len(PROMPTS)], "seed": number}
        headers = {"Lianju-Group": str(number)}
        async with aiohttp.ClientSession(self._address) as session:
            while True:
                try:
                    async with session.post("/v1/compose", json=body, headers=headers) as response:
                        content = await response.read()
                except aiohttp.ServerDisconnectedError:
                    self.statuses["broken"] += 1
                    continue
                self.statuses[response.status] += 1
                if response.status == 200:
                    self.versions[json.loads(content)["bundle"]["version"]] += 1
                async with self._changed:
                    self._changed.notify_all()

    async def seen(self, version, times):
        """Waits until a version has answered so many times more."""
        wanted = self.versions[version] + times
        async with self._changed:
            await self._changed.wait_for(lambda: self.versions[version] >= wanted)


@asynccontextmanager
async def asking(address):
    clients = Clients(address)
    tasks = [asyncio.create_task(clients.ask(number)) for number in range(CLIENTS)]
    try:
        yield clients
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(each) for each in ended} == {asyncio.CancelledError}, ended


@pytest.mark.parametrize("replicas", [1, 2])
async def test_no_request_fails_while_another_bundle_is_deployed(bundles, replicas):
    old, new = bundles
    async with ray_serving(one(old, replicas)) as ray:
        before = set(await ray.replicas())
        assert len(before) == replicas
        async with asking(ray.address) as clients:
            await clients.seen("0.1.0", 20)
            await ray.deploy(one(new, replicas))
            await clients.seen("0.2.0", 20)
            await ray.running()
            old_answers = clients.versions["0.1.0"]
            await clients.seen("0.2.0", 20)
            assert clients.versions["0.1.0"] == old_answers
        assert set(clients.statuses) == {200}
        assert not before & set(await ray.replicas())


async def test_a_killed_replica_is_replaced(bundles):
    async with ray_serving(one(bundles[0])) as ray:
        before = await ray.replicas()
        async with asking(ray.address) as clients:
            await clients.seen("0.1.0", 20)
            kill(before[0])
            await clients.seen("0.1.0", 50)
            while len(now := await ray.replicas()) < 2 or before[0] in now:
                await clients.seen("0.1.0", 1)
        # What the replica had is lost; a client may send it again.
        assert set(clients.statuses) <= {200, 502, 503, "broken"}
        assert clients.statuses.total() - clients.statuses[200] <= CLIENTS


async def test_overload_is_refused_with_error_objects(bundles):
    async def ask(session, number):
        headers = {"Lianju-Group": str(number)}
        body = {"line": PROMPTS[0], "form": "lushi", "seed": number}
        async with session.post("/v1/compose", json=body, headers=headers) as response:
            content = await response.json()
            if response.status == 429:
                assert int(response.headers["Retry-After"]) >= 1
                assert content["error"]["key"] == "busy-full"
            return response.status

    async with (
        ray_serving(one(bundles[0], 1, LIANJU_QUEUE=1)) as ray,
        aiohttp.ClientSession(ray.address) as session,
    ):
        asked = (ask(session, number) for number in range(100))
        statuses = Counter(await asyncio.gather(*asked))
    assert set(statuses) == {200, 429}


async def test_a_wrong_argument_is_a_sentence(bundles):
    with pytest.raises(AssertionError, match="The cluster has no option replica"):
        async with ray_serving(application("", {"LIANJU_BUNDLE": bundles[0]}, replica=2)):
            pass
