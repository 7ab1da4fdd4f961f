"""The client of a service, against a real server."""

import asyncio
import json

import pytest
from lianju.bot.engine import ServiceError
from lianju.bot.engine import remote as remote_module
from lianju.bot.verse import (
    Acrostic,
    Anthology,
    Beam,
    Blank,
    BusyError,
    DeadlineError,
    NextLine,
    NothingAllowedError,
    Poem,
    PoemLine,
    PromptError,
    Request,
    RequestError,
    Rerank,
    Revision,
    Sample,
)
from lianju.bot.web import api
from lianju.bot.web.app import create_app

from ..web.served import Held, served
from .services import LINE, POEMS, connected

REQUESTS = [
    Request(LINE),
    Request("黃河遠上白雲間", search=Rerank(7, 9), count=9),
    Request(LINE, NextLine(5), Beam(3), count=2),
    Request(LINE, Poem("jueju"), Rerank(), rules="loose", rhyme="阳"),
    Request(LINE, search=Sample(seed=3), rules="free", script="traditional"),
    Request("春夏秋冬", Acrostic(5), Rerank()),
    Request("", PoemLine(5, ("中仄中平仄", "中平中仄平")), Rerank()),
    Request("\n".join([LINE] * 9), PoemLine(7, ("中平中仄中平仄",), ("屋", "董")), Rerank()),
]


@pytest.mark.parametrize("request_", REQUESTS, ids=str)
async def test_service_gives_the_same_answer(request_, remote, local):
    here, there = await local.compose(request_, 30), await remote.compose(request_, 30)
    assert there.candidates == here.candidates
    for name in ("request", "line", "written", "shown", "length", "rhyme", "unknown", "complete"):
        assert getattr(there, name) == getattr(here, name)
    assert (there.bundle_name, there.bundle_version) == (here.bundle_name, here.bundle_version)


async def test_service_gives_the_same_scores_and_description(remote, local):
    lines = ["白日依山尽", "黄河貓海流"]
    assert await remote.score(LINE, lines, 30) == await local.score(LINE, lines, 30)
    assert await remote.bundle() == await local.bundle()


async def test_service_gives_the_same_anthology_once(remote, local, monkeypatch):
    first, second = await asyncio.gather(remote.anthology(), remote.anthology())
    assert first.poems == (await local.anthology()).poems == tuple(POEMS)
    monkeypatch.setattr(local, "anthology", None)  # it is not asked again
    assert first is second is await remote.anthology()


async def test_anthology_of_an_older_service_is_not_kept_as_that_of_a_newer_one(local, monkeypatch):
    """Of two services one has been upgraded; then the other one is."""
    monkeypatch.setattr(remote_module, "FRESH_S", 3600)
    late, early = Versioned(local, "1", POEMS[:1]), Versioned(local, "2", POEMS)
    async with (
        served(create_app(late)) as one,
        served(create_app(early)) as other,
        connected(other, one) as engine,
    ):
        assert (await engine.bundle()).version == "2"
        assert (await engine.anthology()).poems == tuple(POEMS[:1])  # as the other one answers
        late.version, late.poems = "2", POEMS
        kept = await engine.anthology()
        assert kept.poems == tuple(POEMS)
        assert await engine.anthology() is kept


class Versioned:
    """An engine with another version of its bundle."""

    def __init__(self, engine, version, poems):
        self.version, self.poems = version, poems
        self._engine = engine

    async def bundle(self):
        return (await self._engine.bundle()).model_copy(update={"version": self.version})

    async def anthology(self):
        return Anthology(self.poems)


async def test_anthology_of_a_service_that_does_not_say_its_version_is_kept(remote, monkeypatch):
    content = json.dumps({"poems": []})
    monkeypatch.setattr(api, "anthology_json", lambda *_: content)
    assert await remote.anthology() is await remote.anthology()


ODD_POEM = {"id": "A 1", "title": "x", "poet": "x", "form": "x", "fame": 0, "lines": ["x", "y"]}


@pytest.mark.parametrize("content", ["{}", json.dumps({"poems": [ODD_POEM]})])
async def test_anthology_that_is_none_is_one_error(content, remote, monkeypatch):
    monkeypatch.setattr(api, "anthology_json", lambda *_: content)
    with pytest.raises(ServiceError) as caught:
        await remote.anthology()
    assert caught.value.key == "service-odd"


async def test_service_mends_the_same_places(remote, local):
    lines, places = ["白日依山尽", "黄河貓海流"], [Blank(1, 2, "level"), Blank(0, 4, None, ("东",))]
    mended = await remote.mend(lines, places, 30)
    assert mended == await local.mend(lines, places, 30)
    assert len(mended.choices) == 2
    today = [Blank(0, 4, "level", ("尤",))]  # which the bundle's own table lacks
    assert await remote.mend(lines, today, 30, None, "xinyun") == await local.mend(
        lines, today, 30, None, "xinyun"
    )
    with pytest.raises(RequestError) as caught:
        await remote.mend(lines, [Blank(2, 0)], 30)
    assert (caught.value.key, caught.value.facts["name"]) == ("request-range", "line")


