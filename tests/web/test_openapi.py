"""The document of the interface, and requests that are made up from it."""

import asyncio
import threading

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from lianju.bot.engine import open_local_engine
from lianju.bot.web.app import create_app
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from .served import served

EXAMPLES = 30  # of each kind
FIELDS = {
    "line",
    "form",
    "heads",
    "keep",
    "chars",
    "rhyme",
    "rules",
    "known",
    "count",
    "mode",
    "beam",
    "length",
    "tones",
    "rhymes",
    "upper",
    "script",
    "seed",
    "temperature",
    "top_k",
    "top_p",
    "deadline_ms",
}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]


@pytest.fixture(scope="module")
def address(bundle):
    """The address of a server in a thread of its own."""
    ready, stop = threading.Event(), asyncio.Event()
    found = {}

    async def serve():
        engine = open_local_engine(bundle, "cpu", 1)
        async with served(create_app(engine, deadline_s=5)) as address:
            found.update(address=address, loop=asyncio.get_running_loop())
            ready.set()
            await stop.wait()
        await engine.close()

    thread = threading.Thread(target=asyncio.run, args=[serve()])
    thread.start()
    ready.wait()
    yield found["address"]
    found["loop"].call_soon_threadsafe(stop.set)
    thread.join()


@pytest.fixture(scope="module")
def api(address):
    # By default a body that is refused as too long (413) counts as accepted.
    refused = {"negative_data_rejection": {"expected-statuses": ["4xx"]}}
    config = schemathesis.Config.from_dict({"checks": refused})
    return schemathesis.openapi.from_url(f"{address}/openapi.json", config=config)


POSITIVE, NEGATIVE = GenerationMode.POSITIVE, GenerationMode.NEGATIVE


@pytest.mark.parametrize(
    ("method", "path", "mode", "line"),
    [
        ("POST", "/v1/compose", POSITIVE, None),
        ("POST", "/v1/compose", POSITIVE, "黄河远上白云间"),  # others are refused by the model
        ("POST", "/v1/compose", NEGATIVE, None),
        ("POST", "/v1/score", POSITIVE, None),
        ("POST", "/v1/score", NEGATIVE, None),
        ("POST", "/v1/mend", POSITIVE, None),
        ("POST", "/v1/mend", NEGATIVE, None),
        ("GET", "/v1/bundle", POSITIVE, None),
        ("GET", "/v1/anthology", POSITIVE, None),
    ],
)
def test_interface_keeps_its_document(method, path, mode, line, api):
    statuses = set()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=api[path][method].as_strategy(generation_mode=mode))
    def check(case):
        if line is not None:
            case.body = {**case.body, "line": line, "heads": None, "keep": None, "chars": None}
        statuses.add(case.call_and_validate(checks=CHECKS).status_code)

    check()
    if mode is NEGATIVE:
        assert 200 not in statuses
    elif line or method == "GET":
        assert 200 in statuses


def test_document_has_every_field(api):
    schema = api.raw_schema["components"]["schemas"]
    assert set(schema["ComposeBody"]["properties"]) == FIELDS
    assert all("description" in field for field in schema["ComposeBody"]["properties"].values())
    assert set(api.raw_schema["paths"]) == {
        "/v1/compose",
        "/v1/score",
        "/v1/mend",
        "/v1/bundle",
        "/v1/anthology",
    }
