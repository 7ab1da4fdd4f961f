"""Names of members, which are asked for when they are shown, as none is stored."""

import asyncio
from collections.abc import Iterable

import discord

from ..picture.text import clean
from ..ui.replies import Interaction

__all__ = ["member_names"]


async def member_names(interaction: Interaction, user_ids: Iterable[int]) -> dict[int, str]:
    """Returns the names of members by their ids, of those who are in the server and show one."""
    ids = tuple(dict.fromkeys(user_ids))
    names = await asyncio.gather(*(_name(interaction, user_id) for user_id in ids))
    return {user_id: name for user_id, name in zip(ids, names, strict=True) if clean(name)}


async def _name(interaction: Interaction, user_id: int) -> str:
    if user_id == interaction.user.id:
        return interaction.user.display_name
    if interaction.guild is None:
        return ""
    try:
        return (await interaction.guild.fetch_member(user_id)).display_name
    except discord.HTTPException:
        return ""
