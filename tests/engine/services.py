"""Services and what is no service, and clients of them."""

import asyncio
import json
from contextlib import asynccontextmanager

from lianju.bot.engine import RemoteEngine
from lianju.bot.verse import AnthologyPoem
from pydantic import SecretStr

LINE = "黄河远上白云间"
POEMS = [
    AnthologyPoem("b2", "春 一", "某", "五绝", 100, ("春眠不觉晓", "处处闻啼鸟")),
    AnthologyPoem("a1", "夏", "无", "五绝", 0, ("夜来风雨声", "花落知多少")),
]


@asynccontextmanager
async def connected(*addresses, token=None):
    engine = RemoteEngine(addresses, token and SecretStr(token))
    try:
        yield engine
    finally:
        await engine.close()


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
