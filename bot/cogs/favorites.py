"""`/favorites`: the verses that a member keeps."""

import asyncio
import io
import re
from collections.abc import Sequence
from typing import cast

import discord
from discord import app_commands
from discord.app_commands import Choice

from ..booklet import MAX_POEMS
from ..characters import describe
from ..errors import NotFoundError
from ..events import FavoriteEvent
from ..i18n import Localizer
from ..markdown import escape
from ..picture import seal_for
from ..rate_limit import RateLimitError
from ..ui.downloads import Format, favorites_booklet, favorites_file
from ..ui.favorites import PAGE_BUTTON, REMOVE_MENU, Order, favorites_layout, label, removed
from ..ui.layout import Layout
from ..ui.pages import read_page
from ..ui.replies import (
    PRIVATE,
    Interaction,
    defer_private_reply,
    defer_update,
    edit_message,
    respond,
)
from ..verses import Favorite, Verse
from .base import Context, LianjuCog
from .items import CogItem, check_owner, cog_item
from .members import member_names
from .options import MAX_CHOICES, choice

__all__ = ["Favorites"]

NAME = "Lianju favorites"
LIST = "favorites list"
BOOKLET_COOLDOWN_S = 20.0  # between two booklets of a member, each of up to two seconds of work
MAX_NAMES = 48  # that are asked for one by one
MAX_MISSING = 40  # characters that are named
FAVORITE_ID = re.compile(r"[0-9]{1,18}")


