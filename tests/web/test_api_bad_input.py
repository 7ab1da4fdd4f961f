"""The JSON interface: what it refuses, with which status, key and language."""

import asyncio

import pytest
from lianju.bot.errors import LianjuError
from lianju.bot.i18n import Localizer
from lianju.bot.web.api import MAX_BODY

from .served import refused

LINE = "黄河远上白云间"


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
