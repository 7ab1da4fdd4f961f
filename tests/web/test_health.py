"""Health and metrics of the engine over HTTP."""

import asyncio

import aiohttp
import pytest
from lianju.bot.engine import RemoteEngine, open_local_engine
from lianju.bot.errors import LianjuError
from lianju.bot.metrics import Metrics
from lianju.bot.web import health
from lianju.bot.web.app import create_app
from lianju.bot.web.health import NotReadyError, health_routes
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette

from .served import served

LINE = "黄河远上白云间"
PATIENT_S = 120  # with a slow machine


@pytest.fixture
async def client(bundle):
    """A client of a service that counts its requests and the steps of its model."""
    metrics = Metrics()
    engine = open_local_engine(bundle, "cpu", 1, observer=metrics)
    async with (
        served(create_app(engine, metrics=metrics, token="secret")) as address,
        aiohttp.ClientSession(address, headers={"Authorization": "Bearer secret"}) as session,
    ):
        yield session
    await engine.close()


async def samples(client):
    async with client.get("/metrics") as response:
        assert response.headers["Content-Type"].startswith("text/plain; version=")
        text = await response.text()
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def readiness(checks):
    """The status and the body of `/readyz`."""
    async with (
        served(Starlette(routes=health_routes(checks, Metrics()))) as address,
        aiohttp.ClientSession(address) as session,
        session.get("/readyz") as response,
    ):
        assert response.headers["Cache-Control"] == "no-store"
        return response.status, await response.json()


async def test_service_with_a_model_is_alive_and_ready(client):
    for path, body in {
        "/healthz": {"alive": True},
        "/readyz": {
            "ready": True,
            "checks": {"model": {"ok": True, "bundle": "toy 0.0.1", "provider": "cpu"}},
        },
    }.items():
        for method in ("GET", "HEAD"):
            response = await client.request(method, path, headers={"Authorization": ""})
            assert response.status == 200  # a supervisor has no token
            assert method == "HEAD" or await response.json() == body
        assert (await client.post(path)).status == 405


async def test_service_in_front_of_one_that_is_away_is_not_ready(unused_tcp_port, monkeypatch):
    monkeypatch.setattr(health, "CHECK_S", PATIENT_S)
    engine = RemoteEngine([f"http://127.0.0.1:{unused_tcp_port}"])
    async with (
        served(create_app(engine)) as address,
        aiohttp.ClientSession(address) as client,
        client.get("/readyz") as response,
    ):
        assert response.status == 503
        checks = (await response.json())["checks"]
    assert checks == {"model": {"ok": False, "error": "service-away"}}
    await engine.close()


async def test_every_check_is_shown_and_one_that_fails_is_enough():
    async def good():
        return {"figure": 1}

    async def bad():
        raise NotReadyError(figure=2)

    async def refusing():
        raise LianjuError("busy-full")

    async def broken():
        raise RuntimeError(LINE)

    status, body = await readiness({"good": good})
    assert (status, body) == (200, {"ready": True, "checks": {"good": {"ok": True, "figure": 1}}})
    checks = {"good": good, "bad": bad, "refusing": refusing, "broken": broken}
    status, body = await readiness(checks)
    assert (status, body["ready"]) == (503, False)
    assert body["checks"] == {
        "good": {"ok": True, "figure": 1},
        "bad": {"ok": False, "figure": 2},
        "refusing": {"ok": False, "error": "busy-full"},
        "broken": {"ok": False, "error": "RuntimeError"},
    }


async def test_check_that_does_not_end_has_failed(monkeypatch):
    monkeypatch.setattr(health, "CHECK_S", 0.01)
    status, body = await readiness({"database": asyncio.Event().wait})
    assert (status, body["checks"]) == (503, {"database": {"ok": False, "error": "TimeoutError"}})


async def test_requests_are_counted_by_route_and_status(client):
    await client.post("/v1/compose", json={"line": LINE})
    await client.post("/v1/compose", json={"line": "龘龘上龘"})
    await client.post("/v1/compose", json={"line": LINE}, headers={"Authorization": ""})
    await client.get("/v1/compose")
    await client.get("/v1/黄河?白云=间")
    await client.get(f"/{'x' * 2000}")
    await client.request("ODD", "/v1/bundle")
    found = await samples(client)
    http = {
        key[1:]: value for key, value in found.items() if key[0] == "lianju_http_requests_total"
    }
    assert http == {
        ("/v1/compose", "200", "POST"): 1,
        ("/v1/compose", "422", "POST"): 1,
        ("/v1/compose", "401", "POST"): 1,
        ("/v1/compose", "405", "GET"): 1,
        ("404", "GET", "none"): 2,
        ("/v1/bundle", "405", "ODD"): 1,
    }
    assert found["lianju_http_request_seconds_count", "/v1/compose"] == 4
    assert found["lianju_refusals_total", "prompt-unknown"] == 1
    assert found["lianju_refusals_total", "api-token"] == 1
    assert found["lianju_stage_seconds_count", "search"] == 1
    assert found["lianju_step_rows_count",] >= 7
    assert found["lianju_bundle_info", "0.0.1", "cpu", "toy"] == 1


async def test_metrics_hold_nothing_of_a_request(client):
    await client.post("/v1/compose", json={"line": LINE}, headers={"lianju-group": "913377204558"})
    await client.post("/v1/compose", json={"line": LINE, LINE: 1})
    await client.get(
        f"/{LINE}?line={LINE}", headers={"User-Agent": LINE.encode().decode("latin-1")}
    )
    text = await (await client.get("/metrics")).text()
    assert not set(LINE) & set(text)
    assert "913377204558" not in text
    assert "secret" not in text
