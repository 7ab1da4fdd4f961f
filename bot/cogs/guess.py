"""`/guess`: which of four lines did the poet write?"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

import discord
from discord import app_commands
from discord.ext import commands

from ..errors import NotAllowedError, NotFoundError
from ..i18n import Localizer, Markdown
from ..places import OUTSIDE
from ..resources import Resources
from ..rounds import DIFFICULTIES, Difficulty, GuessScore
from ..ui.guess import (
    AGAIN_BUTTON,
    CHOICE_BUTTON,
    END_BUTTON,
    LETTERS,
    PAGE_BUTTON,
    board_layout,
    own_score_layout,
    result_layout,
    round_layout,
)
from ..ui.layout import Layout
from ..ui.pages import read_page
from ..ui.replies import (
    Interaction,
    claim_update,
    defer_private_reply,
    defer_reply,
    defer_update,
    edit_message,
    respond,
)
from ..verse import BusyError, check_choice
from ..verses import Page
from .base import Context, is_allowed_here
from .composing import ComposingCog
from .guess_rounds import RoundEnds, ask_round
from .items import CogItem, cog_item
from .options import choice

__all__ = ["Guess"]

NAME = "Lianju guess"
ATTEMPTS = 2  # a round of another channel may take the same poem meanwhile


class Guess(ComposingCog, name=NAME):
    """Asks for the poet's line among Lianju's.

    A round is in the database. It ends by a timer of this process, by its host, or by whoever uses
    one of its buttons later; a restart sets the timers again.

    Args:
        resources: What the cogs share.
        sleep: Waits so many seconds.
    """

    def __init__(
        self,
        resources: Resources,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        super().__init__(resources)
        self._ends = RoundEnds(resources, sleep)

    guess = app_commands.Group(
        name="guess",
        description="Poet or machine: which of four lines did the poet write?",
        allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
        allowed_contexts=app_commands.AppCommandContext(
            guild=True, dm_channel=True, private_channel=False
        ),
    )

    @guess.command(name="start")
    @app_commands.choices(
        difficulty=[
            choice("guess-difficulty", "easy", "poems that many know"),
            choice("guess-difficulty", "hard", "poems that few know"),
        ]
    )
    async def start(self, interaction: Interaction, difficulty: Difficulty = "easy") -> None:
        """Asks everybody here which of four lines the poet wrote.

        Args:
            difficulty: How well known the poem is.
        """
        async with self.handle(interaction, defer_reply, form=difficulty) as context:
            await self._start(interaction, context, difficulty)

    @guess.command(name="board")
    async def board(self, interaction: Interaction) -> None:
        """Shows who in this server knows the poets best: hit rates and streaks."""
        async with self.handle(interaction, defer_reply) as context:
            localizer = context.localizer
            if interaction.guild_id is None:
                own = await self.resources.store.guesses.score(None, interaction.user.id)
                await respond(interaction, own_score_layout(localizer, own), private=False)
                return
            layout = await self._board(localizer, interaction, 0)
            allowed = is_allowed_here(interaction, context.guild_settings)
            await respond(interaction, layout, private=not allowed)

    async def show_page(self, interaction: Interaction, button: CogItem) -> None:
        """Shows another page of the board: in the same message to its owner, or in private."""
        is_owner = str(interaction.user.id) == button.match["owner"]
        defer = defer_update if is_owner else defer_private_reply
        async with self.handle(interaction, defer) as context:
            layout = await self._board(context.localizer, interaction, int(button.match["page"]))
            if is_owner:
                await edit_message(interaction, layout)
            else:
                await respond(interaction, layout, private=True)

    async def start_again(self, interaction: Interaction, button: CogItem) -> None:
        """Begins another round below the one that is over."""
        difficulty = cast("Difficulty", button.match["difficulty"])
        async with self.handle(interaction, defer_reply, form=difficulty) as context:
            await self._start(interaction, context, difficulty)

    async def choose(self, interaction: Interaction, button: CogItem) -> None:
        """Notes what a member takes for the poet's line; in a direct message, shows the result."""
        is_alone = interaction.guild_id is None
        defer = defer_update if is_alone else defer_private_reply
        async with self.handle(interaction, defer) as context:
            localizer, number = context.localizer, int(button.match["choice"])
            now = self.resources.clock()
            asked = await self.resources.store.guesses.choose(
                int(button.match["round"]),
                interaction.user.id,
                number,
                now,
                interaction.created_at.timestamp(),
            )
            if asked is None:
                raise NotFoundError("guess-gone")
            if is_alone or asked.ended or asked.ends_at <= now:
                # What takes long has a private reply, which is no place for the result.
                if not is_alone and not await claim_update(interaction):
                    await self._ends.finish(asked)
                    raise NotAllowedError("guess-over-before")
                await self._show_result(interaction, asked.id)
                return
            ends = Markdown(f"<t:{asked.ends_at}:R>")
            note = localizer.format("guess-chosen", letter=LETTERS[number], ends=ends)
            await respond(interaction, Layout(discord.ui.TextDisplay(note)), private=True)

    async def end(self, interaction: Interaction, button: CogItem) -> None:
        """Ends a round early, for its host and for moderators."""
        async with self.handle(interaction, defer_update) as context:
            context.check()
            round_id = int(button.match["round"])
            asked = await self.resources.store.guesses.get(round_id)
            if asked is None:
                raise NotFoundError("guess-gone")
            is_host = interaction.user.id == asked.host_id
            if not (asked.ended or is_host or interaction.permissions.manage_messages):
                raise NotAllowedError("guess-not-host")
            await self._show_result(interaction, round_id)

    @commands.Cog.listener("on_ready")
    async def resume(self) -> None:
        """Ends the rounds that ran when the bot was stopped, each in its time."""
        await self._ends.resume()

    async def cog_load(self) -> None:
        """Resumes rounds, if the bot is ready before the cog is added."""
        if self.resources.client is not None and self.resources.client.is_ready():
            await self._ends.resume()

    async def cog_unload(self) -> None:
        """Stops the timers; the rounds stay in the database."""
        self._ends.cancel()

    async def _start(
        self, interaction: Interaction, context: Context, difficulty: Difficulty
    ) -> None:
        """Begins a round with a new message, if the channel has none."""
        check_choice(difficulty, DIFFICULTIES)
        guesses = self.resources.store.guesses
        async with self.limit(interaction, context):
            for _ in range(ATTEMPTS):
                await self._check_free(interaction)
                await defer_reply(interaction)
                asked = await ask_round(self.resources, interaction, context, difficulty)
                if await guesses.begin(asked, interaction.created_at.timestamp()):
                    break
            else:  # another round was faster, in this channel or with this poem
                await self._check_free(interaction)
                raise BusyError("busy-group")
            try:
                layout = round_layout(context.localizer, asked)
                message_id = await respond(interaction, layout, private=False)
            except BaseException:
                if not await guesses.abandon(asked.id):
                    self._ends.schedule(asked, interaction)
                raise
            self._ends.schedule(asked, interaction)  # the round is on, whatever fails from here on
            if message_id is not None:
                await self._ends.set_message(asked.id, message_id)

    async def _check_free(self, interaction: Interaction) -> None:
        """Refuses a second round in a channel; one whose time is over is ended first.

        Raises:
            NotAllowedError: A round is running.
        """
        channel_id = interaction.channel_id or OUTSIDE
        running = await self.resources.store.guesses.running_in(channel_id)
        if running is None:
            return
        if running.ends_at > self.resources.clock():
            raise NotAllowedError("guess-running", ends=Markdown(f"<t:{running.ends_at}:R>"))
        await self._ends.finish(running)

    async def _show_result(self, interaction: Interaction, round_id: int) -> None:
        """Ends a round, and shows the result in its message, whose button was used."""
        guesses = self.resources.store.guesses
        result = await guesses.end(round_id)
        if result is None:
            raise NotFoundError("guess-gone")
        if result.round.shown:  # pressed before the message showed it, handled after
            raise NotAllowedError("guess-over-before")
        localizer = Localizer(result.round.language, self.resources.commands)
        await edit_message(interaction, result_layout(localizer, result))
        await self._ends.set_shown(round_id)

    async def _board(self, localizer: Localizer, interaction: Interaction, number: int) -> Layout:
        guild_id = interaction.guild_id or OUTSIDE

        async def read(offset: int, limit: int) -> Page[GuessScore]:
            return await self.resources.store.guesses.board(guild_id, offset, limit)

        page, scores = await read_page(read, number)
        return board_layout(localizer, interaction.user.id, page, scores)

    items = (
        cog_item(NAME, CHOICE_BUTTON, choose),
        cog_item(NAME, END_BUTTON, end),
        cog_item(NAME, AGAIN_BUTTON, start_again),
        cog_item(NAME, PAGE_BUTTON, show_page),
    )
