"""The JSON interface, over real connections."""

import asyncio
import json
import logging
from dataclasses import replace

import aiohttp
import pytest
from lianju.bot.cli import main
from lianju.bot.engine import BundleInfo
from lianju.bot.errors import LianjuError
from lianju.bot.i18n import Localizer
from lianju.bot.verse import Acrostic, Beam, NextLine, Request, Rerank, Revision, Sample
from lianju.bot.web.api import MAX_BODY
from lianju.bot.web.app import create_app

from ..discord.bundle_with_prosody import write_bundle_with_prosody
from .served import served

LINE = "黄河远上白云间"


async def refused(response):
    """The status and the key of an error."""
    error = (await response.json())["error"]
    assert set(error) == {"key", "message", "facts"}
    assert error["message"] == Localizer("en").format(error["key"], **error["facts"])
    return response.status, error["key"]


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


@pytest.mark.parametrize(
    ("body", "key", "facts"),
    [
        ({}, "prompt-empty", {}),
        ({"line": "once upon"}, "prompt-not-chinese", {}),
        ({"line": "\ud800"}, "prompt-not-text", {}),
        ({"line": "黄" * 65}, "prompt-characters", {"size": 65, "most": 64}),
        ({"line": LINE, "rhyme": "东"}, "request-no-rhymes", {}),
        (
            {"line": LINE, "count": 21},
            "request-range",
            {"name": "count", "value": 21, "low": 1, "high": 20},
        ),
        (
            {"line": LINE, "seed": 10**400},
            "request-range",
            {"name": "seed", "value": "1" + "0" * 99, "low": 0, "high": 2**32 - 1},
        ),
        (
            {"line": LINE, "deadline_ms": 0},
            "request-range",
            {"name": "deadline_ms", "value": 0, "low": 1, "high": 840_000},
        ),
        (
            {"line": LINE, "rules": "none"},
            "unknown-choice",
            {"value": "none", "choices": "strict, loose, free"},
        ),
        ({"line": LINE, "chars": 6}, "unknown-choice", {"value": "6", "choices": "5, 7"}),
        ({"line": LINE, "chars": 5}, "request-chars-alone", {}),
        ({"line": LINE, "heads": "春夏"}, "request-heads-line", {}),
        ({"line": LINE, "keep": f"{LINE}，?"}, "request-keep-option", {"option": "line"}),
        ({"keep": f"{LINE}，?", "length": 5}, "request-keep-option", {"option": "length"}),
        ({"keep": f"{LINE}，?", "form": "couplet"}, "request-keep-kind", {"form": "couplet"}),
        ({"keep": LINE * 2}, "prompt-keep-lines", {"lines": 1, "low": 2, "high": 8}),
        ({"line": LINE, "form": "jueju", "length": 7}, "request-form-length", {}),
        ({"line": LINE, "top_k": 5}, "api-sample-option", {"option": "top_k"}),
        ({"line": LINE, "mode": "sampled", "beam": 5}, "request-sampling", {}),
        ({"line": LINE, "mode": "beam", "seed": 5}, "poem-seed", {}),
        ({"line": LINE, "count": 9, "beam": 5}, "request-width", {"width": 5, "lines": 9}),
        ({"line": 5}, "api-field", {"name": "line", "kind": "text"}),
        ({"line": LINE, "count": "5"}, "api-field", {"name": "count", "kind": "integer"}),
        ({"line": LINE, "count": 5.5}, "api-field", {"name": "count", "kind": "integer"}),
        ({"line": LINE, "count": True}, "api-field", {"name": "count", "kind": "integer"}),
        (
            {"line": LINE, "mode": "sampled", "top_p": "1"},
            "api-field",
            {"name": "top_p", "kind": "number"},
        ),
        ([], "api-field", {"name": "body", "kind": "object"}),
    ],
)
async def test_bad_input_is_named(body, key, facts, client):
    response = await client.post("/v1/compose", json=body)
    assert await refused(response) == (422, key)
    assert (await response.json())["error"]["facts"] == facts


