"""The gateway of the fake Discord: sessions, shards, events."""

import asyncio
import itertools
import json
from collections import defaultdict

from aiohttp import WSMsgType, web

from .interactions import APPLICATION_ID, BOT, Json

RESUMABLE_CLOSE = 4000  # a close code after which Discord takes a RESUME


class FakeGateway:
    """Takes any number of shards, each with a session of its own.

    Attributes:
        port: Where it listens.
        guilds: The servers that the bot is in; it is told of them when it identifies.
        identified: The payload of every IDENTIFY.
        identify_times: When each of them came, and for which shard.
        max_concurrency: How many shards may identify at a time, by the rest of their number.
        identify_every_s: Shards of one rest that identify sooner are refused.
        online: Set for each shard as long as it is connected.
        resumed: The payload of every RESUME.
        resume_url: Where READY sends the bot to resume; None is this server.
        refuse_identify_with: A close code for whoever identifies.
        closed_with: The close codes of connections that the bot ended after a session.
        ready: Set at every session's beginning.
        back: Set at every resumption.
    """

    port: int

    def __init__(self) -> None:
        self.guilds = {"42"}
        self.identified: list[Json] = []
        self.identify_times: list[tuple[float, int]] = []
        self.max_concurrency = 1
        self.identify_every_s = 0.0
        self.online: defaultdict[int, asyncio.Event] = defaultdict(asyncio.Event)
        self.resumed: list[Json] = []
        self.resume_url: str | None = None
        self.refuse_identify_with: int | None = None
        self.closed_with: list[int | None] = []
        self.ready = asyncio.Event()
        self.back = asyncio.Event()
        self._shards: dict[int, web.WebSocketResponse] = {}
        self._of = 1
        self._sequence = itertools.count(1)

    @property
    def gateway(self) -> str:
        return f"ws://127.0.0.1:{self.port}/gateway/"

    async def join(self, guild: int) -> None:
        """Adds the bot to a server."""
        self.guilds.add(str(guild))
        await self.tell(guild, "GUILD_CREATE", guild_payload(guild))

    async def leave(self, guild: int, *, outage: bool = False) -> None:
        """Removes the bot from a server, or takes the server down for a while."""
        if outage:
            await self.tell(guild, "GUILD_DELETE", {"id": str(guild), "unavailable": True})
            return
        self.guilds.remove(str(guild))
        await self.tell(guild, "GUILD_DELETE", {"id": str(guild)})

    async def drop_gateway(self, shard: int = 0) -> None:
        """Closes a shard's connection in a way that may be resumed."""
        await self._shards[shard].close(code=RESUMABLE_CLOSE)

    async def forget_session(self, shard: int = 0) -> None:
        """Tells a shard that its session is over and cannot be resumed."""
        message = {"op": 9, "d": False, "s": None, "t": None}
        await self._shards[shard].send_json(message)

    async def tell(self, guild: int | None, event: str, data: Json) -> None:
        """Sends an event to the shard that a server is with; direct messages are with shard 0."""
        await self._dispatch(self._shards[self._shard_of(guild or 0)], event, data)

    def _shard_of(self, guild: int) -> int:
        # https://discord.com/developers/docs/events/gateway#sharding
        return (guild >> 22) % self._of

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"op": 10, "d": {"heartbeat_interval": 41250}, "s": None, "t": None})
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await self._hear(socket, json.loads(message.data))
        if self.identified:
            self.closed_with.append(socket.close_code)
        for shard, connected in self._shards.items():
            if connected is socket:
                self.online[shard].clear()
        return socket

    async def _hear(self, socket: web.WebSocketResponse, heard: Json) -> None:
        if heard["op"] == 1:
            await socket.send_json({"op": 11, "d": None, "s": None, "t": None})
        elif heard["op"] == 2:
            self.identified.append(heard["d"])
            if self.refuse_identify_with:
                await socket.close(code=self.refuse_identify_with)
                return
            if self._is_too_soon(heard["d"]):
                await socket.send_json({"op": 9, "d": False, "s": None, "t": None})
                return
            await self._welcome(socket, heard["d"])
        elif heard["op"] == 6:
            self.resumed.append(heard["d"])
            self._shards[int(heard["d"]["session_id"].removeprefix("session-"))] = socket
            await self._dispatch(socket, "RESUMED", {})
            self.back.set()

    def _is_too_soon(self, identify: Json) -> bool:
        # https://discord.com/developers/docs/events/gateway#sharding-max-concurrency
        now, (shard, _) = asyncio.get_running_loop().time(), identify.get("shard", (0, 1))
        latest = [
            at for at, other in self.identify_times if (other - shard) % self.max_concurrency == 0
        ]
        self.identify_times.append((now, shard))
        return bool(latest) and now - latest[-1] < self.identify_every_s

    async def _welcome(self, socket: web.WebSocketResponse, identify: Json) -> None:
        shard, self._of = identify.get("shard", (0, 1))
        self._shards[shard] = socket
        here = [guild for guild in sorted(self.guilds) if self._shard_of(int(guild)) == shard]
        ready = {
            "v": 10,
            "user": BOT,
            "guilds": [{"id": guild, "unavailable": True} for guild in here],
            "session_id": f"session-{shard}",
            "resume_gateway_url": self.resume_url or self.gateway,
            "application": {"id": str(APPLICATION_ID), "flags": 0},
            "shard": [shard, self._of],
        }
        await self._dispatch(socket, "READY", ready)
        for guild in here:
            await self._dispatch(socket, "GUILD_CREATE", guild_payload(int(guild)))
        self.ready.set()
        self.online[shard].set()

    async def _dispatch(self, socket: web.WebSocketResponse, event: str, data: Json) -> None:
        await socket.send_json({"op": 0, "s": next(self._sequence), "t": event, "d": data})


def guild_payload(guild: int) -> Json:
    """A server as GUILD_CREATE describes it, without what the bot does not look at."""
    return {
        "id": str(guild),
        "name": f"server {guild}",
        "owner_id": "1",
        "member_count": 3,
        "large": False,
        "unavailable": False,
        "preferred_locale": "en-US",
        "features": [],
        "roles": [],
        "emojis": [],
        "stickers": [],
        "channels": [],
        "threads": [],
        "members": [],
        "presences": [],
        "voice_states": [],
    }
