"""Responses to interactions: deferred, sent, edited, refused.

Discord gives up an interaction that has no response within 3 s, and then accepts one for 15 minutes
after a deferral. `deferring_when_late` defers an interaction that takes longer; the functions here
then edit what was deferred instead of responding a second time.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, Literal

import aiohttp
import discord

from ..discord_codes import ALREADY_ACKNOWLEDGED
from ..errors import LianjuError

__all__ = [
    "NO_MENTIONS",
    "PRIVATE",
    "Defer",
    "Interaction",
    "claim_update",
    "defer_private_reply",
    "defer_reply",
    "defer_update",
    "deferring_when_late",
    "edit_message",
    "open_form",
    "respond",
    "send_error",
]

DEFER_AFTER_S = 1.0  # of the 3 s; the request itself takes time as well
# Among the extras of an interaction: what keeps two tasks from responding at once, and what was the
# response. discord.py's own `response.type` misses one whose receipt was lost.
LOCK, RESPONSE = "lianju lock", "lianju response"
NO_MENTIONS = discord.AllowedMentions.none()
PRIVATE: dict[str, Any] = {
    "ephemeral": True,
    "allowed_mentions": NO_MENTIONS,
    "suppress_embeds": True,  # previews of links
}

Interaction = discord.Interaction[Any]
Defer = Callable[[Interaction], Awaitable[None]]
Response = Literal["message", "update", "reply", "private reply"]


@asynccontextmanager
async def deferring_when_late(interaction: Interaction, defer: Defer) -> AsyncIterator[None]:
    """Defers the interaction if the block has not responded in time.

    Args:
        interaction: The interaction that the block responds to.
        defer: One of the three functions below.
    """

    async def wait_and_defer() -> None:
        await asyncio.sleep(DEFER_AFTER_S)
        # If Discord cannot be reached, the block's own response reports it.
        with suppress(discord.HTTPException, aiohttp.ClientError, TimeoutError):
            await defer(interaction)

    timer = asyncio.create_task(wait_and_defer())
    try:
        yield
    finally:
        timer.cancel()


async def defer_reply(interaction: Interaction) -> None:
    """Announces a message that everybody sees.

    Raises:
        discord.HTTPException: Discord refused the request.
    """
    await _defer(interaction, "reply", thinking=True)


async def defer_private_reply(interaction: Interaction) -> None:
    """Announces a message that only the user sees.

    Raises:
        discord.HTTPException: Discord refused the request.
    """
    await _defer(interaction, "private reply", thinking=True, ephemeral=True)


async def defer_update(interaction: Interaction) -> None:
    """Acknowledges the use of a button or select, whose message may be edited later.

    Raises:
        discord.HTTPException: Discord refused the request.
    """
    await _defer(interaction, "update")


async def claim_update(interaction: Interaction) -> bool:
    """Acknowledges the use of a button or select, unless a message was announced before.

    Returns:
        Whether `edit_message` edits the message whose button or select was used.

    Raises:
        discord.HTTPException: Discord refused the request.
    """
    await defer_update(interaction)
    return _response(interaction) == "update"


async def respond(
    interaction: Interaction,
    view: discord.ui.LayoutView,
    *,
    private: bool,
    file: discord.File | None = None,
) -> int | None:
    """Sends a new message.

    Args:
        interaction: What the message answers.
        view: Its layout.
        private: Whether the user alone sees it.
        file: What is attached to it.

    Returns:
        Its id; None if it was the first response, of which Discord may not have said it.

    Raises:
        discord.HTTPException: Discord refused the message.
    """
    options: dict[str, Any] = {"view": view, "allowed_mentions": NO_MENTIONS}
    new = options if file is None else options | {"file": file}
    send = partial(interaction.response.send_message, **new, ephemeral=private)
    if await _send_first(interaction, "message", send):
        return None
    if _response(interaction) == ("private reply" if private else "reply"):
        if file is not None:
            options["attachments"] = [file]
        edited = await interaction.edit_original_response(**options)
        interaction.extras[RESPONSE] = "message"
        return edited.id
    await _delete_deferred_reply(interaction)
    sent = await interaction.followup.send(**new, ephemeral=private, wait=True)
    return sent.id


async def edit_message(
    interaction: Interaction, view: discord.ui.LayoutView, file: discord.File | None = None
) -> None:
    """Edits the message whose button or select was used.

    Args:
        interaction: The use.
        view: The new layout.
        file: What is attached to it in place of what was; None leaves that.

    Raises:
        discord.HTTPException: Discord refused the edit.
    """
    options: dict[str, Any] = {"view": view, "allowed_mentions": NO_MENTIONS}
    if file is not None:
        options["attachments"] = [file]
    edit = partial(interaction.response.edit_message, **options)
    if not await _send_first(interaction, "message", edit):
        await interaction.edit_original_response(**options)


async def open_form(interaction: Interaction, form: discord.ui.Modal) -> None:
    """Opens a form for the user, as the first response.

    Raises:
        LianjuError: It is too late: the response has been deferred.
        discord.HTTPException: Discord refused the form.
    """
    if not await _send_first(
        interaction, "message", partial(interaction.response.send_modal, form)
    ):
        raise LianjuError("form-late")


async def send_error(interaction: Interaction, sentence: str) -> None:
    """Tells the user alone why there is no answer.

    Args:
        interaction: The interaction, in any state.
        sentence: Discord's markdown.

    Raises:
        discord.HTTPException: Discord refused the message.
    """
    send = partial(interaction.response.send_message, sentence, **PRIVATE)
    if await _send_first(interaction, "message", send):
        return
    # A public deferral cannot become private, and the first follow-up would take its place.
    await _delete_deferred_reply(interaction)
    await interaction.followup.send(sentence, **PRIVATE)


async def _defer(interaction: Interaction, response: Response, **options: bool) -> None:
    await _send_first(interaction, response, partial(interaction.response.defer, **options))


async def _delete_deferred_reply(interaction: Interaction) -> None:
    if _response(interaction) in ("reply", "private reply"):
        with suppress(discord.NotFound):
            await interaction.delete_original_response()


def _response(interaction: Interaction) -> Response | None:
    made: Response | None = interaction.extras.get(RESPONSE)
    return "message" if made is None and interaction.response.is_done() else made


async def _send_first(
    interaction: Interaction, response: Response, send: Callable[[], Awaitable[object]]
) -> bool:
    """Sends the first response to an interaction, unless there is one; returns whether it did.

    A response whose receipt was lost counts as sent: Discord refuses discord.py's retry.
    """
    async with interaction.extras.setdefault(LOCK, asyncio.Lock()):
        if _response(interaction) is not None:
            return False
        try:
            await send()
        except discord.HTTPException as error:
            if error.code != ALREADY_ACKNOWLEDGED:
                raise
        interaction.extras[RESPONSE] = response
    return True
