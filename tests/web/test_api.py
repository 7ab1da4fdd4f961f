"""The JSON interface, over real connections."""

import asyncio
import json
import logging
from dataclasses import replace

import aiohttp
import pytest
from lianju.bot.cli import main
from lianju.bot.engine import BundleInfo
from lianju.bot.verse import Acrostic, Beam, NextLine, Request, Rerank, Revision, Sample
from lianju.bot.web.app import create_app

from ..discord.bundle_with_prosody import write_bundle_with_prosody
from .served import refused, served

LINE = "黄河远上白云间"


def printed(capsys, *arguments):
    """What a command prints as JSON."""
    assert main(arguments) == 0
    return json.loads(capsys.readouterr().out)


async def test_answer_is_the_object_that_the_command_line_prints(client, bundle, capsys):
    response = await client.post("/v1/compose", json={"line": LINE})
    assert response.status == 200
    found = await response.json()
    shown = await asyncio.to_thread(
        printed, capsys, "poem", LINE, "--json", "--bundle", str(bundle), "--provider", "cpu"
    )
    assert found.pop("elapsed_ms") > 0
    del shown["elapsed_ms"]
    assert found == shown


async def test_scores_are_the_object_that_the_command_line_prints(client, bundle, capsys):
    lines = ["白日依山尽", "黄河入海流"]
    response = await client.post("/v1/score", json={"line": LINE, "candidates": lines})
    assert response.status == 200
    assert await response.json() == await asyncio.to_thread(
        printed, capsys, "score", LINE, *lines, "--json", "--bundle", str(bundle)
    )


@pytest.mark.parametrize(
    ("body", "request_"),
    [
        ({"line": LINE}, Request(LINE, search=Rerank(0))),
        ({"line": LINE, "seed": 7, "count": 8}, Request(LINE, search=Rerank(7, 8), count=8)),
        ({"line": LINE, "beam": 9}, Request(LINE, search=Rerank(0, 9))),
        ({"line": LINE, "mode": "beam"}, Request(LINE)),
        ({"line": LINE, "mode": "beam", "beam": 2}, Request(LINE, search=Beam(2), count=2)),
        ({"line": LINE, "mode": "plain", "length": 3}, Request(LINE, NextLine(3), Beam(5, True))),
        (
            {
                "line": LINE,
                "mode": "sampled",
                "seed": 1,
                "temperature": 1,
                "top_k": 9,
                "top_p": 0.5,
            },
            Request(LINE, search=Sample(1, 9, 0.5, 1)),
        ),
        (
            {"line": LINE, "rules": "loose", "known": "allow", "script": "traditional"},
            Request(LINE, search=Rerank(0), rules="loose", known="allow", script="traditional"),
        ),
        (
            {"heads": "春夏秋冬", "chars": 5, "form": "jueju"},
            Request("春夏秋冬", Acrostic(5, "jueju"), Rerank(0)),
        ),
        ({"line": LINE, "heads": None, "deadline_ms": 5000}, Request(LINE, search=Rerank(0))),
        ({"keep": f"{LINE}，?"}, Request(f"{LINE}，?", Revision(), Rerank(0))),
        (
            {"keep": f"{LINE}，?，?，?", "form": "jueju"},
            Request(f"{LINE}，?，?，?", Revision("jueju"), Rerank(0)),
        ),
    ],
)
async def test_fields_describe_the_request(body, request_, client, engine):
    await client.post("/v1/compose", json=body)
    ((asked, _, _),) = engine.asked
    assert asked == request_


async def test_answer_tells_what_to_send_for_the_same_again(client):
    body = {"line": LINE, "mode": "sampled", "count": 3}
    first = await (await client.post("/v1/compose", json=body)).json()
    again = await (await client.post("/v1/compose", json=first["request"])).json()
    assert again["candidates"] == first["candidates"]


async def test_full_queue_says_when_to_retry(client, engine, held):
    def ask(group):
        headers = {"Lianju-Group": group}
        return client.post("/v1/compose", json={"line": LINE}, headers=headers)

    running = []
    for group in "ab":
        running.append(asyncio.create_task(ask(group)))
        await engine.arrivals.get()
    response = await ask("c")
    assert await refused(response) == (429, "busy-full")
    assert int(response.headers["Retry-After"]) > 0
    held.release()
    assert [(await task).status for task in running] == [200, 200]


async def test_closing_engine_is_unavailable(client, engine):
    await engine.close()
    response = await client.post("/v1/compose", json={"line": LINE})
    assert await refused(response) == (503, "busy-closing")
    assert int(response.headers["Retry-After"]) > 0


async def test_passed_deadline_with_nothing_found(client, held):
    response = await client.post("/v1/compose", json={"line": LINE, "deadline_ms": 1})
    assert await refused(response) == (504, "deadline")