class Favorites(LianjuCog, name=NAME):
    """Shows, removes and exports favorites, in private replies."""

    favorites = app_commands.Group(
        name="favorites",
        description="Lists, removes or exports the verses that you keep.",
        allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
        allowed_contexts=app_commands.AppCommandContext(
            guild=True, dm_channel=True, private_channel=True
        ),
    )

    @favorites.command(name="list")
    @app_commands.choices(
        order=[
            choice("favorites-list", "newest", "newest first"),
            choice("favorites-list", "oldest", "oldest first"),
        ]
    )
    async def list_all(self, interaction: Interaction, order: Order = "newest") -> None:
        """Lists the verses that you keep.

        Args:
            order: Which of them come first.
        """
        async with self.handle(interaction) as context:
            layout = await self._page(context.localizer, interaction.user.id, order, 0)
            await respond(interaction, layout, private=True)

    async def show_page(self, interaction: Interaction, button: CogItem) -> None:
        """Shows another page in the same message."""
        async with self.handle(interaction, defer_update) as context:
            check_owner(interaction, button.match["owner"], LIST)
            await edit_message(interaction, await self._page_at(context.localizer, button.match))

    @favorites.command()
    async def remove(self, interaction: Interaction, verse: str) -> None:
        """Removes one of the verses that you keep.

        Args:
            verse: Type some of its characters and choose it from the list.
        """
        async with self.handle(interaction) as context:
            localizer = context.localizer
            gone = None
            if FAVORITE_ID.fullmatch(verse):  # chosen, and not typed
                gone = await self._remove(interaction, int(verse))
            if gone is None:
                raise NotFoundError("favorites-unknown")
            note = discord.ui.TextDisplay[Layout](removed(localizer, gone))
            await respond(interaction, Layout(note), private=True)

    @remove.autocomplete("verse")
    async def suggest(self, interaction: Interaction, current: str) -> list[Choice[str]]:
        """Offers the user's favorites that contain what is typed, newest first."""

        async def find() -> list[Choice[str]]:
            favorites = await self.resources.store.favorites.matching(
                interaction.user.id, current, MAX_CHOICES
            )
            return [
                Choice(name=label(favorite.verse), value=str(favorite.id)) for favorite in favorites
            ]

        return await self.complete(interaction, find)

    async def remove_chosen(self, interaction: Interaction, menu: CogItem) -> None:
        """Removes an entry of a page, and shows the page without it."""
        async with self.handle(interaction, defer_update) as context:
            localizer = context.localizer
            check_owner(interaction, menu.match["owner"], LIST)
            gone = await self._remove(interaction, int(menu.item.values[0]))
            note = localizer.format("favorites-gone") if gone is None else removed(localizer, gone)
            await edit_message(interaction, await self._page_at(localizer, menu.match, note))

    async def _remove(self, interaction: Interaction, chosen: int) -> Verse | None:
        """Removes one of the user's favorites and tells the host; None if there is no such one."""
        user_id = interaction.user.id
        gone = await self.resources.store.favorites.remove(user_id, chosen)
        if gone is None:
            return None
        event = FavoriteEvent(user_id, gone.guild_id, gone.verse, added=False)
        interaction.client.dispatch(event.NAME, event)
        return gone.verse

    @favorites.command()
    @app_commands.rename(form="format")
    @app_commands.choices(
        form=[
            choice("favorites-export", "txt", "text, for reading"),
            choice("favorites-export", "csv", "CSV, for spreadsheets"),
            choice("favorites-export", "json", "JSON, for programs"),
            choice("favorites-export", "pdf", "booklet (PDF), for reading and printing"),
        ]
    )
    async def export(self, interaction: Interaction, form: Format) -> None:
        """Sends you all the verses that you keep as a file.

        Args:
            form: What you want to open the file with.
        """
        async with self.handle(interaction) as context:
            localizer = context.localizer
            favorites = await self.resources.store.favorites.all(interaction.user.id)
            if not favorites:
                raise NotFoundError("favorites-none")
            await defer_private_reply(interaction)
            if form == "pdf":
                content, sentence = await self._booklet(interaction, context, favorites)
            else:
                content = await asyncio.to_thread(favorites_file, favorites, form)
                sentence = localizer.format("favorites-exported", count=len(favorites))
            file = discord.File(io.BytesIO(content), f"lianju-favorites.{form}")
            await interaction.followup.send(sentence, file=file, **PRIVATE)

    async def _booklet(
        self, interaction: Interaction, context: Context, favorites: Sequence[Favorite]
    ) -> tuple[bytes, str]:
        """Returns a booklet of a member's favorites, or of the latest, and what to say of it."""
        localizer, latest = context.localizer, favorites[-MAX_POEMS:]
        guild = interaction.guild
        try:
            with self.resources.booklet_limiter.acquire(
                interaction.user.id, interaction.guild_id, BOOKLET_COOLDOWN_S
            ):
                names = await member_names(interaction, _to_name(interaction, latest))
                booklet = favorites_booklet(
                    latest,
                    names,
                    localizer.format("favorites-booklet-title"),
                    interaction.user.display_name,
                    seal_for(None if guild is None else guild.name),
                    interaction.created_at.date(),
                )
                made = await self.resources.booklets.make(booklet)
        except RateLimitError as error:
            raise RateLimitError(f"booklet-{error.key}", **error.facts) from None
        count = len(booklet.poems)
        context.add_log_fields(poems=count)
        notes = [localizer.format("favorites-booklet", count=count)]
        if len(favorites) > len(latest):
            notes.append(
                localizer.format("favorites-booklet-latest", most=MAX_POEMS, count=len(favorites))
            )
        if count < len(latest):
            notes.append(localizer.format("favorites-booklet-long", count=len(latest) - count))
        if made.missing:
            missing = escape(" ".join(map(describe, made.missing[:MAX_MISSING])))
            notes.append(localizer.format("picture-missing", missing=missing))
        return made.pdf, "\n".join(notes)

    async def _page_at(
        self, localizer: Localizer, match: re.Match[str], note: str | None = None
    ) -> Layout:
        order = cast("Order", match["order"])
        return await self._page(localizer, int(match["owner"]), order, int(match["page"]), note)

    async def _page(
        self, localizer: Localizer, owner: int, order: Order, number: int, note: str | None = None
    ) -> Layout:
        favorites = self.resources.store.favorites
        page, entries = await read_page(
            lambda offset, limit: favorites.page(owner, offset, limit, order == "oldest"), number
        )
        return favorites_layout(localizer, owner, order, page, entries, note)

    items = (
        cog_item(NAME, PAGE_BUTTON, show_page),
        cog_item(NAME, REMOVE_MENU, remove_chosen),
    )


def _to_name(interaction: Interaction, favorites: Sequence[Favorite]) -> set[int]:
    """Returns the writers whose names to ask for: those of this server, of the latest verses."""
    found: set[int] = set()
    for favorite in reversed(favorites):
        if favorite.guild_id == interaction.guild_id and favorite.guild_id is not None:
            if len(found | set(favorite.writers)) > MAX_NAMES:
                break
            found |= set(favorite.writers)
    return found
