"""Reports to Sentry by a real process, as a server of Sentry would get them."""

import asyncio
import json
import socket
from contextlib import asynccontextmanager

from aiohttp import web

from .fake_discord import TOKEN
from .interactions import poem
from .process import serving

LINE = "黄河远上白云间"
GUILD, USER = 427_561_193_205_118_976, 913_377_204_558_311_424


@asynccontextmanager
async def fake_sentry():
    """A server that takes envelopes; yields a DSN and a queue of them, as text."""
    received = asyncio.Queue()

    async def take(request):
        body = await request.read()  # aiohttp has decompressed it
        received.put_nowait(body.decode())
        return web.json_response({})

    app = web.Application()
    app.router.add_post("/api/1/envelope/", take)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://public@127.0.0.1:{runner.addresses[0][1]}/1", received
    finally:
        await runner.cleanup()


async def test_incident_of_a_member_is_reported_without_the_member(fake, settings):
    fake.guilds = {str(GUILD)}
    place = {"guild": GUILD, "user": USER}
    async with fake_sentry() as (dsn, received), serving(**settings, SENTRY_DSN=dsn) as served:
        await served.online(fake.ready)
        fake.failures["@original"] = [400]
        exchange = await fake.send(fake.interaction(poem(LINE), **place))
        await exchange.answered()
        envelope = await received.get()
        ended = await served.stop()
        assert received.empty()
    assert (ended.status, ended.out) == (0, "")
    event = json.loads(envelope.splitlines()[-1])
    assert f"incident={event['tags']['incident']}" in ended.log
    (error,) = event["exception"]["values"]
    assert (error["type"], error["value"]) == (
        "HTTPException",
        "discord.errors.HTTPException 400 0",
    )
    functions = {frame["function"] for frame in error["stacktrace"]["frames"]}
    assert functions >= {"compose", "respond"}
    written = json.dumps(LINE).strip('"')
    secrets = (LINE, written, str(GUILD), str(USER), TOKEN, "token-", socket.gethostname())
    assert [secret for secret in secrets if secret in envelope] == []


async def test_sentry_that_is_away_does_not_delay_the_end(fake, settings, closed_port):
    dsn = f"http://public@127.0.0.1:{closed_port}/1"
    async with serving(**settings, SENTRY_DSN=dsn, LIANJU_DEADLINE=2) as served:
        await served.online(fake.ready)
        fake.failures["@original"] = [400]
        await (await fake.send(fake.interaction(poem(LINE)))).answered()
        ended = await served.stop()
    assert (ended.status, ended.out) == (0, "")
    assert "incident=" in ended.log
    assert "Traceback" not in ended.log
    assert "sentry" not in ended.log
