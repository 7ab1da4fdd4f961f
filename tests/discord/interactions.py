"""Interactions as Discord sends them, and what their user sees of the answers."""

import asyncio
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from .limits import BUTTON, EPHEMERAL, TEXT, TEXT_SELECT, V2, Json, within

__all__ = [
    "ADMIN",
    "APPLICATION_ID",
    "BOT",
    "EPHEMERAL",
    "HANGS_S",
    "MANAGE_THREADS",
    "MEMBER",
    "SEND_IN_THREADS",
    "SEND_MESSAGES",
    "USER",
    "V2",
    "VIEW_CHANNEL",
    "Exchange",
    "Json",
    "custom_ids",
    "interaction_payload",
    "labels",
    "on_message",
    "person",
    "poem",
    "slash",
    "texts",
]

APPLICATION_ID = 1000
BOT = {"id": "1000", "username": "lianju", "discriminator": "0", "avatar": None, "bot": True}
USER = {"id": "77", "username": "reader", "discriminator": "0", "avatar": None}
ADMIN = 1 << 5  # Manage Server
ATTACH_FILES = 1 << 15
VIEW_CHANNEL = 1 << 10
SEND_MESSAGES, SEND_IN_THREADS = 1 << 11, 1 << 38
MANAGE_THREADS = 1 << 34
MEMBER = VIEW_CHANNEL | SEND_MESSAGES | SEND_IN_THREADS

# https://discord.com/developers/docs/interactions/receiving-and-responding
COMMAND, COMPONENT, AUTOCOMPLETE, SUBMIT = 2, 3, 4, 5  # types of interactions
MESSAGE, THINKING, THINKING_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9  # of callbacks

HANGS_S = 180  # a test that fails may take so long; one that passes does not wait
GUILD_TEXT, DM, PUBLIC_THREAD = 0, 1, 11


def person(user_id: int) -> Json:
    """A user of that id; 77 is `USER`."""
    return USER | {"id": str(user_id)}


@dataclass
class Exchange:
    """One interaction, as its user sees it.

    Attributes:
        kind: The interaction's type.
        user: Who it was.
        source: The message whose component was used, as it stands now.
        elsewhere: Whether only a user has installed the app here.
        type: Of the accepted callback; 0 is none so far.
        original: The message that `@original` means: a new one or, after an update of the message
            whose component was used, that one.
        deleted: Whether the original is gone; set it to be somebody who deletes it.
        ephemeral: Whether the acknowledgement promised a private message.
        edited: Whether `@original` was edited after the acknowledgement.
        choices: What an autocomplete offered.
        form: The form that it opened.
    """

    id: str
    token: str
    sent_at: float
    kind: int = COMMAND
    user: Json = field(default_factory=USER.copy)
    source: Json | None = None
    elsewhere: bool = False
    type: int = 0
    original: Json | None = None
    deleted: bool = False
    ephemeral: bool = False
    edited: bool = False
    followups: list[Json] = field(default_factory=list)
    choices: list[Json] | None = None
    form: Json | None = None
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def updates(self) -> bool:
        """Whether it was answered by changing the message whose component was used."""
        return self.type in (THINKING_UPDATE, UPDATE)

    @property
    def messages(self) -> list[Json]:
        """Every message that it brought to the channel, the ephemeral ones included."""
        gone = self.original is None or self.deleted or self.updates
        return ([] if gone else [self.original]) + self.followups

    @property
    def acknowledged(self) -> bool:
        return self.type != 0

    async def until(self, condition) -> None:
        async with asyncio.timeout(HANGS_S), self.changed:
            await self.changed.wait_for(condition)

    async def answered(self) -> Json:
        """Waits for the answer and returns the one message."""
        await self.until(lambda: self.messages)
        (message,) = self.messages
        return message

    async def updated(self) -> Json:
        """Waits until the message whose component was used has changed, and returns it."""
        await self.until(lambda: self.type == UPDATE or self.edited)
        return self.original


def interaction_payload(
    exchange: Exchange,
    data: Json,
    *,
    guild: int | None = 42,
    user: int = 77,
    permissions: int = MEMBER,
    locale: str = "en-US",
    guild_locale: str = "en-US",
    installed_by_user: bool = False,
    channel: int = 99,
    thread_of: int | None = None,
    locked: bool = False,
    may_attach: bool = True,
    may_see: bool = True,
) -> Json:
    """An interaction as the gateway sends it.

    Args:
        exchange: What will become of it.
        data: What was typed, pressed or chosen.
        guild: The server where it happened; None is a private channel.
        user: Who it was.
        permissions: The member's, in that channel.
        locale: The user's language.
        guild_locale: The server's.
        installed_by_user: Whether the user brought the app along.
        channel: Where it happened.
        thread_of: The channel that this one is a thread of.
        locked: Whether moderators have locked that thread.
        may_attach: Whether the bot may attach files there.
        may_see: Whether the bot may see that channel.
    """
    somebody = exchange.user = person(user)
    exchange.elsewhere = installed_by_user
    payload = {
        "id": exchange.id,
        "token": exchange.token,
        "application_id": str(APPLICATION_ID),
        "type": exchange.kind,
        "version": 1,
        "data": data,
        "locale": locale,
        "entitlements": [],
        "attachment_size_limit": 10_000_000,
        "app_permissions": str(ATTACH_FILES * may_attach | VIEW_CHANNEL * may_see),
        "authorizing_integration_owners": (
            {"1": str(user)} if installed_by_user else {"0": str(guild or 0)}
        ),
        "channel_id": str(channel),
    }
    if exchange.source is not None:
        payload["message"] = deepcopy(exchange.source)
    if guild is None:
        return payload | {
            "user": somebody,
            "context": 2 if installed_by_user else 1,
            "channel": {"id": str(channel), "type": DM, "recipients": [somebody]},
        }
    return payload | {
        "guild_id": str(guild),
        "guild": {"id": str(guild), "features": [], "locale": guild_locale},
        "guild_locale": guild_locale,
        "context": 0,
        "channel": _channel(channel, guild, thread_of, locked),
        "member": {
            "user": somebody,
            "roles": [],
            "joined_at": "2024-01-01T00:00:00+00:00",
            "deaf": False,
            "mute": False,
            "flags": 0,
            "permissions": str(permissions),
        },
    }


