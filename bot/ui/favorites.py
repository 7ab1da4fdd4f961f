"""How a member's favorites look."""

from collections.abc import Sequence
from typing import Any, Literal

import discord

from ..i18n import Localizer
from ..store import Favorite, Verse
from .couplets import plain, shown
from .layout import Layout
from .pages import PAGE_NUMBER, Place, turns

__all__ = ["REMOVE", "TURN", "Order", "favorites_layout", "label", "removed"]

Order = Literal["newest", "oldest"]

_LIST = r"1:(?P<owner>\d{1,20}):(?P<order>newest|oldest)"
TURN = rf"lianju:favourites:{_LIST}:{PAGE_NUMBER}"
REMOVE = rf"lianju:unfavourite:{_LIST}:{PAGE_NUMBER}"

MAX_COUPLET = 300  # so that ten of them leave room for the rest of a message
MAX_LABEL = 100  # of a menu's option and of a suggestion while typing


def favorites_layout(
    localizer: Localizer,
    owner: int,
    order: Order,
    place: Place,
    favorites: Sequence[Favorite],
    note: str | None = None,
) -> Layout:
    """A page of favorites, with a menu to remove one and buttons to turn the page.

    Args:
        localizer: The language.
        owner: Whose favorites these are.
        order: Which come first.
        place: Where in the list the page is.
        favorites: The page's entries.
        note: What has just been done, in Discord's markdown.
    """
    parts: list[discord.ui.Item[Any]] = [
        discord.ui.TextDisplay(f"### {localizer.format('favorites-heading')}")
    ]
    if note is not None:
        parts.append(discord.ui.TextDisplay(note))
    if not favorites:
        return Layout(*parts, discord.ui.TextDisplay(localizer.format("favorites-none")))
    entries = [
        f"**{rank}.** {shown(favorite.verse, MAX_COUPLET)}\n-# <t:{favorite.kept_at}:D>"
        for rank, favorite in enumerate(favorites, place.first)
    ]
    footer = localizer.format(
        "favorites-place",
        count=place.total,
        order=order,
        page=place.page + 1,
        pages=place.pages,
    )
    menu = discord.ui.Select[Layout](
        custom_id=f"lianju:unfavourite:1:{owner}:{order}:{place.page}",
        placeholder=localizer.format("favorites-choose"),
        options=[
            discord.SelectOption(label=label(favorite.verse), value=str(favorite.id))
            for favorite in favorites
        ],
    )
    return Layout(
        *parts,
        discord.ui.TextDisplay("\n".join(entries)),
        discord.ui.TextDisplay(f"-# {footer}"),
        discord.ui.ActionRow(menu),
        *turns(localizer, place, f"lianju:favourites:1:{owner}:{order}"),
    )


def label(couplet: Verse) -> str:
    """The couplet as far as there is room where one is chosen."""
    text = plain(couplet)
    return text if len(text) <= MAX_LABEL else text[: MAX_LABEL - 1] + "…"


def removed(localizer: Localizer, couplet: Verse) -> str:
    """Says which couplet is no longer kept."""
    return localizer.format("favorites-removed", verse=shown(couplet, MAX_COUPLET))
