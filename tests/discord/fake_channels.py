"""The channels of the fake Discord: messages that answer no interaction."""

import asyncio
from collections import defaultdict

from aiohttp import web

from .fake_gateway import guild_payload
from .interactions import BOT, Json
from .messages import Messages, Refusal, json_response, read_body

MESSAGES = "/api/v10/channels/{channel}/messages"
EVERYONE = {"color": 0, "hoist": False, "position": 0, "managed": False, "mentionable": False}
COLORS = {"primary_color": 0, "secondary_color": None, "tertiary_color": None}


class FakeChannels:
    """What the bot posts of itself, and reads again.

    Attributes:
        posted: The messages of each channel by its id, oldest first; deleted ones as well.
        deleted_channels: Ids of channels that are no more.
        forbidden_channels: Ids of channels where the bot may not post.
        arrived: Set when the first message was posted.
        receipts: What is posted is told to the bot once this is set.
        nonces: Messages of the last minutes by their nonces, which no other message can have.
    """

    messages: Messages
    hidden_channels: set[str]

    def __init__(self) -> None:
        super().__init__()
        self.posted: defaultdict[str, list[Json]] = defaultdict(list)
        self.deleted_channels: set[str] = set()
        self.forbidden_channels: set[str] = set()
        self.nonces: dict[str, Json] = {}
        self.receipts = asyncio.Event()
        self.receipts.set()
        self.arrived = asyncio.Event()

    def standing(self, channel: int) -> list[Json]:
        """The messages that can be seen in a channel."""
        gone = self.messages.gone
        return [each for each in self.posted[str(channel)] if each["id"] not in gone]

    def channel_routes(self) -> list[web.RouteDef]:
        return [web.post(MESSAGES, self._post), web.get(MESSAGES, self._list)]

    async def _post(self, request: web.Request) -> web.Response:
        channel = self._channel(request)
        if channel in self.forbidden_channels:
            raise Refusal(403, 50013, "Missing Permissions")
        body, uploads = await read_body(request)
        nonce = body.get("nonce") if body.get("enforce_nonce") else None
        assert nonce is None or len(nonce) <= 25
        if nonce not in self.nonces:
            message = self.messages.post(body, uploads, channel)
            self.posted[channel].append(message)
            self.nonces |= {nonce: message} if nonce else {}
        else:
            message = self.nonces[nonce]
        self.arrived.set()
        await self.receipts.wait()
        return json_response(message)

    async def _list(self, request: web.Request) -> web.Response:
        after, limit = int(request.query["after"]), int(request.query["limit"])
        found = [
            each for each in self.standing(int(self._channel(request))) if int(each["id"]) > after
        ]
        return json_response(found[:limit][::-1])

    def _channel(self, request: web.Request) -> str:
        channel = request.match_info["channel"]
        if channel in self.deleted_channels:
            raise Refusal(404, 10003, "Unknown Channel")
        if channel in self.hidden_channels:
            raise Refusal(403, 50001, "Missing Access")
        return channel


def server_payload(guild: int, *channels: Json, permissions: int = 0) -> Json:
    """A server with channels, as GUILD_CREATE describes it, and with what the bot may do there."""
    role = {"id": str(guild), "name": "@everyone", "permissions": str(permissions), "flags": 0}
    since = {"joined_at": "2024-01-01T00:00:00+00:00", "roles": [], "flags": 0}
    member = since | {"user": BOT, "deaf": False, "mute": False}
    return guild_payload(guild) | {
        "roles": [EVERYONE | {"colors": COLORS} | role],
        "channels": list(channels),
        "members": [member],
    }


def channel_payload(channel: int, kind: int = 0, denied: int = 0, guild: int = 42) -> Json:
    """A channel of a server; what is denied there is denied to everybody."""
    overwrite = {"id": str(guild), "type": 0, "allow": "0", "deny": str(denied)}
    return {
        "id": str(channel),
        "type": kind,
        "name": f"channel-{channel}",
        "position": 0,
        "permission_overwrites": [overwrite],
        "bitrate": 64000,  # of voice channels, like the next
        "user_limit": 0,
    }
