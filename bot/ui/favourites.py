"""How a member's favourites look."""

from collections.abc import Sequence
from typing import Any, Literal

import discord

from ..store import Couplet, Favourite
from .couplets import plain, shown
from .layout import Layout
from .pages import PAGE_NUMBER, Place, turns
from .speech import Speech

__all__ = ["REMOVE", "TURN", "Order", "favourites_layout", "label", "removed"]

Order = Literal["newest", "oldest"]

_LIST = r"1:(?P<owner>\d{1,20}):(?P<order>newest|oldest)"
TURN = rf"lianju:favourites:{_LIST}:{PAGE_NUMBER}"
REMOVE = rf"lianju:unfavourite:{_LIST}:{PAGE_NUMBER}"

MAX_COUPLET = 300  # so that ten of them leave room for the rest of a message
MAX_LABEL = 100  # of a menu's option and of a suggestion while typing


def favourites_layout(
    speech: Speech,
    owner: int,
    order: Order,
    place: Place,
    favourites: Sequence[Favourite],
    note: str | None = None,
) -> Layout:
    """A page of favourites, with a menu to remove one and buttons to turn the page.

    Args:
        speech: The language.
        owner: Whose favourites these are.
        order: Which come first.
        place: Where in the list the page is.
        favourites: The page's entries.
        note: What has just been done, in Discord's markdown.
    """
    parts: list[discord.ui.Item[Any]] = [
        discord.ui.TextDisplay(f"### {speech.say('favourites-heading')}")
    ]
    if note is not None:
        parts.append(discord.ui.TextDisplay(note))
    if not favourites:
        return Layout(*parts, discord.ui.TextDisplay(speech.say("favourites-none")))
    entries = [
        f"**{rank}.** {shown(favourite.couplet, MAX_COUPLET)}\n-# <t:{favourite.kept_at}:D>"
        for rank, favourite in enumerate(favourites, place.first)
    ]
    footer = speech.say(
        "favourites-place",
        count=place.total,
        order=order,
        page=place.page + 1,
        pages=place.pages,
    )
    menu = discord.ui.Select[Layout](
        custom_id=f"lianju:unfavourite:1:{owner}:{order}:{place.page}",
        placeholder=speech.say("favourites-choose"),
        options=[
            discord.SelectOption(label=label(favourite.couplet), value=str(favourite.id))
            for favourite in favourites
        ],
    )
    return Layout(
        *parts,
        discord.ui.TextDisplay("\n".join(entries)),
        discord.ui.TextDisplay(f"-# {footer}"),
        discord.ui.ActionRow(menu),
        *turns(speech, place, f"lianju:favourites:1:{owner}:{order}"),
    )


def label(couplet: Couplet) -> str:
    """The couplet as far as there is room where one is chosen."""
    text = plain(couplet)
    return text if len(text) <= MAX_LABEL else text[: MAX_LABEL - 1] + "…"


def removed(speech: Speech, couplet: Couplet) -> str:
    """Says which couplet is no longer kept."""
    return speech.say("favourites-removed", verse=shown(couplet, MAX_COUPLET))
