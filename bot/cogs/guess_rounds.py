"""Rounds of `/guess`: makes them, and ends them in time, also those from before a restart."""

import asyncio
import math
import random
from collections.abc import Awaitable, Callable

import discord

from ..guess import ask_question
from ..i18n import Localizer
from ..resources import Resources
from ..rounds import OUTSIDE, ROUND_S, Difficulty, Round, RoundResult
from ..ui.guess import result_layout
from ..ui.replies import NO_MENTIONS, Interaction
from .base import Context
from .housekeeping import is_with

__all__ = ["RoundEnds", "ask_round"]

_random = random.SystemRandom()


async def ask_round(
    resources: Resources, interaction: Interaction, context: Context, difficulty: Difficulty
) -> Round:
    """Returns a round with a new question, in the server's language and script.

    Raises:
        LianjuError: There is no poem to ask for, or the lines cannot be written now.
    """
    guild_id, channel_id = interaction.guild_id or OUTSIDE, interaction.channel_id or OUTSIDE
    language, script = context.localizer.language, context.guild_settings.script
    question = await ask_question(
        resources.engine,
        difficulty,
        await resources.store.guesses.used_poems(guild_id or channel_id),
        resources.settings.deadline,
        guild_id,
        _random,
    )
    poem = question.poem
    return Round(
        id=interaction.id,
        guild_id=guild_id,
        channel_id=channel_id,
        message_id=None,
        host_id=interaction.user.id,
        difficulty=difficulty,
        bundle=question.bundle,
        poem_id=poem.id,
        title=poem.title,
        poet=poem.poet,
        lines=poem.lines,
        options=question.options,
        answer=question.answer,
        language=language,
        traditional=script == "traditional" or (script == "auto" and language == "zh-TW"),
        ends_at=math.ceil(resources.clock()) + ROUND_S,
    )


class RoundEnds:
    """The timers of this process's rounds.

    Args:
        resources: What the cogs share.
        sleep: Waits so many seconds.
    """

    def __init__(
        self, resources: Resources, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._resources = resources
        self._sleep = sleep
        self._timers: dict[int, asyncio.Task[None]] = {}

    def schedule(self, asked: Round, interaction: Interaction | None = None) -> None:
        """Ends a round when its time is over.

        Args:
            asked: The round.
            interaction: What began it, whose response is its message: it can be edited even where
                the bot does not see the channel. None after a restart.
        """
        if asked.id not in self._timers:
            self._timers[asked.id] = asyncio.create_task(self._end_in_time(asked, interaction))

    async def resume(self) -> None:
        """Schedules the rounds whose result nobody has seen, since the bot was stopped.

        Of several processes, each ends the rounds of the servers that are with its shards.
        """
        client = self._resources.client
        try:
            for asked in await self._resources.store.guesses.unfinished():
                if client is not None and is_with(client, asked.guild_id):
                    self.schedule(asked)
        except Exception as error:
            self._resources.count_failure("reading of rounds", error)

    def cancel(self) -> None:
        """Stops all timers; `resume` sets them again."""
        for timer in self._timers.values():
            timer.cancel()

    async def finish(self, asked: Round, interaction: Interaction | None = None) -> None:
        """Ends a round and shows the result in its message; failures are logged."""
        guesses = self._resources.store.guesses
        try:
            result = await guesses.end(asked.id)
            if result is None or result.round.shown:
                return
            if await self._show(result, interaction):
                await guesses.set_shown(asked.id)
        except Exception as error:  # the next use of a button, or the next start, shows it
            self._resources.count_failure("end of a round", error)

    async def _end_in_time(self, asked: Round, interaction: Interaction | None) -> None:
        try:
            await self._sleep(max(0.0, asked.ends_at - self._resources.clock()))
            # Closing waits for what has begun: a cancelled operation may leave the database locked.
            finishing = asyncio.ensure_future(self.finish(asked, interaction))
            self._resources.background.add(finishing)
            finishing.add_done_callback(self._resources.background.discard)
            await asyncio.shield(finishing)
        finally:
            del self._timers[asked.id]

    async def _show(self, result: RoundResult, interaction: Interaction | None) -> bool:
        """Edits the message; returns whether it shows the result, or the next press has to."""
        asked, client = result.round, self._resources.client
        layout = result_layout(Localizer(asked.language, self._resources.commands), result)
        try:
            if interaction is not None:
                await interaction.edit_original_response(view=layout, allowed_mentions=NO_MENTIONS)
            elif client is not None and asked.message_id is not None:
                channel = client.get_partial_messageable(asked.channel_id)
                message = channel.get_partial_message(asked.message_id)
                await message.edit(view=layout, allowed_mentions=NO_MENTIONS)
            else:
                return False
        except discord.NotFound:
            pass  # it was deleted
        except discord.Forbidden:
            return False  # the bot may not see the channel
        return True
