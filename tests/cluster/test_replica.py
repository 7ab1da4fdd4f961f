"""A replica as Ray starts it, and what stands in front of Ray's proxies, on a real server."""

import asyncio
import re

import aiohttp
import pytest
from lianju.bot.cluster.proxy import middleware
from lianju.bot.cluster.replica import Replica
from lianju.bot.errors import LianjuError
from lianju.bot.i18n import Localizer
from lianju.bot.settings import Settings
from lianju.bot.verse import BusyError
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Mount, Route

from ..verse.toy import PROMPTS, Toy
from ..web.served import Held, served

LINE = {"line": PROMPTS[0]}


@pytest.fixture
async def start(tmp_path):
    """Starts a replica with settings."""
    bundle, started = Toy().write(tmp_path / "toy"), []

    def start(**settings):
        started.append(Replica(Settings(bundle=bundle, provider="cpu", **settings)))
        return started[-1]

    yield start
    for replica in started:
        await replica._engine.close()


async def test_replica_answers_over_http(start):
    replica = start(engine_token="secret")
    async with (
        served(replica.__serve_build_asgi_app__()) as address,
        aiohttp.ClientSession(address) as client,
    ):
        unknown = await client.post("/v1/compose", json=LINE)
        assert unknown.status == 401
        headers = {"Authorization": "Bearer secret"}
        known = await client.post("/v1/compose", json=LINE, headers=headers)
        assert known.status == 200
        assert len((await known.json())["candidates"]) == 5


async def test_replica_has_one_thread_unless_told_otherwise(start, caplog):
    caplog.set_level("INFO", "lianju")
    start()
    start(threads=2)
    assert [record.threads for record in caplog.records] == [1, 2]


async def test_a_replica_that_answers_is_healthy(start):
    await start().check_health()


async def test_a_full_replica_is_healthy_while_it_goes_on(start, monkeypatch):
    replica = start(queue=1)
    held = Held(monkeypatch, replica._engine.composer._model)
    asked = asyncio.create_task(_ask(replica))
    await held.begun.wait()
    await replica.check_health()
    with pytest.raises(BusyError):  # it has computed nothing since
        await replica.check_health()
    held.release()
    assert await asked == 200
    await replica.check_health()


async def test_replica_shows_the_page_and_metrics(start):
    replica = start()
    async with (
        served(replica.__serve_build_asgi_app__()) as address,
        aiohttp.ClientSession(address) as client,
    ):
        assert (await client.get("/")).status == 200
        assert (await client.get("/readyz")).status == 200
        assert (await client.post("/v1/compose", json=LINE)).status == 200
        metrics = await (await client.get("/metrics")).text()
    counted = re.search(r"^lianju_step_rows_count (\S+)", metrics, re.MULTILINE)
    assert float(counted[1]) > 0


async def test_a_replica_whose_engine_hangs_is_not_healthy(start, monkeypatch):
    replica = start()
    held = Held(monkeypatch, replica._engine.composer._model)
    monkeypatch.setattr("lianju.bot.cluster.replica.ALIVE_S", 0.01)
    with pytest.raises(LianjuError):
        await replica.check_health()
    held.release()


async def _ask(replica):
    async with (
        served(replica.__serve_build_asgi_app__()) as address,
        aiohttp.ClientSession(address) as client,
        client.post("/v1/compose", json=LINE) as response,
    ):
        return response.status


@pytest.fixture
async def proxy():
    """What Ray's proxy says, behind what stands in front of it."""

    async def text(request):
        return PlainTextResponse("what Ray says", int(request.path_params["status"]))

    async def ours(request):
        return JSONResponse({"error": "ours"}, int(request.path_params["status"]))

    async def nothing(scope, receive, send):
        """As where a replica dies."""

    routes = [
        Route("/-/{status}", text),
        Route("/text/{status}", text),
        Mount("/nothing", nothing),
        Route("/{status}", ours),
    ]
    app = Starlette(routes=routes, middleware=middleware())
    async with served(app) as address, aiohttp.ClientSession(address) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "status", "key"),
    [
        ("/text/429", 429, "busy-full"),
        ("/text/503", 503, "busy-closing"),
        ("/nothing/", 503, "busy-closing"),
    ],
)
async def test_refusals_of_the_proxy_are_error_objects(proxy, path, status, key):
    response = await proxy.get(path, headers={"Accept-Language": "zh-TW"})
    assert response.status == status
    assert int(response.headers["Retry-After"]) >= 1
    error = (await response.json())["error"]
    assert error == {"key": key, "message": Localizer("zh-TW").format(key), "facts": {}}


@pytest.mark.parametrize("path", ["/-/503", "/text/200", "/text/404", "/429", "/503"])
async def test_other_responses_pass(proxy, path):
    response = await proxy.get(path)
    assert response.status == int(path.rpartition("/")[2])
    assert await response.text() in ("what Ray says", '{"error":"ours"}')
