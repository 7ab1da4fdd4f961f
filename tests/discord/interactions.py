"""Interactions as Discord sends them, and what their user sees of the answers."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

APPLICATION_ID = 1000
BOT = {"id": "1000", "username": "lianju", "discriminator": "0", "avatar": None, "bot": True}
USER = {"id": "77", "username": "reader", "discriminator": "0", "avatar": None}
EPHEMERAL = 64

Json = dict[str, Any]


@dataclass
class Exchange:
    """One interaction, as its user sees it."""

    id: str
    token: str
    sent_at: float
    type: int = 0  # of the accepted callback; 5 is "thinking"
    original: Json | None = None
    deleted: bool = False
    followups: list[Json] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def messages(self) -> list[Json]:
        """Every message that stands in the channel, the ephemeral ones included."""
        original = [] if self.original is None or self.deleted else [self.original]
        return original + self.followups

    @property
    def acknowledged(self) -> bool:
        return self.type != 0

    async def until(self, condition) -> None:
        async with self.changed:
            await self.changed.wait_for(condition)

    async def answered(self) -> Json:
        """Waits for the answer and returns the one message."""
        await self.until(lambda: self.messages)
        (message,) = self.messages
        return message


def interaction_payload(
    exchange: Exchange, data: Json, *, guild: int | None = 42, installed_by_user: bool = False
) -> Json:
    """An interaction as the gateway sends it.

    Args:
        exchange: What will become of it.
        data: What was typed.
        guild: The server where it was typed; None is a private channel.
        installed_by_user: Whether the user brought the app along.
    """
    payload = {
        "id": exchange.id,
        "token": exchange.token,
        "application_id": str(APPLICATION_ID),
        "type": 2,
        "version": 1,
        "data": data,
        "locale": "en-US",
        "entitlements": [],
        "attachment_size_limit": 10_000_000,
        "app_permissions": "0",
        "authorizing_integration_owners": {"1": USER["id"]} if installed_by_user else {"0": "42"},
        "channel_id": "99",
    }
    if guild is None:
        return payload | {
            "user": USER,
            "context": 2 if installed_by_user else 1,
            "channel": {"id": "99", "type": 1, "recipients": [USER]},
        }
    return payload | {
        "guild_id": str(guild),
        "guild": {"id": str(guild), "features": [], "locale": "en-US"},
        "guild_locale": "en-US",
        "context": 0,
        "channel": {
            "id": "99",
            "type": 0,
            "guild_id": str(guild),
            "name": "verse",
            "position": 0,
        },
        "member": {
            "user": USER,
            "roles": [],
            "joined_at": "2024-01-01T00:00:00+00:00",
            "deaf": False,
            "mute": False,
            "flags": 0,
            "permissions": "0",
        },
    }


def embed_fault(message: Json) -> str | None:
    """What Discord would say against the size of a message, if anything."""
    if len(message.get("content") or "") > 2000:
        return "content: Must be 2000 or fewer in length."
    total = 0
    for embed in message.get("embeds") or []:
        parts = {
            "title": (embed.get("title", ""), 256),
            "description": (embed.get("description", ""), 4096),
            "footer": (embed.get("footer", {}).get("text", ""), 2048),
        }
        for name, (text, most) in parts.items():
            if len(text) > most:
                return f"embeds.{name}: Must be {most} or fewer in length."
            total += len(text)
    return "embeds: Must be 6000 or fewer in length." if total > 6000 else None


def poem(line: str) -> Json:
    """The data of `/poem line:`."""
    option = {"name": "line", "type": 3, "value": line}
    return {"id": "1", "name": "poem", "type": 1, "options": [option]}
