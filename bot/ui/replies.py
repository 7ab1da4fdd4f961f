"""How an interaction is acknowledged and refused."""

from typing import Any

import discord

from .markdown import literal

__all__ = ["NO_MENTIONS", "acknowledge", "refuse"]

MAX_CONTENT = 2000
ALREADY_ACKNOWLEDGED = 40060  # what a retry hears after an acknowledgement whose receipt was lost
NO_MENTIONS = discord.AllowedMentions.none()

Interaction = discord.Interaction[Any]


async def acknowledge(interaction: Interaction) -> None:
    """Promises an answer, visible to all, which is to follow as an edit.

    Raises:
        discord.HTTPException: Discord did not take the promise.
    """
    try:
        await interaction.response.defer()
    except discord.HTTPException as error:
        if error.code != ALREADY_ACKNOWLEDGED:
            raise


async def refuse(interaction: Interaction, sentence: str) -> None:
    """Tells the user, and nobody else, why there is no answer.

    Raises:
        discord.HTTPException: Discord did not take the message.
    """
    text = literal(sentence, MAX_CONTENT)
    if not interaction.response.is_done():
        try:
            await interaction.response.send_message(
                text, ephemeral=True, allowed_mentions=NO_MENTIONS, suppress_embeds=True
            )
        except discord.HTTPException as error:
            if error.code != ALREADY_ACKNOWLEDGED:
                raise
        else:
            return
    # What was promised in public cannot turn private: it goes, and a private message follows.
    await interaction.delete_original_response()
    await interaction.followup.send(
        text, ephemeral=True, allowed_mentions=NO_MENTIONS, suppress_embeds=True
    )