async def test_unknown_field_is_named(client):
    response = await client.post("/v1/compose", json={"line": LINE, "colour": "red"})
    assert await refused(response) == (422, "api-unknown-field")
    assert (await response.json())["error"]["facts"]["name"] == "colour"


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"line": LINE}, "api-missing-field"),
        ({"line": LINE, "candidates": []}, "api-field"),
        ({"line": LINE, "candidates": [LINE] * 21}, "api-field"),
        ({"line": LINE, "candidates": [5]}, "api-field"),
        ({"line": LINE, "candidates": "白日"}, "api-field"),
        ({"line": LINE, "candidates": [""]}, "prompt-empty"),
    ],
)
async def test_bad_scoring_is_refused(body, key, client):
    assert await refused(await client.post("/v1/score", json=body)) == (422, key)


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({}, "api-missing-field"),
        ({"lines": []}, "request-range"),
        ({"lines": [LINE], "places": [{"line": 0}]}, "api-missing-field"),
        ({"lines": [LINE], "places": [{"line": 0, "place": 0, "tone": "flat"}]}, "unknown-choice"),
        ({"lines": [LINE], "places": [{"line": 0, "place": 0, "x": 1}]}, "api-unknown-field"),
        ({"lines": [LINE], "places": [{"line": 0, "place": 2.5}]}, "api-field"),
        ({"lines": [LINE], "places": [5]}, "api-field"),
        ({"lines": [LINE]}, "request-no-tones"),  # of this bundle
    ],
)
async def test_bad_mending_is_refused(body, key, client):
    assert await refused(await client.post("/v1/mend", json=body)) == (422, key)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[" * 5000,
        "NaN",
        '{"mode": "sampled", "top_p": 1e999}',
        '{"seed": 1e999}',
        '{"seed": ' + "9" * 5000 + "}",
        "\xff",
    ],
)
async def test_what_is_not_json_is_refused(text, client):
    response = await client.post(
        "/v1/compose",
        data=text.encode("latin-1"),
        headers={"Content-Type": "application/json"},
    )
    assert (await refused(response))[0] == 422


@pytest.mark.parametrize(
    "text", ['{"line": "A", "count": 1, "line": "B"}', '{"a": {"b": 1, "b": 1}}']
)
async def test_repeated_field_is_refused(text, client):
    headers = {"Content-Type": "application/json"}
    response = await client.post("/v1/compose", data=text, headers=headers)
    assert await refused(response) == (422, "api-repeated-field")


async def test_form_data_is_refused(client):
    response = await client.post("/v1/compose", data={"line": LINE})
    assert await refused(response) == (415, "api-content-type")


async def test_long_body_is_refused(client):
    body = {"line": "黄" * MAX_BODY}
    assert await refused(await client.post("/v1/compose", json=body)) == (413, "api-too-long")


async def test_no_more_is_read_than_a_body_may_have(address):
    """The response comes although the body does not end."""
    host, port = address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(
        b"POST /v1/compose HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )
    chunk = b" " * (MAX_BODY + 1)
    writer.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
    response = await reader.read()  # to the end: the connection is closed
    assert response.startswith(b"HTTP/1.1 413 ")
    writer.close()


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("de, fr;q=0.5", "en"),
        ("zh-TW", "zh-TW"),
        ("zh-Hant-HK;q=0.9, en;q=0.8", "zh-TW"),
        ("ZH-hk", "zh-TW"),
        ("zh", "zh-CN"),
        ("zh-Hans, en", "zh-CN"),
        ("en;q=0.1, zh-CN;q=0.2", "zh-CN"),
        ("zh-CN;q=0, en-GB", "en"),
        ("zh;q=x, *", "en"),
    ],
)
async def test_message_is_in_the_language_of_the_client(header, language, client):
    headers = {} if header is None else {"Accept-Language": header}
    response = await client.post("/v1/compose", json={"line": "。"}, headers=headers)
    error = (await response.json())["error"]
    assert error["message"] == Localizer(language).format("prompt-empty")


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


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/v2", (404, "api-not-found")),
        ("GET", "/v1/compose", (405, "api-method")),
        ("POST", "/v1/bundle", (405, "api-method")),
    ],
)
async def test_other_addresses_and_methods_are_refused(method, path, expected, client):
    response = await client.request(method, path)
    assert await refused(response) == expected
    assert ("Allow" in response.headers) == (response.status == 405)


async def test_every_error_has_a_message_in_every_language(client):
    for language in ("en", "zh-CN", "zh-TW"):
        for key in ("api-not-json", "api-token", "api-method"):
            assert Localizer(language).format(key)
        for kind in ("text", "integer", "number", "list", "object", "other"):
            text = Localizer(language).format("api-field", name="x", kind=kind)
            assert "{" not in text
    assert str(LianjuError("api-too-long", most=16))
