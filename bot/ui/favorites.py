"""Layout of a member's favorites."""

from collections.abc import Sequence
from typing import Any, Literal

import discord

from ..i18n import Localizer
from ..markdown import small
from ..revising import is_revisable
from ..verses import Favorite, Verse
from .layout import Layout
from .pages import PAGE_NUMBER, PageInfo, page_buttons
from .picture import FAVORITE_PICTURE
from .revise import FAVORITE_REVISE
from .verse import one_line, write_list_item, write_members

__all__ = ["PAGE_BUTTON", "REMOVE_MENU", "Order", "favorites_layout", "label", "removed"]

Order = Literal["newest", "oldest"]

_LIST = r"1:(?P<owner>\d{1,20}):(?P<order>newest|oldest)"
PAGE_BUTTON = rf"lianju:favourites:{_LIST}:{PAGE_NUMBER}"
REMOVE_MENU = rf"lianju:unfavourite:{_LIST}:{PAGE_NUMBER}"

MAX_VERSE = 300  # characters; ten of them leave room for the rest of a message
MAX_LABEL = 100  # characters of an option or an autocomplete choice


def favorites_layout(
    localizer: Localizer,
    owner: int,
    order: Order,
    page: PageInfo,
    favorites: Sequence[Favorite],
    note: str | None = None,
) -> Layout:
    """Returns a page of favorites, with a menu to remove one and page buttons.

    Args:
        localizer: The language.
        owner: Id of the member.
        order: Order of the list.
        page: Position of the page.
        favorites: Entries of the page.
        note: Result of the last action, in markdown.
    """
    parts: list[discord.ui.Item[Any]] = [
        discord.ui.TextDisplay(f"### {localizer.format('favorites-heading')}")
    ]
    if note is not None:
        parts.append(discord.ui.TextDisplay(note))
    if not favorites:
        return Layout(*parts, discord.ui.TextDisplay(localizer.format("favorites-none")))
    entries = [
        f"**{rank}.** {write_list_item(favorite.verse, MAX_VERSE)}\n{_remark(localizer, favorite)}"
        for rank, favorite in enumerate(favorites, page.first_rank)
    ]
    footer = localizer.format(
        "favorites-place",
        count=page.total,
        order=order,
        page=page.number + 1,
        pages=page.pages,
    )
    options = [
        discord.SelectOption(label=label(favorite.verse), value=str(favorite.id))
        for favorite in favorites
    ]
    menu = discord.ui.Select[Layout](
        custom_id=f"lianju:unfavourite:1:{owner}:{order}:{page.number}",
        placeholder=localizer.format("favorites-choose"),
        options=options,
    )
    pictures = discord.ui.Select[Layout](
        custom_id=f"{FAVORITE_PICTURE}:{owner}",
        placeholder=localizer.format("favorites-picture"),
        options=options,
    )
    menus = [discord.ui.ActionRow[Layout](menu), discord.ui.ActionRow[Layout](pictures)]
    if revisable := [
        option
        for option, favorite in zip(options, favorites, strict=True)
        if is_revisable(favorite.verse.lines)
    ]:
        revisions = discord.ui.Select[Layout](
            custom_id=f"{FAVORITE_REVISE}:{owner}",
            placeholder=localizer.format("favorites-revise"),
            options=revisable,
        )
        menus.append(discord.ui.ActionRow(revisions))
    return Layout(
        *parts,
        discord.ui.TextDisplay("\n".join(entries)),
        discord.ui.TextDisplay(small(footer)),
        *menus,
        *page_buttons(localizer, page, f"lianju:favourites:1:{owner}:{order}"),
    )


def _remark(localizer: Localizer, favorite: Favorite) -> str:
    """Returns when it was kept, and who wrote it together."""
    kept_at = small(f"<t:{favorite.kept_at}:D>")
    if not favorite.writers:
        return kept_at
    members = write_members(favorite.writers)
    return f"{kept_at} · {localizer.format('favorites-by-all', members=members)}"


def label(verse: Verse) -> str:
    """Returns the verse as a label of a choice, truncated if need be."""
    text = one_line(verse)
    return text if len(text) <= MAX_LABEL else text[: MAX_LABEL - 1] + "…"


def removed(localizer: Localizer, verse: Verse) -> str:
    """Returns a note that a verse was removed."""
    return localizer.format("favorites-removed", verse=write_list_item(verse, MAX_VERSE))
