"""Layout of a server's leaderboard."""

from collections.abc import Sequence
from typing import Literal

import discord

from ..i18n import Localizer
from ..markdown import small
from ..verses import RankedMember, RankedVerse
from .layout import Layout
from .pages import PAGE_NUMBER, PageInfo, page_buttons
from .verse import write_list_item, write_members

__all__ = ["PAGE_BUTTON", "Period", "Ranking", "leaderboard_layout"]

Ranking = Literal["couplets", "members"]  # couplets: verse of any length; custom ids have the word
Period = Literal["all", "month", "week"]

PAGE_BUTTON = (
    r"lianju:leaderboard:1:(?P<owner>\d{1,20})"
    rf":(?P<ranking>couplets|members):(?P<period>all|month|week):{PAGE_NUMBER}"
)

MAX_VERSE = 280  # characters; ten of them, each with a mention, leave room for the rest


def leaderboard_layout(
    localizer: Localizer,
    owner: int,
    ranking: Ranking,
    period: Period,
    page: PageInfo,
    entries: Sequence[RankedVerse | RankedMember],
) -> Layout:
    """Returns a page of the leaderboard, with page buttons.

    Args:
        localizer: The language.
        owner: Id of the member whose page buttons edit this message.
        ranking: Verses or members.
        period: The period in which hearts count.
        page: Position of the page.
        entries: Entries of the page.
    """
    heading = discord.ui.TextDisplay[Layout](
        f"### {localizer.format('leaderboard-heading', ranking=ranking)}"
    )
    since = localizer.format("leaderboard-period", period=period)
    if not entries:
        nothing = localizer.format("leaderboard-none", ranking=ranking, period=since)
        return Layout(heading, discord.ui.TextDisplay(nothing))
    rows = [_row(localizer, rank, entry) for rank, entry in enumerate(entries, page.first_rank)]
    footer = localizer.format(
        "leaderboard-place", period=since, page=page.number + 1, pages=page.pages
    )
    return Layout(
        heading,
        discord.ui.TextDisplay("\n".join(rows)),
        discord.ui.TextDisplay(small(footer)),
        *page_buttons(localizer, page, f"lianju:leaderboard:1:{owner}:{ranking}:{period}"),
    )


def _row(localizer: Localizer, rank: int, entry: RankedVerse | RankedMember) -> str:
    if isinstance(entry, RankedMember):
        return f"**{rank}.** <@{entry.user_id}> · ♥ {entry.hearts}"
    verse, hearts = write_list_item(entry.verse, MAX_VERSE), small(f"♥ {entry.hearts}")
    text = f"**{rank}.** {verse}\n{hearts}"
    if entry.writers:
        members = write_members(entry.writers)
        return f"{text} · {localizer.format('leaderboard-by-all', members=members)}"
    if entry.author_id is None:
        return text
    return f"{text} · {localizer.format('leaderboard-by', member=f'<@{entry.author_id}>')}"
