"""Rounds of `/guess`: makes them, and ends them in time, also those from before a restart."""

import asyncio
import math
import random
from collections.abc import Awaitable, Callable
from itertools import chain, repeat

import aiohttp
import discord

from ..guess import ask_question
from ..i18n import Localizer
from ..places import OUTSIDE
from ..resources import Resources
from ..rounds import ROUND_S, Difficulty, Round, RoundResult
from ..store import StoreError
from ..ui.guess import result_layout
from ..ui.replies import NO_MENTIONS, Interaction
from .base import Context
from .housekeeping import is_on_own_shard

__all__ = ["RoundEnds", "ask_round"]

EDITABLE_S = 14 * 60.0  # after a round, as long as Discord lets what began it edit the message
RETRY_AFTER_S = (5.0, 30.0, 120.0, 600.0)  # the last one again and again
GIVE_UP_AFTER_S = 24 * 60 * 60.0  # then the guesses are deleted, even if nobody saw the result

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
                if client is not None and is_on_own_shard(client, asked.guild_id):
                    self.schedule(asked)
        except Exception as error:
            self._resources.count_failure("reading of rounds", error)

    def cancel(self) -> None:
        """Stops all timers; `resume` sets them again."""
        for timer in self._timers.values():
            timer.cancel()

    async def set_message(self, round_id: int, message_id: int) -> None:
        """Notes in which message a round is; without that, its presses still show its result."""
        try:
            await self._resources.store.guesses.set_message(round_id, message_id)
        except StoreError as error:
            self._resources.count_failure("message of a round", error)

    async def set_shown(self, round_id: int) -> None:
        """Notes that everybody can see the result; without that, it is shown once more."""
        try:
            await self._resources.store.guesses.set_shown(round_id)
        except StoreError as error:
            self._resources.count_failure("end of a round", error)

    async def finish(self, asked: Round, interaction: Interaction | None = None) -> bool:
        """Ends a round and shows the result in its message; failures are logged.

        Returns:
            Whether it is done. If not, the next attempt or the next use of a button shows it.
        """
        guesses, now = self._resources.store.guesses, self._resources.clock()
        try:
            result = await guesses.end(asked.id)
            if result is None or result.round.shown:
                return True
            shown = await self._show(result, interaction)
            if shown or now >= asked.ends_at + GIVE_UP_AFTER_S:
                await guesses.set_shown(asked.id)
                return True
        except Exception as error:
            self._resources.count_failure("end of a round", error)
        return False

    async def _end_in_time(self, asked: Round, interaction: Interaction | None) -> None:
        left_s = max(0.0, asked.ends_at - self._resources.clock())
        try:
            for seconds in chain((left_s, *RETRY_AFTER_S), repeat(RETRY_AFTER_S[-1])):
                await self._sleep(seconds)
                # Closing waits for what has begun: a cancelled operation may leave the database
                # locked.
                finishing = asyncio.ensure_future(self.finish(asked, interaction))
                self._resources.background.add(finishing)
                finishing.add_done_callback(self._resources.background.discard)
                if await asyncio.shield(finishing):
                    break
        finally:
            del self._timers[asked.id]

    async def _show(self, result: RoundResult, interaction: Interaction | None) -> bool:
        """Edits the message; returns whether it shows the result, or was deleted."""
        asked, client = result.round, self._resources.client
        layout = result_layout(Localizer(asked.language, self._resources.commands), result)
        is_editable = self._resources.clock() < asked.ends_at + EDITABLE_S
        try:
            if interaction is not None and is_editable:
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
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            self._resources.count_failure("end of a round", error)
            return False
        return True