def _channel(channel: int, guild: int, thread_of: int | None, locked: bool) -> Json:
    place = {"id": str(channel), "guild_id": str(guild), "name": "verse"}
    if thread_of is None:
        return place | {"type": GUILD_TEXT, "position": 0}
    archive = {"archived": False, "auto_archive_duration": 60, "locked": locked}
    return place | {
        "type": PUBLIC_THREAD,
        "parent_id": str(thread_of),
        "owner_id": USER["id"],
        "message_count": 0,
        "member_count": 1,
        "thread_metadata": archive | {"archive_timestamp": "2026-01-01T00:00:00+00:00"},
    }


# --- what is typed ---

OPTION_TYPES = {str: 3, int: 4, bool: 5, float: 10}


def slash(path: str, focused: str | None = None, **options: Any) -> Json:
    """The data of `/path option:value …`, a subcommand's path with spaces.

    Args:
        path: Such as `settings beam-size`.
        focused: The option that is being typed, for an autocomplete.
        options: Texts, numbers and truth values; a channel is `{"channel": id}`, and a member
            `{"user": id}`.
    """
    given: list[Json] = []
    resolved: dict[str, Json] = {}
    users: dict[str, Json] = {}
    for name, value in options.items():
        if isinstance(value, dict) and "user" in value:
            number = str(value["user"])
            given.append({"name": name, "type": 6, "value": number})
            users[number] = person(int(number)) | {"bot": value.get("bot", False)}
        elif isinstance(value, dict):
            number = str(value["channel"])
            given.append({"name": name, "type": 7, "value": number})
            resolved[number] = resolved_channel(int(number))
        else:
            given.append({"name": name, "type": OPTION_TYPES[type(value)], "value": value})
    if focused is not None:
        next(option for option in given if option["name"] == focused)["focused"] = True
    root, *names = path.split()
    for number, name in enumerate(reversed(names)):
        given = [{"name": name, "type": 2 if number else 1, "options": given}]
    data = {"id": "1", "name": root, "type": 1, "options": given}
    found = {"channels": resolved, "users": users}
    return data | {"resolved": {kind: each for kind, each in found.items() if each}}


def resolved_channel(channel: int, kind: int = GUILD_TEXT) -> Json:
    """A channel as options and selects resolve it."""
    return {
        "id": str(channel),
        "name": f"channel-{channel}",
        "type": kind,
        "permissions": "0",
    }


def poem(line: str, **options: Any) -> Json:
    """The data of `/poem line: …`."""
    return slash("poem", line=line, **options)


def on_message(name: str, message: Json) -> Json:
    """The data of a message's context menu."""
    data = {"id": "1", "name": name, "type": 3, "target_id": message["id"]}
    return data | {"resolved": {"messages": {message["id"]: deepcopy(message)}}}


def component_data(message: Json, custom_id: str, values: list[Any] | None) -> Json:
    """The data of a press or a choice on a message, which must really offer it."""
    (component,) = (
        part for part in within(message["components"]) if part.get("custom_id") == custom_id
    )
    assert not component.get("disabled")
    data = {"custom_id": custom_id, "component_type": component["type"], "id": component["id"]}
    if component["type"] == BUTTON:
        return data
    if component["type"] == TEXT_SELECT:
        assert set(values) <= {option["value"] for option in component["options"]}
        return data | {"values": values}
    channels = {str(value): resolved_channel(value) for value in values}
    return data | {"values": list(channels), "resolved": {"channels": channels}}


def form_data(form: Json, values: dict[str, str]) -> Json:
    """The data of a form that is sent with these values, by the custom ids of its fields."""
    assert set(values) == {part["component"]["custom_id"] for part in form["components"]}
    components = [
        {
            "type": part["type"],
            "id": number,
            "component": {
                "type": part["component"]["type"],
                "id": 100 + number,
                "custom_id": part["component"]["custom_id"],
                "value": values[part["component"]["custom_id"]],
            },
        }
        for number, part in enumerate(form["components"], 1)
    ]
    return {"custom_id": form["custom_id"], "components": components}


# --- what is seen ---


def texts(message: Json) -> list[str]:
    """The texts of a V2 layout, from top to bottom."""
    return [part["content"] for part in within(message["components"]) if part["type"] == TEXT]


def custom_ids(message: Json, beginning: str = "") -> list[str]:
    """The custom ids of a message, or those that begin so, from top to bottom."""
    every = (part.get("custom_id", "") for part in within(message["components"]))
    return [custom_id for custom_id in every if custom_id and custom_id.startswith(beginning)]


def labels(message: Json) -> dict[str, str | None]:
    """The labels of a message's buttons, by custom id."""
    return {
        part["custom_id"]: part.get("label")
        for part in within(message["components"])
        if part["type"] == BUTTON and "custom_id" in part
    }
