"""`/leaderboard`: the verses and members of a server with most hearts."""

from typing import cast

from discord import app_commands

from ..errors import NotAllowedError
from ..i18n import Localizer
from ..ui.layout import Layout
from ..ui.leaderboard import PAGE_BUTTON, Period, Ranking, leaderboard_layout
from ..ui.pages import read_page
from ..ui.replies import (
    Interaction,
    defer_private_reply,
    defer_reply,
    defer_update,
    edit_message,
    respond,
)
from ..verses import Page, RankedMember, RankedVerse
from .base import LianjuCog, is_allowed_here
from .items import CogItem, cog_item
from .options import choice

__all__ = ["Leaderboard"]

NAME = "Lianju leaderboard"
DAY = 24 * 60 * 60  # seconds
DAYS = {"month": 30, "week": 7}


class Leaderboard(LianjuCog, name=NAME):
    """Shows the rankings of a server."""

    @app_commands.command()
    @app_commands.guild_only()
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.choices(
        of=[
            choice("leaderboard", "couplets", "verses"),
            choice("leaderboard", "members", "members"),
        ],
        period=[
            choice("leaderboard", "all", "all time"),
            choice("leaderboard", "month", "the last 30 days"),
            choice("leaderboard", "week", "the last 7 days"),
        ],
    )
    async def leaderboard(
        self, interaction: Interaction, of: Ranking = "couplets", period: Period = "all"
    ) -> None:
        """Shows this server's verses with the most hearts, or the members who gave the lines.

        Args:
            of: Verses by the members who keep them, or members by the hearts that they received.
            period: When the hearts were given.
        """
        async with self.handle(interaction, defer_reply) as context:
            layout = await self._page(context.localizer, interaction, of, period, 0)
            allowed = is_allowed_here(interaction, context.guild_settings)
            await respond(interaction, layout, private=not allowed)

    async def show_page(self, interaction: Interaction, button: CogItem) -> None:
        """Shows another page: in the same message to its owner, in private to others."""
        match = button.match
        is_owner = str(interaction.user.id) == match["owner"]
        defer = defer_update if is_owner else defer_private_reply
        async with self.handle(interaction, defer) as context:
            layout = await self._page(
                context.localizer,
                interaction,
                cast("Ranking", match["ranking"]),
                cast("Period", match["period"]),
                int(match["page"]),
            )
            if is_owner:
                await edit_message(interaction, layout)
            else:
                await respond(interaction, layout, private=True)

    async def _page(
        self,
        localizer: Localizer,
        interaction: Interaction,
        ranking: Ranking,
        period: Period,
        number: int,
    ) -> Layout:
        if interaction.guild_id is None:
            raise NotAllowedError("leaderboard-no-server")
        leaderboard, guild_id = self.resources.store.leaderboard, interaction.guild_id
        since = self.resources.clock() - DAYS[period] * DAY if period in DAYS else None

        async def read(offset: int, limit: int) -> Page[RankedVerse | RankedMember]:
            read_ranking = leaderboard.members if ranking == "members" else leaderboard.verses
            return await read_ranking(guild_id, since, offset, limit)

        page, entries = await read_page(read, number)
        return leaderboard_layout(localizer, interaction.user.id, ranking, period, page, entries)

    items = (cog_item(NAME, PAGE_BUTTON, show_page),)
