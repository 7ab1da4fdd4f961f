"""How a server's leaderboard looks."""

from collections.abc import Sequence
from typing import Literal

import discord

from ..i18n import Localizer
from ..store import RankedMember, RankedVerse
from .couplets import shown
from .layout import Layout
from .pages import PAGE_NUMBER, Place, turns

__all__ = ["TURN", "Board", "Period", "leaderboard_layout"]

Board = Literal["couplets", "members"]
Period = Literal["all", "month", "week"]

TURN = (
    r"lianju:leaderboard:1:(?P<owner>\d{1,20})"
    rf":(?P<board>couplets|members):(?P<period>all|month|week):{PAGE_NUMBER}"
)

MAX_COUPLET = 280  # so that ten of them, each with its asker, leave room for the rest of a message


def leaderboard_layout(
    localizer: Localizer,
    owner: int,
    board: Board,
    period: Period,
    place: Place,
    loved: Sequence[RankedVerse | RankedMember],
) -> Layout:
    """A page of the leaderboard with buttons to turn it.

    Args:
        localizer: The language.
        owner: Who may turn the page in its place.
        board: What is ranked.
        period: Since when hearts count.
        place: Where in the list the page is.
        loved: The page's entries.
    """
    heading = discord.ui.TextDisplay[Layout](
        f"### {localizer.format('leaderboard-heading', board=board)}"
    )
    since = localizer.format("leaderboard-period", period=period)
    if not loved:
        nothing = localizer.format("leaderboard-none", board=board, period=since)
        return Layout(heading, discord.ui.TextDisplay(nothing))
    entries = [_entry(localizer, rank, entry) for rank, entry in enumerate(loved, place.first)]
    footer = localizer.format(
        "leaderboard-place", period=since, page=place.page + 1, pages=place.pages
    )
    return Layout(
        heading,
        discord.ui.TextDisplay("\n".join(entries)),
        discord.ui.TextDisplay(f"-# {footer}"),
        *turns(localizer, place, f"lianju:leaderboard:1:{owner}:{board}:{period}"),
    )


def _entry(localizer: Localizer, rank: int, entry: RankedVerse | RankedMember) -> str:
    if isinstance(entry, RankedMember):
        return f"**{rank}.** <@{entry.user_id}> · ♥ {entry.hearts}"
    text = f"**{rank}.** {shown(entry.verse, MAX_COUPLET)}\n-# ♥ {entry.hearts}"
    if entry.author_id is None:
        return text
    return f"{text} · {localizer.format('leaderboard-by', member=f'<@{entry.author_id}>')}"
