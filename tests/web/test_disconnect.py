"""A client that goes away cancels its search."""

import asyncio
import json
from contextlib import AsyncExitStack, suppress

import pytest
from lianju.bot.web.app import create_app

from ..discord.interactions import HANGS_S
from .served import served

LINE = "黄河远上白云间"


async def send(address, group="a"):
    """Sends a request over a connection of its own."""
    host, port = address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, port)
    content = json.dumps({"line": LINE}).encode()
    writer.write(
        f"POST /v1/compose HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        f"Lianju-Group: {group}\r\nContent-Length: {len(content)}\r\n\r\n".encode()
    )
    writer.write(content)
    await writer.drain()
    return reader, writer


async def refuses_connections(address):
    """Waits until it does."""
    host, port = address.removeprefix("http://").split(":")
    with suppress(ConnectionError):
        while True:
            _, writer = await asyncio.open_connection(host, port)
            writer.close()


async def status(reader):
    return int((await reader.readline()).split()[1])


def close(writer):
    writer.close()


def abort(writer):
    writer.transport.abort()


@pytest.mark.parametrize("leave", [close, abort])
async def test_broken_connection_cancels_the_search(leave, address, engine, held):
    _, writer = await send(address)
    await held.begun.wait()
    leave(writer)
    await engine.cancelled.wait()


async def test_cancelled_search_gives_its_place_back(address, engine, held):
    for group in "ab":  # there are two places
        _, writer = await send(address, group)
        await engine.arrivals.get()
        await held.begun.wait()
        writer.close()
        await engine.cancelled.wait()
        engine.cancelled.clear()
    reader, writer = await send(address, "c")
    assert await status(reader) == 429
    writer.close()
    held.release()
    found = 429
    async with asyncio.timeout(HANGS_S):
        while found == 429:  # until the step has ended
            reader, writer = await send(address, "c")
            found = await status(reader)
            writer.close()
    assert found == 200


async def test_others_go_on(address, engine, held):
    reader, staying = await send(address, "a")
    await engine.arrivals.get()
    _, leaving = await send(address, "b")
    await engine.arrivals.get()
    leaving.close()
    await engine.cancelled.wait()
    held.release()
    assert await status(reader) == 200
    staying.close()


async def test_stopping_server_finishes_its_requests(engine, held):
    """It accepts no connection meanwhile."""
    async with AsyncExitStack() as server:
        address = await server.enter_async_context(served(create_app(engine)))
        reader, writer = await send(address)
        await held.begun.wait()
        stopping = asyncio.create_task(server.pop_all().aclose())
        await refuses_connections(address)
        held.release()
        assert await status(reader) == 200
        await stopping
        writer.close()
