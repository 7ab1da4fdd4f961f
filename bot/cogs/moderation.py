"""`/remove-verse`: moderators remove a verse from their server's leaderboard."""

import re
from typing import Literal, get_args

import discord
from discord import app_commands
from discord.app_commands import Choice

from ..errors import NotAllowedError, NotFoundError
from ..ui.favorites import label
from ..ui.layout import Layout
from ..ui.moderation import removal_text
from ..ui.replies import Interaction, respond
from ..verse import check_choice
from .base import LianjuCog
from .options import MAX_CHOICES, choice

__all__ = ["Moderation", "is_moderator"]

Reason = Literal["offensive", "personal", "spam", "other"]

VERSE_ID = re.compile(r"[0-9]{1,18}")


class Moderation(LianjuCog, name="Lianju moderation"):
    """Removes verses from a leaderboard; the line in the log has ids and the reason alone."""

    @app_commands.command(name="remove-verse")
    @app_commands.guild_only()
    @app_commands.default_permissions(manage_messages=True)  # a hint that servers may override
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.choices(
        reason=[
            choice("remove-verse", "offensive", "offensive"),
            choice("remove-verse", "personal", "about a person"),
            choice("remove-verse", "spam", "spam"),
            choice("remove-verse", "other", "another reason"),
        ]
    )
    async def remove_verse(self, interaction: Interaction, verse: str, reason: Reason) -> None:
        """Removes a verse from this server's leaderboard for good.

        Args:
            verse: Type some of its characters and choose it from the list.
            reason: Why; it is written to the log of the bot.
        """
        async with self.handle(interaction) as context:
            localizer, guild_id = context.localizer, _moderated_guild(interaction)
            check_choice(reason, get_args(Reason))  # nothing else may reach the log
            removed = None
            if VERSE_ID.fullmatch(verse):  # chosen, and not typed
                removed = await self.resources.store.moderation.remove(
                    guild_id, int(verse), interaction.created_at.timestamp()
                )
            if removed is None:
                raise NotFoundError("moderation-unknown")
            context.add_log_fields(verse=removed.id, hearts=removed.hearts, reason=reason)
            note = discord.ui.TextDisplay[Layout](removal_text(localizer, removed))
            await respond(interaction, Layout(note), private=True)

    @remove_verse.autocomplete("verse")
    async def suggest(self, interaction: Interaction, current: str) -> list[Choice[str]]:
        """Offers verses of the leaderboard that contain what is typed, best first."""

        async def find() -> list[Choice[str]]:
            if not is_moderator(interaction) or interaction.guild_id is None:
                return []
            verses = await self.resources.store.moderation.matching(
                interaction.guild_id, current, MAX_CHOICES
            )
            return [Choice(name=label(each.verse), value=str(each.id)) for each in verses]

        return await self.complete(interaction, find)


def _moderated_guild(interaction: Interaction) -> int:
    """Returns the server's id.

    Raises:
        NotAllowedError: The user may not moderate it.
    """
    if interaction.guild_id is None or not is_moderator(interaction):
        raise NotAllowedError("moderation-forbidden")
    return interaction.guild_id


def is_moderator(interaction: Interaction) -> bool:
    """Whether the user has Manage Server, or Manage Messages in the whole server.

    The permissions of an interaction are those in its channel, where Manage Messages may be granted
    to members who have it nowhere else.
    """
    user, here = interaction.user, interaction.permissions
    return here.manage_guild or (
        here.manage_messages
        and isinstance(user, discord.Member)
        and user.guild_permissions.manage_messages
    )
