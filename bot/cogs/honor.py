"""The buttons of a page of honor: hearts, and taking a verse down."""

import discord

from ..errors import NotAllowedError, NotFoundError
from ..events import FavoriteEvent
from ..honor import HonoredVerse
from ..ui.honor import HONOR_BUTTON, confirmation_layout
from ..ui.layout import Layout
from ..ui.replies import (
    Interaction,
    defer_private_reply,
    defer_update,
    edit_message,
    respond,
)
from .base import LianjuCog
from .items import CogItem, cog_item
from .moderation import is_moderator

__all__ = ["Honor"]

NAME = "Lianju page of honor"


class Honor(LianjuCog, name=NAME):
    """Handles the buttons below the verse of a page of honor."""

    async def press(self, interaction: Interaction, button: CogItem) -> None:
        """Does what a button says."""
        action, honor_id = button.match["action"], int(button.match["verse"])
        defer = defer_update if action == "gone" else defer_private_reply
        async with self.handle(interaction, defer) as context:
            localizer = context.localizer
            verse = await self._find(interaction, honor_id)
            if action == "heart":
                is_kept = await self._toggle_favorite(interaction, verse)
                key = "honor-kept" if is_kept else "honor-unkept"
                said = localizer.format(key, own=int(interaction.user.id in verse.all_writers))
                await respond(interaction, _text(said), private=True)
                return
            if interaction.user.id not in verse.writers and not is_moderator(interaction):
                raise NotAllowedError("honor-not-yours")
            if action == "down":
                layout = confirmation_layout(honor_id, localizer)
                await respond(interaction, layout, private=True)
            else:
                await self.resources.store.honors.withdraw(verse, self.resources.clock())
                await edit_message(interaction, _text(localizer.format("honor-down-done")))

    async def _find(self, interaction: Interaction, honor_id: int) -> HonoredVerse:
        verse = await self.resources.store.honors.get(honor_id)
        if verse is None or verse.verse is None or verse.guild_id != interaction.guild_id:
            raise NotFoundError("honor-gone")
        return verse

    async def _toggle_favorite(self, interaction: Interaction, verse: HonoredVerse) -> bool:
        """Keeps a verse, or no longer; the clock shows it."""
        user_id, guild_id, text = interaction.user.id, verse.guild_id, verse.verse
        if text is None:
            raise NotFoundError("honor-gone")
        # As of when the hearts named them: whoever was forgotten since is not stored again.
        named = {user: verse.named_at(user) for user in verse.writers}
        author_id = None if verse.is_linked else next(iter(named), None)
        kept = await self.resources.store.favorites.toggle(
            user_id,
            guild_id,
            text,
            author_id,
            self.resources.clock(),
            interaction.created_at.timestamp(),
            named.get(author_id or 0, 0.0),
            writers=named if verse.is_linked else {},
        )
        event = FavoriteEvent(user_id, guild_id, text, added=kept)
        interaction.client.dispatch(event.NAME, event)
        return kept

    items = (cog_item(NAME, HONOR_BUTTON, press),)


def _text(text: str) -> Layout:
    return Layout(discord.ui.TextDisplay(text))
