"""The messages of the fake Discord: what may be written, changed and attached."""

import json
from collections.abc import Iterator
from typing import Any

from aiohttp import web

from .interactions import BOT, EPHEMERAL, V2, Exchange, Json
from .limits import NOTHING, fault, within

WRITABLE = ("content", "embeds", "components", "allowed_mentions", "tts", "poll", "sticker_ids")
MAX_ATTACHMENTS, MAX_UPLOAD = 10, 10 * 2**20
EMPTY, BAD_FORM = 50006, 50035


class Refusal(Exception):  # noqa: N818 -- an answer, not an accident
    """An answer with an error status.

    The codes are those of https://discord.com/developers/docs/topics/opcodes-and-status-codes.
    """

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(status, code, message)
        self.status, self.code, self.message = status, code, message


class Messages:
    """Every message that stands, and every file that came with one.

    Attributes:
        ids: The ids of what comes next.
        files: The bytes of attachments by their ids.
        gone: Ids of deleted messages.
    """

    def __init__(self, ids: Iterator[int]) -> None:
        self.ids = ids
        self.files: dict[str, bytes] = {}
        self.gone: set[str] = set()

    def create(self, body: Json, uploads: list[tuple[str, bytes]], exchange: Exchange) -> Json:
        """A new message, answering an interaction."""
        flags = body.get("flags") or 0
        message = _bare(str(next(self.ids)), BOT) | {
            "flags": flags,
            "application_id": BOT["id"],
            "interaction_metadata": {
                "id": exchange.id,
                "type": exchange.kind,
                "user": exchange.user,
                "authorizing_integration_owners": {},
            },
        }
        self._write(message, body, uploads)
        return message

    def post(self, body: Json, uploads: list[tuple[str, bytes]], channel: str) -> Json:
        """A new message that answers nothing."""
        message = _bare(str(next(self.ids)), BOT) | {"flags": body.get("flags") or 0}
        message["channel_id"] = channel
        self._write(message, body, uploads)
        return message

    def edit(self, message: Json, body: Json, uploads: list[tuple[str, bytes]]) -> Json:
        """Changes a message in its place; what the body leaves out stays."""
        if message["id"] in self.gone:
            raise Refusal(404, 10008, "Unknown Message")
        flags = message["flags"]
        if "flags" in body:
            if flags & V2 and not (body["flags"] or 0) & V2:
                raise Refusal(400, BAD_FORM, "flags: IS_COMPONENTS_V2 cannot be removed.")
            # Nobody can make a message private or public any more.
            flags = (body["flags"] or 0) & ~EPHEMERAL | flags & EPHEMERAL
        changed = message | {"flags": flags, "edited_timestamp": "2026-01-01T00:00:01+00:00"}
        self._write(changed, body, uploads)
        message.update(changed)
        return message

    def _write(self, message: Json, body: Json, uploads: list[tuple[str, bytes]]) -> None:
        message.update({key: body[key] for key in WRITABLE if key in body})
        if len(uploads) > MAX_ATTACHMENTS:
            raise Refusal(400, BAD_FORM, "attachments: Must be 10 or fewer in length.")
        if sum(len(content) for _, content in uploads) > MAX_UPLOAD:
            raise Refusal(413, 40005, "Request entity too large")
        if uploads or "attachments" in body:
            kept = [a for a in message["attachments"] if a in (body.get("attachments") or [])]
            told = {a["filename"]: a for a in body.get("attachments") or [] if "filename" in a}
            message["attachments"] = kept + [self._attach(*up, told) for up in uploads]
        if reason := fault(message):
            raise Refusal(400, EMPTY if reason == NOTHING else BAD_FORM, reason)
        names = {f"attachment://{attached['filename']}" for attached in message["attachments"]}
        for part in within(message["components"] or []):
            if not {item["media"]["url"] for item in part.get("items", [])} <= names:
                raise Refusal(400, BAD_FORM, "media: The attachment is not there.")
        taken = {part["id"] for part in within(message["components"] or []) if part.get("id")}
        free = (number for number in range(1, 1000) if number not in taken)
        for part in within(message["components"] or []):
            part["id"] = part.get("id") or next(free)

    def _attach(self, name: str, content: bytes, told: Json) -> Json:
        number = str(next(self.ids))
        self.files[number] = content
        url = f"https://cdn.discordapp.com/attachments/99/{number}/{name}"
        about = {"id": number, "filename": name, "size": len(content)}
        about["description"] = told.get(name, {}).get("description")
        return about | {"url": url, "proxy_url": url}


def _bare(number: str, author: Json) -> Json:
    return {
        "id": number,
        "channel_id": "99",
        "type": 0,
        "content": "",
        "embeds": [],
        "components": [],
        "attachments": [],
        "mentions": [],
        "mention_roles": [],
        "mention_everyone": False,
        "pinned": False,
        "tts": False,
        "edited_timestamp": None,
        "timestamp": "2026-01-01T00:00:00+00:00",
        "author": author,
        "flags": 0,
    }


def written(content: str, author: Json, number: int = 4000, **parts: Any) -> Json:
    """A message that somebody wrote."""
    return _bare(str(number), author) | {"content": content, **parts}


async def read_body(request: web.Request) -> tuple[Json, list[tuple[str, bytes]]]:
    """The JSON of a request and the files beside it.

    https://discord.com/developers/docs/reference#uploading-files
    """
    if not request.content_type.startswith("multipart/"):
        return await request.json(), []
    form = await request.post()
    files = [form[name] for name in form if name.startswith("files[")]
    uploads = [(file.filename, file.file.read()) for file in files]
    return json.loads(form["payload_json"]), uploads


def json_response(body: Any, status: int = 200) -> web.Response:
    """An answer as Discord sends it."""
    # Without a charset, as Discord does; discord.py knows no other JSON. It takes a 429 without
    # the Via of Discord's own proxy for a ban by Cloudflare.
    headers = {"Content-Type": "application/json", "Via": "1.1 google"}
    return web.Response(body=json.dumps(body).encode(), status=status, headers=headers)