async def test_passed_deadline_with_something_found(client, engine, monkeypatch):
    compose = engine.composer.compose

    async def cut_short(*arguments):
        return replace(await compose(*arguments), complete=False)

    monkeypatch.setattr(engine.composer, "compose", cut_short)
    response = await client.post("/v1/compose", json={"line": LINE})
    assert (response.status, (await response.json())["complete"]) == (200, False)


@pytest.mark.parametrize(("asked", "granted"), [({}, 30), ({"deadline_ms": 250}, 0.25)])
async def test_client_may_shorten_the_deadline(asked, granted, client, engine):
    await client.post("/v1/compose", json={"line": LINE, **asked})
    assert engine.asked[0][1] == granted


async def test_client_cannot_lengthen_the_deadline(engine):
    async with (
        served(create_app(engine, deadline_s=2)) as address,
        aiohttp.ClientSession(address) as client,
    ):
        await client.post("/v1/compose", json={"line": LINE, "deadline_ms": 9000})
    assert engine.asked[0][1] == 2


async def test_group_names_whose_share_a_request_takes(client, engine):
    for headers in ({"Lianju-Group": "a"}, {"Lianju-Group": "b"}, {}):
        await client.post("/v1/compose", json={"line": LINE}, headers=headers)
    groups = [group for _, _, group in engine.asked]
    assert len(set(groups)) == 3
    response = await client.post(
        "/v1/compose", json={"line": LINE}, headers={"Lianju-Group": "a" * 65}
    )
    assert await refused(response) == (422, "api-group")


class TestToken:
    @pytest.fixture
    async def address(self, engine):
        async with served(create_app(engine, token="secret")) as address:
            yield address

    @pytest.mark.parametrize("header", [None, "secret", "Basic secret", "Bearer", "Bearer secrets"])
    async def test_requests_without_the_token_are_refused(self, header, client):
        headers = {} if header is None else {"Authorization": header}
        for method, path in (
            ("POST", "compose"),
            ("POST", "score"),
            ("POST", "mend"),
            ("GET", "bundle"),
            ("GET", "anthology"),
        ):
            response = await client.request(
                method, f"/v1/{path}", json={"line": LINE}, headers=headers
            )
            assert await refused(response) == (401, "api-token")
            assert response.headers["WWW-Authenticate"] == "Bearer"

    async def test_request_with_the_token_is_answered(self, client):
        headers = {"Authorization": "Bearer secret"}
        response = await client.post("/v1/compose", json={"line": LINE}, headers=headers)
        assert response.status == 200


async def test_bundle_is_described(client, engine):
    response = await client.get("/v1/bundle")
    described = BundleInfo.model_validate(await response.json())
    assert described == await engine.bundle()
    manifest = engine.composer.bundle.manifest
    assert (described.name, described.version) == (manifest.name, manifest.version)
    assert (described.model, described.metrics) == (manifest.model, manifest.metrics)
    assert described.rhymes == ()


class TestRhymes:
    @pytest.fixture
    def bundle(self, tmp_path):
        return write_bundle_with_prosody(tmp_path / "toy")

    async def test_rhyme_groups_are_described(self, client, engine):
        prosody = engine.composer.bundle.prosody
        rhymes = (await (await client.get("/v1/bundle")).json())["rhymes"]
        assert [group["name"] for group in rhymes] == list(prosody.groups)
        for number, group in enumerate(rhymes):
            assert group["tone"] == prosody.tones[group["name"]]
            assert len(group["characters"]) == prosody.readings[number].sum()

    async def test_answer_names_the_rhyme_group(self, client):
        body = {"line": LINE, "rhyme": "平声阳", "rules": "loose"}
        found = await (await client.post("/v1/compose", json=body)).json()
        assert (found["form"]["rhyme"], found["form"]["rhyme_group"]) == ("平声阳", "阳")


async def test_unexpected_error_shows_an_incident_id_of_the_log(
    client, engine, monkeypatch, caplog
):
    async def fail(*_):
        raise KeyError(LINE)

    caplog.set_level(logging.DEBUG, "lianju")
    monkeypatch.setattr(engine.composer, "compose", fail)
    response = await client.post("/v1/compose", json={"line": LINE})
    assert await refused(response) == (500, "incident")
    incident = (await response.json())["error"]["facts"]["incident"]
    assert f"incident={incident}" in caplog.text
    assert "KeyError" in caplog.text
    assert LINE not in caplog.text


async def test_each_request_is_a_line_of_the_log(client, caplog):
    caplog.set_level(logging.INFO, "lianju")
    await client.post("/v1/compose", json={"line": LINE})
    await client.post("/v1/compose", json={"line": "。"})
    rows = [record.message for record in caplog.records if "route=" in record.message]
    assert [row.split(" ms=")[0] for row in rows] == [
        "route=/v1/compose status=200",
        "route=/v1/compose status=422",
    ]
    assert rows[1].endswith("outcome=refused:PromptError")
    assert LINE not in caplog.text
