"""How an interaction is acknowledged and refused."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import discord

__all__ = [
    "NO_MENTIONS",
    "PRIVATE",
    "defer_reply",
    "defer_update",
    "edit_message",
    "respond",
    "send_error",
]

ALREADY_ACKNOWLEDGED = 40060  # what a retry hears after an acknowledgement whose receipt was lost
PROMISED = "lianju promised"  # among the extras of an interaction
NO_MENTIONS = discord.AllowedMentions.none()
PRIVATE: dict[str, Any] = {
    "ephemeral": True,
    "allowed_mentions": NO_MENTIONS,
    "suppress_embeds": True,  # previews of links
}

Interaction = discord.Interaction[Any]


async def defer_reply(interaction: Interaction) -> None:
    """Promises an answer, visible to all, which is to follow as an edit.

    Raises:
        discord.HTTPException: Discord did not take the promise.
    """
    with _once():
        await interaction.response.defer(thinking=True)
    interaction.extras[PROMISED] = True


async def respond(interaction: Interaction, view: discord.ui.LayoutView, *, private: bool) -> None:
    """Answers at once with a new message.

    Raises:
        discord.HTTPException: Discord did not take the message.
    """
    with _once():
        await interaction.response.send_message(
            view=view, ephemeral=private, allowed_mentions=NO_MENTIONS
        )


async def defer_update(interaction: Interaction) -> None:
    """Promises to change the message whose button was used; its user sees nothing of that.

    Raises:
        discord.HTTPException: Discord did not take the promise.
    """
    with _once():
        await interaction.response.defer()


async def edit_message(interaction: Interaction, view: discord.ui.LayoutView) -> None:
    """Changes the message whose button or select was used.

    Raises:
        discord.HTTPException: Discord did not take the change.
    """
    with _once():
        await interaction.response.edit_message(view=view, allowed_mentions=NO_MENTIONS)


async def send_error(interaction: Interaction, sentence: str) -> None:
    """Tells the user, and nobody else, why there is no answer.

    Args:
        interaction: What is being answered, whatever has been answered so far.
        sentence: In Discord's markdown.

    Raises:
        discord.HTTPException: Discord did not take the message.
    """
    if not (interaction.response.is_done() or PROMISED in interaction.extras):
        with _once():
            await interaction.response.send_message(sentence, **PRIVATE)
        return
    if _is_promised(interaction):
        # What was promised in public cannot turn private: it goes, and a private message follows.
        with suppress(discord.NotFound):
            await interaction.delete_original_response()
    await interaction.followup.send(sentence, **PRIVATE)


def _is_promised(interaction: Interaction) -> bool:
    """Whether the original response is a promise, and no message that was there before."""
    thinking = discord.InteractionResponseType.deferred_channel_message
    return PROMISED in interaction.extras or interaction.response.type is thinking


@contextmanager
def _once() -> Iterator[None]:
    """Takes for done what Discord has done, though its receipt was lost and a retry refused."""
    try:
        yield
    except discord.HTTPException as error:
        if error.code != ALREADY_ACKNOWLEDGED:
            raise