@pytest.mark.parametrize(
    ("request_", "error", "key"),
    [
        (Request("。"), PromptError, "prompt-empty"),
        (Request("黄" * 65), PromptError, "prompt-characters"),
        (Request("\ud800"), PromptError, "prompt-not-text"),
        (Request(LINE, rhyme="x", rules="loose"), RequestError, "request-rhyme"),
        (Request("春" * 9, Acrostic()), RequestError, "request-heads"),
        (Request(LINE, Revision()), PromptError, "prompt-keep-lines"),
    ],
)
async def test_errors_are_those_of_the_engine_behind(request_, error, key, remote, local):
    with pytest.raises(error) as there:
        await remote.compose(request_, 30)
    with pytest.raises(error) as here:
        await local.compose(request_, 30)
    assert there.value.key == here.value.key == key
    assert there.value.facts == here.value.facts


async def test_nothing_allowed_is_told_apart(remote, local, monkeypatch):
    async def compose(*_):
        raise NothingAllowedError("search-nothing")

    monkeypatch.setattr(local.composer, "compose", compose)
    with pytest.raises(NothingAllowedError):
        await remote.compose(Request(LINE), 30)


async def test_deadline_goes_along(remote, local):
    await remote.compose(Request(LINE), 5)
    assert 4 < local.asked[0][1] <= 5


async def test_passed_deadline_is_told(remote, local, monkeypatch):
    held = Held(monkeypatch, local.composer._model)
    try:
        with pytest.raises(DeadlineError):
            await remote.compose(Request(LINE), 0.01)
    finally:
        held.release()


async def test_cancellation_goes_along(remote, local, monkeypatch):
    held = Held(monkeypatch, local.composer._model)
    asking = asyncio.create_task(remote.compose(Request(LINE), 30))
    await held.begun.wait()
    asking.cancel()
    await local.cancelled.wait()
    held.release()


async def test_group_is_opaque_and_the_same_from_every_client(remote, address, local):
    async with connected(address) as other:
        for engine, group in ((remote, 42), (other, 42), (remote, 43)):
            await engine.compose(Request(LINE), 30, group)
    first, second, third = (group for _, _, group in local.asked)
    assert first == second != third
    assert "42" not in first


class TestAccepted:
    async def test_refusal_at_once_comes_before_acceptance(self, remote):
        accepted = []
        with pytest.raises(PromptError):
            await remote.compose(Request("。"), 30, None, accept(accepted))
        assert accepted == []

    async def test_slow_request_is_accepted_once(self, remote, local, monkeypatch):
        monkeypatch.setattr("lianju.bot.engine.remote.ACCEPTED_AFTER_S", 0)
        held, accepted = Held(monkeypatch, local.composer._model), []
        asking = asyncio.create_task(remote.compose(Request(LINE), 30, None, accept(accepted)))
        await held.begun.wait()
        held.release()
        assert (await asking).candidates
        assert accepted == [1]

    async def test_failed_acceptance_cancels_the_search(self, remote, local, monkeypatch):
        monkeypatch.setattr("lianju.bot.engine.remote.ACCEPTED_AFTER_S", 0)
        held = Held(monkeypatch, local.composer._model)

        async def fail():
            await held.begun.wait()
            raise RuntimeError

        with pytest.raises(RuntimeError):
            await remote.compose(Request(LINE), 30, None, fail)
        await local.cancelled.wait()
        held.release()


def accept(times):
    async def accepted():
        times.append(1)

    return accepted


async def test_token_is_sent(local):
    async with served(create_app(local, token="secret")) as address:
        async with connected(address, token="secret") as engine:
            assert (await engine.compose(Request(LINE), 30)).candidates
        async with connected(address, token="wrong") as engine:
            with pytest.raises(ServiceError) as caught:
                await engine.bundle()
    assert caught.value.key == "service-token"


async def test_description_is_asked_for_once(remote, local, monkeypatch):
    described, bundle = [], local._engine.bundle

    async def counted():
        described.append(1)
        return await bundle()

    monkeypatch.setattr(local._engine, "bundle", counted)
    await asyncio.gather(*(remote.bundle() for _ in range(5)))
    await remote.bundle()
    assert described == [1]
    await remote.reload()
    assert described == [1, 1]


async def test_closed_engine_refuses(remote, local, monkeypatch):
    held = Held(monkeypatch, local.composer._model)
    asking = asyncio.create_task(remote.compose(Request(LINE), 30))
    await held.begun.wait()
    await remote.close()
    for request in (asking, remote.compose(Request(LINE), 30)):
        with pytest.raises(BusyError) as caught:
            await request
        assert caught.value.key == "busy-closing"
    held.release()
