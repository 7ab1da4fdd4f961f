"""The client of a service, against a real server."""

import asyncio
import json
import logging
import socket
from contextlib import asynccontextmanager

import pytest
from lianju.bot.engine import RemoteEngine, ServiceError, open_engine, open_local_engine
from lianju.bot.settings import Settings
from lianju.bot.verse import (
    Acrostic,
    AnthologyPoem,
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
from pydantic import SecretStr

from ..discord.bundle_with_prosody import write_bundle_with_prosody
from ..web.served import Held, Watched, served

LINE = "黄河远上白云间"
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
POEMS = [
    AnthologyPoem("b2", "春 一", "某", "五绝", 100, ("春眠不觉晓", "处处闻啼鸟")),
    AnthologyPoem("a1", "夏", "无", "五绝", 0, ("夜来风雨声", "花落知多少")),
]


@pytest.fixture(scope="session")
def bundle(tmp_path_factory):
    return write_bundle_with_prosody(tmp_path_factory.mktemp("bundles") / "toy", poems=POEMS)


@pytest.fixture
async def local(bundle):
    """The engine behind the service."""
    engine = open_local_engine(bundle, "cpu", 1)
    yield Watched(engine)
    await engine.close()


@pytest.fixture
async def address(local):
    async with served(create_app(local)) as address:
        yield address


@asynccontextmanager
async def connected(*addresses, token=None):
    engine = RemoteEngine(addresses, token and SecretStr(token))
    try:
        yield engine
    finally:
        await engine.close()


@pytest.fixture
async def remote(address):
    async with connected(address) as engine:
        yield engine


@pytest.fixture
def nowhere():
    """An address at which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return f"http://127.0.0.1:{port}"


class Raw:
    """A server that answers every request with the same bytes, or with none.

    Attributes:
        bodies: What it was sent.
    """

    def __init__(self, response=b""):
        self._response = response
        self.bodies = []

    @classmethod
    @asynccontextmanager
    async def running(cls, response=b""):
        raw = cls(response)
        server = await asyncio.start_server(raw._answer, "127.0.0.1", 0)
        async with server:
            raw.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            yield raw

    async def _answer(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0] or 0)
        content = await reader.readexactly(length)
        self.bodies.append(json.loads(content) if content else None)
        writer.write(self._response)
        await writer.drain()
        writer.close()


def response(status, content):
    return f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\n\r\n{content}".encode()


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


ODD_POEM = {"id": "A 1", "title": "x", "poet": "x", "form": "x", "fame": 0, "lines": ["x", "y"]}


@pytest.mark.parametrize("content", ["{}", json.dumps({"poems": [ODD_POEM]})])
async def test_anthology_that_is_none_is_one_error(content, remote, monkeypatch):
    monkeypatch.setattr(api, "anthology_json", lambda _: content)
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


async def test_silent_service_does_not_outlast_the_deadline(monkeypatch):
    monkeypatch.setattr("lianju.bot.engine.remote.GRACE_S", 0)
    with socket.create_server(("127.0.0.1", 0)) as listener:  # which accepts no connection
        async with connected(f"http://127.0.0.1:{listener.getsockname()[1]}") as engine:
            with pytest.raises(DeadlineError):
                await engine.compose(Request(LINE), 0.01)


async def test_silent_service_does_not_keep_a_bot_from_starting(monkeypatch, caplog):
    monkeypatch.setattr("lianju.bot.engine.remote.DESCRIBE_S", 0.01)
    monkeypatch.setattr("lianju.bot.engine.remote.GRACE_S", 0)
    with socket.create_server(("127.0.0.1", 0)) as listener:  # which accepts no connection
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        engine = await open_engine(Settings(engine=address))
        await engine.close()
    assert [record.message for record in caplog.records] == [
        f"service not described: {DeadlineError()}"
    ]


async def test_full_service_does_not_keep_a_bot_from_starting(caplog):
    async with Raw.running(response(429, "slow down")) as full:
        engine = await open_engine(Settings(engine=full.address))
        await engine.close()
    assert [record.message for record in caplog.records] == [
        f"service not described: {BusyError('busy-full')}"
    ]


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


class TestBrokenConnections:
    async def test_request_goes_to_the_next_address_with_the_same_seed(self, address, local):
        async with Raw.running() as broken, connected(broken.address, address) as engine:
            answer = await engine.compose(Request(LINE, search=Rerank(None)), 30)
        (body,) = broken.bodies
        ((asked, _, _),) = local.asked
        assert body["seed"] == asked.search.seed == answer.request.search.seed
        assert answer.candidates == (await local.compose(asked, 30)).candidates

    async def test_only_address_is_tried_once_more(self):
        async with Raw.running() as broken, connected(broken.address) as engine:
            with pytest.raises(ServiceError) as caught:
                await engine.compose(Request(LINE, search=Sample()), 30)
        assert caught.value.key == "service-away"
        first, second = broken.bodies
        assert first["seed"] == second["seed"]

    async def test_request_is_sent_twice_at_most(self):
        """One that crashes what answers it shall not crash all of them."""
        async with (
            Raw.running() as a,
            Raw.running() as b,
            Raw.running() as c,
            connected(a.address, b.address, c.address) as engine,
        ):
            with pytest.raises(ServiceError):
                await engine.compose(Request(LINE), 30)
        assert sum(len(each.bodies) for each in (a, b, c)) == 2

    async def test_address_that_is_down_is_tried_last(self, nowhere, address, local):
        async with Raw.running() as broken, connected(broken.address, nowhere, address) as engine:
            for _ in range(4):
                assert (await engine.compose(Request(LINE), 30)).candidates
        assert len(broken.bodies) == 1
        assert len(local.asked) == 4

    async def test_address_that_is_silent_is_tried_last(self, address, local, monkeypatch):
        monkeypatch.setattr("lianju.bot.engine.remote.GRACE_S", 0)
        with socket.create_server(("127.0.0.1", 0)) as listener:  # which accepts no connection
            silent = f"http://127.0.0.1:{listener.getsockname()[1]}"
            async with connected(silent, address) as engine:
                with pytest.raises(DeadlineError):
                    await engine.compose(Request(LINE), 0.1)
                for _ in range(3):
                    assert (await engine.compose(Request(LINE), 10)).candidates
        assert len(local.asked) == 3

    async def test_healthy_addresses_take_turns(self, address, bundle):
        other = open_local_engine(bundle, "cpu", 1)
        watched = Watched(other)
        async with (
            served(create_app(watched)) as second,
            connected(address, second) as engine,
        ):
            for _ in range(4):
                await engine.compose(Request(LINE), 30)
        assert len(watched.asked) == 2
        await other.close()

    async def test_closing_service_is_left_for_the_next(self, address, local, bundle):
        closing = open_local_engine(bundle, "cpu", 1)
        await closing.close()
        async with served(create_app(closing)) as first, connected(first, address) as engine:
            assert (await engine.compose(Request(LINE), 30)).candidates

    async def test_only_service_that_is_closing_is_named(self, remote, local):
        await local.close()
        with pytest.raises(BusyError) as caught:
            await remote.compose(Request(LINE), 30)
        assert caught.value.key == "busy-closing"


async def test_service_comes_back_by_itself(nowhere, local, caplog):
    caplog.set_level(logging.INFO, "lianju")
    async with connected(nowhere) as engine:
        for ask in (engine.bundle, engine.reload, lambda: engine.compose(Request(LINE), 30)):
            with pytest.raises(ServiceError) as caught:
                await ask()
            assert caught.value.key == "service-away"
        async with served(create_app(local), int(nowhere.rpartition(":")[2])):
            assert (await engine.compose(Request(LINE), 30)).candidates
            assert await engine.bundle() == await local.bundle()
        with pytest.raises(ServiceError):
            await engine.compose(Request(LINE), 30)
    told = [record.message.split()[1] for record in caplog.records if "service " in record.message]
    assert told == ["away", "back", "away"]


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        (response(200, "{}"), "service-odd"),
        (response(200, "<html>"), "service-odd"),
        (response(404, "<html>"), "service-odd"),
        (response(302, ""), "service-odd"),
        (response(422, '{"error": {"key": "new", "message": "", "facts": {}}}'), "service-odd"),
        (response(401, ""), "service-token"),
        (response(502, "<html>"), "service-away"),
        (response(429, "slow down"), "busy-full"),
        (b"nonsense\r\n\r\n", "service-away"),
    ],
)
async def test_what_is_no_service_is_named(raw, key):
    async with Raw.running(raw) as server, connected(server.address) as engine:
        with pytest.raises((ServiceError, BusyError)) as caught:
            await engine.compose(Request(LINE), 30)
    assert caught.value.key == key


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
