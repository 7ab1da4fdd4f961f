"""The client of a service that is away, silent, full or something else."""

import logging
import socket

import pytest
from lianju.bot.engine import ServiceError, open_engine, open_local_engine
from lianju.bot.settings import Settings
from lianju.bot.verse import BusyError, DeadlineError, Request, Rerank, Sample
from lianju.bot.web.app import create_app

from ..web.served import Watched, served
from .services import LINE, Raw, connected, response


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
