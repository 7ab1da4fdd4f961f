"""`/leaderboard`: what a server loves, and whom it has to thank."""

import re
from typing import Any, cast

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str

from ..errors import LianjuError
from ..i18n import Localizer
from ..store import Page, RankedMember, RankedVerse
from ..ui.layout import Layout
from ..ui.leaderboard import TURN, Board, Period, leaderboard_layout
from ..ui.pages import read_page
from ..ui.replies import defer_private_reply, defer_reply, defer_update, edit_message, respond
from .base import LianjuCog, is_allowed_here
from .items import CogItem

__all__ = ["Leaderboard"]

NAME = "Lianju leaderboard"
DAY = 24 * 60 * 60  # seconds
DAYS = {"month": 30, "week": 7}

Interaction = discord.Interaction[Any]


def _choice(value: str, name: str) -> Choice[str]:
    return Choice(name=locale_str(name, key=f"choice-leaderboard-{value}"), value=value)


class NoServerError(LianjuError):
    """There is no leaderboard of what people keep on their own."""

    def __init__(self) -> None:
        super().__init__(
            "Each server has a leaderboard of its own: ask in a server.", "leaderboard-no-server"
        )


class TurnButton(CogItem, template=TURN):
    """Shows another page of the leaderboard."""

    async def callback(self, interaction: Interaction) -> None:
        """Turns the page."""
        cog = interaction.client.get_cog(NAME)
        if isinstance(cog, Leaderboard):
            await cog.turn(interaction, self.match)


class Leaderboard(LianjuCog, name=NAME):
    """Ranks couplets and members of a server by hearts."""

    items = (TurnButton,)

    @app_commands.command()
    @app_commands.guild_only()
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.choices(
        of=[_choice("couplets", "verses"), _choice("members", "members")],
        period=[
            _choice("all", "all time"),
            _choice("month", "the last 30 days"),
            _choice("week", "the last 7 days"),
        ],
    )
    async def leaderboard(
        self, interaction: Interaction, of: Board = "couplets", period: Period = "all"
    ) -> None:
        """Shows this server's best-loved verses, or the members who asked for them.

        Args:
            of: Verses by the members who keep them, or members by the hearts that they received.
            period: When the hearts were given.
        """
        async with self.handle(interaction, defer_reply) as context:
            layout = await self._page(context.localizer, interaction, of, period, 0)
            allowed = is_allowed_here(interaction, context.guild_settings)
            await respond(interaction, layout, private=not allowed)

    async def turn(self, interaction: Interaction, place: re.Match[str]) -> None:
        """Shows another page: in place to whoever asked, and to others in private."""
        is_owner = str(interaction.user.id) == place["owner"]
        defer = defer_update if is_owner else defer_private_reply
        async with self.handle(interaction, defer) as context:
            layout = await self._page(
                context.localizer,
                interaction,
                cast("Board", place["board"]),
                cast("Period", place["period"]),
                int(place["page"]),
            )
            if is_owner:
                await edit_message(interaction, layout)
            else:
                await respond(interaction, layout, private=True)

    async def _page(
        self,
        localizer: Localizer,
        interaction: Interaction,
        board: Board,
        period: Period,
        number: int,
    ) -> Layout:
        if interaction.guild_id is None:
            raise NoServerError
        ranking, guild_id = self.resources.store.leaderboard, interaction.guild_id
        since = self.resources.clock() - DAYS[period] * DAY if period in DAYS else None

        async def read(offset: int, limit: int) -> Page[RankedVerse | RankedMember]:
            ranked = ranking.members if board == "members" else ranking.verses
            return await ranked(guild_id, since, offset, limit)

        place, loved = await read_page(read, number)
        return leaderboard_layout(localizer, interaction.user.id, board, period, place, loved)
